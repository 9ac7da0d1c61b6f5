/*
 * The one look at every octet of a head: where lines end, where tokens end, where host
 * names end.
 *
 * Three bits for each octet.  Everything after walks these bits, so a reader goes from delimiter to
 * delimiter and the octets between are not looked at again.  Behind the last octet all bits are
 * set: a search always ends.
 */
#pragma once

#include "wire/sip/message.h"

enum {
    SCAN_BLOCK = 64,                             /* octets that are looked at together */
    SCAN_BLOCKS = SIP_HEAD_MAX / SCAN_BLOCK + 2, /* the last one is all ones */
};

/* A word for each block, a bit for each octet, the first one lowest. */
struct sip_scan {
    uint64_t line[SCAN_BLOCKS]; /* CR or LF */
    uint64_t stop[SCAN_BLOCKS]; /* no token: separators, blanks, controls, what is above 0x7E */
    uint64_t mark[SCAN_BLOCKS]; /* none of a host name: no letter, digit, dot, hyphen */
    size_t len;                 /* octets looked at */
    bool is_plain;              /* no octet among them but CR, LF and printable ASCII */
    bool has_pairs;             /* somewhere a dot or hyphen follows another */
    bool has_end;               /* an empty line was seen; not to be relied on the other way */
};

/* Looks at bytes up to the block with the first empty line in it, or to their end.  At most
 * SIP_HEAD_MAX octets. */
void sip_scan(struct sip_scan *scan, struct slice bytes);

/* The first place at or behind from whose bit is set.  Sums are of 32 bits, which costs nothing;
 * for 64 bits the number of a bit would have to be extended. */
static inline size_t scan_next(const uint64_t *words, size_t from)
{
    size_t word = from / SCAN_BLOCK;
    uint64_t bits = words[word] >> from % SCAN_BLOCK;

    if (__builtin_expect(bits != 0, 1)) {
        return (unsigned)from + (unsigned)__builtin_ctzll(bits);
    }
    do {
        bits = words[++word];
    } while (bits == 0);
    return (unsigned)word * SCAN_BLOCK + (unsigned)__builtin_ctzll(bits);
}
