/*
 * Memory that ends all at once, for a value whose size nobody knows before it is read.
 *
 * Pieces come out of blocks, blocks from whoever the allocator is; tests pass one that refuses.
 */
#pragma once

#include "base/slice.h"

struct policy_allocator {
    void *(*take)(void *from, size_t len); /* NULL: refused */
    void (*give)(void *from, void *block);
    void *from;
    size_t block; /* how much is taken at once; 0: the usual */
};

/* malloc and free. */
extern const struct policy_allocator policy_heap;

struct memory_block;

struct memory {
    const struct policy_allocator *allocator;
    struct memory_block *blocks; /* the newest first */
    bool is_refused;             /* some piece was not to be had */
};

void memory_init(struct memory *memory, const struct policy_allocator *allocator);
void memory_free(struct memory *memory);

/* Zeroed and aligned for anything; NULL when refused.  count * size may not overflow. */
void *memory_take(struct memory *memory, size_t count, size_t size);

/* A copy; an empty slice when refused. */
struct slice memory_keep(struct memory *memory, struct slice slice);
