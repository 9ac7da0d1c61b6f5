/*
 * The trip itself: order, modes, the operator's actions, emergency requests, tallies, and what is
 * told of it.
 */
#include "guard/lab.h"

#include "guard/mask.h"

static const char *folder;

#define VIA "Via: SIP/2.0/UDP 198.18.0.7:5062;branch=z9hG4bK-1\r\n"
#define DIALOG                                                                                     \
    "Max-Forwards: 70\r\nTo: <sip:bob@example.net>\r\nCall-ID: call-1\r\nCSeq: 1 INVITE\r\n"       \
    "Contact: <sip:alice@198.18.0.7:5062>\r\n"
#define CALLER "From: <sip:alice@example.net>;tag=tag-theirs\r\n"

static const char good[] = "INVITE sip:bob@example.net SIP/2.0\r\n" VIA CALLER DIALOG "\r\n";
static const char unknown_header[] =
    "INVITE sip:bob@example.net SIP/2.0\r\n" VIA CALLER DIALOG "X-Secret: 1\r\n\r\n";
static const char repeated[] =
    "INVITE sip:bob@example.net SIP/2.0\r\n" VIA CALLER DIALOG "Call-ID: call-2\r\n\r\n";
static const char bare_lf[] =
    "INVITE sip:bob@example.net SIP/2.0\r\n" VIA CALLER DIALOG "Subject: a\nRoute: <sip:x>\r\n\r\n";
static const char from_number[] = "INVITE sip:+4930555000123@example.net SIP/2.0\r\n" VIA
                                  "From: <sip:+15551234567@example.net>;tag=t\r\n" DIALOG
                                  "P-Asserted-Identity: <sip:a@example.net>\r\n\r\n";
static const char sos[] = "INVITE urn:service:sos SIP/2.0\r\n" VIA CALLER DIALOG
                          "Session-Expires: 10\r\nSession-Expires: 20\r\n\r\n";

static const char policy_head[] =
    "site: lab\ndomains: [example.net]\nrealms: [example.net]\n"
    "zones:\n"
    "  access: {class: access-internet, host: sbc.example.net, media: pass,\n"
    "           listeners: [udp:198.51.100.1:5060, tcp:198.51.100.1:5060]}\n"
    "  core: {class: core, listeners: [udp:10.0.0.10:5060], media: pass}\n"
    "  carrier: {class: interconnect, listeners: [udp:198.51.100.17:5060], media: pass}\n"
    "peers:\n"
    "  cscf: {zone: core, hops: [\"udp:10.0.0.20:5060\"]}\n"
    "  new-one: {zone: carrier, transports: [udp], hops: [\"udp:192.0.2.1:5060\"], observe: true}\n"
    "routes:\n"
    "  - {emergency: true, to: cscf}\n"
    "  - {from: [access, carrier], to: cscf}\n";

static void open_with(struct lab *lab, const char *controls)
{
    char room[4096];
    struct text text;

    text_init(&text, room, sizeof(room));
    text_put_string(&text, policy_head);
    text_put_string(&text, controls);
    lab_open_text(lab, text_slice(&text), "lab.yaml");
}

static void judge_as(struct lab *lab, const char *zone, const char *message)
{
    struct lab_source source;

    lab_source(lab, slice_string(zone), TRANSPORT_UDP, &source);
    lab_judge(lab, &source, slice_string(message), 0);
}

static void expect_verdict(const struct lab *lab, enum policy_action action, unsigned status,
                           const char *control)
{
    const struct verdict *verdict = &lab->inspection->verdict;

    assert_int_equal(verdict->action, action);
    assert_int_equal(verdict->status, status);
    if (control == NULL) {
        assert_int_equal(verdict->control, control_count());
    } else {
        assert_string_equal(control_at(verdict->control)->id, control);
    }
}

static uint64_t tally(const struct lab *lab, const char *id, enum outcome outcome)
{
    return tallies_of(lab->tallies, control_find(slice_string(id)), outcome);
}

