/* URIs: taken apart, compared, numbers out of them, parameters. */
#include "oddities.h"

static struct sip_uri uri;
static struct sip_oddities noted;
static const char *base;

static bool uri_of(const char *text)
{
    noted = (struct sip_oddities){0};
    base = text;
    return sip_uri_read_text(slice_string(text), &uri, &noted);
}

static struct slice part(struct sip_span span)
{
    return sip_span_of(base, span);
}

#define expect_uri(text, words) expect_uri_at((text), (words), __FILE__, __LINE__)
static void expect_uri_at(const char *text, const char *words, const char *file, int line)
{
    uri_of(text);
    if (strcmp(oddities_words(&noted), words) != 0) {
        print_error("%s:%d: %s: noted \"%s\", not \"%s\"\n", file, line, text,
                    oddities_words(&noted), words);
        _fail(file, line);
    }
    expect_slice_at(part(uri.whole), text, file, line);
}

static void parts(void **state)
{
    (void)state;
    expect_uri("sip:alice:secret@a.example:5070;transport=tcp;lr?subject=x&to=y",
               "URI_PASSWORD URI_HEADERS");
    assert_int_equal(uri.scheme, SIP_SCHEME_SIP);
    expect_slice(part(uri.user), "alice");
    expect_slice(part(uri.host), "a.example");
    assert_int_equal(uri.host_kind, SIP_HOST_NAME);
    assert_int_equal(uri.port, 5070);
    expect_slice(part(uri.params), "transport=tcp;lr");
    expect_slice(part(uri.headers), "subject=x&to=y");
    expect_uri("SIPS:a.example", "");
    assert_int_equal(uri.scheme, SIP_SCHEME_SIPS);
    expect_slice(part(uri.user), "");
    assert_int_equal(uri.port, 0);
    expect_uri("Tel:+1-201.555(0123);phone-context=a.example", "");
    assert_int_equal(uri.scheme, SIP_SCHEME_TEL);
    expect_slice(part(uri.user), "+1-201.555(0123)");
    expect_slice(part(uri.params), "phone-context=a.example");
    assert_int_equal(uri.host_kind, SIP_HOST_NONE);
    expect_uri("URN:Service:sos.fire-1", "");
    assert_int_equal(uri.scheme, SIP_SCHEME_URN_SERVICE);
    expect_slice(part(uri.user), "sos.fire-1");
    expect_uri("soap.beep+x-1://192.0.2.1:3002/%41?q", "UNKNOWN_SCHEME");
    assert_int_equal(uri.scheme, SIP_SCHEME_OTHER);
    expect_uri("urn:urn-7:3gpp-service.ims.icsi.mmtel", "UNKNOWN_SCHEME");
}

