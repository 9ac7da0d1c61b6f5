/*
 * The one look at every octet of a head: where lines end, where tokens end, where words end.
 *
 * Three bits for each octet.  Everything after walks these bits, so a reader goes from delimiter to
 * delimiter and the octets between are not looked at again.  Behind the last octet all bits are
 * set: a search always ends.
 */
#pragma once

#include "wire/sip/message.h"

enum { SCAN_WORDS = SIP_HEAD_MAX / 64 + 2 }; /* the last one is all ones */

struct sip_scan {
    uint64_t line[SCAN_WORDS]; /* CR or LF */
    uint64_t stop[SCAN_WORDS]; /* no token: separators, blanks, controls, what is above 0x7E */
    uint64_t mark[SCAN_WORDS]; /* neither letter nor digit */
    uint32_t len;              /* octets looked at */
    bool is_plain;             /* no octet among them but CR, LF and printable ASCII */
};

/* Looks at bytes up to the block with the first empty line in it, or to their end.  At most
 * SIP_HEAD_MAX octets. */
void sip_scan(struct sip_scan *scan, struct slice bytes);

/* The first place at or behind from whose bit is set. */
static inline unsigned scan_next(const uint64_t *words, unsigned from)
{
    unsigned word = from >> 6;
    uint64_t bits = words[word] >> (from & 63);

    if (bits != 0) {
        return from + (unsigned)__builtin_ctzll(bits);
    }
    do {
        bits = words[++word];
    } while (bits == 0);
    return (word << 6) + (unsigned)__builtin_ctzll(bits);
}

/* The bits of [from, from + len), the first one lowest; at most 63 of them. */
static inline uint64_t scan_bits(const uint64_t *words, unsigned from, unsigned len)
{
    unsigned word = from >> 6, shift = from & 63;
    uint64_t bits = words[word] >> shift | words[word + 1] << 1 << (63 - shift);

    return bits & ((UINT64_C(1) << len) - 1);
}
