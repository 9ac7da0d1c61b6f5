#include "state/media_ports.h"

#include "base/must.h"

enum pair_state { PAIR_FREE, PAIR_USED, PAIR_RESTING, PAIR_BARRED };

/* A pair is known by its number among ours: 0 is the first of the pool that is ours. */
struct pair {
    uint64_t rests_until_ms;
    uint16_t place; /* in free, while free */
    uint16_t state; /* enum pair_state */
};

struct part {
    struct media_pool pool;
    uint32_t first_port, step; /* port of pair number n: first_port + n * step */
    uint32_t count;
    uint32_t used, most_used, barred;
    uint64_t refused;
    struct pair *pairs;
    uint16_t *free; /* in no order: one is picked by chance, the last takes its place */
    uint32_t free_count;
    uint16_t *resting; /* a ring, the oldest first */
    uint32_t resting_first, resting_count;
};

struct media_ports {
    uint64_t rest_ms;
    uint32_t part_count;
    struct part parts[MEDIA_POOLS_MAX];
};

enum { PART_ALIGN = 16 };

/* Tables for all pairs of a pool, whatever our share: simple, and never too little. */
static size_t part_size(const struct media_pool *pool)
{
    size_t size = media_pool_pairs(pool) * (sizeof(struct pair) + 2 * sizeof(uint16_t));

    return (size + PART_ALIGN - 1) & ~(size_t)(PART_ALIGN - 1);
}

static size_t head_size(void)
{
    return (sizeof(struct media_ports) + PART_ALIGN - 1) & ~(size_t)(PART_ALIGN - 1);
}

size_t media_ports_size(const struct media_pool *pools, uint32_t pool_count)
{
    size_t size = head_size();

    for (uint32_t i = 0; i < pool_count; i++) {
        size += part_size(&pools[i]);
    }
    return size;
}

static void part_free(struct part *part, uint32_t number)
{
    struct pair *pair = &part->pairs[number];

    pair->state = PAIR_FREE;
    pair->place = (uint16_t)part->free_count;
    part->free[part->free_count++] = (uint16_t)number;
}

/* The last of the free takes the place of this one. */
static void part_unfree(struct part *part, uint32_t number, enum pair_state state)
{
    struct pair *pair = &part->pairs[number];
    uint16_t last = part->free[--part->free_count];

    must(pair->state == PAIR_FREE && part->free[pair->place] == number);
    part->free[pair->place] = last;
    part->pairs[last].place = pair->place;
    pair->state = (uint16_t)state;
}

static void part_init(struct part *part, char *memory, const struct media_pool *pool,
                      struct media_ports_share share)
{
    uint32_t pairs = media_pool_pairs(pool);

    *part = (struct part){.pool = *pool};
    part->first_port = media_pool_first(pool) + 2 * share.worker;
    part->step = 2 * share.workers;
    part->count = (pairs + share.workers - 1 - share.worker) / share.workers;
    part->pairs = (struct pair *)(void *)memory;
    part->free = (uint16_t *)(void *)(memory + pairs * sizeof(struct pair));
    part->resting = part->free + pairs;
    for (uint32_t i = 0; i < part->count; i++) {
        part_free(part, i);
    }
}

struct media_ports *media_ports_init(void *memory, const struct media_pool *pools,
                                     uint32_t pool_count, struct media_ports_share share)
{
    struct media_ports *ports = memory;
    char *tables = (char *)memory + head_size();

    must(pool_count <= MEDIA_POOLS_MAX && share.worker < share.workers);
    ports->part_count = pool_count;
    ports->rest_ms = MEDIA_PORTS_REST_MS;
    for (uint32_t i = 0; i < pool_count; i++) {
        part_init(&ports->parts[i], tables, &pools[i], share);
        tables += part_size(&pools[i]);
    }
    return ports;
}

void media_ports_rezone(struct media_ports *ports, const uint16_t *zones, uint32_t count)
{
    for (uint32_t i = 0; i < ports->part_count; i++) {
        struct media_pool *pool = &ports->parts[i].pool;

        pool->zone = pool->zone < count ? zones[pool->zone] : UINT16_MAX;
    }
}

