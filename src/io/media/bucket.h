/*
 * A token bucket: so much per second, so much at once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { BUCKET_SCALE = 1000000 }; /* a token is a million parts: one flows in per us and rate */

struct bucket {
    uint64_t parts, at_us;
    uint32_t rate, burst;
};

static inline void bucket_init(struct bucket *bucket, uint32_t rate, uint32_t burst,
                               uint64_t now_us)
{
    *bucket = (struct bucket){
        .parts = (uint64_t)burst * BUCKET_SCALE,
        .at_us = now_us,
        .rate = rate,
        .burst = burst,
    };
}

/* A new rate takes effect from now on; what was saved up stays, within the new burst. */
static inline void bucket_change(struct bucket *bucket, uint32_t rate, uint32_t burst)
{
    uint64_t full = (uint64_t)burst * BUCKET_SCALE;

    bucket->rate = rate;
    bucket->burst = burst;
    if (bucket->parts > full) {
        bucket->parts = full;
    }
}

static inline void bucket_fill(struct bucket *bucket, uint64_t now_us)
{
    uint64_t full = (uint64_t)bucket->burst * BUCKET_SCALE;
    uint64_t passed_us = now_us > bucket->at_us ? now_us - bucket->at_us : 0;

    /* Ten minutes fill any bucket of ours, and keep the product small. */
    if (passed_us > 600ULL * BUCKET_SCALE) {
        passed_us = 600ULL * BUCKET_SCALE;
    }
    bucket->parts += passed_us * bucket->rate;
    if (bucket->parts > full) {
        bucket->parts = full;
    }
    bucket->at_us = now_us;
}

static inline bool bucket_has(const struct bucket *bucket, uint32_t tokens)
{
    return bucket->parts >= (uint64_t)tokens * BUCKET_SCALE;
}

/* Only after bucket_has. */
static inline void bucket_take(struct bucket *bucket, uint32_t tokens)
{
    bucket->parts -= (uint64_t)tokens * BUCKET_SCALE;
}
