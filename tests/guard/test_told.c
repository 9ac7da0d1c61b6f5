/* What is told of a trip: events, explanations, the manual, masked numbers, times. */
#include "guard/trip.h"

#include "guard/mask.h"

static const char *folder;

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

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event),
        cmocka_unit_test(test_event_of_emergency),
        cmocka_unit_test(test_event_is_escaped),
        cmocka_unit_test(test_explain),
        cmocka_unit_test(test_manual),
        cmocka_unit_test(test_document),
        cmocka_unit_test(test_mask),
        cmocka_unit_test(test_time),
    };

    if (argument_count != 2) {
        fprintf(stderr, "usage: test_told TESTS-FOLDER\n");
        return 2;
    }
    folder = arguments[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
