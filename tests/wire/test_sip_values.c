/* Values: Via, name-addr, items with parameters, credentials, lists. */
#include "oddities.h"

static const struct sip_value *value_of(enum sip_header_name name, unsigned index)
{
    const struct sip_value *value = sip_value(&message, name);

    for (; index > 0 && value != NULL; index--) {
        value = sip_value_next(&message, value);
    }
    assert_non_null(value);
    return value;
}

static unsigned count_of(enum sip_header_name name)
{
    unsigned count = 0;

    for (const struct sip_value *value = sip_value(&message, name); value != NULL;
         value = sip_value_next(&message, value)) {
        count++;
    }
    return count;
}

static void a_via_is_taken_apart(void **state)
{
    (void)state;
    expect_odd("Via: SIP/2.0/TLS a.example.com:5061;rport;branch=z9hG4bKx;received=192.0.2.1 , "
               "SIP / 2.0 / UDP [2001:db8::1] : 5060 ; x = \"a,b;c\" ;branch = y\r\n"
               "v: sip/2.0/XYZ 192.0.2.7;BRANCH=1",
               "");
    const struct sip_value *via = value_of(SIP_HEADER_VIA, 0);

    expect_slice(text_of(via->text),
                 "SIP/2.0/TLS a.example.com:5061;rport;branch=z9hG4bKx;received=192.0.2.1");
    expect_slice(text_of(via->via.transport), "TLS");
    expect_slice(text_of(via->via.host), "a.example.com");
    assert_int_equal(via->via.port, 5061);
    assert_int_equal(via->via.host_kind, SIP_HOST_NAME);
    assert_true(via->via.has_rport);
    expect_slice(text_of(via->tag), "z9hG4bKx");
    expect_slice(text_of(via->params), "rport;branch=z9hG4bKx;received=192.0.2.1");
    expect_slice(sip_branch(&message), "z9hG4bKx");

    via = value_of(SIP_HEADER_VIA, 1);
    expect_slice(text_of(via->text),
                 "SIP / 2.0 / UDP [2001:db8::1] : 5060 ; x = \"a,b;c\" ;branch = y");
    expect_slice(text_of(via->via.transport), "UDP");
    expect_slice(text_of(via->via.host), "[2001:db8::1]");
    assert_int_equal(via->via.port, 5060);
    assert_int_equal(via->via.host_kind, SIP_HOST_V6);
    assert_false(via->via.has_rport);
    expect_slice(text_of(via->tag), "y");

    via = value_of(SIP_HEADER_VIA, 2);
    expect_slice(text_of(via->via.transport), "XYZ");
    assert_int_equal(via->via.port, 0);
    assert_int_equal(via->via.host_kind, SIP_HOST_V4);
    expect_slice(text_of(via->tag), "1");
    assert_int_equal(count_of(SIP_HEADER_VIA), 3);
}

#define VIA_ODD(text, words) expect_odd("Via: " text, words)

