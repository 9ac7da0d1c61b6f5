/* Readers of bodies: wrapped messages, JSON, messages of the telephone network, lists of receivers.
 * Each says what is there, notes what is odd, and reads no octet behind its end. */
#include "../expect.h"

#include "wire/cpim/cpim.h"
#include "wire/isup/isup.h"
#include "wire/json/json.h"
#include "wire/xml/entries.h"

#define WRAPPED                                                                                    \
    "From: Anna <sip:anna@example.net>\r\nTo: <im:bob@example.net>\r\n"                            \
    "NS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: Zz9-1\r\n"                                \
    "imdn.Disposition-Notification: positive-delivery, display\r\n\r\n"                            \
    "Content-Type: text/plain; charset=utf-8\r\n\r\nhello"

static struct cpim cpim;

static void test_wrapped(void **state)
{
    (void)state;
    cpim_read(&cpim, SLICE(WRAPPED));
    assert_int_equal(cpim.oddities, 0);
    assert_true(slice_equal(cpim.from, SLICE("sip:anna@example.net")));
    assert_true(slice_equal(cpim.to, SLICE("im:bob@example.net")));
    assert_true(slice_equal(cpim.message_id, SLICE("Zz9-1")));
    assert_int_equal(cpim.asks, CPIM_ASKS_POSITIVE | CPIM_ASKS_DISPLAY);
    assert_true(media_type_is(&cpim.type, SLICE("text/plain")));
    assert_true(slice_equal(cpim.content, SLICE("hello")));
}

static void test_own_prefix(void **state)
{
    (void)state;
    cpim_read(&cpim, SLICE("From: <sip:a@b>\r\nNS: note <urn:ietf:params:imdn>\r\n"
                           "imdn.Message-ID: not-this\r\nnote.Message-ID: this\r\n\r\n\r\n"));
    assert_int_equal(cpim.oddities, 0);
    assert_true(slice_equal(cpim.message_id, SLICE("this")));
}

static void test_odd_wrapping(void **state)
{
    static const struct {
        const char *text;
        enum cpim_oddity oddity;
    } rows[] = {
        {"From: <sip:a@b>\r\nnothing\r\n\r\n\r\n", CPIM_ODD_NO_COLON},
        {"From: <sip:a@b>\r\nb d: x\r\n\r\n\r\n", CPIM_ODD_BAD_NAME},
        {"From: <sip:a@b>\n\r\n\r\n", CPIM_ODD_BARE_LINE_END},
        {"From: <sip:a@b>\r\nSubject: a\x01\r\n\r\n\r\n", CPIM_ODD_CONTROL_OCTET},
        {"From: <sip:a@b>\r\n", CPIM_ODD_NO_END},
        {"To: <sip:a@b>\r\n\r\n\r\n", CPIM_ODD_NO_FROM},
        {"From: <sip:a@b>\r\nFrom: <sip:c@d>\r\n\r\n\r\n", CPIM_ODD_TWO_FROM},
        {"From: sip:a@b\r\n\r\n\r\n", CPIM_ODD_BAD_ADDRESS},
        {"From: <sip:a@b>\r\nimdn.Message-ID: a\r\nimdn.Message-ID: b\r\n\r\n\r\n",
         CPIM_ODD_TWO_MESSAGE_IDS},
        {"From: <sip:a@b>\r\nimdn.Message-ID: \r\n\r\n\r\n", CPIM_ODD_BAD_MESSAGE_ID},
        {"From: <sip:a@b>\r\nimdn.Disposition-Notification: wishes\r\n\r\n\r\n",
         CPIM_ODD_BAD_ASKING},
        {"From: <sip:a@b>\r\n\r\nContent-Type: a/b\r\nContent-Type: a/c\r\n\r\n",
         CPIM_ODD_TWO_TYPES},
        {"From: <sip:a@b>\r\n\r\nContent-Type: ab\r\n\r\n", CPIM_ODD_BAD_TYPE},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        cpim_read(&cpim, slice_string(rows[i].text));
        if (!cpim_is_odd(&cpim, rows[i].oddity)) {
            fail_msg("not seen: %s in %s", cpim_oddity_seen(rows[i].oddity), rows[i].text);
        }
    }
}

static void test_many_and_long_lines(void **state)
{
    static char room[8192];
    size_t len = 0;

    (void)state;
    for (unsigned i = 0; i < CPIM_LINES_MAX + 1; i++) {
        len += (size_t)snprintf(room + len, sizeof(room) - len, "From: <sip:a@b>\r\n");
    }
    cpim_read(&cpim, slice_of(room, len));
    assert_true(cpim_is_odd(&cpim, CPIM_ODD_MANY_LINES));
    memset(room, 'x', sizeof(room));
    memcpy(room, "From: <sip:a@b>\r\nS:", 19);
    memcpy(room + 2000, "\r\n\r\n\r\n", 6);
    cpim_read(&cpim, slice_of(room, 2006));
    assert_true(cpim_is_odd(&cpim, CPIM_ODD_LONG_LINE));
}

