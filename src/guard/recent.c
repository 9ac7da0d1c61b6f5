#include "guard/recent.h"

#include "guard/steps.h"

_Static_assert((RECENT_PLACES & (RECENT_PLACES - 1)) == 0, "places are chosen by a mask");

static uint64_t key_hash(const struct inspection *inspection, const struct recent_key *key)
{
    struct hash_key own = inspection->state->key;

    own.k0 ^= (uint64_t)key->kind + 1;
    return hash_pair(&own, key->a, key->b) | 1;
}

static struct recent_place *set_of(const struct inspection *inspection, uint64_t hash)
{
    return &inspection->tallies->recent
                ->places[(hash >> 8 & (RECENT_PLACES / RECENT_WAYS - 1)) * RECENT_WAYS];
}

static bool is_over(const struct recent_place *place, uint32_t window_s, uint32_t now_s)
{
    return now_s - place->since_s >= window_s;
}

uint32_t recent_of(const struct inspection *inspection, const struct recent_key *key,
                   uint32_t window_s)
{
    if (inspection->tallies == NULL) {
        return 0;
    }
    uint64_t hash = key_hash(inspection, key);
    const struct recent_place *set = set_of(inspection, hash);

    for (unsigned i = 0; i < RECENT_WAYS; i++) {
        if (set[i].key == hash &&
            !is_over(&set[i], window_s, (uint32_t)(inspection->now_ms / 1000))) {
            return set[i].count;
        }
    }
    return 0;
}

uint32_t recent_count(struct inspection *inspection, const struct recent_key *key,
                      uint32_t window_s)
{
    uint32_t now_s = (uint32_t)(inspection->now_ms / 1000);

    if (inspection->tallies == NULL) {
        return 0;
    }
    uint64_t hash = key_hash(inspection, key);
    struct recent_place *set = set_of(inspection, hash), *place = &set[0];

    for (unsigned i = 0; i < RECENT_WAYS; i++) {
        if (set[i].key == hash) {
            place = &set[i];
            break;
        }
        if (set[i].since_s < place->since_s) {
            place = &set[i];
        }
    }
    if (place->key != hash || is_over(place, window_s, now_s)) {
        *place = (struct recent_place){.key = hash, .since_s = now_s};
    }
    place->count += place->count < UINT32_MAX;
    return place->count;
}
