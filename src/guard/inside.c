/*
 * The inside: hosts of the core, compiled from a policy.
 *
 * Names and addresses that are also ours in public (own domains, hosts of other zones) are not
 * secrets and do not count.
 */
#include "guard/identity.h"
#include "guard/steps.h"

#include <stdlib.h>

static int name_order(struct slice a, struct slice b)
{
    if (a.len != b.len) {
        return a.len < b.len ? -1 : 1;
    }
    for (size_t i = 0; i < a.len; i++) {
        int left = (unsigned char)a.at[i], right = (unsigned char)b.at[i];

        left |= left >= 'A' && left <= 'Z' ? 0x20 : 0;
        right |= right >= 'A' && right <= 'Z' ? 0x20 : 0;
        if (left != right) {
            return left - right;
        }
    }
    return 0;
}

static int name_compare(const void *a, const void *b)
{
    const struct slice *left = a, *right = b;

    return name_order(*left, *right);
}

static bool zone_is_inside(const struct policy *policy, uint16_t zone)
{
    return zone < policy->zone_count && policy->zones[zone].class == ZONE_CORE;
}

bool inside_is_public(const struct policy *policy, struct slice name)
{
    for (uint16_t i = 0; i < policy->zone_count; i++) {
        const struct policy_zone *zone = &policy->zones[i];

        if (!zone_is_inside(policy, i) &&
            (slice_equal_nocase(zone->host, name) || slice_equal_nocase(zone->domain, name))) {
            return true;
        }
    }
    for (uint32_t i = 0; i < policy->domains.count; i++) {
        if (slice_equal_nocase(policy->domains.at[i], name)) {
            return true;
        }
    }
    return false;
}

static void name_add(struct plan_inside *inside, const struct policy *policy, struct slice name)
{
    if (name.len > 0 && !inside_is_public(policy, name)) {
        inside->names[inside->name_count++] = name;
    }
}

/* An address may be ours in public and inside at once, on small hosts and in laboratories. */
static bool address_is_public(const struct policy *policy, const struct address *address)
{
    for (uint32_t i = 0; i < policy->listener_count; i++) {
        const struct policy_listener *listener = &policy->listeners[i];

        if (!zone_is_inside(policy, listener->zone) &&
            address_same_host(&listener->address, address)) {
            return true;
        }
    }
    return false;
}

static bool prefix_add(struct plan_inside *inside, const struct prefix *prefix)
{
    uint32_t value = 0;

    if (prefixes_find(inside->addresses, &prefix->address, &value)) {
        return true; /* the same value throughout: a longer prefix says nothing new */
    }
    return prefixes_add(inside->addresses, prefix, 1);
}

static bool address_add(struct plan_inside *inside, const struct address *address)
{
    struct prefix prefix = {*address, address->family == ADDRESS_V4 ? 32 : 128};

    prefix.address.port = 0;
    if (address->family == ADDRESS_NONE || address_is_unspecified(address)) {
        return true;
    }
    return prefix_add(inside, &prefix);
}

static bool peer_add(struct plan_inside *inside, const struct policy_peer *peer)
{
    for (uint32_t i = 0; i < peer->address_count; i++) {
        if (!prefix_add(inside, &peer->addresses[i])) {
            return false;
        }
    }
    return true;
}

static bool route_add(struct plan_inside *inside, const struct policy *policy,
                      const struct policy_route *route)
{
    for (uint32_t i = 0; i < route->hop_count; i++) {
        if (!address_add(inside, &route->hops[i].address)) {
            return false;
        }
        if (route->hops[i].address.family == ADDRESS_NONE) {
            name_add(inside, policy, route->hops[i].host);
        }
    }
    return true;
}

static uint32_t name_limit(const struct policy *policy)
{
    uint32_t limit = 2 * policy->zone_count;

    for (uint32_t i = 0; i < policy->route_count; i++) {
        limit += policy->routes[i].hop_count;
    }
    return limit;
}

/* Ports of the media gate are nobody's signalling target, wherever they are. */
static bool zone_add(struct plan_inside *inside, const struct policy *policy, uint16_t index)
{
    const struct policy_zone *zone = &policy->zones[index];

    if (zone_is_inside(policy, index)) {
        name_add(inside, policy, zone->host);
        name_add(inside, policy, zone->domain);
    }
    return address_add(inside, &zone->media_v4) && address_add(inside, &zone->media_v6);
}

static bool inside_fill(struct plan_inside *inside, const struct policy *policy)
{
    for (uint16_t i = 0; i < policy->zone_count; i++) {
        if (!zone_add(inside, policy, i)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < policy->listener_count; i++) {
        if (zone_is_inside(policy, policy->listeners[i].zone) &&
            !address_add(inside, &policy->listeners[i].address)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < policy->peer_count; i++) {
        if (zone_is_inside(policy, policy->peers[i].zone) && !peer_add(inside, &policy->peers[i])) {
            return false;
        }
    }
    for (uint32_t i = 0; i < policy->route_count; i++) {
        if (zone_is_inside(policy, policy->routes[i].to) &&
            !route_add(inside, policy, &policy->routes[i])) {
            return false;
        }
    }
    return true;
}

static bool numbers_fill(struct plan_inside *inside, const struct policy *policy)
{
    uint32_t room = 1;

    for (uint32_t i = 0; i < policy->peer_count; i++) {
        room += policy->peers[i].numbers.count;
    }
    inside->numbers = calloc(room, sizeof(*inside->numbers));
    for (uint32_t i = 0; inside->numbers != NULL && i < policy->peer_count; i++) {
        const struct policy_peer *peer = &policy->peers[i];

        for (uint32_t k = 0;
             policy->zones[peer->zone].class == ZONE_CORE && k < peer->numbers.count; k++) {
            inside->numbers[inside->number_count++] = peer->numbers.at[k];
        }
    }
    return inside->numbers != NULL;
}

bool inside_init(struct plan_inside *inside, const struct policy *policy)
{
    inside->names = calloc((size_t)name_limit(policy) + 1, sizeof(*inside->names));
    inside->addresses = prefixes_new();
    if (inside->names == NULL || inside->addresses == NULL || !inside_fill(inside, policy) ||
        !numbers_fill(inside, policy)) {
        return false;
    }
    qsort(inside->names, inside->name_count, sizeof(*inside->names), name_compare);
    return true;
}

void inside_end(struct plan_inside *inside)
{
    free(inside->names);
    free(inside->numbers);
    prefixes_free(inside->addresses);
}

bool inside_has_name(const struct plan *plan, struct slice name)
{
    const struct plan_inside *inside = &plan->inside;
    uint32_t low = 0, high = inside->name_count;

    if (name.len > 0 && name.at[name.len - 1] == '.') {
        name.len--; /* the root of the DNS, spelled out */
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = name_order(name, inside->names[middle]);

        if (order == 0) {
            return true;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return false;
}

bool inside_has_number(const struct plan *plan, struct slice number)
{
    const struct policy_slices numbers = {plan->inside.numbers, plan->inside.number_count};

    return identity_has_prefix(&numbers, number);
}

bool inside_has_address(const struct plan *plan, const struct address *address)
{
    struct address inner = *address;
    uint32_t value = 0;

    if (address_is_mapped(address)) {
        /* ::ffff:10.0.0.1 reaches the same host as 10.0.0.1. */
        inner = (struct address){.family = ADDRESS_V4};
        memcpy(inner.bytes, address->bytes + 12, 4);
    }
    return prefixes_find(plan->inside.addresses, &inner, &value) &&
           !address_is_public(plan->policy, &inner);
}
