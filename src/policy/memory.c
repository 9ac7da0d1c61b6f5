#include "policy/memory.h"

#include "base/arena.h"

#include <stdlib.h>

enum {
    MEMORY_BLOCK = 16384, /* a small policy fits in one or two */
    MEMORY_ALIGNMENT = 16,
};

struct memory_block {
    struct memory_block *older;
    struct arena arena;
};

static void *heap_take(void *from, size_t len)
{
    (void)from;
    return malloc(len);
}

static void heap_give(void *from, void *block)
{
    (void)from;
    free(block);
}

const struct policy_allocator policy_heap = {.take = heap_take, .give = heap_give};

void memory_init(struct memory *memory, const struct policy_allocator *allocator)
{
    *memory = (struct memory){.allocator = allocator};
}

void memory_free(struct memory *memory)
{
    struct memory_block *block = memory->blocks;

    while (block != NULL) {
        struct memory_block *older = block->older;

        memory->allocator->give(memory->allocator->from, block);
        block = older;
    }
    memory->blocks = NULL;
}

static bool memory_grow(struct memory *memory, size_t len)
{
    size_t head = sizeof(struct memory_block);
    size_t usual = memory->allocator->block != 0 ? memory->allocator->block : MEMORY_BLOCK;
    size_t room = (len > usual ? len : usual) + MEMORY_ALIGNMENT;
    struct memory_block *block = memory->allocator->take(memory->allocator->from, head + room);

    if (block == NULL) {
        return false;
    }
    block->older = memory->blocks;
    arena_init(&block->arena, block + 1, room);
    memory->blocks = block;
    return true;
}

void *memory_take(struct memory *memory, size_t count, size_t size)
{
    void *piece = NULL;

    if (size != 0 && count > (SIZE_MAX / 2) / size) {
        memory->is_refused = true;
        return NULL;
    }
    if (memory->blocks != NULL) {
        piece = arena_take(&memory->blocks->arena, count * size);
    }
    if (piece == NULL && memory_grow(memory, count * size)) {
        piece = arena_take(&memory->blocks->arena, count * size);
    }
    memory->is_refused = memory->is_refused || piece == NULL;
    return piece;
}

struct slice memory_keep(struct memory *memory, struct slice slice)
{
    char *copy = memory_take(memory, slice.len, 1);

    if (copy == NULL || slice.len == 0) {
        return SLICE_NONE;
    }
    memcpy(copy, slice.at, slice.len);
    return slice_of(copy, slice.len);
}
