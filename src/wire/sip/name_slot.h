/*
 * Where a header name is in the table of names: shared by make_names.c, which works the table out
 * while the program is built, and name.c, which looks into it.
 */
#pragma once

#include "wire/sip/chars.h"

enum { NAME_SLOTS = 1024 };

/* The first and the last octets of a name of two octets or more, in lower case.  Up to eight octets
 * that is the whole name. */
static inline uint64_t name_ends(const char *at, size_t len)
{
    uint64_t first = len < 4 ? chars_load2(at) : chars_load4(at);
    uint64_t last = len < 4 ? chars_load2(at + len - 2) : chars_load4(at + len - 4);

    return (first | last << 32) | UINT64_C(0x2020202020202020);
}

static inline size_t name_slot(uint64_t ends, size_t len, uint64_t factor)
{
    return (ends + len) * factor >> 54;
}
