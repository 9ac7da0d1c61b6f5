/* The reader of messages: start line, lines, framing, what a message must have. */
#include "oddities.h"

#define NOTED(text, words) expect_noted(SLICE(text), words)
#define REST                                                                                       \
    "Via: SIP/2.0/UDP a.example.com;branch=z9hG4bK1\r\nFrom: <sip:alice@example.com>;tag=1\r\n"    \
    "To: <sip:bob@example.com>\r\nCall-ID: 1@example.com\r\nMax-Forwards: 70\r\n"
#define OPTIONS REST "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"

static enum sip_reading reading_of(const char *text, bool is_stream)
{
    return sip_read(&message, slice_string(text), is_stream);
}

static void a_request_is_taken_apart(void **state)
{
    (void)state;
    NOTED("INVITE sip:bob:x@[2001:db8::7]:5070;user=phone?a=b SIP/2.0\r\n" REST
          "CSeq: 7 INVITE\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello",
          "BAD_REQUEST_URI URI_PASSWORD URI_HEADERS");
    assert_true(message.is_request);
    assert_int_equal(message.method, SIP_INVITE);
    expect_slice(text_of(message.method_text), "INVITE");
    assert_int_equal(message.uri.scheme, SIP_SCHEME_SIP);
    expect_slice(text_of(message.uri.whole), "sip:bob:x@[2001:db8::7]:5070;user=phone?a=b");
    expect_slice(text_of(message.uri.user), "bob");
    expect_slice(text_of(message.uri.host), "[2001:db8::7]");
    assert_int_equal(message.uri.host_kind, SIP_HOST_V6);
    assert_int_equal(message.uri.port, 5070);
    expect_slice(text_of(message.uri.params), "user=phone");
    expect_slice(text_of(message.uri.headers), "a=b");
    assert_int_equal(message.cseq, 7);
    assert_int_equal(message.cseq_method, SIP_INVITE);
    expect_slice(text_of(message.cseq_method_text), "INVITE");
    assert_int_equal(message.max_forwards, 70);
    assert_int_equal(message.content_length, 5);
    assert_true(message.has_content_length);
    expect_slice(message.body, "hello");
    expect_slice(message.trailing, "");
    expect_slice(sip_call_id(&message), "1@example.com");
    expect_slice(sip_from_tag(&message), "1");
    expect_slice(sip_to_tag(&message), "");
    expect_slice(sip_branch(&message), "z9hG4bK1");
    assert_int_equal(message.header_count, 8);
    assert_int_equal(message.value_count, 3);
    assert_int_equal(message.item_count, 8);
    assert_ptr_equal(message.bytes.at, message.head);
    assert_int_equal(message.bytes.len, message.head_len + 5);
}

static void a_response_is_taken_apart(void **state)
{
    (void)state;
    NOTED("SIP/2.0 200 OK, \xd0\xb4\xd0\xb0 \r\n" OPTIONS, "");
    assert_false(message.is_request);
    assert_int_equal(message.status, 200);
    expect_slice(text_of(message.reason), "OK, \xd0\xb4\xd0\xb0 ");
    assert_int_equal(message.method, SIP_OPTIONS); /* the CSeq's */
    NOTED("SIP/2.0 100 \r\n" OPTIONS, "");
    expect_slice(text_of(message.reason), "");
    NOTED("sip/2.0 486  Busy\r\n" OPTIONS, "");
    expect_slice(text_of(message.reason), " Busy");
}

