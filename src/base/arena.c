#include "base/arena.h"

#include "base/must.h"

enum { ARENA_ALIGNMENT = 16 }; /* what the largest scalar types ask for */

void arena_init(struct arena *arena, void *block, size_t len)
{
    size_t ahead = (ARENA_ALIGNMENT - (uintptr_t)block % ARENA_ALIGNMENT) % ARENA_ALIGNMENT;

    if (ahead > len) {
        ahead = len;
    }
    *arena = (struct arena){.at = (char *)block + ahead, .max = len - ahead};
}

void *arena_take(struct arena *arena, size_t len)
{
    size_t padding = (ARENA_ALIGNMENT - arena->used % ARENA_ALIGNMENT) % ARENA_ALIGNMENT;
    size_t room = arena->max - arena->used;

    if (padding > room || len > room - padding) {
        return NULL;
    }
    void *piece = memset(arena->at + arena->used + padding, 0, len);
    arena->used += padding + len;
    return piece;
}

bool arena_keep(struct arena *arena, struct slice slice, struct slice *kept)
{
    char *copy = arena_take(arena, slice.len);

    if (copy == NULL) {
        *kept = SLICE_NONE;
        return false;
    }
    if (slice.len > 0) {
        memcpy(copy, slice.at, slice.len);
    }
    *kept = slice_of(copy, slice.len);
    return true;
}