static void vias_that_are_odd(void **state)
{
    (void)state;
    VIA_ODD("SIP/2.0/UDP a.example;branch=z9hG4bK1;received=2001:db8::1", "");
    VIA_ODD("SIP/2.0/UDP a.example;branch=z9hG4bK1;received=[2001:db8::1]", "");
    VIA_ODD("SIP/2.0/UDP a.example;branch=Z9HG4BK1", "");
    VIA_ODD("SIP/2.0/UDP a.example", "BAD_BRANCH");
    VIA_ODD("SIP/2.0/UDP a.example;branch", "BAD_BRANCH");
    VIA_ODD("SIP/2.0/UDP a.example;branch=1", "BAD_BRANCH");
    VIA_ODD("SIP/2.0/UDP a.example;branch=z9hG4bK", "BAD_BRANCH");
    VIA_ODD("SIP/2.0/UDP a.example;branch=z9hG4bKa, SIP/2.0/UDP b.example", "");
    VIA_ODD("SIP/2.0/UDP a.example;branch=z9hG4bKa;branch=z9hG4bKb", "REPEATED_PARAMETER");
    expect_slice(sip_branch(&message), "z9hG4bKa");
    VIA_ODD("SIP/2.0/UDP a.example:0;branch=z9hG4bKa", "BAD_PORT");
    VIA_ODD("SIP/2.0/UDP a.example:65536;branch=z9hG4bKa", "BAD_PORT");
    VIA_ODD("SIP/2.0/UDP a.example:;branch=z9hG4bKa", "BAD_PORT");
    VIA_ODD("SIP/2.0/UDP a.example:x;branch=z9hG4bKa", "BAD_PORT");
    VIA_ODD("SIP/2.0/UDP 127.1;branch=z9hG4bKa", "BAD_HOST");
    VIA_ODD("SIP/2.0/UDP [::1;branch=z9hG4bKa", "BAD_HOST");
    VIA_ODD("SIP/2.0/UDP ;branch=z9hG4bKa", "BAD_HOST");
    VIA_ODD("SIP/7.0/UDP a.example;branch=z9hG4bKa", "BAD_VIA BAD_BRANCH");
    VIA_ODD("HTTP/2.0/UDP a.example;branch=z9hG4bKa", "BAD_VIA BAD_BRANCH");
    VIA_ODD("SIP/2.0 a.example;branch=z9hG4bKa", "BAD_VIA BAD_BRANCH");
    VIA_ODD("SIP/2.0/UDP", "BAD_VIA BAD_BRANCH");
    VIA_ODD("SIP/2.0/ a.example;branch=z9hG4bKa", "BAD_VIA BAD_BRANCH");
    VIA_ODD("SIP/2.0/UDPa.example", "BAD_VIA BAD_BRANCH");
    VIA_ODD("SIP/2.0/UDP a.example (comment);branch=z9hG4bKa", "BAD_VIA BAD_BRANCH");
    VIA_ODD("SIP/2.0/UDP a.example;branch=z9hG4bKa b", "BAD_VIA");
    VIA_ODD("SIP/2.0/UDP a.example;branch=z9hG4bKa,", "EMPTY_MEMBER");
    VIA_ODD(",SIP/2.0/UDP a.example;branch=z9hG4bKa", "EMPTY_MEMBER");
    VIA_ODD("SIP/2.0/UDP a.example;;branch=z9hG4bKa", "EMPTY_PARAMETER");
    VIA_ODD(",", "EMPTY_VALUE");
    VIA_ODD("", "EMPTY_VALUE");
    VIA_ODD("x, SIP/2.0/UDP a.example", "BAD_VIA BAD_BRANCH");
    assert_int_equal(count_of(SIP_HEADER_VIA), 2);
    expect_slice(text_of(value_of(SIP_HEADER_VIA, 0)->text), "x");
    expect_slice(text_of(value_of(SIP_HEADER_VIA, 1)->via.host), "a.example");
}

static void an_address_is_taken_apart(void **state)
{
    (void)state;
    expect_odd(
        "Contact: \"Bob \\\"B\\\", <x>\" <sip:bob@b.example;lr?a=b>;expires=60;Tag=7;q=0.5 , "
        "Bob the  Great<sips:c.example>, sip:d@d.example:99;tag=\"x y\" ,<tel:+1-555>\r\n"
        "m: *",
        "URI_HEADERS");
    const struct sip_value *value = value_of(SIP_HEADER_CONTACT, 0);

    expect_slice(text_of(value->display), "\"Bob \\\"B\\\", <x>\"");
    assert_true(value->is_bracketed);
    expect_slice(text_of(value->uri.whole), "sip:bob@b.example;lr?a=b");
    expect_slice(text_of(value->uri.params), "lr");
    expect_slice(text_of(value->uri.headers), "a=b");
    expect_slice(text_of(value->params), "expires=60;Tag=7;q=0.5");
    expect_slice(text_of(value->tag), "7");

    value = value_of(SIP_HEADER_CONTACT, 1);
    expect_slice(text_of(value->display), "Bob the  Great");
    assert_int_equal(value->uri.scheme, SIP_SCHEME_SIPS);
    expect_slice(text_of(value->text), "Bob the  Great<sips:c.example>");

    value = value_of(SIP_HEADER_CONTACT, 2);
    assert_false(value->is_bracketed);
    expect_slice(text_of(value->uri.whole), "sip:d@d.example:99");
    assert_int_equal(value->uri.port, 99);
    expect_slice(text_of(value->params), "tag=\"x y\"");
    expect_slice(text_of(value->tag), "\"x y\"");

    value = value_of(SIP_HEADER_CONTACT, 3);
    assert_int_equal(value->uri.scheme, SIP_SCHEME_TEL);
    expect_slice(text_of(value->uri.user), "+1-555");

    value = value_of(SIP_HEADER_CONTACT, 4);
    assert_true(value->is_star);
    assert_int_equal(value->uri.scheme, SIP_SCHEME_NONE);
    assert_int_equal(count_of(SIP_HEADER_CONTACT), 5);
}

