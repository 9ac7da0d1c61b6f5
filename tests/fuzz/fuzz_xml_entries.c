/* The walk over lists of receivers ends, and stays within what it was given. */
#include <stdint.h>

#include "base/must.h"
#include "wire/xml/entries.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct slice text = slice_of((const char *)octets, len), rest = text;
    struct xml_entry entry;
    size_t before = rest.len;

    while (xml_entry_next(&rest, &entry)) {
        must(rest.len < before);
        must(entry.uri.len == 0 ||
             (entry.uri.at >= text.at && entry.uri.at + entry.uri.len <= text.at + text.len));
        before = rest.len;
    }
    must(rest.len == 0);
    return 0;
}
