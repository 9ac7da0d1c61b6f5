/*
 * The audit without a box: its tables, its probes, what it refuses to send, its evidence.
 */
#include "app/audit/audit.h"
#include "app/audit/bundle.h"
#include "app/audit/folder.h"
#include "app/audit/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static const char scope_text[] = "audit: box\n"
                                 "domain: demo.example\n"
                                 "callee: \"+4315550100\"\n"
                                 "caller: alice\n"
                                 "attacker: mallory\n"
                                 "access: udp:127.0.0.1:5060\n"
                                 "attacker-at: 127.0.0.66:5066\n"
                                 "caller-at: 127.0.0.2:5062\n";

static void scope_of(struct scope *scope, const char *text)
{
    struct policy_complaints *complaints = policy_complaints_new();

    assert_true(scope_read(scope, slice_string(text), SLICE("scope.yaml"), complaints));
    policy_complaints_free(complaints);
}

static void every_probe_is_understood(void **state)
{
    struct scope scope;
    struct draft draft;
    struct chance chance = {1};
    unsigned probes = 0;

    (void)state;
    scope_of(&scope, scope_text);
    assert_true(draft_open(&draft));
    for (uint32_t i = 0; i < TEST_COUNT; i++) {
        const char *probe = probe_text(audit_tests[i].id);

        if (probe == NULL) {
            continue;
        }
        probes++;
        draft_begin(&draft, &scope, VANTAGE_ATTACKER, TRANSPORT_UDP, "INVITE", &chance);
        uint32_t line = probe_fault(&draft, slice_string(probe));
        if (line != 0) {
            fail_msg("%s.probe:%u says nothing", audit_tests[i].id, line);
        }
    }
    assert_true(probes > 60);
    draft_close(&draft);
    scope_free(&scope);
}

static void a_seed_repeats(void **state)
{
    static char once[8192], again[8192];
    struct scope scope;
    struct draft draft;

    (void)state;
    scope_of(&scope, scope_text);
    assert_true(draft_open(&draft));
    for (unsigned i = 0; i < 2; i++) {
        struct chance chance = {42};
        struct text text;

        draft_begin(&draft, &scope, VANTAGE_ATTACKER, TRANSPORT_UDP, "INVITE", &chance);
        text_init(&text, i == 0 ? once : again, sizeof(once) - 1);
        draft_write(&draft, &text);
        assert_false(text.is_full);
    }
    assert_string_equal(once, again);
    assert_non_null(strstr(once, "INVITE sip:+4315550100@demo.example SIP/2.0\r\n"));
    draft_close(&draft);
    scope_free(&scope);
}

static void words_and_escapes(void **state)
{
    struct scope scope;
    struct draft draft;
    struct chance chance = {1};

    (void)state;
    scope_of(&scope, scope_text);
    assert_true(draft_open(&draft));
    draft_begin(&draft, &scope, VANTAGE_ATTACKER, TRANSPORT_UDP, "INVITE", &chance);
    assert_true(slice_equal(draft_expand(&draft, SLICE("{a#*3}{domain}\\x41\\r\\n\\0{nothing}")),
                            slice_of("a0a1a2demo.exampleA\r\n\0{nothing}", 31)));
    draft_close(&draft);
    scope_free(&scope);
}

static void emergency_cannot_be_reached(void **state)
{
    (void)state;
    assert_false(scope_allows(SLICE("INVITE sip:112@demo.example SIP/2.0\r\n\r\n")));
    assert_false(scope_allows(SLICE("INVITE tel:911 SIP/2.0\r\n\r\n")));
    assert_false(scope_allows(SLICE("INVITE urn:service:sos.police SIP/2.0\r\n\r\n")));
    assert_false(scope_allows(SLICE("REFER sip:a@b SIP/2.0\r\nRefer-To: <sips:112@b>\r\n\r\n")));
    assert_true(scope_allows(SLICE("INVITE sip:112abc@demo.example SIP/2.0\r\n\r\n")));
    assert_true(scope_allows(SLICE("INVITE sip:+4315550112@demo.example SIP/2.0\r\n\r\n")));
}