static void test_places(void **state)
{
    struct lab lab;

    (void)state;
    open_with(&lab, "");
    judge_as(&lab, "access", good);
    expect_verdict(&lab, ACTION_PASS, 0, NULL);
    assert_int_equal(lab.inspection->zone, 0);
    assert_int_equal(lab.inspection->peer, POLICY_NONE);
    assert_int_equal(lab.inspection->zone_out, 1);
    assert_int_equal(lab.inspection->route, 1);
    assert_int_equal(lab.inspection->finding_count, 0);
    assert_false(lab.inspection->is_watched);
    lab_close(&lab);
}

/* A refusal ends the trip after its layer; nothing behind it is looked at or counted. */
static void test_stops(void **state)
{
    struct lab lab;

    (void)state;
    open_with(&lab, "");
    judge_as(&lab, "access", bare_lf);
    expect_verdict(&lab, ACTION_REJECT, 400, "CT-FW-08");
    assert_int_equal(tally(&lab, "CT-FW-08", OUTCOME_FAILED), 1);
    assert_int_equal(tally(&lab, "CT-FW-07", OUTCOME_PASSED), 1);
    assert_int_equal(tally(&lab, "CT-FW-10", OUTCOME_PASSED), 0);
    assert_int_equal(lab.inspection->outcomes[CONTROL_INDEX_uri_canonical], OUTCOME_NONE);
    assert_false(lab.inspection->is_matched);
    lab_close(&lab);
}

static void test_tallies(void **state)
{
    struct lab lab;
    uint32_t control = control_find(SLICE("CT-FW-04"));

    (void)state;
    open_with(&lab, "");
    judge_as(&lab, "access", good);
    judge_as(&lab, "access", repeated);
    judge_as(&lab, "carrier", repeated);
    assert_int_equal(tally(&lab, "CT-FW-04", OUTCOME_PASSED), 1);
    assert_int_equal(tally(&lab, "CT-FW-04", OUTCOME_FAILED), 2);
    assert_int_equal(tally(&lab, "CT-SEG-07", OUTCOME_NOT_APPLICABLE), 2);
    assert_int_equal(tallies_failed_by(lab.tallies, control, 1), 1);
    assert_int_equal(tallies_failed_by(lab.tallies, control, 0), 0);
    assert_int_equal(tallies_failed_by(lab.tallies, control, POLICY_NONE), 1);
    /* Requests are no occasion for what looks at responses: it does not even run. */
    assert_int_equal(tally(&lab, "CT-FW-18", OUTCOME_NOT_APPLICABLE), 0);
    lab_close(&lab);
}

static void test_modes(void **state)
{
    struct lab lab;

    (void)state;
    open_with(&lab, "controls: {CT-FW-04: observe}\n");
    judge_as(&lab, "access", repeated);
    expect_verdict(&lab, ACTION_PASS, 0, NULL);
    assert_int_equal(lab.inspection->finding_count, 1);
    assert_int_equal(lab.inspection->findings[0].mode, MODE_OBSERVE);
    assert_int_equal(lab.inspection->findings[0].action, ACTION_REJECT);
    lab_close(&lab);

    open_with(&lab, "controls: {CT-FW-04: off}\n");
    judge_as(&lab, "access", repeated);
    expect_verdict(&lab, ACTION_PASS, 0, NULL);
    assert_int_equal(lab.inspection->finding_count, 0);
    assert_int_equal(tally(&lab, "CT-FW-04", OUTCOME_FAILED), 0);
    lab_close(&lab);
}

/* Structure has no mode: neither the policy nor a peer in observation switches it off. */
static void test_hard(void **state)
{
    struct lab lab;

    (void)state;
    open_with(&lab, "controls: {CT-FW-08: off, CT-SEG-05: {action: pass}}\n");
    judge_as(&lab, "access", bare_lf);
    expect_verdict(&lab, ACTION_REJECT, 400, "CT-FW-08");
    judge_as(&lab, "carrier", bare_lf);
    expect_verdict(&lab, ACTION_REJECT, 400, "CT-FW-08");
    judge_as(&lab, "access",
             "INVITE sip:bob@elsewhere.example SIP/2.0\r\n" VIA CALLER DIALOG "\r\n");
    expect_verdict(&lab, ACTION_REJECT, 403, "CT-SEG-05");
    lab_close(&lab);
}