static void users_may_hold_what_looks_like_delimiters(void **state)
{
    (void)state;
    expect_uri("sip:user;par=u%40example.net@example.com", "");
    expect_slice(part(uri.user), "user;par=u%40example.net");
    expect_slice(part(uri.host), "example.com");
    expect_slice(part(uri.params), "");
    expect_uri("sip:a;maddr=x?b=c/d,e&f=$+g@example.com:1;lr", "");
    expect_slice(part(uri.user), "a;maddr=x?b=c/d,e&f=$+g");
    assert_int_equal(uri.port, 1);
    expect_uri("sip:[a@example.com", "BAD_URI");
    expect_uri("sip:a:5060@example.com", "URI_PASSWORD");
    expect_slice(part(uri.user), "a");
    assert_int_equal(uri.port, 0);
    expect_uri("sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too."
               "(doesn't-it)@example.com",
               "URI_PASSWORD");
    expect_slice(part(uri.user), "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
    expect_uri("sip:@example.com", "BAD_URI");
    expect_uri("sip::x@example.com", "BAD_URI URI_PASSWORD");
    expect_uri("sip:a@b@example.com", "BAD_HOST");
    expect_uri("sip:a b@example.com", "BAD_URI");
    expect_uri("sip:a\"@example.com", "BAD_URI");
    expect_uri("sip:+1(555)@example.com", "");
    expect_uri("sip:++1@example.com", "");
    expect_uri("sip:+@example.com", "");
}

static void schemes(void **state)
{
    (void)state;
    static const char *const none[] = {"",      "sip",     ":",      ":a", "1a:b",
                                       "a_b:c", "a/b:c",   "<sip:a", "a:", "sip a:b",
                                       "@",     "sip;x:y", "*"};

    for (size_t i = 0; i < ARRAY_COUNT(none); i++) {
        assert_false(uri_of(none[i]));
        assert_int_equal(uri.scheme, SIP_SCHEME_NONE);
        assert_string_equal(oddities_words(&noted), "BAD_URI");
    }
    assert_true(uri_of("sip:"));
    assert_string_equal(oddities_words(&noted), "BAD_HOST");
    expect_uri("siq:a", "UNKNOWN_SCHEME");
    expect_uri("sipz:a", "UNKNOWN_SCHEME");
    expect_uri("s\x09p:a", "BAD_URI"); /* differs from "sip" as two cases do */
    expect_uri("http://a b", "BAD_URI UNKNOWN_SCHEME");
    expect_uri("sip:a\r\n\r\n;b;b@@", "BAD_URI BAD_HOST");
    expect_uri("http://a%4", "UNKNOWN_SCHEME BAD_ESCAPE");
    expect_uri("urn:service:", "BAD_URI");
    expect_uri("urn:service:a_b", "BAD_URI");
    expect_uri("tel:", "BAD_URI");
    expect_uri("tel:+", "BAD_URI");
    expect_uri("tel:-", "BAD_URI");
    expect_uri("tel:+1*2", "BAD_URI");
    expect_uri("tel:1*2#AbC", "");
    expect_uri("tel:+1%2d2", "BAD_URI");
    expect_uri("tel:+1@a.example", "BAD_URI");
    expect_uri("tel:+1;a=b;A=c", "URI_REPEATED_PARAMETER");
    expect_uri("tel:+1?a=b", "URI_HEADERS");
}

static void hosts(void **state)
{
    (void)state;
    static const struct {
        const char *host, *words;
        enum sip_host_kind kind;
    } rows[] = {
        {"a", "", SIP_HOST_NAME},
        {"a.example", "", SIP_HOST_NAME},
        {"a.example.", "", SIP_HOST_NAME},
        {"a-b.c--d.example", "", SIP_HOST_NAME},
        {"1.2.3.example", "", SIP_HOST_NAME},
        {"3gpp.de", "", SIP_HOST_NAME},
        {"a.3gpp", "", SIP_HOST_NAME},
        {"xn--bcher-kva.example", "", SIP_HOST_NAME},
        {"my_host.example", "UNDERSCORE_HOST", SIP_HOST_NAME},
        {"_", "UNDERSCORE_HOST", SIP_HOST_NAME},
        {"", "BAD_HOST", SIP_HOST_BAD},
        {".", "BAD_HOST", SIP_HOST_BAD},
        {".a", "BAD_HOST", SIP_HOST_BAD},
        {"a..b", "BAD_HOST", SIP_HOST_BAD},
        {"a..", "BAD_HOST", SIP_HOST_BAD},
        {"-a", "BAD_HOST", SIP_HOST_BAD},
        {"a-", "BAD_HOST", SIP_HOST_BAD},
        {"a-.b", "BAD_HOST", SIP_HOST_BAD},
        {"a.-b", "BAD_HOST", SIP_HOST_BAD},
        {"a!b", "BAD_HOST", SIP_HOST_BAD},
        {"a+z", "BAD_HOST", SIP_HOST_BAD},
        {"a~z", "BAD_HOST", SIP_HOST_BAD},
        {"a%2eexample", "ESCAPED_HOST", SIP_HOST_BAD},
        {"a b", "BAD_HOST", SIP_HOST_BAD},
        {"(a)", "BAD_HOST", SIP_HOST_BAD},
        {"192.0.2.1", "", SIP_HOST_V4},
        {"255.255.255.255", "", SIP_HOST_V4},
        {"127.1", "BAD_HOST", SIP_HOST_BAD},
        {"0x7f000001", "BAD_HOST", SIP_HOST_BAD},
        {"0x7f00000a", "BAD_HOST", SIP_HOST_BAD},
        {"2130706433", "BAD_HOST", SIP_HOST_BAD},
        {"192.0.2.01", "BAD_HOST", SIP_HOST_BAD},
        {"192.0.2.256", "BAD_HOST", SIP_HOST_BAD},
        {"192.0.2.1.", "BAD_HOST", SIP_HOST_BAD},
        {"192.0.2", "BAD_HOST", SIP_HOST_BAD},
        {"a.1", "BAD_HOST", SIP_HOST_BAD},
        {"[::]", "", SIP_HOST_V6},
        {"[::1]", "", SIP_HOST_V6},
        {"[2001:db8::7]", "", SIP_HOST_V6},
        {"[2001:DB8:0:1:2:3:4:5]", "", SIP_HOST_V6},
        {"[1:2:3:4:5:6:7::]", "", SIP_HOST_V6},
        {"[::ffff:192.0.2.1]", "", SIP_HOST_V6},
        {"[1:2:3:4:5:6:7:8:9]", "BAD_HOST", SIP_HOST_BAD},
        {"[1:2:3:4:5:6:7]", "BAD_HOST", SIP_HOST_BAD},
        {"[1:2:3:4::5:6:7:8]", "BAD_HOST", SIP_HOST_BAD},
        {"[1::2::3]", "BAD_HOST", SIP_HOST_BAD},
        {"[1:::2]", "BAD_HOST", SIP_HOST_BAD},
        {"[12345::]", "BAD_HOST", SIP_HOST_BAD},
        {"[:1]", "BAD_HOST", SIP_HOST_BAD},
        {"[1:]", "BAD_HOST", SIP_HOST_BAD},
        {"[fe80::1%25eth0]", "ESCAPED_HOST", SIP_HOST_BAD},
        {"[]", "BAD_HOST", SIP_HOST_BAD},
        {"[", "BAD_HOST", SIP_HOST_BAD},
        {"[::1", "BAD_HOST", SIP_HOST_BAD},
        {"[192.0.2.1]", "BAD_HOST", SIP_HOST_BAD},
        {"[::1]x", "BAD_HOST", SIP_HOST_BAD},
    };
    char text[100];

    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        snprintf(text, sizeof(text), "sip:u@%s", rows[i].host);
        expect_uri(text, rows[i].words);
        assert_int_equal(uri.host_kind, rows[i].kind);
        expect_slice(part(uri.host), rows[i].host);
        snprintf(text, sizeof(text), "sip:u@%s:7;lr", rows[i].host);
        expect_uri(text, rows[i].words);
        assert_int_equal(uri.host_kind, rows[i].kind);
        snprintf(text, sizeof(text), "sip:%s;lr", rows[i].host);
        expect_uri(text, rows[i].words);
        assert_int_equal(uri.host_kind, rows[i].kind);
    }
}