static void start_lines_of_requests(void **state)
{
    (void)state;
    NOTED("OPTIONS sip:a.example SIP/2.0\r\n" OPTIONS, "");
    NOTED("OPTIONS sip:a.example sip/2.0\r\n" OPTIONS, "");
    NOTED("OPTIONS sips:a.example SIP/2.0\r\n" OPTIONS, "");
    NOTED("OPTIONS tel:+15550100 SIP/2.0\r\n" OPTIONS, "");
    NOTED("OPTIONS urn:service:sos SIP/2.0\r\n" OPTIONS, "");
    NOTED("OPTIONS  sip:a.example SIP/2.0\r\n" OPTIONS, "START_LINE_BLANKS");
    NOTED("OPTIONS sip:a.example  SIP/2.0\r\n" OPTIONS, "START_LINE_BLANKS");
    NOTED("OPTIONS\tsip:a.example SIP/2.0\r\n" OPTIONS, "START_LINE_BLANKS");
    NOTED("OPTIONS sip:a.example\tSIP/2.0\r\n" OPTIONS, "START_LINE_BLANKS");
    NOTED("OPTIONS sip:a.example SIP/2.0 \r\n" OPTIONS, "START_LINE_BLANKS");
    NOTED(" OPTIONS sip:a.example SIP/2.0\r\n" OPTIONS, "START_LINE_BLANKS");
    expect_slice(text_of(message.method_text), "OPTIONS");
    NOTED("OPTIONS sip:a.example SIP/7.0\r\n" OPTIONS, "BAD_VERSION");
    NOTED("OPTIONS sip:a.example SIP/2.00\r\n" OPTIONS, "BAD_VERSION");
    NOTED("OPTIONS sip:a.example\r\n" OPTIONS, "BAD_VERSION");
    expect_slice(text_of(message.uri.host), "a.example");
    NOTED("OPTIONS SIP/2.0\r\n" OPTIONS, "BAD_REQUEST_URI BAD_URI");
    NOTED("OPTIONS <sip:a.example> SIP/2.0\r\n" OPTIONS, "BAD_REQUEST_URI BAD_URI");
    NOTED("OPTIONS sip:a.example;x y SIP/2.0\r\n" OPTIONS,
          "START_LINE_BLANKS BAD_REQUEST_URI BAD_URI");
    NOTED("OPTIONS http://a.example SIP/2.0\r\n" OPTIONS, "UNKNOWN_SCHEME");
    NOTED("OPTIONS sip:a.example?Route=b SIP/2.0\r\n" OPTIONS, "BAD_REQUEST_URI URI_HEADERS");
    NOTED("OPTIONS sip:\xc3\xa4@a.example SIP/2.0\r\n" OPTIONS,
          "HIGH_OCTET BAD_REQUEST_URI BAD_URI");
}

static void methods_of_start_lines(void **state)
{
    (void)state;
    NOTED("JUMP sip:a.example SIP/2.0\r\n" REST "CSeq: 1 JUMP\r\nContent-Length: 0\r\n\r\n",
          "UNKNOWN_METHOD");
    assert_int_equal(message.method, SIP_METHOD_UNKNOWN);
    assert_int_equal(message.cseq_method, SIP_METHOD_UNKNOWN);
    NOTED("options sip:a.example SIP/2.0\r\n" OPTIONS, "UNKNOWN_METHOD CSEQ_METHOD");
    NOTED("OPT(IONS sip:a.example SIP/2.0\r\n" OPTIONS, "BAD_METHOD CSEQ_METHOD");
    NOTED("INVITE sip:a.example SIP/2.0\r\n" OPTIONS, "CSEQ_METHOD");
    expect_slice(sip_odd_slice(&message, SIP_ODD_CSEQ_METHOD), "OPTIONS");
}

static void status_codes(void **state)
{
    (void)state;
    NOTED("SIP/2.0 99 x\r\n" OPTIONS, "BAD_STATUS");
    assert_int_equal(message.status, 0);
    NOTED("SIP/2.0 099 x\r\n" OPTIONS, "BAD_STATUS");
    NOTED("SIP/2.0 700 x\r\n" OPTIONS, "BAD_STATUS");
    NOTED("SIP/2.0 4294967301 x\r\n" OPTIONS, "BAD_STATUS");
    NOTED("SIP/2.0 2x0 x\r\n" OPTIONS, "BAD_STATUS");
    NOTED("SIP/2.0 699 x\r\n" OPTIONS, "");
    NOTED("SIP/2.0 200\r\n" OPTIONS, "START_LINE_BLANKS");
    NOTED("SIP/2.0  200 x\r\n" OPTIONS, "START_LINE_BLANKS");
    NOTED("SIP/2.0\t200 x\r\n" OPTIONS, "START_LINE_BLANKS");
    NOTED("SIP/3.0 200 x\r\n" OPTIONS, "BAD_VERSION");
    NOTED("SIP/2.0 200 \xff\r\n" OPTIONS, "BAD_UTF8");
    NOTED("SIP/2.0 200 \xc0\xaf\r\n" OPTIONS, "BAD_UTF8");
    NOTED("SIP/2.0 \xc3\xa4 x\r\n" OPTIONS, "BAD_STATUS HIGH_OCTET");
}

static void what_is_no_sip(void **state)
{
    (void)state;
    static const char *const foreign[] = {
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "OPTIONS / HTTP/1.0\r\n\r\n",
        "OPTIONS rtsp://a.example/x RTSP/1.0\r\n\r\n",
        "\x16\x03\x01\x02\r\n\r\n",
        "SSH-2.0-OpenSSH\r\n",
        "hello\r\n\r\n",
        "\r\n\r\n",
        "",
        "OPTIONS sip:a.example SIP/2.0", /* not even one line */
    };

    for (size_t i = 0; i < ARRAY_COUNT(foreign); i++) {
        assert_int_equal(reading_of(foreign[i], false), SIP_FOREIGN);
        assert_int_equal(message.header_count, 0);
        expect_slice(message.body, "");
        assert_int_equal(message.method, SIP_METHOD_UNKNOWN);
    }
    assert_int_equal(reading_of("\r\n\r\n", true), SIP_PARTIAL);
    assert_int_equal(reading_of("GET / HTTP/1.1\r\n", true), SIP_FOREIGN);
}

