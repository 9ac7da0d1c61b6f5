/* The XML reader: what it keeps lies in what it was given, its bounds hold, and reading again says
 * the same. */
#include <stdint.h>

#include "base/must.h"
#include "wire/xml/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void must_be_within(struct slice part, struct slice whole)
{
    must(part.len == 0 || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    static struct xml xml, again;
    struct slice text = slice_of((const char *)octets, len);

    xml_read(&xml, text);
    xml_read(&again, text);
    must(xml.oddities == again.oddities && xml.element_count == again.element_count);
    must(xml.depth <= XML_DEPTH_MAX + 1 && xml.attributes <= XML_ATTRIBUTES_MAX);
    must(xml.element_count <= XML_ELEMENTS_MAX + 1 && xml.namespace_count <= XML_NAMESPACES_MAX);
    must_be_within(xml.root, text);
    for (unsigned i = 0; i < xml.namespace_count; i++) {
        must_be_within(xml.namespaces[i].name, text);
        must_be_within(xml.namespaces[i].prefix, text);
    }
    for (unsigned i = 0; i < XML_ODDITY_COUNT; i++) {
        must(!xml_is_odd(&xml, (enum xml_oddity)i) || xml.odd_at[i].len <= 64);
    }
    return 0;
}