static void hosts_have_limits(void **state)
{
    (void)state;
    for (unsigned len = 50; len < 70; len++) {
        expect_uri(repeated("sip:", "x", len, ".example"), len > 63 ? "BAD_HOST" : "");
        expect_uri(repeated("sip:a.", "x", len, ""), len > 63 ? "BAD_HOST" : "");
    }
    for (unsigned len = 1; len < 10; len++) {
        expect_uri(repeated("sip:", "xxxxxxxxx.", 25, &"xxxxxxxxx"[9 - len]),
                   250 + len > 253 ? "BAD_HOST" : "");
    }
}

static void ports(void **state)
{
    (void)state;
    expect_uri("sip:a:1", "");
    expect_uri("sip:a:65535", "");
    assert_int_equal(uri.port, 65535);
    expect_uri("sip:a:05060", "");
    assert_int_equal(uri.port, 5060);
    static const char *const bad[] = {"sip:a:",     "sip:a:0",   "sip:a:65536", "sip:a:99999",
                                      "sip:a:-1",   "sip:a:+1",  "sip:a:5x",    "sip:a:000001",
                                      "sip:a:1:2",  "sip:a:%31", "sip:[::1]:",  "sip:a:4294972356",
                                      "sip:a:5060 "};

    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        expect_uri(bad[i], "BAD_PORT");
        assert_int_equal(uri.port, 0);
    }
}

