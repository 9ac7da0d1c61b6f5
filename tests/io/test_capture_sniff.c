/* What looks like SIP, and what does not. */
#include "capture_kit.h"

#include "io/capture/sniff.h"

static const struct sniff_case {
    struct slice bytes;
    enum sniffed sniffed;
} datagrams[] = {
    {SLICE_INIT("OPTIONS sip:a@b SIP/2.0\r\n\r\n"), SNIFF_SIP},
    {SLICE_INIT("SIP/2.0 200 OK\r\n\r\n"), SNIFF_SIP},
    {SLICE_INIT("sip/2.0 200 OK\r\n\r\n"), SNIFF_SIP},
    {SLICE_INIT("\r\n\r\nOPTIONS sip:a@b SIP/2.0\r\n\r\n"), SNIFF_SIP},
    {SLICE_INIT("FOO sip:a@b SIP/2.0\r\n\r\n"), SNIFF_SIP},
    {SLICE_INIT("invite sip:a@b sip/2.0\r\n\r\n"), SNIFF_SIP},
    {SLICE_INIT("INVITE  sip:a@b  SIP/3.0 \r\n\r\n"), SNIFF_SIP},
    {SLICE_INIT(" INVITE sip:a@b SIP/2.0\r\n\r\n"), SNIFF_SIP},
    {SLICE_INIT("INVITE sip:a@b; lr SIP/2.0\r\n\r\n"), SNIFF_SIP},
    {SLICE_INIT("INVITE sip:a@b\r\nVia: x\r\n\r\n"), SNIFF_SIP},
    {SLICE_INIT("INVITE sip:a@b"), SNIFF_SIP},
    {SLICE_INIT("NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n\r\n"), SNIFF_OTHER},
    {SLICE_INIT("M-SEARCH * HTTP/1.1\r\n\r\n"), SNIFF_OTHER},
    {SLICE_INIT("OPTIONS rtsp://a RTSP/1.0\r\n\r\n"), SNIFF_OTHER},
    {SLICE_INIT("INVITE"), SNIFF_OTHER},
    {SLICE_INIT("<134>1 INVITE sip:a@b SIP/2.0"), SNIFF_OTHER},
    {SLICE_INIT("{\"a\": \"OPTIONS sip:a SIP/2.0\"}"), SNIFF_OTHER},
    {SLICE_INIT("Ab\1\0\0\1\0\0\0\0\0\0\3www"), SNIFF_OTHER},
    {SLICE_INIT(""), SNIFF_KEEPALIVE},
    {SLICE_INIT("\r\n\r\n"), SNIFF_KEEPALIVE},
    {SLICE_INIT("\0"), SNIFF_KEEPALIVE},
    {SLICE_INIT("\0\0\0\0"), SNIFF_KEEPALIVE},
    {SLICE_INIT("\0\0\0\0\0\0\0\0\0\0\0\0"), SNIFF_OTHER},
    {SLICE_INIT("\x80\0\1\2aaaabbbb"), SNIFF_RTP},
    {SLICE_INIT("\x81\xC9\0\7aaaabbbb"), SNIFF_RTP},
    {SLICE_INIT("\x80"), SNIFF_OTHER},
    {SLICE_INIT("\0\1\0\0\x21\x12\xA4\x42tttttttttttt"), SNIFF_STUN},
    {SLICE_INIT("\x16\xFE\xFF\0\0\0\0\0\0\0\0\0\0"), SNIFF_DTLS},
    {SLICE_INIT("\xF8\0\0"), SNIFF_SIGCOMP},
    {SLICE_INIT("HEP3\0\6"), SNIFF_HEP},
};

static const struct sniff_case connections[] = {
    {SLICE_INIT(""), SNIFF_KEEPALIVE},
    {SLICE_INIT("\r\n"), SNIFF_KEEPALIVE},
    {SLICE_INIT("O"), SNIFF_MORE},
    {SLICE_INIT("OPTIONS sip:a"), SNIFF_MORE},
    {SLICE_INIT("\r\n\r\nOPT"), SNIFF_MORE},
    {SLICE_INIT("SIP/2.0 2"), SNIFF_MORE},
    {SLICE_INIT("OPTIONS sip:a SIP/2.0\r\n"), SNIFF_SIP},
    {SLICE_INIT("OPTIONS sip:a SIP/9\r\n"), SNIFF_SIP},
    {SLICE_INIT("\x16"), SNIFF_MORE},
    {SLICE_INIT("\x16\3"), SNIFF_TLS},
    {SLICE_INIT("\x16\4"), SNIFF_OTHER},
    {SLICE_INIT("POST /a HTTP/1.1\r\n"), SNIFF_HTTP},
    {SLICE_INIT("HTTP/1.0 200 OK\r\n"), SNIFF_HTTP},
    {SLICE_INIT("220 mail.example.com ESMTP\r\n"), SNIFF_OTHER},
    {SLICE_INIT("Via: SIP/2.0/TCP a\r\n"), SNIFF_OTHER},
    {SLICE_INIT("\0\0"), SNIFF_OTHER},
};

