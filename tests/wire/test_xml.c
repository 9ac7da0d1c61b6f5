/* XML bodies: what is plain has no oddity, each oddity is seen, and no prefix reads beyond its end.
 */
#include "expect.h"

#include "wire/xml/xml.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static const char presence[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
    "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" "
    "xmlns:dm='urn:ietf:params:xml:ns:pidf:data-model'"
    " entity=\"pres:a@example.net\">\r\n"
    "  <!-- <open> & so on -->\r\n"
    "  <tuple id=\"t1\"><status><basic>open</basic></status>"
    "<note xml:lang=\"de\">gr\xC3\xBC\xC3\x9F &amp; &#65;&#x1F600;</note></tuple>\r\n"
    "  <dm:person id=\"p1\"><![CDATA[<&>]]></dm:person>\r\n"
    "</presence>\r\n";

static struct xml xml;

static void test_plain(void **state)
{
    (void)state;
    xml_read(&xml, slice_string(presence));
    assert_int_equal(xml.oddities, 0);
    assert_true(slice_equal(xml.root, SLICE("presence")));
    assert_true(slice_equal(xml.root_namespace, SLICE("urn:ietf:params:xml:ns:pidf")));
    assert_int_equal(xml.element_count, 6);
    assert_int_equal(xml.depth, 4);
    assert_int_equal(xml.attributes, 3);
    assert_int_equal(xml.namespace_count, 2);
}

static void test_oddities(void **state)
{
    static const struct {
        enum xml_oddity oddity;
        const char *text;
    } rows[] = {
        {XML_ODD_EMPTY, ""},
        {XML_ODD_EMPTY, "<!-- nothing -->"},
        {XML_ODD_DOCTYPE, "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"},
        {XML_ODD_DOCTYPE, "<a><!ELEMENT a ANY></a>"},
        {XML_ODD_INSTRUCTION, "<?xml version='1.0'?><?xml-stylesheet href='x'?><a/>"},
        {XML_ODD_INSTRUCTION, " <?xml version='1.0'?><a/>"},
        {XML_ODD_BAD_DECLARATION, "<?xml version='2.0'?><a/>"},
        {XML_ODD_BAD_DECLARATION, "<?xml encoding='UTF-8'?><a/>"},
        {XML_ODD_BAD_DECLARATION, "<?xml version?><a/>"},
        {XML_ODD_ENCODING, "<?xml version='1.0' encoding='UTF-16'?><a/>"},
        {XML_ODD_ENCODING, "\xFF\xFE<"},
        {XML_ODD_BAD_UTF8, "<a>\xC0\x80</a>"},
        {XML_ODD_BAD_UTF8, "<a>\xED\xA0\x80</a>"},
        {XML_ODD_BAD_UTF8, "<a>\x01</a>"},
        {XML_ODD_ENTITY, "<a>&b;</a>"},
        {XML_ODD_ENTITY, "<a>&</a>"},
        {XML_ODD_ENTITY, "<a b='&c;'/>"},
        {XML_ODD_ENTITY, "<a>&#0;</a>"},
        {XML_ODD_ENTITY, "<a>&#xD800;</a>"},
        {XML_ODD_BAD_MARKUP, "<a b=c/>"},
        {XML_ODD_BAD_MARKUP, "<a b='1'c='2'/>"},
        {XML_ODD_BAD_MARKUP, "<a b='<'/>"},
        {XML_ODD_BAD_MARKUP, "< a/>"},
        {XML_ODD_BAD_MARKUP, "<a"},
        {XML_ODD_UNBALANCED, "<a><b></a></b>"},
        {XML_ODD_UNBALANCED, "</a>"},
        {XML_ODD_NOT_CLOSED, "<a><b></b>"},
        {XML_ODD_NOT_CLOSED, "<a><!-- </a>"},
        {XML_ODD_TWO_ROOTS, "<a/><b/>"},
        {XML_ODD_TWO_ROOTS, "<a/>text"},
        {XML_ODD_REPEATED_ATTRIBUTE, "<a b='1' b='2'/>"},
        {XML_ODD_UNKNOWN_PREFIX, "<a:b/>"},
        {XML_ODD_UNKNOWN_PREFIX, "<a b:c='d'/>"},
        {XML_ODD_INCLUSION, "<a xmlns:xi='http://www.w3.org/2001/XInclude'/>"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        xml_read(&xml, slice_string(rows[i].text));
        if (!xml_is_odd(&xml, rows[i].oddity)) {
            fail_msg("%s: not %s", rows[i].text, xml_oddity_seen(rows[i].oddity));
        }
    }
}

static size_t repeat(char *room, size_t len, const char *what, unsigned times)
{
    size_t each = strlen(what);

    for (unsigned i = 0; i < times; i++) {
        memcpy(room + len, what, each);
        len += each;
    }
    return len;
}

static void test_bounds(void **state)
{
    char *room = malloc(XML_MAX + 16);
    size_t len = 0;

    (void)state;
    assert_non_null(room);
    len = repeat(room, 0, "<a>", XML_DEPTH_MAX);
    len = repeat(room, len, "</a>", XML_DEPTH_MAX);
    xml_read(&xml, slice_of(room, len));
    assert_int_equal(xml.oddities, 0);
    assert_int_equal(xml.depth, XML_DEPTH_MAX);
    xml_read(&xml, slice_of(room, repeat(room, 0, "<a>", XML_DEPTH_MAX + 1)));
    assert_true(xml_is_odd(&xml, XML_ODD_DEEP));
    len = repeat(room, repeat(room, 0, "<a>", 1), "<b/>", XML_ELEMENTS_MAX);
    xml_read(&xml, slice_of(room, len));
    assert_true(xml_is_odd(&xml, XML_ODD_MANY_ELEMENTS));
    xml_read(&xml, slice_of(room, repeat(room, 0, " ", XML_MAX + 1)));
    assert_true(xml_is_odd(&xml, XML_ODD_LONG_BODY));
    free(room);
}

/* At the end of a page behind which nothing may be read. */
static void test_prefixes(void **state)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)state;
    assert_true(pages != MAP_FAILED && sizeof(presence) < page);
    assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
    for (size_t len = 0; len + 3 < sizeof(presence); len++) {
        char *at = pages + page - len;

        memcpy(at, presence, len);
        xml_read(&xml, slice_of(at, len));
        assert_true(xml.oddities != 0);
    }
    munmap(pages, 2 * page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_oddities),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_prefixes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