static void parameters(void **state)
{
    (void)state;
    expect_uri("sip:a;lr", "");
    expect_uri("sip:a;transport=UDP;user=phone;x=[a:b]/c&d+e$f", "");
    static const char *const known[] = {"udp", "tcp", "tls", "sctp", "ws", "wss", "WSS"};
    char text[100];

    for (size_t i = 0; i < ARRAY_COUNT(known); i++) {
        snprintf(text, sizeof(text), "sip:a;transport=%s", known[i]);
        expect_uri(text, "");
        snprintf(text, sizeof(text), "sip:a;lr;Transport=%s;x", known[i]);
        expect_uri(text, "");
    }
    expect_uri("sip:a;transport=foo", "BAD_TRANSPORT");
    expect_uri("sip:a;transport=ud", "BAD_TRANSPORT");
    expect_uri("sip:a;transport", "BAD_TRANSPORT");
    expect_uri("sip:a;maddr=192.0.2.1", "URI_MADDR");
    expect_uri("sip:a;x;TTL=1;y", "URI_MADDR");
    expect_uri("sip:a;method=INVITE", "URI_MADDR");
    expect_uri("sip:a;maddr2=x;ttlx;methods", "");
    expect_uri("sip:a;", "BAD_PARAMETER");
    expect_uri("sip:a;;lr", "BAD_PARAMETER");
    expect_uri("sip:a;lr;", "BAD_PARAMETER");
    expect_uri("sip:a;=b", "BAD_PARAMETER");
    expect_uri("sip:a;b=", "BAD_PARAMETER");
    expect_uri("sip:a;b=;c", "BAD_PARAMETER");
    expect_uri("sip:a;b=c=d", "BAD_URI");
    expect_uri("sip:a;b\"c", "BAD_URI");
    expect_uri("sip:a;b c", "BAD_URI");
    expect_uri("sip:a;lr;lr", "URI_REPEATED_PARAMETER");
    expect_uri("sip:a;lr;x;LR=1", "URI_REPEATED_PARAMETER");
    expect_uri("sip:a;lr;%6cr", "URI_REPEATED_PARAMETER");
    expect_uri("sip:a;%6cr;x;lr", "URI_REPEATED_PARAMETER");
    expect_uri("sip:a;%6cr;x;%4C%52", "URI_REPEATED_PARAMETER");
    expect_uri("sip:a;%256cr;lr", "ESCAPED_CONTROL"); /* never decoded twice */
    expect_uri("sip:a;ab;ba;aab;baa", "");
}

static void parameters_have_a_limit(void **state)
{
    (void)state;
    char room[400];
    struct text text;

    text_init(&text, room, sizeof(room));
    text_put_string(&text, "sip:a");
    for (unsigned i = 1; i <= 33; i++) {
        text_put_format(&text, ";p%u", i);
        noted = (struct sip_oddities){0};
        assert_true(sip_uri_read_text(text_slice(&text), &uri, &noted));
        assert_string_equal(oddities_words(&noted), i > 32 ? "MANY_PARAMETERS" : "");
    }
}

static void escapes(void **state)
{
    (void)state;
    expect_uri("sip:%61%7E%2b@a", "");
    expect_uri("sip:%@a", "BAD_ESCAPE");
    expect_uri("sip:%4@a", "BAD_ESCAPE");
    expect_uri("sip:%4g@a", "BAD_ESCAPE");
    expect_uri("sip:a;b=%4", "BAD_ESCAPE");
    expect_uri("sip:a?b=%zz", "URI_HEADERS BAD_ESCAPE");
    expect_uri("sip:%00@a", "ESCAPED_CONTROL");
    expect_uri("sip:%0d%0a@a", "ESCAPED_CONTROL");
    expect_uri("sip:%1f@a", "ESCAPED_CONTROL");
    expect_uri("sip:%7f@a", "ESCAPED_CONTROL");
    expect_uri("sip:%20@a", "");
    expect_uri("sip:%2500@a", "ESCAPED_CONTROL");
    expect_uri("sip:%25zz@a", "");
    expect_uri("sip:a;b=%00", "ESCAPED_CONTROL");
    expect_uri("sip:a?b=%0A", "URI_HEADERS ESCAPED_CONTROL");
}