#define CONTACT(text, words) expect_odd("Contact: " text, words)

static void addresses_that_are_odd(void **state)
{
    (void)state;
    CONTACT("<sip:a@b.example>", "");
    CONTACT("caller<sip:a@b.example>;tag=1", "");
    CONTACT("a.b-c!d%e*f_g+h`i'j~k <sip:a@b.example>", "");
    CONTACT("sip:a@b.example ; tag = 1", "");
    CONTACT("*", "");
    CONTACT("*;expires=0", "");
    expect_odd("Route: *", "BAD_URI");
    CONTACT("* <sip:a@b.example>", "TWO_BRACKETS");
    CONTACT("\"a <sip:a@b.example>", "BAD_ADDRESS UNBALANCED_QUOTE");
    CONTACT("\"a\\\" <sip:a@b.example>", "BAD_ADDRESS UNBALANCED_QUOTE");
    CONTACT("\"a\" sip:a@b.example", "BAD_ADDRESS");
    CONTACT("\"a\" \"b\" <sip:a@b.example>", "BAD_ADDRESS");
    CONTACT("a@b <sip:a@b.example>", "BAD_DISPLAY_NAME");
    CONTACT("a:b <sip:a@b.example>", "BAD_DISPLAY_NAME");
    expect_slice(text_of(value_of(SIP_HEADER_CONTACT, 0)->uri.whole), "sip:a@b.example");
    CONTACT("a, b <sip:a@b.example>", "BAD_URI");
    assert_int_equal(count_of(SIP_HEADER_CONTACT), 2);
    CONTACT("<sip:a@b.example", "BAD_ADDRESS");
    CONTACT("<sip:a@b.example <sip:c@d.example>", "BAD_HOST BAD_PORT TWO_BRACKETS");
    CONTACT("<sip:a@b.example> <sip:c@d.example>", "TWO_BRACKETS");
    CONTACT("<sip:a@b.example>x", "BAD_ADDRESS");
    CONTACT("<sip:a@b.example>x, <sip:c@d.example>", "BAD_ADDRESS");
    assert_int_equal(count_of(SIP_HEADER_CONTACT), 2);
    CONTACT("sip:a@b.example?x=y", "BAD_ADDRESS");
    CONTACT("sip:a@b.example>", "BAD_ADDRESS");
    CONTACT("sip:a;b@b.example", "BAD_ADDRESS");
    CONTACT("sip:a,b@b.example", "BAD_URI");
    CONTACT("< sip:a@b.example>", "BAD_URI");
    CONTACT("<sip:a@b.example >", "BAD_HOST");
    CONTACT("<>", "BAD_URI");
    CONTACT("/", "BAD_URI");
    CONTACT(">", "BAD_URI BAD_ADDRESS");
    CONTACT("<sip:a@b.example>;", "EMPTY_PARAMETER");
    CONTACT("<sip:a@b.example>;;", "EMPTY_PARAMETER");
    CONTACT("<sip:a@b.example>;=x", "BAD_PARAMETER");
    CONTACT("<sip:a@b.example>;x=", "BAD_PARAMETER");
    CONTACT("<sip:a@b.example>;x=;y=1", "BAD_PARAMETER");
    CONTACT("<sip:a@b.example>;x=1 2", "BAD_ADDRESS");
    CONTACT("<sip:a@b.example>;x=a/b", "BAD_ADDRESS");
    CONTACT("<sip:a@b.example>;x=[2001:db8::1]", "");
    CONTACT("<sip:a@b.example>;x=\"a", "UNBALANCED_QUOTE");
    CONTACT("<sip:a@b.example>;x=\"\"", "");
    CONTACT("<sip:a@b.example>;x;X", "REPEATED_PARAMETER");
    CONTACT("<sip:a@b.example>;x=1;y;x=1", "REPEATED_PARAMETER");
    expect_slice(sip_odd_slice(&message, SIP_ODD_REPEATED_PARAMETER), "x=1");
    CONTACT("<sip:a@b.example>;x%41;xA", ""); /* header parameters have no escapes */
    CONTACT("<sip:a@b.example>,", "EMPTY_MEMBER");
    CONTACT(", <sip:a@b.example>", "EMPTY_MEMBER");
    CONTACT("<sip:a@b.example>,,<sip:c@d.example>", "EMPTY_MEMBER");
    CONTACT("", "EMPTY_VALUE");
    CONTACT(" , ", "EMPTY_VALUE");
}