static void test_json(void **state)
{
    static const struct {
        const char *text;
        enum json_fault fault;
    } rows[] = {
        {"{\"a\": [1, -2.5e3, \"x\\u00e4\\n\", true, false, null, {}], \"b\": {\"a\": []}}",
         JSON_SOUND},
        {" 0 ", JSON_SOUND},
        {"{\"a\":1,\"b\":2,\"a\":3}", JSON_REPEATED_KEY},
        {"{\"\\u0061\":1}", JSON_ESCAPED_KEY},
        {"[[[[[[[[1]]]]]]]]", JSON_SOUND},
        {"[[[[[[[[[1]]]]]]]]]", JSON_DEEP},
        {"12345678901234567890", JSON_BAD_NUMBER},
        {"01", JSON_BAD_NUMBER},
        {"1e400", JSON_BAD_NUMBER},
        {"-", JSON_BAD_NUMBER},
        {"\"a\tb\"", JSON_BAD_STRING},
        {"\"\\x41\"", JSON_BAD_STRING},
        {"\"open", JSON_BAD_STRING},
        {"{\"a\":1,}", JSON_BAD_STRUCTURE},
        {"[1,]", JSON_BAD_STRUCTURE},
        {"[1 2]", JSON_BAD_STRUCTURE},
        {"[1}", JSON_BAD_STRUCTURE},
        {"{} {}", JSON_BAD_STRUCTURE},
        {"{a:1}", JSON_BAD_STRUCTURE},
        {"", JSON_BAD_STRUCTURE},
        {"[", JSON_BAD_STRUCTURE},
    };
    struct slice at;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        enum json_fault fault = json_check(slice_string(rows[i].text), &at);

        if (fault != rows[i].fault) {
            fail_msg("%s: fault %u, not %u", rows[i].text, fault, rows[i].fault);
        }
    }
}

/* A call from +43 12 56 78 to 0143 56, and how it ends. */
static const char setup[] =
    "\x01\x00\x60\x01\x0a\x03\x02\x07\x05\x03\x10\x10\x34\x65\x0a\x06\x04\x13"
    "\x34\x21\x65\x87\x00";

static void test_isup(void **state)
{
    struct isup isup;

    (void)state;
    assert_true(isup_read(&isup, slice_of(setup, sizeof(setup) - 1)));
    assert_int_equal(isup.kind, ISUP_SETUP);
    assert_true(slice_equal(isup_number_slice(&isup.called), SLICE("014356")));
    assert_true(slice_equal(isup_number_slice(&isup.calling), SLICE("+43125678")));
    assert_false(isup.calling.is_withheld);
    assert_true(isup_read(&isup, SLICE("\x0c\x02\x00\x02\x83\x90")));
    assert_int_equal(isup.kind, ISUP_OF_CALL);
    assert_true(isup_read(&isup, SLICE("\x17")));
    assert_int_equal(isup.kind, ISUP_MAINTENANCE);
    assert_false(isup_read(&isup, SLICE("\xff\x00")));
    assert_false(isup_read(&isup, SLICE_NONE));
}

static void test_list(void **state)
{
    struct slice rest =
        SLICE("<?xml <entry?><resource-lists><list name='>'><entry uri=\"sip:a@b\"/>"
              "<!-- <entry uri='x'/> --><x:entry\n uri='tel:+1'><display-name/>"
              "</x:entry><entry-ref ref='y'/><list/></list></resource-lists>");
    static const enum xml_entry_kind kinds[] = {XML_LIST_BEGINS, XML_ENTRY, XML_ENTRY,
                                                XML_ENTRY_FOREIGN, XML_LIST_ENDS};
    struct xml_entry entry;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
        assert_true(xml_entry_next(&rest, &entry));
        assert_int_equal(entry.kind, kinds[i]);
        assert_true(i != 1 || slice_equal(entry.uri, SLICE("sip:a@b")));
        assert_true(i != 2 || slice_equal(entry.uri, SLICE("tel:+1")));
    }
    assert_false(xml_entry_next(&rest, &entry));
}

static void each_prefix(struct slice text, void read(struct slice))
{
    struct guarded guarded = guarded_open();

    for (size_t len = 0; len <= text.len; len++) {
        read(guarded_copy(&guarded, slice_head(text, len)));
    }
    guarded_close(&guarded);
}

static void read_cpim(struct slice text)
{
    cpim_read(&cpim, text);
}

static void read_json(struct slice text)
{
    struct slice at;

    (void)json_check(text, &at);
}

static void read_isup(struct slice text)
{
    struct isup isup;

    assert_true(isup_read(&isup, text) == (text.len == sizeof(setup) - 1));
}

static void read_list(struct slice text)
{
    struct xml_entry entry;

    while (xml_entry_next(&text, &entry)) {
    }
}

static void test_prefixes(void **state)
{
    (void)state;
    each_prefix(SLICE(WRAPPED), read_cpim);
    each_prefix(SLICE("{\"a\\u00e4\": [-1.5e+3, true, \"x\\n\"]}"), read_json);
    each_prefix(slice_of(setup, sizeof(setup) - 1), read_isup);
    each_prefix(SLICE("<list a='b'><entry uri=\"c\"/><!-- d --></list><![CDATA[ e ]]>"), read_list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrapped),      cmocka_unit_test(test_own_prefix),
        cmocka_unit_test(test_odd_wrapping), cmocka_unit_test(test_many_and_long_lines),
        cmocka_unit_test(test_json),         cmocka_unit_test(test_isup),
        cmocka_unit_test(test_list),         cmocka_unit_test(test_prefixes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