static void lines_end_in_crlf_alone(void **state)
{
    (void)state;
    expect_odd("Subject: a\n", "BARE_LF TRAILING_OCTETS"); /* then the empty line */
    expect_odd("Subject: a\nOrganization: b", "BARE_LF");
    expect_slice(sip_header_value(&message, SIP_HEADER_SUBJECT), "a");
    expect_slice(sip_header_value(&message, SIP_HEADER_ORGANIZATION), "b");
    expect_odd("Subject: a\rb", "BARE_CR");
    expect_slice(sip_header_value(&message, SIP_HEADER_SUBJECT), "a\rb");
    expect_odd("Subject: a\r\r", "BARE_CR");
    expect_odd("Subject: \ra", "BARE_CR");
    NOTED("OPTIONS sip:a.example SIP/2.0\n" OPTIONS, "BARE_LF");
    NOTED("OPTIONS sip:a.example SIP/2.0\r\n" REST "CSeq: 1 OPTIONS\r\nContent-Length: 0\n\n",
          "BARE_LF");
    assert_int_equal(message.bytes.at[message.head_len - 1], '\n');
    NOTED("OPTIONS sip:a.example SIP/2.0\r\n" REST "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\nX",
          "BARE_LF TRAILING_OCTETS");
    expect_slice(message.trailing, "X");
}

static void octets_that_have_no_place_in_a_head(void **state)
{
    (void)state;
    struct slice bytes = request_of("Subject: a!b\r\n");
    char *octet = memchr(bytes.at, '!', bytes.len);

    for (int i = 0; i < 0x20; i++) {
        *octet = (char)i;
        expect_noted(bytes, i == 0      ? "NUL"
                            : i == '\t' ? ""
                            : i == '\r' ? "BARE_CR"
                            : i == '\n' ? "BARE_LF NO_COLON"
                                        : "CONTROL_OCTET");
    }
    *octet = 0x7F;
    expect_noted(bytes, "CONTROL_OCTET");
    expect_slice(sip_odd_slice(&message, SIP_ODD_CONTROL_OCTET), "\x7f");
    *octet = (char)0x80;
    expect_noted(bytes, "BAD_UTF8");
}

static void octets_above_ascii(void **state)
{
    (void)state;
    expect_odd("Subject: \xd0\xb4\xd0\xb0", "");
    expect_odd("X-Unknown: \xd0\xb4\xd0\xb0", "");
    expect_odd("X-Unknown: \xd0", "BAD_UTF8");
    expect_odd("Contact: \"\xd0\xb4\" <sip:a@b.example>", "");
    expect_odd("Contact: \"\xed\xa0\x80\" <sip:a@b.example>", "BAD_UTF8");
    expect_odd("Contact: \"\xf4\x90\x80\x80\" <sip:a@b.example>", "BAD_UTF8");
    expect_odd("Contact: \"\\\"\xd0\xb4\\\"\" <sip:a@b.example>", "");
    expect_odd("Contact: \xd0\xb4 <sip:a@b.example>", "HIGH_OCTET BAD_DISPLAY_NAME");
    expect_odd("Contact: \"a\" <sip:\xd0\xb4@b.example>", "HIGH_OCTET BAD_URI");
    expect_odd("Contact: <sip:a@\xd0\xb4.example>", "HIGH_OCTET BAD_HOST");
    expect_odd("Reason: Q.850;cause=16;text=\"\xd0\xb4\"", "");
    expect_odd("Reason: Q.850;cause=16;text=\xd0\xb4", "HIGH_OCTET BAD_PARAMETER");
    expect_odd("Call-ID: \"\xd0\xb4", "HIGH_OCTET BAD_CALL_ID");
    expect_odd("Date: \"\xd0\xb4\"\xd0\xb4", "HIGH_OCTET");
    expect_slice(sip_odd_slice(&message, SIP_ODD_HIGH_OCTET), "\xd0");
}

