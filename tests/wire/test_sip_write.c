#include "../corpus.h"

#include "rewrite.h"

static char room[1 << 18];

static struct text empty(void)
{
    struct text text;

    text_init(&text, room, sizeof(room));
    return text;
}

static void lines_are_canonical(void **state)
{
    struct text text = empty();

    (void)state;
    sip_write_request_line(&text, SLICE("INVITE"), SLICE("sip:bob@example.com"));
    sip_write_via(&text, TRANSPORT_TCP, SLICE("192.0.2.1:5060"), SLICE("z9hG4bK77"), true);
    sip_write_via(&text, TRANSPORT_TLS, SLICE("[2001:db8::1]"), SLICE("z9hG4bK78"), false);
    sip_write_header(&text, SIP_HEADER_CALL_ID, SLICE(" a@b\t"));
    sip_write_header_number(&text, SIP_HEADER_MAX_FORWARDS, 70);
    sip_write_body(&text, SLICE("v=0\r\n"));
    expect_slice(text_slice(&text), "INVITE sip:bob@example.com SIP/2.0\r\n"
                                    "Via: SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bK77;rport\r\n"
                                    "Via: SIP/2.0/TLS [2001:db8::1];branch=z9hG4bK78\r\n"
                                    "Call-ID: a@b\r\n"
                                    "Max-Forwards: 70\r\n"
                                    "Content-Length: 5\r\n\r\nv=0\r\n");
    text = empty();
    sip_write_status_line(&text, 486);
    sip_write_body(&text, SLICE_NONE);
    expect_slice(text_slice(&text), "SIP/2.0 486 Busy Here\r\nContent-Length: 0\r\n\r\n");
}

static void expect_written(struct slice value, const char *wanted)
{
    struct text text = empty();

    sip_write_value(&text, value);
    expect_slice(text_slice(&text), wanted);
}

static void folds_become_one_blank(void **state)
{
    (void)state;
    expect_written(SLICE(""), "");
    expect_written(SLICE("plain"), "plain");
    expect_written(SLICE("a\tb  c"), "a\tb  c");
    expect_written(SLICE("I know you're there,\r\n pick up the phone"),
                   "I know you're there, pick up the phone");
    expect_written(SLICE("a \t\r\n \t b\r\n\tc"), "a b c");
    expect_written(SLICE("\r\n a\r\n "), "a");
    expect_written(SLICE("\"Alice\"\r\n <sip:a@example.com>\r\n\t;tag=1"),
                   "\"Alice\" <sip:a@example.com> ;tag=1");
    expect_written(SLICE("Zo\xc3\xab"), "Zo\xc3\xab");
}

static void nothing_that_ends_a_line_or_a_string_leaves(void **state)
{
    (void)state;
    expect_written(SLICE("a\r\nVia: forged"), "a Via: forged");
    expect_written(SLICE("a\nb\rc"), "a b c");
    expect_written(SLICE("a\0b"), "a b");
    expect_written(SLICE("\0\x01"), "");
    expect_written(SLICE("a\x7f\x1f\x08z"), "a z");
    for (unsigned octet = 0; octet < 256; octet++) {
        char value[] = {'a', (char)octet, 'b', (char)octet, 'c', 'd', 'e', 'f', 'g', (char)octet};
        struct text text = empty();

        sip_write_header(&text, SIP_HEADER_SUBJECT, slice_of(value, sizeof(value)));
        struct slice written = text_slice(&text);
        assert_true(slice_ends(written, SLICE("\r\n")));
        written.len -= 2;
        for (size_t i = 0; i < written.len; i++) {
            unsigned char one = (unsigned char)written.at[i];

            assert_true((one >= ' ' || one == '\t') && one != 0x7F);
        }
    }
}

static void names_are_ours_and_unknown_ones_keep_theirs(void **state)
{
    static struct sip_message message;
    struct text text = empty();

    (void)state;
    assert_int_equal(sip_read(&message,
                              SLICE("OPTIONS sip:a SIP/2.0\r\n"
                                    "v: SIP/2.0/UDP a;branch=z9hG4bK1\r\n"
                                    "k: timer,\r\n 100rel\r\n"
                                    "SUPPORTED : path\r\n"
                                    "X-Odd: 1,2\r\n"
                                    "Bad Name: 1\r\n"
                                    ": nameless\r\n"
                                    "Require\r\n"
                                    "Empty :\r\n\r\n"),
                              false),
                     SIP_READ);
    sip_write_copied(&text, &message, SIP_HEADER_SUPPORTED);
    sip_write_copied(&text, &message, SIP_HEADER_ALLOW);
    expect_slice(text_slice(&text), "Supported: timer, 100rel\r\nSupported: path\r\n");
    text = empty();
    for (unsigned i = 0; i < message.header_count; i++) {
        sip_write_line(&text, &message, &message.headers[i]);
    }
    expect_slice(text_slice(&text), "Via: SIP/2.0/UDP a;branch=z9hG4bK1\r\n"
                                    "Supported: timer, 100rel\r\nSupported: path\r\n"
                                    "X-Odd: 1,2\r\nEmpty: \r\n");
}

