/*
 * The place of a header's name in the table that make_names.c works out.
 *
 * Four octets and the length, in any case.  The hash only finds the one candidate; sip_header_find
 * compares it whole.
 */
#pragma once

#include "base/slice.h"

enum { NAME_SLOTS = 1024, NAME_ROOM = 32 };

static inline unsigned name_hash(const char *at, size_t len, uint32_t factor)
{
    uint32_t octets = (unsigned char)at[0] | (uint32_t)(unsigned char)at[len / 2] << 8 |
                      (uint32_t)(unsigned char)at[len - 1] << 16 |
                      (uint32_t)(unsigned char)at[len / 4] << 24;

    return ((octets | 0x20202020u) + (uint32_t)len * 0x01000193u) * factor >> 22;
}