static void names_of_headers(void **state)
{
    (void)state;
    expect_odd("s: a", "");
    assert_true(sip_header(&message, SIP_HEADER_SUBJECT)->is_compact);
    expect_odd("sUbJeCt:a", "");
    assert_false(sip_header(&message, SIP_HEADER_SUBJECT)->is_compact);
    expect_slice(sip_header_value(&message, SIP_HEADER_SUBJECT), "a");
    expect_odd("Subject :a", "SPACE_BEFORE_COLON");
    expect_slice(text_of(sip_header(&message, SIP_HEADER_SUBJECT)->name), "Subject");
    expect_odd("Subject\t \t:a", "SPACE_BEFORE_COLON");
    expect_odd("s :a", "SPACE_BEFORE_COLON");
    assert_true(sip_header(&message, SIP_HEADER_SUBJECT)->is_compact);
    expect_odd("Sub ject: a", "SPACE_IN_NAME");
    assert_false(sip_has(&message, SIP_HEADER_SUBJECT));
    expect_odd("Subject\x01: a", "CONTROL_OCTET BAD_NAME");
    assert_false(sip_has(&message, SIP_HEADER_SUBJECT));
    expect_odd("Sub@ject: a", "BAD_NAME");
    expect_odd(": a", "BAD_NAME");
    expect_odd("nothing", "NO_COLON");
    assert_true(sip_has(&message, SIP_HEADER_UNKNOWN));
    expect_odd("x: a\r\nX-A:\r\nx-b: c", "");
    assert_int_equal(message.header_counts[SIP_HEADER_UNKNOWN], 2); /* x is Session-Expires */
    expect_odd("b: <sip:a@b.example>\r\nz: 1", "");
    assert_true(sip_has(&message, SIP_HEADER_REFERRED_BY));
}

static void a_name_may_have_sixty_four_octets(void **state)
{
    (void)state;
    char line[200];

    for (unsigned len = 60; len < 70; len++) {
        memset(line, 'n', len);
        memcpy(line + len, ": v\r\n", 6);
        expect_noted(request_of(line), len > SIP_NAME_MAX ? "LONG_NAME" : "");
        memcpy(line + len, " : v\r\n", 7);
        expect_noted(request_of(line),
                     len > SIP_NAME_MAX ? "LONG_NAME SPACE_BEFORE_COLON" : "SPACE_BEFORE_COLON");
    }
}

static void values_are_trimmed(void **state)
{
    (void)state;
    expect_odd("Subject: \t a b \t ", "");
    expect_slice(sip_header_value(&message, SIP_HEADER_SUBJECT), "a b");
    expect_odd("Subject:", "");
    expect_slice(sip_header_value(&message, SIP_HEADER_SUBJECT), "");
    expect_odd("Subject: ", "");
    expect_slice(sip_header_value(&message, SIP_HEADER_SUBJECT), "");
    expect_odd("Subject:\r\n  a\r\n\tb  \r\n  ", "BLANK_CONTINUATION FOLDED");
    expect_slice(sip_header_value(&message, SIP_HEADER_SUBJECT), "a\r\n\tb");
    assert_true(sip_header(&message, SIP_HEADER_SUBJECT)->is_folded);
    assert_false(sip_header(&message, SIP_HEADER_VIA)->is_folded);
}

static void folds(void **state)
{
    (void)state;
    NOTED("OPTIONS sip:a.example SIP/2.0\r\n Subject: a\r\n" OPTIONS, "FIRST_LINE_FOLDED");
    assert_false(sip_has(&message, SIP_HEADER_SUBJECT));
    expect_odd("Expires:\r\n 60", "FOLDED");
    expect_odd("Expires: 6\r\n 0", "FOLDED FOLDED_PLACE BAD_NUMBER");
    expect_odd("Content-Length:\r\n 0", "FOLDED FOLDED_PLACE");
    expect_odd("Contact: <sip:a@b.example\r\n >", "FOLDED FOLDED_PLACE BAD_HOST");
    expect_odd("Contact: <sip:a@b.example;\r\n lr>", "FOLDED FOLDED_PLACE BAD_URI BAD_PARAMETER");
    expect_odd("Contact: \"a\\\r\n b\" <sip:a@b.example>", "FOLDED FOLDED_PLACE");
    expect_odd("Contact: \"a\r\n b\"\r\n <sip:a@b.example>\r\n\t;\r\n q\r\n =\r\n 1\r\n ,\r\n "
               "<sip:c@d.example>",
               "FOLDED");
    assert_int_equal(message.value_count, 5);
    expect_odd("CSeq: 1\r\n OPTIONS", "FOLDED");
    assert_int_equal(message.cseq, 1);
    expect_odd("Allow: INVITE,\r\n ACK,\r\n  BYE", "FOLDED");
    assert_true(sip_list_has(&message, SIP_HEADER_ALLOW, SLICE("ack")));
}

static void folds_have_a_limit(void **state)
{
    (void)state;
    for (unsigned folds = 1; folds <= SIP_FOLDS_MAX + 1; folds++) {
        expect_noted(request_of(repeated("Subject: a", "\r\n b", folds, "\r\n")),
                     folds > SIP_FOLDS_MAX ? "MANY_FOLDS FOLDED" : "FOLDED");
    }
}

