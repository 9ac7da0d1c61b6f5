#include "io/blocks.h"

#include "base/must.h"

#include <stdlib.h>

enum { BLOCK_SMALLEST = 2048, BLOCK_STEP_BITS = 2 };

static size_t size_of(unsigned size)
{
    return (size_t)BLOCK_SMALLEST << (BLOCK_STEP_BITS * size);
}

static unsigned size_for(size_t len)
{
    unsigned size = 0;

    while (size < BLOCK_SIZES && size_of(size) - sizeof(struct block) < len) {
        size++;
    }
    return size;
}

void blocks_init(struct blocks *blocks, size_t max)
{
    *blocks = (struct blocks){.max = max};
}

void blocks_end(struct blocks *blocks)
{
    must(blocks->taken == 0);
    for (unsigned size = 0; size < BLOCK_SIZES; size++) {
        while (blocks->free[size] != NULL) {
            struct block *block = blocks->free[size];

            blocks->free[size] = block->next;
            free(block);
        }
    }
    blocks->kept = 0;
}

/* A new block may need what others keep for later: the largest go first. */
static void blocks_make_room(struct blocks *blocks, size_t octets)
{
    for (unsigned size = BLOCK_SIZES; size-- > 0;) {
        while (blocks->free[size] != NULL && blocks->taken + blocks->kept + octets > blocks->max) {
            struct block *block = blocks->free[size];

            blocks->free[size] = block->next;
            blocks->kept -= size_of(size);
            free(block);
        }
    }
}

struct block *blocks_take(struct blocks *blocks, size_t len)
{
    unsigned size = size_for(len);

    if (size == BLOCK_SIZES || blocks->taken + size_of(size) > blocks->max) {
        blocks->refused++;
        return NULL;
    }
    struct block *block = blocks->free[size];
    if (block != NULL) {
        blocks->free[size] = block->next;
        blocks->kept -= size_of(size);
    } else {
        blocks_make_room(blocks, size_of(size));
        block = malloc(size_of(size));
    }
    if (block == NULL) {
        blocks->refused++;
        return NULL;
    }
    blocks->taken += size_of(size);
    *block = (struct block){.size = (uint32_t)(size_of(size) - sizeof(struct block))};
    return block;
}

void blocks_give(struct blocks *blocks, struct block *block)
{
    if (block == NULL) {
        return;
    }
    unsigned size = size_for(block->size);
    must(size < BLOCK_SIZES);
    blocks->taken -= size_of(size);
    blocks->kept += size_of(size);
    block->next = blocks->free[size];
    blocks->free[size] = block;
}
