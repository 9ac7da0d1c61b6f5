/*
 * What is ours: domains, names, addresses; and what is an emergency.
 */
#include "policy/host.h"
#include "policy/tables.h"

const struct hash_key policy_hash_key = {0x736970776172646eULL, 0x706f6c6963790001ULL};

struct slice domain_lower(struct slice domain, char *room)
{
    if (domain.len > DOMAIN_LEN_MAX) {
        return SLICE_NONE;
    }
    for (size_t i = 0; i < domain.len; i++) {
        char octet = domain.at[i];

        room[i] = octet >= 'A' && octet <= 'Z' ? (char)(octet - 'A' + 'a') : octet;
    }
    return slice_of(room, domain.len);
}

static bool own_has(const struct name_table *own, struct slice lower)
{
    uint64_t hash = hash_bytes(&policy_hash_key, lower);
    struct table_cursor cursor = {0};
    uint32_t index;

    while (table_next(&own->table, hash, &cursor, &index)) {
        if (slice_equal(own->names[index - 1], lower)) {
            return true;
        }
    }
    return false;
}

static void own_add(struct name_table *own, struct slice *names, struct slice name)
{
    if (name.len > 0 && !own_has(own, name)) {
        names[own->count++] = name;
        table_add(&own->table, hash_bytes(&policy_hash_key, name), own->count);
    }
}

/* sent_by is "host:port"; the host alone, in lower case, is the name. */
static struct slice sent_by_name(struct memory *memory, struct slice sent_by)
{
    struct slice host = slice_head(sent_by, slice_find_last(sent_by, ':'));
    char room[DOMAIN_LEN_MAX];

    return memory_keep(memory, domain_lower(host, room));
}

bool tables_compile_names(struct policy *policy)
{
    struct policy_tables *tables = policy->tables;
    struct name_table *own = &tables->own;
    uint32_t room = policy->domains.count + 2 * policy->zone_count + policy->listener_count + 1;
    struct slice *names = memory_take(&tables->memory, room, sizeof(struct slice));
    void *places = memory_take(&tables->memory, table_size(room), 1);

    if (names == NULL || places == NULL) {
        return false;
    }
    table_init(&own->table, places, room);
    own->names = names;
    for (uint32_t i = 0; i < policy->domains.count; i++) {
        own_add(own, names, policy->domains.at[i]);
    }
    for (uint32_t i = 0; i < policy->zone_count; i++) {
        own_add(own, names, policy->zones[i].host);
        own_add(own, names, policy->zones[i].domain);
    }
    for (uint32_t i = 0; i < policy->listener_count; i++) {
        own_add(own, names, sent_by_name(&tables->memory, policy->listeners[i].sent_by));
    }
    return !tables->memory.is_refused;
}

bool policy_is_own_domain(const struct policy *policy, struct slice domain)
{
    char room[DOMAIN_LEN_MAX];
    struct slice lower = domain_lower(domain, room);
    struct address address;

    if (lower.len == 0) {
        return false;
    }
    return own_has(&policy->tables->own, lower) ||
           (address_read(&address, lower) && policy_is_own_address(policy, &address));
}

static bool is_media(const struct policy_zone *zone, const struct address *address)
{
    bool is_ours =
        (zone->media_v4.family != ADDRESS_NONE && address_same_host(&zone->media_v4, address)) ||
        (zone->media_v6.family != ADDRESS_NONE && address_same_host(&zone->media_v6, address));

    return is_ours && (address->port == 0 || (address->port >= zone->media_port_min &&
                                              address->port <= zone->media_port_max));
}

bool policy_is_own_address(const struct policy *policy, const struct address *address)
{
    for (uint32_t i = 0; i < policy->listener_count; i++) {
        const struct address *ours = &policy->listeners[i].address;

        if (address_same_host(ours, address) &&
            (address->port == 0 || address->port == ours->port)) {
            return true;
        }
    }
    for (uint32_t i = 0; i < policy->zone_count; i++) {
        if (is_media(&policy->zones[i], address)) {
            return true;
        }
    }
    return false;
}

bool policy_is_emergency_number(const struct policy *policy, struct slice digits)
{
    for (uint32_t i = 0; i < policy->emergency_numbers.count; i++) {
        if (slice_equal(policy->emergency_numbers.at[i], digits)) {
            return true;
        }
    }
    return false;
}

static bool service_is(struct slice service, struct slice name)
{
    return slice_starts_nocase(service, name) &&
           (service.len == name.len || service.at[name.len] == '.');
}

bool policy_is_emergency_service(struct slice service)
{
    return service_is(service, SLICE("sos"));
}

bool policy_is_emergency_test(struct slice service)
{
    return service_is(service, SLICE("test.sos"));
}