static void parameters_are_compared_with_all_before(void **state)
{
    (void)state;
    static char room[8000];
    struct text text;

    for (unsigned again = 0; again <= 70; again++) {
        text_init(&text, room, sizeof(room) - 1);
        text_put_string(&text, "Contact: <sip:a@b.example>");
        for (unsigned i = 0; i < SIP_PARAMS_MAX; i++) {
            bool is_last = i == SIP_PARAMS_MAX - 1;
            unsigned number = is_last && again < i ? again : i;

            text_put_format(&text, ";%s%c%02u", is_last ? "P" : "p", 'a' + (int)(number % 26),
                            number);
        }
        size_t len = text.len;

        text_put_string(&text, "\r\n");
        room[text.len] = '\0';
        expect_noted(request_of(room), again < SIP_PARAMS_MAX - 1 ? "REPEATED_PARAMETER" : "");
        text.len = len;
    }
    text_put_string(&text, ";z\r\n");
    room[text.len] = '\0';
    expect_noted(request_of(room), "MANY_PARAMETERS");
}

static void items(void **state)
{
    (void)state;
    expect_odd("Accept: application/sdp;level=1, application/x, text/html", "");
    expect_odd("Accept: */*;q=0.3 , text/*", "");
    expect_odd("Accept:", "");
    expect_odd("Supported: timer,100rel,\tpath", "");
    expect_odd("Supported: timer,,path", "EMPTY_MEMBER");
    expect_odd("Supported: timer,", "EMPTY_MEMBER");
    expect_odd("Supported: ,", "EMPTY_VALUE");
    expect_odd("Accept: a/b;", "EMPTY_PARAMETER");
    expect_odd("Accept: a/b;;c", "EMPTY_PARAMETER");
    expect_odd("Accept: a/b;=c", "BAD_PARAMETER");
    expect_odd("Accept: a/b;c=", "BAD_PARAMETER");
    expect_odd("Accept: a/b;c=\"d", "UNBALANCED_QUOTE");
    expect_odd("Accept: \"d", "UNBALANCED_QUOTE");
    expect_odd("Accept: a/b;c;d;C", "REPEATED_PARAMETER");
    expect_odd("Accept: a/b;c,a/b;c", "");
    expect_odd("Accept: a/b;c d", "BAD_PARAMETER");
    expect_odd("Call-Info: <http://a.example/x,y;z>;purpose=icon, <http://b.example>", "");
    expect_odd("Warning: 307 a.example \"x, y; z\", 301 b.example \"\\\"\"", "");
    expect_odd("Warning: 307 a.example \"x", "UNBALANCED_QUOTE");
    expect_odd("P-Charging-Vector: icid-value=\"a,b\";orig-ioi=a.example;icid-generated-at=[::1]",
               "");
    expect_odd("P-Charging-Vector: icid-value=1;icid-value=2", "REPEATED_PARAMETER");
    expect_odd("P-Charging-Vector: icid-value=1;icid-value=2,x",
               "REPEATED_PARAMETER REPEATED_SINGLE");
    expect_odd("P-Charging-Function-Addresses: ccf=192.0.2.1;ccf=192.0.2.2;ecf=x", "");
    expect_odd("Session-Expires: 1800;refresher=uac", "");
    expect_odd("Session-Expires: 1800;refresher=uac;refresher=uas", "REPEATED_PARAMETER");
    expect_odd("Content-Type: multipart/mixed;boundary=\"a;b,c\"", "");
    expect_odd("User-to-User: 56a390f3;encoding=hex", "");
    expect_odd("Reason: SIP;cause=200;text=\"x\" , Q.850 ;cause=16", "");
    expect_odd("X-Unknown: ;;,,;;,;\"", "");
    expect_odd("User-Agent: a (b; c, \"d\" \\ e", "");
}