static void long_uris(void **state)
{
    (void)state;
    static char text[70000] = "sip:a;";

    memset(text + 6, 'x', sizeof(text) - 7);
    for (size_t len = SIP_URI_MAX - 1; len <= SIP_URI_MAX + 1; len++) {
        noted = (struct sip_oddities){0};
        assert_true(sip_uri_read_text(slice_of(text, len), &uri, &noted));
        assert_string_equal(oddities_words(&noted), len > SIP_URI_MAX ? "LONG_URI" : "");
    }
    assert_true(sip_uri_read_text(slice_of(text, sizeof(text) - 1), &uri, &noted));
    expect_noted(request_of(repeated("Contact: <sip:a;", "x", SIP_URI_MAX - 5, ">\r\n")),
                 "LONG_URI");
}

static void spans_count_from_the_base(void **state)
{
    (void)state;
    base = "xxxxxsip:a@b.example;lr?c=dxxx";
    noted = (struct sip_oddities){0};
    assert_true(sip_uri_read(base, (struct sip_span){5, 22}, &uri, &noted));
    expect_slice(part(uri.whole), "sip:a@b.example;lr?c=d");
    expect_slice(part(uri.user), "a");
    expect_slice(part(uri.host), "b.example");
    expect_slice(part(uri.params), "lr");
    expect_slice(part(uri.headers), "c=d");
    assert_true(sip_is_odd(&message, SIP_ODD_URI_HEADERS) ||
                strcmp(oddities_words(&noted), "URI_HEADERS") == 0);
}

/* "?x=y" behind a URI makes the reader take it apart the other way; all but the headers must be the
 * same. */
static void both_ways_find_the_same(void **state)
{
    (void)state;
    static const char pieces[] = "a1.-_:;=@[]%+!~*lrport/&,?";
    uint64_t seed = 3;
    char text[32] = "sip:";

    for (unsigned round = 0; round < 200000; round++) {
        size_t len = 4 + chance_below(&seed, 16);

        for (size_t i = 4; i < len; i++) {
            text[i] = pieces[chance_below(&seed, sizeof(pieces) - 1)];
        }
        text[len] = '\0';
        if (strchr(text, '?') != NULL) {
            continue;
        }
        uri_of(text);
        struct sip_uri first = uri;
        struct sip_oddities before = noted;

        memcpy(text + len, "?x=y", 5);
        uri_of(text);
        noted.bits[SIP_ODD_URI_HEADERS / 64] &= ~(UINT64_C(1) << SIP_ODD_URI_HEADERS % 64);
        if (memcmp(&before, &noted, sizeof(noted)) != 0) {
            print_error("%s: \"%s\"", text, oddities_words(&noted));
            print_error(" but \"%s\" without the headers\n", oddities_words(&before));
            fail();
        }
        assert_memory_equal(&uri.user, &first.user, sizeof(first.user));
        assert_memory_equal(&uri.host, &first.host, sizeof(first.host));
        assert_memory_equal(&uri.params, &first.params, sizeof(first.params));
        assert_int_equal(uri.port, first.port);
        assert_int_equal(uri.host_kind, first.host_kind);
    }
}

static bool equal(const char *a, const char *b)
{
    struct sip_uri x, y;
    struct sip_oddities ignored = {0};

    sip_uri_read_text(slice_string(a), &x, &ignored);
    sip_uri_read_text(slice_string(b), &y, &ignored);
    assert_int_equal(sip_uri_equal(a, &x, b, &y), sip_uri_equal(b, &y, a, &x));
    return sip_uri_equal(a, &x, b, &y);
}