static void only_loopback_is_free(void **state)
{
    struct scope scope;
    struct fault fault = {{0}};

    (void)state;
    scope_of(&scope, scope_text);
    assert_true(scope_permits(&scope, NULL, 1000, &fault));
    scope_free(&scope);

    static const char outside[] = "audit: box\n"
                                  "window: 2026-12-01T20:00:00Z/2026-12-01T23:00:00Z\n"
                                  "domain: demo.example\n"
                                  "callee: \"+4315550100\"\n"
                                  "caller: alice\n"
                                  "attacker: mallory\n"
                                  "access: udp:192.0.2.1:5060\n"
                                  "attacker-at: 192.0.2.66:5066\n"
                                  "caller-at: 192.0.2.2:5062\n";
    uint64_t inside_s = 1796157000; /* 2026-12-01T20:30:00Z */
    scope_of(&scope, outside);
    assert_false(scope_permits(&scope, NULL, inside_s, &fault));
    assert_false(scope_permits(&scope, "other", inside_s, &fault));
    assert_false(scope_permits(&scope, "box", inside_s - 7200, &fault));
    assert_true(scope_permits(&scope, "box", inside_s, &fault));
    scope_free(&scope);
}

static void evidence_that_was_touched_is_found(void **state)
{
    char folder[] = "/tmp/sipwarden-test-audit-XXXXXX";
    static const char *const files[] = {"a.txt", "b.txt", NULL};
    static const char *const all[] = {"a.txt", "b.txt", "manifest.txt"};
    struct fault fault = {{0}};

    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_true(folder_write(folder, "a.txt", SLICE("one"), &fault));
    assert_true(folder_write(folder, "b.txt", SLICE("two"), &fault));
    assert_true(bundle_seal(folder, files, NULL, &fault));
    assert_int_equal(bundle_verify(folder, NULL, &fault), BUNDLE_INTACT);
    assert_true(folder_write(folder, "a.txt", SLICE("0ne"), &fault));
    assert_int_equal(bundle_verify(folder, NULL, &fault), BUNDLE_BROKEN);
    assert_non_null(strstr(fault.text, "a.txt"));
    for (unsigned i = 0; i < 3; i++) {
        char path[64];

        snprintf(path, sizeof(path), "%s/%s", folder, all[i]);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(folder), 0);
}

static void claims_in_both_forms(void **state)
{
    static const char yaml[] = "- {control: CT-FW-05, answer: yes, words: \"we check, always\"}\n"
                               "- {control: VT-SES-01, answer: partial}\n";
    static const char csv[] = "control,answer,words\n"
                              "CT-FW-05,yes,\"we check, \"\"always\"\"\"\n"
                              "VT-SES-01,Partial,\n";
    struct claims *claims = calloc(1, sizeof(*claims));
    struct audit *audit = calloc(1, sizeof(*audit));
    struct policy_complaints *complaints = policy_complaints_new();
    uint32_t broken_by = 0;

    (void)state;
    assert_true(claims_read(claims, slice_string(yaml), SLICE("claims.yaml"), complaints));
    assert_int_equal(claims->count, 2);
    claims_free(claims);
    assert_true(claims_read(claims, slice_string(csv), SLICE("claims.csv"), complaints));
    assert_int_equal(claims->count, 2);
    assert_true(slice_equal(claims->list[0].words, SLICE("we check, \"always\"")));
    assert_int_equal(claim_judge(&claims->list[0], audit, &broken_by), CLAIM_NOT_TESTABLE);
    uint32_t bye = test_find(SLICE("VT-SES-01"));
    audit->outcomes[bye].verdict = VERDICT_WEAK;
    assert_int_equal(claim_judge(&claims->list[1], audit, &broken_by), CLAIM_NOT_DEMONSTRATED);
    audit->outcomes[bye].verdict = VERDICT_FAIL;
    assert_int_equal(claim_judge(&claims->list[1], audit, &broken_by), CLAIM_BROKEN);
    assert_int_equal(broken_by, bye);
    claims_free(claims);
    policy_complaints_free(complaints);
    free(claims);
    free(audit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_probe_is_understood),
        cmocka_unit_test(a_seed_repeats),
        cmocka_unit_test(words_and_escapes),
        cmocka_unit_test(emergency_cannot_be_reached),
        cmocka_unit_test(only_loopback_is_free),
        cmocka_unit_test(evidence_that_was_touched_is_found),
        cmocka_unit_test(claims_in_both_forms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
