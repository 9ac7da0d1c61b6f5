/*
 * Memory with one lifetime.
 *
 * An arena hands out pieces of a block its owner gave it; all end together at arena_reset.  Two
 * uses: the pieces of one packet, and the tables of one process at start.
 */
#pragma once

#include "base/slice.h"

struct arena {
    char *at;
    size_t used, max;
};

void arena_init(struct arena *arena, void *block, size_t len);

static inline void arena_reset(struct arena *arena)
{
    arena->used = 0;
}

/* Zeroed, aligned to 16 octets.  NULL when the arena is full. */
void *arena_take(struct arena *arena, size_t len);

/* A copy of slice; false (and an empty slice) when the arena is full. */
bool arena_keep(struct arena *arena, struct slice slice, struct slice *kept);
