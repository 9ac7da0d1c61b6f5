/*
 * Where a header name is in the table of names: shared by make_names.c, which works the table out
 * while the program is built, and name.c, which looks into it.
 */
#pragma once

#include "wire/sip/chars.h"

enum { NAME_SLOTS = 1024 };

/* The first and the last octets of a name of two octets or more, in lower case: two, four or eight
 * each.  Up to 16 octets that is the whole name. */
struct name_ends {
    uint64_t first, last;
};

static inline struct name_ends name_ends(const char *at, size_t len)
{
    struct name_ends ends;

    if (len >= 8) {
        ends.first = chars_load8(at);
        ends.last = chars_load8(at + len - 8);
    } else if (len >= 4) {
        ends.first = chars_load4(at);
        ends.last = chars_load4(at + len - 4);
    } else {
        ends.first = chars_load2(at);
        ends.last = chars_load2(at + len - 2);
    }
    ends.first |= UINT64_C(0x2020202020202020);
    ends.last |= UINT64_C(0x2020202020202020);
    return ends;
}

static inline size_t name_slot(struct name_ends ends, size_t len, uint64_t factor)
{
    return (ends.first + (ends.last >> 7) + len) * factor >> 54;
}
