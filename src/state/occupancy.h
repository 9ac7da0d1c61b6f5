/*
 * How many of something are up now, by key: calls of a user, of a peer, to a number.
 *
 * Counts only; who counts up keeps the key and counts it down again.  Never inherited from a former
 * worker: filled again from the records that hold the keys.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct occupied {
    uint64_t key;
    uint32_t count; /* 0: free */
    uint32_t unused;
};

struct occupancy {
    struct occupied *places;
    uint32_t mask;
    uint32_t used, limit;
    uint64_t lost; /* counts that found no place: the table was made for all, so never */
};

/* For that many keys at the same time. */
size_t occupancy_size(uint32_t keys);
void occupancy_init(struct occupancy *occupancy, void *memory, uint32_t keys);

/* Key 0 is nobody's and not counted. */
void occupancy_enter(struct occupancy *occupancy, uint64_t key);
void occupancy_leave(struct occupancy *occupancy, uint64_t key);
uint32_t occupancy_of(const struct occupancy *occupancy, uint64_t key);