static const struct part *part_of_zone(const struct media_ports *ports, uint16_t zone,
                                       enum address_family family)
{
    for (uint32_t i = 0; i < ports->part_count; i++) {
        if (ports->parts[i].pool.zone == zone && ports->parts[i].pool.address.family == family) {
            return &ports->parts[i];
        }
    }
    return NULL;
}

/* NULL when the address and port are no pair of ours. */
static struct part *part_of_local(struct media_ports *ports, const struct address *local,
                                  uint32_t *number)
{
    for (uint32_t i = 0; i < ports->part_count; i++) {
        struct part *part = &ports->parts[i];
        uint32_t above = local->port - part->first_port;

        if (local->port >= part->first_port && above % part->step == 0 &&
            above / part->step < part->count && address_same_host(&part->pool.address, local)) {
            *number = above / part->step;
            return part;
        }
    }
    return NULL;
}

static void part_wake(struct part *part, uint64_t now_ms)
{
    while (part->resting_count > 0) {
        uint16_t oldest = part->resting[part->resting_first];

        if (part->pairs[oldest].rests_until_ms > now_ms) {
            return;
        }
        part->resting_first = (part->resting_first + 1) % part->count;
        part->resting_count--;
        part_free(part, oldest);
    }
}

static void part_use(struct part *part, uint32_t number)
{
    part_unfree(part, number, PAIR_USED);
    part->used++;
    if (part->used > part->most_used) {
        part->most_used = part->used;
    }
}

bool media_ports_take(struct media_ports *ports, uint16_t zone, enum address_family family,
                      bool is_emergency, uint64_t random, uint64_t now_ms, struct address *local)
{
    const struct part *found = part_of_zone(ports, zone, family);
    struct part *part = NULL;
    uint32_t reserve, number;

    if (found == NULL) {
        return false;
    }
    part = &ports->parts[found - ports->parts];
    part_wake(part, now_ms);
    reserve = is_emergency ? 0 : part->count / MEDIA_PORTS_RESERVE_PART;
    if (part->free_count <= reserve) {
        part->refused++;
        return false;
    }
    number = part->free[random % part->free_count];
    part_use(part, number);
    *local = part->pool.address;
    local->port = (uint16_t)(part->first_port + number * part->step);
    return true;
}

void media_ports_set_rest(struct media_ports *ports, uint64_t rest_ms)
{
    ports->rest_ms = rest_ms;
}

bool media_ports_give(struct media_ports *ports, const struct address *local, uint64_t now_ms)
{
    uint32_t number = 0;
    struct part *part = part_of_local(ports, local, &number);

    if (part == NULL || part->pairs[number].state != PAIR_USED) {
        return false;
    }
    part->used--;
    part->pairs[number].state = PAIR_RESTING;
    part->pairs[number].rests_until_ms = now_ms + ports->rest_ms;
    part->resting[(part->resting_first + part->resting_count++) % part->count] = (uint16_t)number;
    return true;
}

bool media_ports_hold(struct media_ports *ports, const struct address *local)
{
    uint32_t number = 0;
    struct part *part = part_of_local(ports, local, &number);

    if (part == NULL || part->pairs[number].state != PAIR_FREE) {
        return false;
    }
    part_use(part, number);
    return true;
}

bool media_ports_bar(struct media_ports *ports, const struct address *local)
{
    uint32_t number = 0;
    struct part *part = part_of_local(ports, local, &number);

    if (part == NULL || part->pairs[number].state != PAIR_FREE) {
        return false;
    }
    part_unfree(part, number, PAIR_BARRED);
    part->barred++;
    return true;
}

struct media_ports_counts media_ports_counts(const struct media_ports *ports, uint16_t zone,
                                             enum address_family family)
{
    const struct part *part = part_of_zone(ports, zone, family);

    if (part == NULL) {
        return (struct media_ports_counts){.pairs = 0};
    }
    return (struct media_ports_counts){
        .pairs = part->count,
        .used = part->used,
        .most_used = part->most_used,
        .resting = part->resting_count,
        .barred = part->barred,
        .refused = part->refused,
    };
}
