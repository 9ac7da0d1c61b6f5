/*
 * Where may this go: every route is entered under each of its senders, numbers and domains, and
 * found again by asking for the longest number first, then for the narrowest domain.
 */
#include "policy/tables.h"

/* Of number and domain, which costs; a sender and a reach are then mixed in, which does not. */
static uint64_t words_hash(struct slice number, struct slice domain)
{
    return hash_pair(&policy_hash_key, number, domain);
}

static uint64_t key_hash(uint64_t words, uint32_t scope, enum reach reach)
{
    return words ^ (((uint64_t)scope << 2 | reach) * 0x9e3779b97f4a7c15ULL);
}

static bool entry_is(const struct route_entry *entry, uint32_t scope, enum reach reach,
                     struct slice number, struct slice domain)
{
    return entry->scope == scope && entry->reach == reach && slice_equal(entry->number, number) &&
           slice_equal(entry->domain, domain);
}

static uint32_t entry_at(const struct route_table *routes, const struct route_entry *key,
                         uint64_t words)
{
    uint64_t hash = key_hash(words, key->scope, key->reach);
    struct table_cursor cursor = {0};
    uint32_t index;

    while (table_next(&routes->table, hash, &cursor, &index)) {
        if (entry_is(&routes->entries[index], key->scope, key->reach, key->number, key->domain)) {
            return index;
        }
    }
    return 0;
}

uint32_t route_entry_find(const struct route_table *routes, const struct route_entry *key)
{
    return entry_at(routes, key, words_hash(key->number, key->domain));
}

/* Entries of one key are chained in the order of the file. */
static void entry_add(struct route_table *routes, const struct route_entry *key)
{
    uint64_t words = words_hash(key->number, key->domain);
    uint32_t index = ++routes->count;
    uint32_t at = entry_at(routes, key, words);

    routes->entries[index] = *key;
    routes->reaches = (uint8_t)(routes->reaches | 1u << key->reach);
    routes->scopes = (uint8_t)(routes->scopes | 1u << (key->scope >> 16));
    if (at == 0) {
        table_add(&routes->table, key_hash(words, key->scope, key->reach), index);
        return;
    }
    while (routes->entries[at].next != 0) {
        at = routes->entries[at].next;
    }
    routes->entries[at].next = index;
}

static void domain_entry(struct route_entry *entry, struct slice domain)
{
    bool is_all = slice_equal(domain, SLICE("*"));
    bool is_below = slice_starts(domain, SLICE("*."));

    entry->reach = is_all ? REACH_ALL : is_below ? REACH_BELOW : REACH_NAMED;
    entry->domain = is_all ? SLICE_NONE : is_below ? slice_skip(domain, 2) : domain;
}

/* Ours, and those of the peers the route leads to: whoever asks for their domain means them. */
static void entries_usual(struct policy *policy, const struct policy_route *route,
                          struct route_entry entry)
{
    struct route_table *routes = &policy->tables->routes;

    entry.reach = REACH_OWN;
    entry.domain = SLICE_NONE;
    entry_add(routes, &entry);
    for (uint32_t i = 0; i < route->hop_count; i++) {
        const struct policy_slices *domains = &policy->peers[route->hops[i].peer].domains;
        bool is_new = i == 0 || route->hops[i].peer != route->hops[i - 1].peer;

        for (uint32_t k = 0; is_new && k < domains->count; k++) {
            domain_entry(&entry, domains->at[k]);
            entry_add(routes, &entry);
        }
    }
}

static void entries_of(struct policy *policy, uint16_t index)
{
    const struct policy_route *route = &policy->routes[index];
    struct route_table *routes = &policy->tables->routes;
    struct route_entry entry = {.scope = scope_of(route->from, route->from_peer), .route = index};
    uint32_t number_count = route->numbers.count == 0 ? 1 : route->numbers.count;

    if (route->is_emergency) {
        routes->emergency[routes->emergency_count++] = index;
        return;
    }
    for (uint32_t i = 0; i < number_count; i++) {
        entry.number = route->numbers.count == 0 ? SLICE_NONE : route->numbers.at[i];
        routes->number_lens |= 1ULL << entry.number.len;
        if (route->domains.count == 0) {
            entries_usual(policy, route, entry);
        }
        for (uint32_t k = 0; k < route->domains.count; k++) {
            domain_entry(&entry, route->domains.at[k]);
            entry_add(routes, &entry);
        }
    }
}

uint64_t route_entries(const struct policy *policy, const struct policy_route *route)
{
    uint64_t domains = route->domains.count;

    if (domains == 0) {
        domains = 1;
        for (uint32_t i = 0; i < route->hop_count; i++) {
            domains += policy->peers[route->hops[i].peer].domains.count;
        }
    }
    return domains * (route->numbers.count == 0 ? 1 : route->numbers.count);
}

