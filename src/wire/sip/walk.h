/*
 * From stop to stop: octets that belong to no token, each taken once, in order.
 *
 * This is the cheap way through a head in which nothing is odd; who looks for a stop from any place
 * asks scan_next.
 */
#pragma once

#include "wire/sip/scan.h"

struct walk {
    const uint64_t *words;
    uint64_t bits; /* stops of the word at hand that were not taken yet */
    size_t base;   /* the place of its first bit */
};

/* The stop at place is the next one, or the first behind it. */
static inline void walk_to(struct walk *walk, size_t place)
{
    walk->base = place & ~(size_t)(SCAN_BLOCK - 1);
    walk->bits = walk->words[place / SCAN_BLOCK] >> place % SCAN_BLOCK << place % SCAN_BLOCK;
}

static inline size_t walk_next(struct walk *walk)
{
    uint64_t bits = walk->bits;

    while (__builtin_expect(bits == 0, 0)) {
        walk->base += SCAN_BLOCK;
        bits = walk->words[walk->base / SCAN_BLOCK];
    }
    walk->bits = bits & (bits - 1);
    return (unsigned)walk->base + (unsigned)__builtin_ctzll(bits);
}
