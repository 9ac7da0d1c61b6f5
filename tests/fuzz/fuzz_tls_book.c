/* What a process reads of a book: every entry within it. */
#include <stdint.h>

#include "base/must.h"
#include "io/tls_book.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct slice rest = slice_of((const char *)octets, len);
    struct tls_entry entry;
    size_t left = rest.len;

    while (tls_book_next(&rest, &entry)) {
        must(rest.len < left && entry.octets.len <= len);
        left = rest.len;
    }
    return 0;
}