static void empty_members_and_parameters_are_left_out(void **state)
{
    static const char *const lines[][2] = {
        {"Supported: timer,, path,", "Supported: timer,path\r\n"},
        {"Accept: , text/plain;;q=1;, */*", "Accept: text/plain;q=1,*/*\r\n"},
        {"Contact: \"a,;;\\\" ,,b\" <sip:a@b;x;y>;;;q=1 ;",
         "Contact: \"a,;;\\\" ,,b\" <sip:a@b;x;y>;q=1\r\n"},
        {"User-Agent: a;;b,,c", "User-Agent: a;;b,,c\r\n"},
    };
    struct sip_message message;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(lines); i++) {
        struct text text = empty();
        char head[512];
        int len =
            snprintf(head, sizeof(head),
                     "OPTIONS sip:a SIP/2.0\r\nAllow: INVITE,,ACK\r\n%s\r\n\r\n", lines[i][0]);

        assert_int_equal(sip_read(&message, slice_of(head, (size_t)len), false), SIP_READ);
        sip_write_line(&text, &message, &message.headers[1]);
        expect_slice(text_slice(&text), lines[i][1]);
    }
}

static void running_out_of_room_is_noted(void **state)
{
    struct text text;

    (void)state;
    for (size_t max = 0; max < 24; max++) {
        text_init(&text, room, max);
        sip_write_header(&text, SIP_HEADER_CALL_ID, SLICE("a@example.com"));
        assert_true(text.is_full);
        assert_true(text.len <= max);
    }
    text_init(&text, room, 24);
    sip_write_header(&text, SIP_HEADER_CALL_ID, SLICE("a@example.co"));
    assert_false(text.is_full);
}

static bool is_start_line_odd(const struct sip_message *message)
{
    return sip_is_odd(message, SIP_ODD_BAD_METHOD) || sip_is_odd(message, SIP_ODD_BAD_STATUS) ||
           sip_is_odd(message, SIP_ODD_START_LINE_BLANKS) ||
           sip_is_odd(message, SIP_ODD_BAD_REQUEST_URI);
}

static void read_write_read(const char *name, struct slice bytes)
{
    static struct sip_message message, again;
    struct text text = empty();

    if (sip_read(&message, bytes, false) != SIP_READ || is_start_line_odd(&message)) {
        return;
    }
    rewrite(&text, &message);
    assert_false(text.is_full);
    assert_int_equal(sip_read(&again, text_slice(&text), true), SIP_READ);
    const char *difference = rewrite_differs(&message, &again);
    if (difference != NULL) {
        fail_msg("%s: %s", name, difference);
    }
    assert_false(sip_is_odd(&again, SIP_ODD_BARE_LF));
    assert_false(sip_is_odd(&again, SIP_ODD_BARE_CR));
    assert_false(sip_is_odd(&again, SIP_ODD_NUL));
    assert_false(sip_is_odd(&again, SIP_ODD_CONTROL_OCTET));
    assert_false(sip_is_odd(&again, SIP_ODD_FOLDED));
    assert_false(sip_is_odd(&again, SIP_ODD_SPACE_BEFORE_COLON));
    assert_false(sip_is_odd(&again, SIP_ODD_TRAILING_OCTETS));
}

static void what_was_read_and_written_reads_as_before(void **state)
{
    static const char *const folders[][2] = {
        {"rfc4475", ".dat"},
        {"rfc-flows/rfc3261", ".sip"},
        {"rfc-flows/rfc3665", ".sip"},
        {"rfc-flows/rfc5393", ".sip"},
        {"rfc-flows/rfc7118", ".sip"},
        {"jain-torture", ".sip"},
        {"cve", ".sip"},
    };
    unsigned files = 0;

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(folders); i++) {
        files += corpus_walk(folders[i][0], folders[i][1], read_write_read);
    }
    if (files == 0) {
        corpus_skip("messages");
    }
    print_message("%u messages\n", files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_canonical),
        cmocka_unit_test(folds_become_one_blank),
        cmocka_unit_test(nothing_that_ends_a_line_or_a_string_leaves),
        cmocka_unit_test(names_are_ours_and_unknown_ones_keep_theirs),
        cmocka_unit_test(empty_members_and_parameters_are_left_out),
        cmocka_unit_test(running_out_of_room_is_noted),
        cmocka_unit_test(what_was_read_and_written_reads_as_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
