/*
 * Slots of one size, in memory that may outlive the process.
 *
 * Records are named by index and generation, never by pointer, so that a new worker can map the
 * same memory again.  Every record begins with a struct pool_slot.  Index 0 is never given, so a
 * zeroed handle names nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool_slot {
    uint32_t generation; /* odd while in use; raised at each take and each give */
    uint32_t next_free;
};

struct handle {
    uint32_t index;
    uint32_t generation;
};

struct pool {
    char *slots;
    uint32_t slot_size;
    uint32_t count;      /* slots, index 0 included */
    uint32_t used;       /* in use now */
    uint32_t most_used;  /* high-water mark */
    uint32_t first_free; /* given back and free; 0: none */
    uint32_t fresh;      /* the smallest index never taken; count when there is none */
    uint64_t refused;    /* takes refused because the pool was full */
};

/* Octets of memory that count usable slots need. */
size_t pool_size(uint32_t slot_size, uint32_t count);

/* Over zeroed memory, or over memory a former worker left with the same slot_size and count: slots
 * in use stay in use, the list of free ones is made anew.  slot_size is a sizeof and memory is
 * aligned for that type. */
void pool_init(struct pool *pool, void *memory, uint32_t slot_size, uint32_t count);

/* A zeroed record (but for its slot), or NULL when the pool is full. */
void *pool_take(struct pool *pool);

/* The same with whatever the slot held before: for blocks whose owner writes before he reads. */
void *pool_take_unclean(struct pool *pool);
void pool_give(struct pool *pool, void *record);

/* NULL when the handle is stale or never was. */
void *pool_find(const struct pool *pool, struct handle handle);
struct handle pool_handle(const struct pool *pool, const void *record);

/* The record in use with the smallest index above *index, which is moved there; NULL at the end.
 * Start with *index = 0. */
void *pool_next(const struct pool *pool, uint32_t *index);

static inline uint32_t pool_left(const struct pool *pool)
{
    return pool->count - 1 - pool->used;
}

static inline void *pool_at(const struct pool *pool, uint32_t index)
{
    return pool->slots + (size_t)index * pool->slot_size;
}

static inline bool handle_is_none(struct handle handle)
{
    return handle.index == 0;
}