static void test_observed_peer(void **state)
{
    struct lab lab;

    (void)state;
    open_with(&lab, "");
    judge_as(&lab, "carrier", repeated);
    expect_verdict(&lab, ACTION_PASS, 0, NULL);
    assert_int_equal(lab.inspection->finding_count, 1);
    assert_int_equal(lab.inspection->findings[0].mode, MODE_OBSERVE);
    judge_as(&lab, "carrier", unknown_header);
    expect_verdict(&lab, ACTION_PASS, 0, NULL);
    assert_true(inspection_passes(lab.inspection, &lab.inspection->message.headers[7]));
    lab_close(&lab);
}

static void test_actions(void **state)
{
    struct lab lab;

    (void)state;
    open_with(&lab, "controls: {CT-FW-04: {action: drop}, CT-SEG-09: {action: reject}}\n");
    judge_as(&lab, "access", repeated);
    expect_verdict(&lab, ACTION_DROP, 0, "CT-FW-04");
    judge_as(&lab, "access", unknown_header);
    expect_verdict(&lab, ACTION_REJECT, 403, "CT-SEG-09");
    lab_close(&lab);
}

static void test_strips(void **state)
{
    struct lab lab;

    (void)state;
    open_with(&lab, "");
    judge_as(&lab, "access", unknown_header);
    expect_verdict(&lab, ACTION_PASS, 0, NULL);
    const struct sip_header *headers = lab.inspection->message.headers;
    assert_int_equal(lab.inspection->message.header_count, 8);
    assert_false(inspection_passes(lab.inspection, &headers[7]));
    assert_true(inspection_passes(lab.inspection, &headers[1]));  /* From */
    assert_false(inspection_passes(lab.inspection, &headers[0])); /* Via: the relay's own */
    lab_close(&lab);
}

static void test_emergency(void **state)
{
    struct lab lab;

    (void)state;
    open_with(&lab, "");
    judge_as(&lab, "access", sos);
    expect_verdict(&lab, ACTION_PASS, 0, NULL);
    assert_int_equal(lab.inspection->emergency, EMERGENCY_CALL);
    assert_true(lab.inspection->is_repaired);
    assert_int_equal(lab.inspection->route, 0);
    assert_true(lab.inspection->finding_count > 0);
    assert_true(lab.inspection->findings[0].is_spared);
    assert_int_equal(lab.inspection->findings[0].action, ACTION_REJECT);

    judge_as(&lab, "access", "INVITE sip:112@example.net SIP/2.0\r\n" VIA CALLER DIALOG "\r\n");
    assert_int_equal(lab.inspection->emergency, EMERGENCY_CALL);
    judge_as(&lab, "carrier", "INVITE sip:112@example.net SIP/2.0\r\n" VIA CALLER DIALOG "\r\n");
    assert_int_equal(lab.inspection->emergency, EMERGENCY_NONE);
    judge_as(&lab, "access",
             "INVITE urn:service:test.sos SIP/2.0\r\n" VIA CALLER DIALOG "Call-ID: call-2\r\n\r\n");
    assert_int_equal(lab.inspection->emergency, EMERGENCY_TEST);
    expect_verdict(&lab, ACTION_REJECT, 400, "CT-FW-04");
    judge_as(&lab, "access",
             "INVITE sip:bob@example.net SIP/2.0\r\n" VIA CALLER DIALOG
             "Priority: emergency\r\nCall-ID: call-2\r\n\r\n");
    assert_int_equal(lab.inspection->emergency, EMERGENCY_NONE);
    expect_verdict(&lab, ACTION_REJECT, 400, "CT-FW-04");
    lab_close(&lab);
}