static void single_headers(void **state)
{
    (void)state;
    expect_odd("Subject: a\r\nSubject: a", "REPEATED_SINGLE");
    expect_odd("Subject: a\r\ns: b", "REPEATED_SINGLE COMPACT_AND_LONG");
    expect_odd("s: a\r\ns: b", "REPEATED_SINGLE");
    expect_odd("Allow: INVITE\r\nAllow: ACK", "");
    expect_odd("From: <sip:a@b.example>;tag=1\r\nf: <sip:c@d.example>;tag=2",
               "REPEATED_SINGLE COMPACT_AND_LONG");
    expect_slice(sip_from_tag(&message), "1");
    expect_odd("To: <sip:a@b.example>,<sip:c@d.example>", "REPEATED_SINGLE");
    expect_odd("CSeq: 1 OPTIONS\r\nCSeq: 2 OPTIONS", "REPEATED_SINGLE");
    assert_int_equal(message.cseq, 1);
    expect_odd("Event: presence, dialog", "REPEATED_SINGLE");
    expect_odd("Retry-After: 120 (lunch, then a walk)", "");
    expect_odd("Retry-After: 120 (lunch (long, slow)), 3", "REPEATED_SINGLE");
    expect_odd("P-Early-Media: supported, gated", "");
    expect_slice(sip_odd_slice(&message, SIP_ODD_REPEATED_SINGLE), "");
}

static void what_a_message_must_have(void **state)
{
    (void)state;
    NOTED(REQUEST_LINE "\r\n", "MISSING_VIA MISSING_FROM MISSING_TO MISSING_CALL_ID MISSING_CSEQ "
                               "MISSING_MAX_FORWARDS NO_CONTENT_LENGTH");
    assert_int_equal(message.max_forwards, 70);
    NOTED("SIP/2.0 200 OK\r\n\r\n", "MISSING_VIA MISSING_FROM MISSING_TO MISSING_CALL_ID "
                                    "MISSING_CSEQ NO_CONTENT_LENGTH");
    assert_int_equal(message.method, SIP_METHOD_UNKNOWN);
    expect_odd("From: <sip:a@b.example>", "MISSING_FROM");
    expect_odd("From: <sip:a@b.example>;tag", "MISSING_FROM");
    expect_odd("From: <sip:a@b.example>;tag=", "BAD_PARAMETER MISSING_FROM");
    expect_odd("From:", "EMPTY_VALUE MISSING_FROM");
}

static void numbers(void **state)
{
    (void)state;
    expect_odd("Max-Forwards: 0", "");
    assert_int_equal(message.max_forwards, 0);
    expect_odd("Max-Forwards: 0068", "");
    assert_int_equal(message.max_forwards, 68);
    expect_odd("Max-Forwards: 255", "");
    expect_odd("Max-Forwards: 256", "BAD_MAX_FORWARDS");
    assert_int_equal(message.max_forwards, 70);
    expect_odd("Max-Forwards: -1", "BAD_MAX_FORWARDS");
    expect_odd("Max-Forwards: 7 0", "BAD_MAX_FORWARDS");
    expect_odd("Max-Forwards:", "BAD_MAX_FORWARDS");
    expect_odd("Expires: 4294967295", "");
    expect_odd("Expires: 4294967296", "BAD_NUMBER");
    expect_odd("Expires: 00000000001", "BAD_NUMBER"); /* eleven digits */
    expect_odd("Expires: +1", "BAD_NUMBER");
    expect_odd("Expires: 0x1", "BAD_NUMBER");
    expect_odd("Expires: 1;a=b", "BAD_NUMBER");
    uint32_t number = 9;

    expect_odd("Min-Expires: 60", "");
    assert_true(sip_number(&message, SIP_HEADER_MIN_EXPIRES, &number));
    assert_int_equal(number, 60);
    assert_false(sip_number(&message, SIP_HEADER_EXPIRES, &number));
    expect_odd("Min-Expires: x", "BAD_NUMBER");
    assert_false(sip_number(&message, SIP_HEADER_MIN_EXPIRES, &number));
    assert_int_equal(number, 60);
}

static void cseq(void **state)
{
    (void)state;
    expect_odd("CSeq: 0 OPTIONS", "");
    expect_odd("CSeq: 2147483647 OPTIONS", "");
    assert_int_equal(message.cseq, 0x7FFFFFFF);
    expect_odd("CSeq: 2147483648 OPTIONS", "BAD_CSEQ");
    expect_odd("CSeq: 36893488147419103232 OPTIONS", "BAD_CSEQ");
    expect_odd("CSeq: 0009 \t OPTIONS", "");
    assert_int_equal(message.cseq, 9);
    expect_odd("CSeq: 1OPTIONS", "BAD_CSEQ CSEQ_METHOD");
    expect_odd("CSeq: 1", "BAD_CSEQ CSEQ_METHOD");
    expect_odd("CSeq: OPTIONS", "BAD_CSEQ CSEQ_METHOD");
    expect_odd("CSeq:", "BAD_CSEQ CSEQ_METHOD");
    expect_odd("CSeq: 1 OPTIONS x", "BAD_CSEQ CSEQ_METHOD");
    expect_odd("CSeq: -1 OPTIONS", "BAD_CSEQ");
    expect_odd("CSeq: 1 options", "CSEQ_METHOD");
}

