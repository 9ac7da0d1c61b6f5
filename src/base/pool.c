/*
 * Slot 0 is never given; it keeps the pool's only note to the next worker: how far slots were ever
 * taken, and the complement as proof.  So neither the start over gigabytes of zeroed memory nor the
 * walk over a nearly empty pool touches pages nobody used.  When the note does not look right, all
 * slots are looked at.  Nothing else left behind is trusted but the generations.
 */
#include "base/pool.h"

#include "base/must.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <string.h>

static struct pool_slot *pool_slot_at(const struct pool *pool, uint32_t index)
{
    return pool_at(pool, index);
}

static bool slot_is_used(const struct pool_slot *slot)
{
    return (slot->generation & 1) != 0;
}

/* A worker may be killed between any two instructions: what the next one reads first is written
 * last.  Other threads never look, so the compiler alone must keep the order. */
static void order_kept(void)
{
    atomic_signal_fence(memory_order_seq_cst);
}

size_t pool_size(uint32_t slot_size, uint32_t count)
{
    return ((size_t)count + 1) * slot_size;
}

/* What the note says, when it and the slot it points to look right; otherwise all slots count as
 * taken before. */
static uint32_t fresh_read(const struct pool *pool)
{
    const struct pool_slot *note = pool_slot_at(pool, 0);
    bool is_new = note->generation == 0 && note->next_free == 0;
    uint32_t fresh = is_new ? 1 : note->next_free;
    bool is_sound = is_new || note->generation == ~note->next_free;

    if (!is_sound || fresh == 0 || fresh > pool->count) {
        return pool->count;
    }
    if (fresh < pool->count && pool_slot_at(pool, fresh)->generation != 0) {
        return pool->count;
    }
    return fresh;
}

static void fresh_write(struct pool *pool, uint32_t fresh)
{
    struct pool_slot *note = pool_slot_at(pool, 0);

    pool->fresh = fresh;
    note->next_free = fresh;
    note->generation = ~fresh;
    order_kept();
}

static void pool_push_free(struct pool *pool, struct pool_slot *slot, uint32_t index)
{
    slot->next_free = pool->first_free;
    pool->first_free = index;
}

void pool_init(struct pool *pool, void *memory, uint32_t slot_size, uint32_t count)
{
    must(slot_size >= sizeof(struct pool_slot) && slot_size % alignof(struct pool_slot) == 0);
    must(count < UINT32_MAX);
    *pool = (struct pool){.slots = memory, .slot_size = slot_size, .count = count + 1};
    fresh_write(pool, fresh_read(pool));

    /* Backwards, so that the smallest index is taken first and memory stays dense. */
    for (uint32_t index = pool->fresh; index-- > 1;) {
        struct pool_slot *slot = pool_slot_at(pool, index);

        if (slot_is_used(slot)) {
            pool->used++;
        } else {
            pool_push_free(pool, slot, index);
        }
    }
    pool->most_used = pool->used;
}

/* A free index off the list, or the next fresh one; 0 when the pool is full. */
static uint32_t pool_pop_free(struct pool *pool)
{
    uint32_t index = pool->first_free;

    if (index != 0) {
        must(index < pool->fresh);
        pool->first_free = pool_slot_at(pool, index)->next_free;
        return index;
    }
    if (pool->fresh == pool->count) {
        return 0;
    }
    index = pool->fresh;
    fresh_write(pool, index + 1);
    return index;
}

void *pool_take_unclean(struct pool *pool)
{
    uint32_t index = pool_pop_free(pool);

    if (index == 0) {
        pool->refused++;
        return NULL;
    }
    struct pool_slot *slot = pool_slot_at(pool, index);
    must(!slot_is_used(slot));
    slot->next_free = 0;
    order_kept();
    slot->generation++;
    pool->used++;
    if (pool->used > pool->most_used) {
        pool->most_used = pool->used;
    }
    return slot;
}

void *pool_take(struct pool *pool)
{
    struct pool_slot *slot = pool_take_unclean(pool);

    if (slot != NULL) {
        memset((char *)slot + sizeof(*slot), 0, pool->slot_size - sizeof(*slot));
    }
    return slot;
}

static uint32_t pool_index(const struct pool *pool, const void *record)
{
    size_t from_start = (size_t)((const char *)record - pool->slots);
    size_t index = from_start / pool->slot_size;

    must(from_start % pool->slot_size == 0 && index > 0 && index < pool->fresh);
    return (uint32_t)index;
}

void pool_give(struct pool *pool, void *record)
{
    uint32_t index = pool_index(pool, record);
    struct pool_slot *slot = record;

    must(slot_is_used(slot));
    slot->generation++;
    order_kept();
    pool_push_free(pool, slot, index);
    pool->used--;
}

void *pool_find(const struct pool *pool, struct handle handle)
{
    if (handle.index == 0 || handle.index >= pool->fresh) {
        return NULL;
    }
    struct pool_slot *slot = pool_slot_at(pool, handle.index);
    return slot_is_used(slot) && slot->generation == handle.generation ? slot : NULL;
}

struct handle pool_handle(const struct pool *pool, const void *record)
{
    const struct pool_slot *slot = record;

    return (struct handle){.index = pool_index(pool, record), .generation = slot->generation};
}

void *pool_next(const struct pool *pool, uint32_t *index)
{
    while (*index + 1 < pool->fresh) {
        struct pool_slot *slot = pool_slot_at(pool, ++*index);

        if (slot_is_used(slot)) {
            return slot;
        }
    }
    return NULL;
}
