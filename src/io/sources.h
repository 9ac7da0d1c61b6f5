/*
 * How many connections each source has: a host of IPv4, a /64 of IPv6.
 */
#pragma once

#include "base/address.h"
#include "base/hash.h"
#include "base/pool.h"
#include "base/table.h"

struct sources {
    struct pool pool;
    struct table by_host;
    struct hash_key key;
    void *memory;
};

/* False when memory ends. */
bool sources_init(struct sources *sources, uint32_t max, const struct hash_key *key);
void sources_end(struct sources *sources);

/* Counts one more of this host, unless it has limit already (0: any number).  The index to give
 * back, or 0 when refused. */
uint32_t sources_take(struct sources *sources, const struct address *address, uint32_t limit);
void sources_give(struct sources *sources, uint32_t index); /* 0: nothing */