static void credentials(void **state)
{
    (void)state;
    expect_odd("Authorization: Digest username=\"a,b\", realm=\"c\",nonce=\"\",uri=\"sip:a\", "
               "response=\"x\",nc=00000001 , qop=auth",
               "");
    expect_odd("Authorization: Digest username=\"a\",realm=\"b\",USERNAME=\"c\"",
               "REPEATED_PARAMETER");
    expect_odd("Authorization: Digest username=\"a,realm=b", "UNBALANCED_QUOTE");
    expect_odd("Authorization: NoOneKnowsThisScheme opaque-data=here", "");
    expect_odd("Authorization: Basic QWxhZGRpbjpvcGVu/c2VzYW1l==", "");
    expect_odd("Authorization: Digest", "");
    expect_odd("Authorization:", "");
    expect_odd("Authentication-Info: nextnonce=\"a\", qop=auth, rspauth=\"b\", cnonce=\"c\"", "");
    expect_odd("Authentication-Info: qop=auth, qop=auth", "REPEATED_PARAMETER");
    expect_odd("Authorization: Digest a=b\r\nAuthorization: Digest a=b", "");
    expect_odd("Identity: eyJ.x-y_z.A;info=<https://c.example/a;b,c>;alg=ES256;ppt=\"shaken\"", "");
    expect_odd("Identity: a.b.c;info=<https://c.example>;info=<https://d.example>",
               "REPEATED_PARAMETER");
    expect_odd("Identity: a.b.c;info=<x:y>, d.e.f;info=<x:y>", "");
}

static void expect_items(enum sip_header_name name, const char *joined)
{
    struct sip_list list;
    struct slice item;
    char text[500] = "";

    sip_list_init(&list, &message, name);
    while (sip_list_next(&list, &message, &item)) {
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%.*s|", (int)item.len, item.at);
    }
    assert_string_equal(text, joined);
}

static void lists_over_all_lines(void **state)
{
    (void)state;
    expect_odd("Supported: a, b\r\nRequire: x\r\nk: ,c,, \"d,\\\",e\" <f,g> ,\r\nSupported:",
               "EMPTY_MEMBER");
    expect_items(SIP_HEADER_SUPPORTED, "a|b|c|\"d,\\\",e\" <f,g>|");
    expect_items(SIP_HEADER_REQUIRE, "x|");
    expect_items(SIP_HEADER_ALLOW, "");
    assert_true(sip_list_has(&message, SIP_HEADER_SUPPORTED, SLICE("B")));
    assert_false(sip_list_has(&message, SIP_HEADER_SUPPORTED, SLICE("e")));
    assert_false(sip_list_has(&message, SIP_HEADER_ALLOW, SLICE("b")));
}