bool tables_compile_routes(struct policy *policy)
{
    struct memory *memory = &policy->tables->memory;
    struct route_table *routes = &policy->tables->routes;
    uint64_t room = 1;

    for (uint32_t i = 0; i < policy->route_count; i++) {
        room += route_entries(policy, &policy->routes[i]);
    }
    void *places = memory_take(memory, table_size((uint32_t)room), 1);
    routes->entries = memory_take(memory, room + 1, sizeof(struct route_entry));
    routes->emergency = memory_take(memory, policy->route_count + 1, sizeof(uint16_t));
    if (places == NULL || routes->entries == NULL || routes->emergency == NULL) {
        return false;
    }
    table_init(&routes->table, places, (uint32_t)room);
    for (uint32_t i = 0; i < policy->route_count; i++) {
        entries_of(policy, (uint16_t)i);
    }
    return true;
}

static bool route_carries(const struct policy_route *route, enum sip_method method)
{
    return route->methods == 0 ||
           (method < SIP_METHOD_COUNT && (route->methods >> method & 1) != 0);
}

/* The first route in the file that this sender, or his zone, or everybody may take under a key. */
static uint16_t key_find(const struct policy *policy, const struct policy_call *call,
                         struct route_entry *key)
{
    const struct route_table *routes = &policy->tables->routes;
    const uint32_t scopes[SCOPES] = {
        [SCOPE_ANYBODY] = 0,
        [SCOPE_ZONE] = scope_of(call->zone, POLICY_NONE),
        [SCOPE_PEER] = scope_of(call->zone, call->peer),
    };
    uint16_t best = POLICY_NONE;

    if ((routes->reaches >> key->reach & 1) == 0) {
        return POLICY_NONE;
    }
    uint64_t words = words_hash(key->number, key->domain);
    for (uint32_t i = 0; i < SCOPES; i++) {
        if ((routes->scopes >> i & 1) == 0 || (i == SCOPE_PEER && call->peer == POLICY_NONE)) {
            continue;
        }
        key->scope = scopes[i];
        for (uint32_t at = entry_at(routes, key, words); at != 0; at = routes->entries[at].next) {
            uint16_t route = routes->entries[at].route;

            if (route < best && route_carries(&policy->routes[route], call->method)) {
                best = route;
            }
        }
    }
    return best;
}

/* Below "b.c" is "a.b.c", not "b.c" itself: the longest tail wins. */
static uint16_t below_find(const struct policy *policy, const struct policy_call *call,
                           struct slice number, struct slice domain)
{
    struct route_entry key = {.number = number, .reach = REACH_BELOW};

    if ((policy->tables->routes.reaches >> REACH_BELOW & 1) == 0) {
        return POLICY_NONE;
    }
    for (unsigned label = 0; label < DOMAIN_LABELS_MAX; label++) {
        size_t dot = slice_find(domain, '.');
        if (dot == domain.len) {
            return POLICY_NONE;
        }
        domain = slice_skip(domain, dot + 1);
        key.domain = domain;
        uint16_t route = key_find(policy, call, &key);
        if (route != POLICY_NONE) {
            return route;
        }
    }
    return POLICY_NONE;
}

static uint16_t number_find(const struct policy *policy, const struct policy_call *call,
                            struct slice number, struct slice domain, bool is_own)
{
    struct route_entry named = {.number = number, .domain = domain, .reach = REACH_NAMED};
    struct route_entry own = {.number = number, .reach = REACH_OWN};
    struct route_entry all = {.number = number, .reach = REACH_ALL};
    uint16_t route = domain.len == 0 ? (uint16_t)POLICY_NONE : key_find(policy, call, &named);

    if (route == POLICY_NONE) {
        route = below_find(policy, call, number, domain);
    }
    if (route == POLICY_NONE && is_own) {
        route = key_find(policy, call, &own);
    }
    return route == POLICY_NONE ? key_find(policy, call, &all) : route;
}

static uint16_t emergency_find(const struct policy *policy, const struct policy_call *call)
{
    const struct route_table *routes = &policy->tables->routes;

    for (uint32_t i = 0; i < routes->emergency_count; i++) {
        const struct policy_route *route = &policy->routes[routes->emergency[i]];

        if ((route->from == POLICY_NONE || route->from == call->zone) &&
            (route->from_peer == POLICY_NONE || route->from_peer == call->peer)) {
            return routes->emergency[i];
        }
    }
    return POLICY_NONE;
}

uint16_t policy_route_find(const struct policy *policy, const struct policy_call *call)
{
    const struct route_table *routes = &policy->tables->routes;
    char room[DOMAIN_LEN_MAX];
    struct slice domain = domain_lower(call->domain, room);
    bool is_own = call->domain.len == 0 || policy_is_own_domain(policy, call->domain);

    if (call->is_emergency) {
        return emergency_find(policy, call);
    }
    if (call->domain.len > 0 && domain.len == 0) {
        return POLICY_NONE;
    }
    size_t len = call->number.len < NUMBER_LEN_MAX ? call->number.len : NUMBER_LEN_MAX;
    for (;; len--) {
        if (routes->number_lens >> len & 1) {
            uint16_t route =
                number_find(policy, call, slice_head(call->number, len), domain, is_own);
            if (route != POLICY_NONE || len == 0) {
                return route;
            }
        }
        if (len == 0) {
            return POLICY_NONE;
        }
    }
}
