#include "io/media/fax.h"

enum {
    LENGTH_LONG = 0x80,  /* PER: the length takes fourteen bits */
    LENGTH_PARTS = 0x40, /* PER: the first of several parts; no datagram is that long */
    PARITY = 0x80,       /* the choice: parity instead of repetition */
};

static unsigned octet_at(struct slice slice, size_t place)
{
    return (unsigned char)slice.at[place];
}

static bool length_read(struct slice *rest, size_t *length)
{
    if (rest->len == 0) {
        return false;
    }
    *length = octet_at(*rest, 0);
    if ((*length & LENGTH_LONG) == 0) {
        *rest = slice_skip(*rest, 1);
        return true;
    }
    if ((*length & LENGTH_PARTS) != 0 || rest->len < 2) {
        return false;
    }
    *length = (*length & ~(size_t)LENGTH_LONG) << 8 | octet_at(*rest, 1);
    *rest = slice_skip(*rest, 2);
    return true;
}

static bool string_skip(struct slice *rest)
{
    size_t length = 0;

    if (!length_read(rest, &length) || length > rest->len) {
        return false;
    }
    *rest = slice_skip(*rest, length);
    return true;
}

static bool strings_skip(struct slice *rest, size_t max)
{
    size_t count = 0;

    if (!length_read(rest, &count) || count > max) {
        return false;
    }
    while (count-- > 0) {
        if (!string_skip(rest)) {
            return false;
        }
    }
    return true;
}

bool fax_read(struct slice datagram, uint16_t *sequence)
{
    struct slice rest = slice_skip(datagram, 2);
    unsigned choice;

    if (datagram.len < 2) {
        return false;
    }
    *sequence = (uint16_t)(octet_at(datagram, 0) << 8 | octet_at(datagram, 1));
    if (!string_skip(&rest) || rest.len == 0) {
        return false;
    }
    choice = octet_at(rest, 0);
    rest = slice_skip(rest, 1);
    if (choice == PARITY) {
        /* How many packets each parity covers is an INTEGER, one octet by its own length. */
        return string_skip(&rest) && strings_skip(&rest, FAX_PARITY_MAX) && rest.len == 0;
    }
    return choice == 0 && strings_skip(&rest, FAX_REDUNDANCY_MAX) && rest.len == 0;
}
