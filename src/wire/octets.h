/*
 * Looking at several octets at once, for the readers' and writers' inner loops.
 *
 * Nothing behind at + len is touched, and the answer is that of the plain loop.
 */
#pragma once

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The lowest octet of a word is the first in memory. */
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "octets.h counts from the low end");

#define OCTETS_ALL(octet) (UINT64_C(0x0101010101010101) * (uint64_t)(octet))

static inline uint64_t octets_load(const char *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof word);
    return word;
}

/* The top bit of each octet that is below bound (at most 0x80).  A borrow runs upwards only, so
 * the lowest bit is always right; that is the one asked for. */
static inline uint64_t octets_below(uint64_t word, unsigned bound)
{
    return (word - OCTETS_ALL(bound)) & ~word & OCTETS_ALL(0x80);
}

static inline uint64_t octets_equal(uint64_t word, char octet)
{
    return octets_below(word ^ OCTETS_ALL((unsigned char)octet), 1);
}

static inline size_t octets_first(uint64_t found)
{
    return (size_t)__builtin_ctzll(found) / 8;
}

/* All bits of the octets before the first found one. */
static inline uint64_t octets_before(uint64_t found)
{
    return ((found & (~found + 1)) >> 7) - 1;
}

/* The first octet below SP (HTAB, CR, LF among them), or len. */
static inline size_t octets_find_control(const char *at, size_t len)
{
    size_t i = 0;

    for (; len - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
        uint64_t found = octets_below(octets_load(at + i), ' ');

        if (found != 0) {
            return i + octets_first(found);
        }
    }
    while (i < len && (unsigned char)at[i] >= ' ') {
        i++;
    }
    return i;
}

/* As that, and DEL too. */
static inline size_t octets_find_unprintable(const char *at, size_t len)
{
    size_t i = 0;

    for (; len - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
        uint64_t word = octets_load(at + i);
        uint64_t found = octets_below(word, ' ') | octets_equal(word, 0x7F);

        if (found != 0) {
            return i + octets_first(found);
        }
    }
    if (i < len && len >= sizeof(uint64_t)) {
        /* The last word again, with some octets that are known to be none. */
        uint64_t word = octets_load(at + len - sizeof(uint64_t));
        uint64_t found = octets_below(word, ' ') | octets_equal(word, 0x7F);

        return found == 0 ? len : len - sizeof(uint64_t) + octets_first(found);
    }
    while (i < len && (unsigned char)at[i] >= ' ' && at[i] != 0x7F) {
        i++;
    }
    return i;
}

/* Numbers in network order. */
static inline uint16_t octets_16(const char *at)
{
    return (uint16_t)((unsigned char)at[0] << 8 | (unsigned char)at[1]);
}

static inline uint32_t octets_32(const char *at)
{
    return (uint32_t)octets_16(at) << 16 | octets_16(at + 2);
}
