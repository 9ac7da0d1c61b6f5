#include "state/rates.h"

#include "base/must.h"

struct rate rate_of(uint32_t per_minute, uint32_t usual, uint32_t burst)
{
    uint64_t scaled = burst;

    if (per_minute == 0) {
        return (struct rate){0};
    }
    if (usual != 0 && usual != per_minute) {
        scaled = ((uint64_t)burst * per_minute + usual - 1) / usual;
    }
    return (struct rate){
        .token_us = (RATES_MINUTE_US + per_minute - 1) / per_minute,
        .burst = (uint32_t)(scaled == 0 ? 1 : scaled),
    };
}

size_t rates_size(uint32_t places)
{
    return (size_t)places * sizeof(struct bucket);
}

void rates_init(struct rates *rates, void *memory, uint32_t places)
{
    must(places >= RATES_WAYS && (places & (places - 1)) == 0);
    *rates = (struct rates){.buckets = memory, .mask = places / RATES_WAYS - 1};
}

struct bucket *rates_at(struct rates *rates, uint64_t key, uint64_t now_us)
{
    uint64_t named = key == 0 ? 1 : key;
    struct bucket *set = &rates->buckets[(named & rates->mask) * RATES_WAYS];
    struct bucket *least = set;

    for (unsigned i = 0; i < RATES_WAYS; i++) {
        if (set[i].key == named) {
            return &set[i];
        }
        if (set[i].full_us < least->full_us) {
            least = &set[i];
        }
    }
    rates->crowded += least->full_us > now_us;
    *least = (struct bucket){.key = named, .full_us = now_us}; /* full, and the newest */
    return least;
}

/* Never more than the whole burst: a bucket further ahead is of a clock that was set back since (a
 * capture's may be), or of a rate that is no more; it is as good as full. */
static uint64_t taken_us(const struct bucket *bucket, struct rate rate, uint64_t now_us)
{
    uint64_t ahead_us = bucket->full_us > now_us ? bucket->full_us - now_us : 0;

    return ahead_us > rate.token_us * rate.burst ? 0 : ahead_us;
}

bool bucket_has(const struct bucket *bucket, struct rate rate, uint32_t quarters, uint64_t now_us)
{
    uint64_t cost_us = rate.token_us * quarters / RATES_WHOLE;

    return taken_us(bucket, rate, now_us) + cost_us <= rate.token_us * rate.burst;
}

void bucket_take(struct bucket *bucket, struct rate rate, uint32_t quarters, uint64_t now_us)
{
    bucket->full_us =
        now_us + taken_us(bucket, rate, now_us) + rate.token_us * quarters / RATES_WHOLE;
}

uint32_t bucket_percent(const struct bucket *bucket, struct rate rate, uint64_t now_us)
{
    uint64_t whole_us = rate.token_us * rate.burst;

    return whole_us == 0 ? 0 : (uint32_t)(taken_us(bucket, rate, now_us) * 100 / whole_us);
}