static void call_ids(void **state)
{
    (void)state;
    expect_odd("Call-ID: a", "");
    expect_odd("Call-ID: a-b.c@d.e", "");
    expect_odd("Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{", "");
    expect_odd("Call-ID: a@[2001:db8::1]", "");
    expect_odd("Call-ID: a@b@c", "BAD_CALL_ID");
    expect_odd("Call-ID: @b", "BAD_CALL_ID");
    expect_odd("Call-ID: a@", "BAD_CALL_ID");
    expect_odd("Call-ID: a b", "BAD_CALL_ID");
    expect_odd("Call-ID: a;b", "BAD_CALL_ID");
    expect_odd("Call-ID:", "BAD_CALL_ID");
    expect_odd("Call-ID: a=b", "BAD_CALL_ID");
}

#define BODY(length, type, body) REQUEST_LINE REST "CSeq: 1 OPTIONS\r\n" type length "\r\n" body
#define TYPE "Content-Type: text/plain\r\n"

static void bodies_of_datagrams(void **state)
{
    (void)state;
    NOTED(BODY("Content-Length: 3\r\n", TYPE, "abc"), "");
    NOTED(BODY("Content-Length: 3\r\n", "", "abc"), "MISSING_CONTENT_TYPE");
    NOTED(BODY("Content-Length: 4\r\n", TYPE, "abc"), "SHORT_BODY");
    expect_slice(message.body, "abc");
    NOTED(BODY("Content-Length: 2\r\n", TYPE, "abc"), "TRAILING_OCTETS");
    expect_slice(message.body, "ab");
    expect_slice(message.trailing, "c");
    expect_slice(sip_odd_slice(&message, SIP_ODD_TRAILING_OCTETS), "c");
    NOTED(BODY("", TYPE, "abc"), "NO_CONTENT_LENGTH");
    expect_slice(message.body, "abc");
    NOTED(BODY("Content-Length: -1\r\n", TYPE, "abc"), "BAD_CONTENT_LENGTH");
    assert_false(message.has_content_length);
    expect_slice(message.body, "abc");
    NOTED(BODY("Content-Length: 3, 3\r\n", TYPE, "abc"), "BAD_CONTENT_LENGTH");
    NOTED(BODY("Content-Length: 0x3\r\n", TYPE, "abc"), "BAD_CONTENT_LENGTH");
    NOTED(BODY("Content-Length: 4294967299\r\n", TYPE, "abc"), "BAD_CONTENT_LENGTH");
    NOTED(BODY("Content-Length:\r\n", TYPE, "abc"), "BAD_CONTENT_LENGTH");
    NOTED(BODY("Content-Length: 03\r\n", TYPE, "abc"), "");
    NOTED(BODY("Content-Length: 3\r\nContent-Length: 0\r\n", TYPE, "abc"),
          "REPEATED_SINGLE TWO_CONTENT_LENGTHS");
    expect_slice(message.body, "abc");
    NOTED(BODY("Content-Length: 3\r\nl: 3\r\n", TYPE, "abc"),
          "REPEATED_SINGLE COMPACT_AND_LONG TWO_CONTENT_LENGTHS");
}

static void messages_behind_the_body(void **state)
{
    (void)state;
    NOTED(BODY("Content-Length: 0\r\n", "", "INVITE sip:x SIP/2.0\r\n"),
          "TRAILING_OCTETS TRAILING_MESSAGE");
    NOTED(BODY("Content-Length: 0\r\n", "", "\r\n \r\nX y  SIP/2.0\nv"),
          "TRAILING_OCTETS TRAILING_MESSAGE");
    NOTED(BODY("Content-Length: 0\r\n", "", "SIP/2.0 200 OK\r\n"),
          "TRAILING_OCTETS TRAILING_MESSAGE");
    NOTED(BODY("Content-Length: 0\r\n", "", "\r\n"), "TRAILING_OCTETS");
    NOTED(BODY("Content-Length: 0\r\n", "", "see SIP/2.0\r\n"), "TRAILING_OCTETS");
}

