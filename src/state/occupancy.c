#include "state/occupancy.h"

#include <string.h>

static uint32_t places_for(uint32_t keys)
{
    uint32_t places = 16;

    while (places < 2 * (uint64_t)keys && places < 1U << 31) {
        places *= 2;
    }
    return places;
}

size_t occupancy_size(uint32_t keys)
{
    return (size_t)places_for(keys) * sizeof(struct occupied);
}

void occupancy_init(struct occupancy *occupancy, void *memory, uint32_t keys)
{
    uint32_t places = places_for(keys);

    memset(memory, 0, occupancy_size(keys));
    *occupancy =
        (struct occupancy){.places = memory, .mask = places - 1, .limit = places - places / 4};
}

/* Its place, or the free one it would take. */
static struct occupied *place_of(const struct occupancy *occupancy, uint64_t key)
{
    uint32_t at = (uint32_t)key & occupancy->mask;

    while (occupancy->places[at].count > 0 && occupancy->places[at].key != key) {
        at = (at + 1) & occupancy->mask;
    }
    return &occupancy->places[at];
}

void occupancy_enter(struct occupancy *occupancy, uint64_t key)
{
    struct occupied *place = key == 0 ? NULL : place_of(occupancy, key);

    if (place == NULL) {
        return;
    }
    if (place->count == 0) {
        if (occupancy->used == occupancy->limit) {
            occupancy->lost++;
            return;
        }
        occupancy->used++;
        place->key = key;
    }
    place->count++;
}

/* Whoever stands behind the free place and would have been found through it moves up. */
static void close_gap(struct occupancy *occupancy, uint32_t gap)
{
    uint32_t at = (gap + 1) & occupancy->mask;

    for (; occupancy->places[at].count > 0; at = (at + 1) & occupancy->mask) {
        uint32_t home = (uint32_t)occupancy->places[at].key & occupancy->mask;

        if (((at - home) & occupancy->mask) >= ((at - gap) & occupancy->mask)) {
            occupancy->places[gap] = occupancy->places[at];
            occupancy->places[at].count = 0;
            gap = at;
        }
    }
}

void occupancy_leave(struct occupancy *occupancy, uint64_t key)
{
    struct occupied *place = key == 0 ? NULL : place_of(occupancy, key);

    if (place == NULL || place->count == 0) {
        return;
    }
    if (--place->count == 0) {
        occupancy->used--;
        close_gap(occupancy, (uint32_t)(place - occupancy->places));
    }
}

uint32_t occupancy_of(const struct occupancy *occupancy, uint64_t key)
{
    return key == 0 ? 0 : place_of(occupancy, key)->count;
}