static const struct sniff_case messages[] = {
    {SLICE_INIT("OPTIONS sip:a SIP/2.0\r\nVia: a\r\n"), SNIFF_SIP},
    {SLICE_INIT("SIP/2.0 200 OK\r\nv : a\r\n"), SNIFF_SIP},
    {SLICE_INIT("SIP/2.0 200 OK\r\nVi"), SNIFF_MORE},
    {SLICE_INIT("SIP/2.0 200 OK\r\n\r\n"), SNIFF_OTHER},
    {SLICE_INIT("SIP/2.0 200 OK\r\nOPTIONS sip:a SIP/2.0\r\n"), SNIFF_OTHER},
    {SLICE_INIT("SIP/2.0 999 OK\r\nVia: a\r\n"), SNIFF_OTHER},
    {SLICE_INIT("OPTIONS sip:a SIP/3.0\r\nVia: a\r\n"), SNIFF_OTHER},
    {SLICE_INIT("OPTIONS a SIP/2.0\r\nVia: a\r\n"), SNIFF_OTHER},
    {SLICE_INIT("OPT"), SNIFF_MORE},
    {SLICE_INIT("{\"a\": 1}OPTIONS sip:a SIP/2.0\r\nVia: a\r\n"), SNIFF_SIP},
    {SLICE_INIT("0000SIP/2.0 200 OK\r\nVia: a\r\n"), SNIFF_SIP},
    {SLICE_INIT("S SIP/2.0 SIP/2.0 200 OK\r\nVia: a\r\n"), SNIFF_SIP},
    {SLICE_INIT("FOO sip:a SIP/2.0\r\nVia: a\r\n"), SNIFF_SIP},
    {SLICE_INIT("a FOO sip:a SIP/2.0\r\nVia: a\r\n"), SNIFF_OTHER},
    {SLICE_INIT(" SIP/2.0\r\nVia: a\r\n"), SNIFF_OTHER},
    {SLICE_INIT("SIP/2.0\r\nVia: a\r\n"), SNIFF_OTHER},
    {SLICE_INIT("sip:a SIP/2.0\r\nVia: a\r\n"), SNIFF_OTHER},
    {SLICE_INIT("Via: SIP/2.0/TCP"), SNIFF_MORE},
    {SLICE_INIT("Via: SIP/2.0/TCP\r\nVia: a\r\n"), SNIFF_OTHER},
    {SLICE_INIT("\1\2\3"), SNIFF_OTHER},
};

static enum sniffed sniff_here(struct slice bytes)
{
    size_t at;

    enum sniffed sniffed = sniff_message(bytes, &at);
    assert_true(at <= bytes.len);
    return sniffed;
}

static void expect_cases(const struct sniff_case *cases, size_t count,
                         enum sniffed (*sniff)(struct slice bytes))
{
    struct guarded guarded = guarded_open();

    for (size_t i = 0; i < count; i++) {
        enum sniffed sniffed = sniff(guarded_copy(&guarded, cases[i].bytes));

        if (sniffed != cases[i].sniffed) {
            fail_msg("\"%.*s\" is sniffed as %d", (int)cases[i].bytes.len, cases[i].bytes.at,
                     sniffed);
        }
        for (size_t len = 0; len < cases[i].bytes.len; len++) {
            (void)sniff(guarded_copy(&guarded, slice_head(cases[i].bytes, len)));
        }
    }
    guarded_close(&guarded);
}

static void of_datagrams(void **state)
{
    (void)state;
    expect_cases(datagrams, ARRAY_COUNT(datagrams), sniff_datagram);
}

static void of_connections(void **state)
{
    (void)state;
    expect_cases(connections, ARRAY_COUNT(connections), sniff_connection);
}

static void of_messages(void **state)
{
    (void)state;
    expect_cases(messages, ARRAY_COUNT(messages), sniff_here);
    size_t at;
    assert_int_equal(sniff_message(SLICE("{\"a\": 1}OPTIONS sip:a SIP/2.0\r\nVia: a\r\n"), &at),
                     SNIFF_SIP);
    assert_int_equal(at, 8);
    assert_int_equal(sniff_message(SLICE("0000SIP/2.0 200 OK\r\nVia: a\r\n"), &at), SNIFF_SIP);
    assert_int_equal(at, 4);
}

/* What is not SIP is counted under its name. */
static void counted(void **state)
{
    static const struct {
        struct slice bytes;
        enum capture_count count;
    } cases[] = {
        {SLICE_INIT("\x80\0\1\2aaaabbbb"), CAPTURE_UDP_RTP},
        {SLICE_INIT("\0\1\0\0\x21\x12\xA4\x42tttttttttttt"), CAPTURE_UDP_STUN},
        {SLICE_INIT("\x16\xFE\xFF\0\0\0\0\0\0\0\0\0\0"), CAPTURE_UDP_DTLS},
        {SLICE_INIT("\xF8\0\0"), CAPTURE_UDP_SIGCOMP},
        {SLICE_INIT("HEP3\0\6"), CAPTURE_UDP_HEP},
        {SLICE_INIT("\r\n\r\n"), CAPTURE_KEEPALIVE},
        {SLICE_INIT("hello"), CAPTURE_UDP_OTHER},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        static struct kit_room room;
        struct kit kit = kit_open(101);

        kit_frame(&kit, kit_datagram(&room, cases[i].bytes));
        struct kit_result *result = kit_done(&kit);
        assert_int_equal(result->count, 0);
        assert_int_equal(result->counts.of[cases[i].count], 1);
        kit_free(result);
    }
    for (enum capture_count count = 0; count < CAPTURE_COUNT_COUNT; count++) {
        assert_true(capture_count_text(count)[0] != '\0');
        assert_true(capture_count_name(count)[0] != '\0');
        assert_true(capture_count_group(count) <= CAPTURE_NOTED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_datagrams),
        cmocka_unit_test(of_connections),
        cmocka_unit_test(of_messages),
        cmocka_unit_test(counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
