/*
 * From a 64-bit hash to indexes of records, open addressing, bounded at start.
 *
 * Holds no keys, and of a hash its lower half: the caller walks the candidates and compares.
 *
 *     struct table_cursor cursor = {0};
 *     uint32_t index;
 *     while (table_next(&table, hash, &cursor, &index)) { ... compare ... }
 *
 * Whoever adds or removes during the walk starts a new one.  A table is never inherited from a
 * former worker: table_init empties it, and it is filled again from the records.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TABLE_RECORDS_MAX = 1 << 30 }; /* twice that is the largest power of two in 32 bits */

/* Half of the hash tells the place and most strangers; the caller compares anyway.  Eight entries
 * share a line of the cache, so that looking one up costs hardly ever more than one miss. */
struct table_entry {
    uint32_t hash;
    uint32_t index; /* 0: free */
};

struct table {
    struct table_entry *entries;
    uint32_t mask; /* places - 1; at least twice the records */
    uint32_t used;
    uint32_t limit;
};

struct table_cursor {
    uint32_t step;
};

size_t table_size(uint32_t records);
void table_init(struct table *table, void *memory, uint32_t records);
bool table_add(struct table *table, uint64_t hash, uint32_t index); /* false when full */
bool table_remove(struct table *table, uint64_t hash, uint32_t index);
bool table_next(const struct table *table, uint64_t hash, struct table_cursor *cursor,
                uint32_t *index);