/* The privilege lasts as long as the call, and an emergency REGISTER has it too. */
static void test_emergency_dialog(void **state)
{
    static const char bye[] =
        "BYE sip:x@198.51.100.1 SIP/2.0\r\n" VIA CALLER
        "Max-Forwards: 70\r\nTo: <sip:112@example.net>;tag=tag-ours\r\nCall-ID: call-1\r\n"
        "CSeq: 2 BYE\r\nReason: Q.850;cause=16\r\nSession-Expires: 1\r\n\r\n";
    static const char registers[] =
        "REGISTER sip:example.net SIP/2.0\r\n" VIA CALLER
        "Max-Forwards: 70\r\nTo: <sip:alice@example.net>\r\nCall-ID: call-1\r\nCSeq: 1 REGISTER\r\n"
        "Contact: <sip:alice@198.18.0.7:5062;sos>\r\n\r\n";
    struct lab lab;

    (void)state;
    open_with(&lab, "");
    judge_as(&lab, "access", bye);
    expect_verdict(&lab, ACTION_REJECT, 422, "CT-FW-05");
    assert_true(lab_seed(&lab, SLICE("dialog cseq=1 emergency")));
    judge_as(&lab, "access", bye);
    expect_verdict(&lab, ACTION_PASS, 0, NULL);
    assert_int_equal(lab.inspection->emergency, EMERGENCY_DIALOG);
    judge_as(&lab, "access", registers);
    assert_int_equal(lab.inspection->emergency, EMERGENCY_REGISTRATION);
    expect_verdict(&lab, ACTION_PASS, 0, NULL);
    lab_close(&lab);
}

static void test_emergency_without_route(void **state)
{
    static const char policy[] =
        "site: lab\ndomains: [example.net]\nrealms: [example.net]\n"
        "zones:\n"
        "  access: {class: access-internet, media: pass, listeners: [udp:198.51.100.1:5060]}\n"
        "  core: {class: core, listeners: [udp:10.0.0.10:5060], media: pass}\n"
        "peers:\n  cscf: {zone: core, hops: [\"udp:10.0.0.20:5060\"]}\n"
        "routes:\n  - {from: access, to: cscf}\n";
    struct lab lab;

    (void)state;
    lab_open_text(&lab, slice_string(policy), "lab.yaml");
    judge_as(&lab, "access", sos);
    expect_verdict(&lab, ACTION_REJECT, 503, "CT-DOS-13");
    lab_close(&lab);
}

/* Everything is told and nothing is lost, however much is wrong. */
static void test_many_findings(void **state)
{
    char message[8192];
    struct text text;
    struct lab lab;

    (void)state;
    open_with(&lab, "controls: {CT-FW-09: observe, CT-FW-07: observe, CT-FW-13: observe}\n");
    text_init(&text, message, sizeof(message));
    text_put_string(&text, "INVITE  sip:bob@example.net  SIP/2.0\r\n" VIA CALLER DIALOG);
    text_put_string(&text,
                    "Bad name: \x01\r\nNo colon\r\nSubject: \xff\r\nA: \n\r\n B: \r x\r\n\r\n");
    text_put_octet(&text, '\0');
    judge_as(&lab, "access", message);
    assert_true(lab.inspection->finding_count >= 5);
    assert_int_not_equal(lab.inspection->verdict.action, ACTION_PASS);
    lab_close(&lab);
}

static void expect_has(struct slice text, const char *part)
{
    if (!slice_has(text, slice_string(part))) {
        fail_msg("no %s in %.*s", part, (int)text.len, text.at);
    }
}

static void expect_has_not(struct slice text, const char *part)
{
    if (slice_has(text, slice_string(part))) {
        fail_msg("%s in %.*s", part, (int)text.len, text.at);
    }
}