static void bodies_of_streams(void **state)
{
    (void)state;
    assert_int_equal(reading_of(BODY("Content-Length: 3\r\n", TYPE, "abcINVITE"), true), SIP_READ);
    assert_string_equal(oddities_words(&message.oddities), "");
    expect_slice(message.body, "abc");
    expect_slice(message.trailing, ""); /* the framer's */
    assert_int_equal(reading_of(BODY("Content-Length: 5\r\n", TYPE, "abc"), true), SIP_READ);
    assert_string_equal(oddities_words(&message.oddities), "SHORT_BODY");
    assert_int_equal(reading_of(BODY("", TYPE, "abc"), true), SIP_READ);
    assert_string_equal(oddities_words(&message.oddities), "NO_CONTENT_LENGTH");
    expect_slice(message.body, "");
    assert_int_equal(reading_of(BODY("Content-Length: x\r\n", TYPE, "abc"), true), SIP_READ);
    expect_slice(message.body, "");
}

static void lines_in_front_of_a_message(void **state)
{
    (void)state;
    NOTED("\r\n\r\n" REQUEST_LINE OPTIONS, "LEADING_LINES");
    expect_slice(sip_odd_slice(&message, SIP_ODD_LEADING_LINES), "\r\n\r\n");
    assert_int_equal(message.head[0], 'O');
    NOTED("\n" REQUEST_LINE OPTIONS, "LEADING_LINES");
    assert_int_equal(reading_of(" \r\n" REQUEST_LINE OPTIONS, false), SIP_FOREIGN);
    NOTED("\xef\xbb\xbf" REQUEST_LINE OPTIONS, "BAD_METHOD HIGH_OCTET CSEQ_METHOD");
}

static void heads_without_an_end(void **state)
{
    (void)state;
    NOTED(REQUEST_LINE REST "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n", "NO_END");
    assert_int_equal(message.body.len, 0);
    NOTED(REQUEST_LINE REST "CSeq: 1 OPTIONS\r\nContent-Length: 0",
          "NO_END NO_CONTENT_LENGTH"); /* the line might go on */
    NOTED(REQUEST_LINE REST "CSeq: 1 OPTIONS\r\nContent-Length: 0\r",
          "BARE_CR NO_END NO_CONTENT_LENGTH");
}

static void limits_of_lines(void **state)
{
    (void)state;
    for (unsigned len = SIP_LINE_MAX - 1; len <= SIP_LINE_MAX + 1; len++) {
        expect_noted(request_of(repeated("Subject: ", "a", len - 9, "\r\n")),
                     len > SIP_LINE_MAX ? "LONG_LINE" : "");
    }
    for (unsigned len = SIP_START_LINE_MAX; len <= SIP_START_LINE_MAX + 1; len++) {
        assert_int_equal(reading_of(repeated("OPTIONS sip:a.example;", "b", len - 30,
                                             " SIP/2.0\r\n" OPTIONS),
                                    false),
                         SIP_READ);
        assert_string_equal(oddities_words(&message.oddities),
                            len > SIP_START_LINE_MAX ? "LONG_START_LINE LONG_URI" : "LONG_URI");
    }
}

static void limits_of_counts(void **state)
{
    (void)state;
    enum { OURS = 7, OUR_VALUES = 3 };

    expect_noted(request_of(repeated("", "Y:1\r\n", SIP_HEADERS_MAX - OURS, "")), "");
    assert_int_equal(message.header_count, SIP_HEADERS_MAX);
    expect_noted(request_of(repeated("", "Y:1\r\n", SIP_HEADERS_MAX - OURS, "Y: 2\r\nY : 3\r\n")),
                 "MANY_HEADERS");
    assert_int_equal(message.header_count, SIP_HEADERS_MAX);
    expect_noted(request_of(repeated("Contact: *", ",*", SIP_VALUES_MAX - OURS - 1, "\r\n")), "");
    assert_int_equal(message.item_count, SIP_VALUES_MAX);
    expect_noted(request_of(repeated("Contact: *", ",*", SIP_VALUES_MAX - OURS, "\r\n")),
                 "MANY_VALUES");
    assert_int_equal(message.value_count, SIP_VALUES_MAX - OURS + 1 + OUR_VALUES);
    expect_noted(request_of(repeated("Contact: *", ",*", SIP_VALUES_MAX, "\r\n")), "MANY_VALUES");
    assert_int_equal(message.value_count, SIP_VALUES_MAX);
    expect_noted(request_of(repeated("Allow: A", ",A", SIP_VALUES_MAX, "\r\n")), "MANY_VALUES");
}