/* The examples of RFC 3261 19.1.4 and RFC 3966 4, and others. */
static void equal_uris(void **state)
{
    (void)state;
    assert_true(
        equal("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtlanTa.CoM;Transport=tcp"));
    assert_true(equal("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"));
    assert_true(equal("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"));
    assert_true(equal("sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
                      "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com"));
    assert_true(equal("sip:alice@atlanta.com?subject=project%20x&priority=urgent",
                      "sip:alice@atlanta.com?priority=urgent&subject=project%20x"));
    assert_true(equal("sip:a@[2001:db8::1]", "sip:a@[2001:DB8:0:0:0:0:0:1]"));
    assert_true(equal("sip:a%2Db@c", "sip:a-b@c"));
    assert_true(equal("sip:a@c;%6Cr=1", "sip:a@c;lr=1"));
    assert_true(equal("tel:+1-201-555-0123", "tel:+1(201)5550123"));
    assert_true(equal("tel:7042;phone-context=A.example", "tel:7042;phone-context=a.EXAMPLE"));
    assert_true(equal("tel:1a;x=1;y=2", "tel:1A;Y=2;X=1"));
    assert_true(equal("urn:service:SOS.fire", "URN:service:sos.Fire"));
    assert_true(equal("http://a/b", "http://a/b"));
}

static void different_uris(void **state)
{
    (void)state;
    assert_false(
        equal("SIP:ALICE@AtlanTa.CoM;Transport=udp", "sip:alice@AtlanTa.CoM;Transport=UDP"));
    assert_false(equal("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"));
    assert_false(equal("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"));
    assert_false(equal("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"));
    assert_false(equal("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"));
    assert_false(equal("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"));
    assert_false(equal("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"));
    assert_false(equal("sip:a@b", "sips:a@b"));
    assert_false(equal("sip:a@b", "sip:b"));
    assert_false(equal("sip:a:x@b", "sip:a@b"));
    assert_false(equal("sip:a:x@b", "sip:a:X@b"));
    assert_false(equal("sip:a@b;user=phone", "sip:a@b"));
    assert_false(equal("sip:a@b;maddr=c", "sip:a@b"));
    assert_false(equal("sip:a%40b@c", "sip:a@b@c"));
    assert_false(equal("sip:a%3Bb@c", "sip:a;b@c")); /* a delimiter and its escape differ */
    assert_false(equal("sip:%2541@c", "sip:A@c"));
    assert_false(equal("sip:a@b?x=1", "sip:a@b?x=2"));
    assert_false(equal("sip:a@b?x=1&x=1", "sip:a@b?x=1"));
    assert_false(equal("tel:+1", "tel:1"));
    assert_false(equal("tel:+1;ext=2", "tel:+1"));
    assert_false(equal("tel:+12", "tel:+1"));
    assert_false(equal("http://a/b", "http://a/B"));
    assert_false(equal("urn:service:sos", "urn:service:sos.fire"));
}

static void comparing_has_a_limit(void **state)
{
    (void)state;
    static char rooms[2][SIP_URI_MAX];
    struct text a, b;

    text_init(&a, rooms[0], sizeof(rooms[0]) - 1);
    text_init(&b, rooms[1], sizeof(rooms[1]) - 1);
    text_put_string(&a, "sip:a");
    text_put_string(&b, "sip:a");
    for (unsigned i = 0; i < 300; i++) {
        text_put_format(&a, ";p%u", i);
        text_put_format(&b, ";p%u", 299 - i);
    }
    assert_true(equal(rooms[0], rooms[0]));
    assert_false(equal(rooms[0], rooms[1])); /* beyond the limit only one spelling is equal */
}

static void addresses_of_hosts(void **state)
{
    (void)state;
    struct address address;
    char room[ADDRESS_TEXT_MAX];
    struct text text;

    assert_true(uri_of("sip:a@192.0.2.7:5060"));
    assert_true(sip_uri_host_address(base, &uri, &address));
    text_init(&text, room, sizeof(room));
    address_write_host(&text, &address, true);
    expect_slice(text_slice(&text), "192.0.2.7");
    assert_true(uri_of("sip:a@[2001:db8::7]:5060"));
    assert_true(sip_uri_host_address(base, &uri, &address));
    text_init(&text, room, sizeof(room));
    address_write_host(&text, &address, true);
    expect_slice(text_slice(&text), "[2001:db8::7]");
    assert_true(uri_of("sip:a@b.example"));
    assert_false(sip_uri_host_address(base, &uri, &address));
    assert_true(uri_of("sip:a@127.1"));
    assert_false(sip_uri_host_address(base, &uri, &address));
}