static void test_event(void **state)
{
    static char room[65536];
    struct text text;
    struct lab lab;

    (void)state;
    open_with(&lab, "");
    text_init(&text, room, sizeof(room));
    judge_as(&lab, "access", good);
    event_write(&text, lab.inspection, 0);
    assert_int_equal(text.len, 0);

    judge_as(&lab, "access", from_number);
    event_write(&text, lab.inspection, 1764086645678901);
    struct slice event = text_slice(&text);
    expect_has(event, "{\"@timestamp\":\"2025-11-25T16:04:05.678901Z\"");
    expect_has(event, "\"rule\":{\"id\":\"CT-SEG-09\"");
    expect_has(event, "\"source\":{\"ip\":\"198.18.0.7\",\"port\":5062}");
    expect_has(event, "\"sip\":{\"type\":\"request\",\"method\":\"INVITE\"");
    expect_has(event, "\"action\":\"pass\"");
    expect_has(event, "\"zone\":\"access\"");
    expect_has(event, "\"username\":\"+1555~");
    expect_has(event, "\"username\":\"+4930~");
    expect_has_not(event, "51234567");
    expect_has_not(event, "555000123");
    assert_int_equal(event.at[event.len - 1], '\n');
    lab_close(&lab);

    open_with(&lab, "mask-numbers: false\n");
    text_init(&text, room, sizeof(room));
    judge_as(&lab, "access", from_number);
    event_write(&text, lab.inspection, 0);
    expect_has(text_slice(&text), "\"username\":\"+15551234567\"");
    expect_has(text_slice(&text), "\"1970-01-01T00:00:00.000000Z\"");
    lab_close(&lab);
}

/* An emergency request is told even when nothing was found (EMG-16). */
static void test_event_of_emergency(void **state)
{
    static char room[65536];
    struct text text;
    struct lab lab;

    (void)state;
    open_with(&lab, "");
    judge_as(&lab, "access", "INVITE urn:service:sos SIP/2.0\r\n" VIA CALLER DIALOG "\r\n");
    assert_int_equal(lab.inspection->finding_count, 0);
    text_init(&text, room, sizeof(room));
    event_write(&text, lab.inspection, 0);
    expect_has(text_slice(&text), "\"emergency\":\"call\"");

    text_init(&text, room, sizeof(room));
    judge_as(&lab, "access", sos);
    event_write(&text, lab.inspection, 0);
    expect_has(text_slice(&text), "\"spared\":true");
    expect_has(text_slice(&text), "\"repaired\":true");
    lab_close(&lab);
}

/* What a sender writes is never more than a string to whoever reads the events. */
static void test_event_is_escaped(void **state)
{
    static char room[65536];
    struct text text;
    struct lab lab;

    (void)state;
    open_with(&lab, "");
    judge_as(&lab, "access",
             "INVITE sip:bob@example.net SIP/2.0\r\n" VIA CALLER DIALOG
             "User-Agent: \"},{\"x\":\"<script>\r\nX-A: 1\r\n\r\n");
    text_init(&text, room, sizeof(room));
    event_write_whole(&text, lab.inspection, 0);
    expect_has(text_slice(&text), "\"original\":\"\\\"},{\\\"x\\\":\\\"<script>\"");
    expect_has(text_slice(&text), "\"CT-FW-01\":\"passed\"");
    lab_close(&lab);
}

static void test_explain(void **state)
{
    static char room[32768];
    struct text text;
    struct lab lab;

    (void)state;
    open_with(&lab, "");
    judge_as(&lab, "access", bare_lf);
    text_init(&text, room, sizeof(room));
    explain_write(&text, lab.inspection);
    expect_has(text_slice(&text), "place     zone access (access-internet), nobody under contract");
    expect_has(text_slice(&text), "odd: a LF without CR in the head");
    expect_has(text_slice(&text), "CT-FW-08 (HYG-F05)");
    expect_has(text_slice(&text), "verdict   reject 400 Bad Request by CT-FW-08");

    judge_as(&lab, "nowhere", good);
    text_init(&text, room, sizeof(room));
    explain_write(&text, lab.inspection);
    expect_has(text_slice(&text), "the socket belongs to none");
    expect_has(text_slice(&text), "not at all");
    lab_close(&lab);
}

static void test_manual(void **state)
{
    static char room[1 << 17];
    struct text text;

    (void)state;
    text_init(&text, room, sizeof(room));
    controls_write(&text);
    controls_write_json(&text);
    assert_false(text.is_full);
    for (uint32_t i = 0; i < control_count(); i++) {
        expect_has(text_slice(&text), control_at(i)->finds);
        assert_int_equal(control_find(slice_string(control_at(i)->id)), i);
        assert_true(i == 0 || control_at(i)->layer >= control_at(i - 1)->layer);
    }
    assert_int_equal(control_find(SLICE("CT-FW-99")), control_count());
    assert_int_equal(control_names()->count, control_count());
}

