#include "io/sources.h"

#include <stdlib.h>

enum { SOURCE_V6_OCTETS = 8 }; /* a customer's network */

struct source {
    struct pool_slot slot;
    uint32_t count;
    struct address host;
    uint64_t hash;
};

bool sources_init(struct sources *sources, uint32_t max, const struct hash_key *key)
{
    size_t pool_len = (pool_size(sizeof(struct source), max) + 63) & ~(size_t)63;
    char *memory = calloc(1, pool_len + table_size(max));

    *sources = (struct sources){.key = *key, .memory = memory};
    if (memory == NULL) {
        return false;
    }
    pool_init(&sources->pool, memory, sizeof(struct source), max);
    table_init(&sources->by_host, memory + pool_len, max);
    return true;
}

void sources_end(struct sources *sources)
{
    free(sources->memory);
    sources->memory = NULL;
}

/* What counts as one source. */
static struct address source_host(const struct address *address)
{
    struct address host = *address;

    host.port = 0;
    host.unused = 0;
    if (host.family == ADDRESS_V6) {
        memset(host.bytes + SOURCE_V6_OCTETS, 0, sizeof(host.bytes) - SOURCE_V6_OCTETS);
    }
    return host;
}

uint32_t sources_take(struct sources *sources, const struct address *address, uint32_t limit)
{
    struct address host = source_host(address);
    uint64_t hash = hash_bytes(&sources->key, slice_of((const char *)host.bytes, 16));
    struct table_cursor cursor = {0};
    uint32_t index;

    while (table_next(&sources->by_host, hash, &cursor, &index)) {
        struct source *source = pool_at(&sources->pool, index);

        if (address_same_host(&source->host, &host)) {
            if (limit != 0 && source->count >= limit) {
                return 0;
            }
            source->count++;
            return index;
        }
    }
    struct source *source = pool_take(&sources->pool);
    if (source == NULL) {
        return 0;
    }
    source->count = 1;
    source->host = host;
    source->hash = hash;
    index = pool_handle(&sources->pool, source).index;
    (void)table_add(&sources->by_host, hash, index); /* as many places as slots */
    return index;
}

void sources_give(struct sources *sources, uint32_t index)
{
    if (index == 0) {
        return;
    }
    struct source *source = pool_at(&sources->pool, index);
    source->count--;
    if (source->count == 0) {
        (void)table_remove(&sources->by_host, source->hash, index);
        pool_give(&sources->pool, source);
    }
}