static void a_head_has_sixteen_bits(void **state)
{
    (void)state;
    static char bytes[SIP_MESSAGE_MAX + 2] = REQUEST_LINE;
    size_t start = strlen(bytes), len = sizeof(REQUEST_LINE OPTIONS) - 1;

    for (size_t i = start; i < sizeof(bytes); i++) {
        bytes[i] = "X: aaaaaaaaaaaaa\r\n"[(i - start) % 18];
    }
    for (unsigned is_stream = 0; is_stream < 2; is_stream++) {
        assert_int_equal(sip_read(&message, slice_of(bytes, SIP_MESSAGE_MAX), is_stream), SIP_READ);
        assert_int_equal(message.head_len, SIP_HEAD_MAX);
        assert_true(sip_is_odd(&message, SIP_ODD_LONG_MESSAGE));
        assert_true(sip_is_odd(&message, SIP_ODD_NO_END));
    }
    memcpy(bytes, REQUEST_LINE OPTIONS, len);
    assert_int_equal(sip_read(&message, slice_of(bytes, SIP_MESSAGE_MAX), false), SIP_READ);
    assert_false(sip_is_odd(&message, SIP_ODD_LONG_MESSAGE));
    assert_int_equal(sip_read(&message, slice_of(bytes, SIP_MESSAGE_MAX + 1), false), SIP_READ);
    assert_true(sip_is_odd(&message, SIP_ODD_LONG_MESSAGE));
    assert_int_equal(message.head_len, len);
    assert_int_equal(message.trailing.len, SIP_MESSAGE_MAX + 1 - len);
    memset(bytes, 'a', SIP_HEAD_MAX);
    assert_int_equal(sip_read(&message, slice_of(bytes, SIP_HEAD_MAX), true), SIP_PARTIAL);
    assert_int_equal(sip_read(&message, slice_of(bytes, SIP_HEAD_MAX + 1), true), SIP_FOREIGN);
}

static void lines_are_chained_by_name(void **state)
{
    (void)state;
    expect_odd(
        "Route: <sip:a.example>\r\nX: 1\r\nROUTE: <sip:b.example>, <sip:c.example>\r\nY: 2\r\n"
        "route: <sip:d.example>",
        "");
    static const char *const hosts[] = {"a.example", "b.example", "c.example", "d.example"};
    const struct sip_value *value = sip_value(&message, SIP_HEADER_ROUTE);
    const struct sip_header *header = sip_header(&message, SIP_HEADER_ROUTE);
    unsigned count = 0;

    for (; value != NULL; value = sip_value_next(&message, value)) {
        expect_slice(text_of(value->uri.host), hosts[count++]);
    }
    assert_int_equal(count, 4);
    for (count = 0; header != NULL; header = sip_header_next(&message, header)) {
        assert_int_equal(header->id, SIP_HEADER_ROUTE);
        count++;
    }
    assert_int_equal(count, 3);
    assert_int_equal(message.header_counts[SIP_HEADER_ROUTE], 3);
    assert_null(sip_header(&message, SIP_HEADER_PATH));
    assert_null(sip_value(&message, SIP_HEADER_PATH));
    expect_slice(sip_header_value(&message, SIP_HEADER_PATH), "");
}

static void nothing_is_left_of_the_message_before(void **state)
{
    (void)state;
    memset(&message, 0xA5, sizeof(message));
    expect_odd("X: 1", "");
    memset(&message, 0xA5, sizeof(message));
    assert_int_equal(reading_of("GET / HTTP/1.1\r\n\r\n", false), SIP_FOREIGN);
    assert_string_equal(oddities_words(&message.oddities), "");
    for (unsigned i = 0; i < SIP_HEADER_COUNT; i++) {
        assert_null(sip_header(&message, (enum sip_header_name)i));
        assert_null(sip_value(&message, (enum sip_header_name)i));
    }
    assert_int_equal(message.max_forwards, 70);
    expect_slice(sip_branch(&message), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_taken_apart),
        cmocka_unit_test(a_response_is_taken_apart),
        cmocka_unit_test(start_lines_of_requests),
        cmocka_unit_test(methods_of_start_lines),
        cmocka_unit_test(status_codes),
        cmocka_unit_test(what_is_no_sip),
        cmocka_unit_test(lines_end_in_crlf_alone),
        cmocka_unit_test(octets_that_have_no_place_in_a_head),
        cmocka_unit_test(octets_above_ascii),
        cmocka_unit_test(names_of_headers),
        cmocka_unit_test(a_name_may_have_sixty_four_octets),
        cmocka_unit_test(values_are_trimmed),
        cmocka_unit_test(folds),
        cmocka_unit_test(folds_have_a_limit),
        cmocka_unit_test(single_headers),
        cmocka_unit_test(what_a_message_must_have),
        cmocka_unit_test(numbers),
        cmocka_unit_test(cseq),
        cmocka_unit_test(call_ids),
        cmocka_unit_test(bodies_of_datagrams),
        cmocka_unit_test(messages_behind_the_body),
        cmocka_unit_test(bodies_of_streams),
        cmocka_unit_test(lines_in_front_of_a_message),
        cmocka_unit_test(heads_without_an_end),
        cmocka_unit_test(limits_of_lines),
        cmocka_unit_test(limits_of_counts),
        cmocka_unit_test(a_head_has_sixteen_bits),
        cmocka_unit_test(lines_are_chained_by_name),
        cmocka_unit_test(nothing_is_left_of_the_message_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