/* docs/controls.md is what the table says now. */
static void test_document(void **state)
{
    static char room[1 << 17];
    char path[1024];
    struct text text;

    (void)state;
    text_init(&text, room, sizeof(room));
    controls_write_markdown(&text);
    snprintf(path, sizeof(path), "%s/../docs/controls.md", folder);
    struct slice committed = lab_file(path);
    if (!slice_equal(committed, text_slice(&text))) {
        fail_msg("docs/controls.md is old: sipwarden controls --markdown > docs/controls.md");
    }
    free((char *)(uintptr_t)committed.at);
}

static void expect_masked(const char *user, const char *begins, bool is_masked)
{
    const struct hash_key key = {1, 2};
    char room[128];
    struct text text;

    text_init(&text, room, sizeof(room));
    mask_user(&text, slice_string(user), &key);
    assert_true(slice_starts(text_slice(&text), slice_string(begins)));
    assert_int_equal(slice_find(text_slice(&text), '~') < text.len, is_masked);
}

static void test_mask(void **state)
{
    char room[128];
    struct text text;

    (void)state;
    expect_masked("+4930123456789", "+4930~", true);
    expect_masked("0049-30-123456", "0049-~", true);
    expect_masked("+4930123456;phone-context=x", "+4930~", true);
    expect_masked("112", "112", false);
    expect_masked("alice", "alice", false);
    expect_masked("alice1234567", "alice1234567", false);
    text_init(&text, room, sizeof(room));
    mask_digits(&text, SLICE("tel:+4930123456789;x=12"));
    expect_slice(text_slice(&text), "tel:+49301********;x=12");
}

static void test_time(void **state)
{
    static const struct {
        uint64_t when_us;
        const char *written;
    } times[] = {{0, "1970-01-01T00:00:00.000000Z"},
                 {951782399999999, "2000-02-28T23:59:59.999999Z"},
                 {951782400000000, "2000-02-29T00:00:00.000000Z"},
                 {951868800000000, "2000-03-01T00:00:00.000000Z"},
                 {1735689599000000, "2024-12-31T23:59:59.000000Z"},
                 {4107542400000000, "2100-03-01T00:00:00.000000Z"}};
    char room[64];
    struct text text;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(times); i++) {
        text_init(&text, room, sizeof(room));
        event_write_time(&text, times[i].when_us);
        expect_slice(text_slice(&text), times[i].written);
    }
}

/* A message that ends anywhere is judged, and never passes on half of its head. */
static void test_every_prefix(void **state)
{
    struct guarded guarded = guarded_open();
    struct lab_source source;
    struct lab lab;

    (void)state;
    open_with(&lab, "");
    lab_source(&lab, SLICE("access"), TRANSPORT_UDP, &source);
    for (size_t len = 0; len < sizeof(good) - 1; len++) {
        lab_judge(&lab, &source, guarded_copy(&guarded, slice_of(good, len)), 0);
        assert_int_not_equal(lab.inspection->verdict.action, ACTION_PASS);
    }
    lab_judge(&lab, &source, guarded_copy(&guarded, slice_string(good)), 0);
    expect_verdict(&lab, ACTION_PASS, 0, NULL);
    guarded_close(&guarded);
    lab_close(&lab);
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_stops),
        cmocka_unit_test(test_tallies),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_hard),
        cmocka_unit_test(test_observed_peer),
        cmocka_unit_test(test_actions),
        cmocka_unit_test(test_strips),
        cmocka_unit_test(test_emergency),
        cmocka_unit_test(test_emergency_dialog),
        cmocka_unit_test(test_emergency_without_route),
        cmocka_unit_test(test_many_findings),
        cmocka_unit_test(test_event),
        cmocka_unit_test(test_event_of_emergency),
        cmocka_unit_test(test_event_is_escaped),
        cmocka_unit_test(test_explain),
        cmocka_unit_test(test_manual),
        cmocka_unit_test(test_document),
        cmocka_unit_test(test_mask),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_every_prefix),
    };

    if (argument_count != 2) {
        fprintf(stderr, "usage: test_trip TESTS-FOLDER\n");
        return 2;
    }
    folder = arguments[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