/* The same header with blanks and folds wherever the grammar has them: the reader takes another way
 * and must find the same. */
struct seen {
    char text[4000];
};

static void see(struct seen *seen, struct sip_span span)
{
    size_t len = strlen(seen->text);

    snprintf(seen->text + len, sizeof(seen->text) - len, "%.*s|", (int)span.len,
             message.head + span.at);
}

static void see_all(struct seen *seen, const char *lines)
{
    bool is_folded = strstr(lines, "\r\n ") != NULL || strstr(lines, "\r\n\t") != NULL;

    expect_noted(request_of(lines), is_folded ? "FOLDED" : "");
    seen->text[0] = '\0';
    for (unsigned i = 0; i < message.value_count; i++) {
        const struct sip_value *value = &message.values[i];

        see(seen, value->tag);
        if (message.headers[value->header].id == SIP_HEADER_VIA) {
            see(seen, value->via.transport);
            see(seen, value->via.host);
        } else {
            see(seen, value->display);
            see(seen, value->uri.whole);
            see(seen, value->uri.user);
            see(seen, value->uri.host);
            see(seen, value->uri.params);
        }
    }
    size_t len = strlen(seen->text);

    snprintf(seen->text + len, sizeof(seen->text) - len, "%u values, %u items", message.value_count,
             message.item_count);
}

static const char *spread(const char *lines, const char *blank)
{
    static char room[4000];
    bool is_quoted = false, is_bracketed = false, is_value = false;
    struct text text;

    text_init(&text, room, sizeof(room) - 1);
    for (; *lines != '\0'; lines++) {
        is_quoted ^= *lines == '"';
        is_bracketed = *lines == '<' || (is_bracketed && *lines != '>');
        is_value = *lines == ':' || (is_value && *lines != '\r');
        bool is_divider = is_value && !is_quoted && !is_bracketed &&
                          (*lines == ';' || *lines == ',' || *lines == '=');

        text_put_string(&text, is_divider ? blank : "");
        text_put_octet(&text, *lines);
        text_put_string(&text, is_divider ? blank : "");
    }
    room[text.len] = '\0';
    return room;
}

static void blanks_where_the_grammar_has_them_change_nothing(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "Contact: \"A, B\" <sip:a@b.example;lr>;tag=1;q=0.5,<sip:c.example>;expires=1\r\n",
        "Contact: sip:a@b.example;tag=x,tel:+1555;tag=y\r\n",
        "Route: <sip:a.example;lr>,<sip:b.example;lr;x=y>\r\n",
        "Via: SIP/2.0/UDP a.example;branch=z9hG4bKa;rport,SIP/2.0/TCP b.example;branch=c\r\n",
        "P-Asserted-Identity: \"x\" <sip:+1555@c.example;user=phone>,<tel:+1555>\r\n",
        "Accept: a/b;c=d;e=\"f,g\",h/i;j\r\n",
        "Session-Expires: 90;refresher=uac\r\n",
        "Authorization: Digest a=\"b\",c=d,e=\"f\"\r\n",
    };
    static const char *const blanks[] = {" ", "\t  ", "\r\n ", " \r\n\t"};
    static struct seen plain, other;

    for (size_t i = 0; i < ARRAY_COUNT(lines); i++) {
        see_all(&plain, lines[i]);
        for (size_t j = 0; j < ARRAY_COUNT(blanks); j++) {
            see_all(&other, spread(lines[i], blanks[j]));
            assert_string_equal(other.text, plain.text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_via_is_taken_apart),
        cmocka_unit_test(vias_that_are_odd),
        cmocka_unit_test(an_address_is_taken_apart),
        cmocka_unit_test(addresses_that_are_odd),
        cmocka_unit_test(parameters_are_compared_with_all_before),
        cmocka_unit_test(items),
        cmocka_unit_test(credentials),
        cmocka_unit_test(lists_over_all_lines),
        cmocka_unit_test(blanks_where_the_grammar_has_them_change_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
