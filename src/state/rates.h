/*
 * Token buckets: how often somebody may do something (rules 6.2).
 *
 * A bucket is one number, the moment at which it would be full again: what was taken is how far
 * that lies ahead.  A bucket whose moment has passed says nothing, so a table of them forgets
 * without losing anything, and is full only of those who are busy just now.
 */
#pragma once

#include "base/hash.h"

enum {
    RATES_WAYS = 4,    /* places a key may stand in: one cache line */
    RATES_WHOLE = 4,   /* a request's cost: what costs less is counted in quarters */
    RATES_NEARLY = 80, /* percent of a burst from which an operator wants to know */
    RATES_MINUTE_US = 60000000,
};

/* A token every token_us; burst of them after a quiet time.  token_us 0: without limit. */
struct rate {
    uint64_t token_us;
    uint32_t burst;
};

struct bucket {
    uint64_t key; /* 0: never used */
    uint64_t full_us;
};

struct rates {
    struct bucket *buckets;
    uint64_t mask;    /* sets - 1 */
    uint64_t crowded; /* times a bucket that was in use had to be forgotten */
};

/* So many a minute with this burst; of usual, of which the burst is the table's. */
struct rate rate_of(uint32_t per_minute, uint32_t usual, uint32_t burst);

size_t rates_size(uint32_t places);
/* Over zeroed memory of that size; places is a power of two, at least RATES_WAYS. */
void rates_init(struct rates *rates, void *memory, uint32_t places);

/* The bucket of a key: found, or a fresh one in place of the one that matters least.  Valid until
 * the next call. */
struct bucket *rates_at(struct rates *rates, uint64_t key, uint64_t now_us);

/* Whether so many quarters of a token are left, and what takes them. */
bool bucket_has(const struct bucket *bucket, struct rate rate, uint32_t quarters, uint64_t now_us);
void bucket_take(struct bucket *bucket, struct rate rate, uint32_t quarters, uint64_t now_us);

/* What is taken, in percent of the burst. */
uint32_t bucket_percent(const struct bucket *bucket, struct rate rate, uint64_t now_us);
