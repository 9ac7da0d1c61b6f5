/*
 * Memory for what is under way on streams: messages not yet whole, octets not yet sent.
 *
 * Blocks of a few sizes, bounded together.  A block given back is kept for the next taker, so a
 * busy worker asks the system for nothing.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { BLOCK_SIZES = 5 }; /* 2, 8, 32, 128 and 512 KiB, less the head */

struct block {
    struct block *next;  /* the owner's while taken */
    uint32_t size;       /* octets of room */
    uint32_t begin, end; /* the owner's: what of the room is in use */
    uint32_t reference;  /* the owner's */
    char octets[];
};

struct blocks {
    struct block *free[BLOCK_SIZES];
    size_t taken, kept, max; /* octets */
    uint64_t refused;
};

void blocks_init(struct blocks *blocks, size_t max);
void blocks_end(struct blocks *blocks); /* everything must have been given back */

/* Room for at least len octets, begin and end 0.  NULL when the bound is reached: counted. */
struct block *blocks_take(struct blocks *blocks, size_t len);
void blocks_give(struct blocks *blocks, struct block *block); /* takes NULL */