static void expect_number(const char *text, const char *wanted)
{
    char digits[16];
    size_t len = 99;

    uri_of(text);
    bool is_number = sip_uri_number(base, &uri, digits, sizeof(digits), &len);

    if (is_number != (wanted != NULL)) {
        print_error("%s is %sa number\n", text, is_number ? "" : "no ");
        fail();
    }
    if (is_number) {
        expect_slice(slice_of(digits, len), wanted);
    } else {
        assert_int_equal(len, 0);
    }
}

static void telephone_numbers(void **state)
{
    (void)state;
    expect_number("tel:+1-201-555-0123", "+12015550123");
    expect_number("tel:+44(0)2079460000", "+442079460000");
    expect_number("tel:7042;phone-context=a.example", "7042");
    expect_number("tel:*21%23", "*21#"); /* odd, but what it means is clear */
    expect_number("tel:*21#", "*21#");
    expect_number("sip:+15550100@a;user=phone", "+15550100");
    expect_number("sip:+1-555.01(00)@a", "+15550100");
    expect_number("sip:%2B1%35550100@a", "+15550100");
    expect_number("sips:15550100@a", "15550100");
    expect_number("sip:+15550100;verstat=x@a", "+15550100");
    expect_number("sip:*21%23@a;user=phone", "*21#");
    expect_number("sip:*21%23@a", NULL);
    expect_number("sip:a1@a;user=phone", "a1");
    expect_number("sip:a1@a", NULL);
    expect_number("sip:alice@a", NULL);
    expect_number("sip:1+2@a", NULL);
    expect_number("sip:+@a", NULL);
    expect_number("sip:-@a", NULL);
    expect_number("sip:%00@a", NULL);
    expect_number("sip:%2@a", NULL);
    expect_number("sip:a", NULL);
    expect_number("sip:1234567890123456@a", "1234567890123456");
    expect_number("sip:12345678901234567@a", NULL); /* no room */
    expect_number("urn:service:sos", NULL);
    expect_number("http://123", NULL);
    expect_number("123", NULL);
}

static void finding_parameters(void **state)
{
    (void)state;
    struct slice params = SLICE("a=1; B = \"x;y=\\\"z\" ;;c;a=2;=3;d=");
    struct slice name, value;

    assert_true(sip_param_find(params, SLICE("A"), &value));
    expect_slice(value, "1");
    assert_true(sip_param_find(params, SLICE("b"), &value));
    expect_slice(value, "\"x;y=\\\"z\"");
    assert_true(sip_param_find(params, SLICE("c"), &value));
    expect_slice(value, "");
    assert_true(sip_param_find(params, SLICE("d"), &value));
    expect_slice(value, "");
    assert_false(sip_param_find(params, SLICE("y"), &value));
    expect_slice(value, "");
    unsigned count = 0;

    while (sip_param_next(&params, &name, &value)) {
        count++;
    }
    assert_int_equal(count, 6);
    assert_false(sip_param_find(SLICE_NONE, SLICE("a"), &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts),
        cmocka_unit_test(users_may_hold_what_looks_like_delimiters),
        cmocka_unit_test(schemes),
        cmocka_unit_test(hosts),
        cmocka_unit_test(hosts_have_limits),
        cmocka_unit_test(ports),
        cmocka_unit_test(parameters),
        cmocka_unit_test(parameters_have_a_limit),
        cmocka_unit_test(escapes),
        cmocka_unit_test(long_uris),
        cmocka_unit_test(spans_count_from_the_base),
        cmocka_unit_test(both_ways_find_the_same),
        cmocka_unit_test(equal_uris),
        cmocka_unit_test(different_uris),
        cmocka_unit_test(comparing_has_a_limit),
        cmocka_unit_test(addresses_of_hosts),
        cmocka_unit_test(telephone_numbers),
        cmocka_unit_test(finding_parameters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
