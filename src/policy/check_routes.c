#include "policy/check.h"

static bool route_takes_all_domains(const struct policy_route *route)
{
    for (uint32_t i = 0; i < route->domains.count; i++) {
        if (slice_equal(route->domains.at[i], SLICE("*"))) {
            return true;
        }
    }
    return false;
}

/* From outside to outside, wherever the request says: an open relay (HYG-U14). */
static void check_open_relay(struct draft *draft, const struct item *item,
                             const struct policy_route *route)
{
    const struct policy_zone *zones = draft->policy->zones;
    bool is_from_core = route->from != POLICY_NONE && zones[route->from].class == ZONE_CORE;

    if (route->to == POLICY_NONE || route->is_registered || is_from_core ||
        zones[route->to].class == ZONE_CORE || route->numbers.count > 0 ||
        !route_takes_all_domains(route)) {
        return;
    }
    draft_complain(
        draft, item_place(item, "domains"),
        "the route carries every domain from outside to outside, which is an open relay; "
        "expected the domains or numbers that were agreed; list them");
}

static void check_route(struct draft *draft, uint32_t index)
{
    const struct policy_route *route = &draft->policy->routes[index];
    const struct item *item = draft->routes[index];

    check_open_relay(draft, item, route);
    if (route->is_emergency && route->is_registered) {
        draft_complain(draft, item_place(item, "to"),
                       "the emergency route leads to registered devices; expected the network that "
                       "answers emergency calls; name a peer");
    }
}

void check_routes(struct draft *draft)
{
    uint64_t entries = 0;

    for (uint32_t i = 0; i < draft->policy->route_count; i++) {
        check_route(draft, i);
        entries += route_entries(draft->policy, &draft->policy->routes[i]);
        if (entries > ROUTE_ENTRIES_MAX) {
            draft_complain(draft, draft->routes[i]->place,
                           "the routes to here have more than %d pairs of number and domain; "
                           "expected fewer; use shorter prefixes or split the site",
                           ROUTE_ENTRIES_MAX);
            return;
        }
    }
}

static bool methods_cover(uint32_t wide, uint32_t narrow)
{
    return wide == 0 || (narrow != 0 && (narrow & ~wide) == 0);
}

static bool senders_cover(const struct policy_route *wide, const struct policy_route *narrow)
{
    if (wide->from_peer != POLICY_NONE) {
        return wide->from_peer == narrow->from_peer;
    }
    return wide->from == POLICY_NONE || wide->from == narrow->from;
}

/* The earlier route that takes all of an entry, or POLICY_NONE.  Only entries of its key can. */
static uint16_t entry_shadow(const struct policy *policy, const struct route_entry *entry)
{
    const struct policy_route *route = &policy->routes[entry->route];
    const uint32_t scopes[] = {0, scope_of(route->from, POLICY_NONE), entry->scope};
    struct route_entry key = *entry;

    for (unsigned i = 0; i < 3; i++) {
        key.scope = scopes[i];
        for (uint32_t at = route_entry_find(&policy->tables->routes, &key); at != 0;
             at = policy->tables->routes.entries[at].next) {
            uint16_t other = policy->tables->routes.entries[at].route;

            if (other < entry->route &&
                methods_cover(policy->routes[other].methods, route->methods)) {
                return other;
            }
        }
    }
    return POLICY_NONE;
}

static uint16_t emergency_shadow(const struct policy *policy, uint32_t index)
{
    for (uint32_t i = 0; i < index; i++) {
        if (policy->routes[i].is_emergency &&
            senders_cover(&policy->routes[i], &policy->routes[index])) {
            return (uint16_t)i;
        }
    }
    return POLICY_NONE;
}

static void complain_shadow(struct draft *draft, uint32_t index, uint16_t shadow)
{
    draft_complain(draft, draft->routes[index]->place,
                   "this route is never taken, the one in line %u takes all of it; expected it "
                   "first, or narrower; move it up or remove it",
                   draft->policy->routes[shadow].line);
}

void check_reach(struct draft *draft)
{
    const struct policy *policy = draft->policy;
    const struct route_table *routes = &policy->tables->routes;
    bool *is_reached = memory_take(&draft->scratch, policy->route_count + 1, sizeof(bool));
    uint16_t *shadows = memory_take(&draft->scratch, policy->route_count + 1, sizeof(uint16_t));

    if (is_reached == NULL || shadows == NULL) {
        return;
    }
    for (uint32_t i = 1; i <= routes->count; i++) {
        uint16_t shadow = entry_shadow(policy, &routes->entries[i]);

        shadows[routes->entries[i].route] = shadow;
        is_reached[routes->entries[i].route] |= shadow == POLICY_NONE;
    }
    for (uint32_t i = 0; i < policy->route_count; i++) {
        if (policy->routes[i].is_emergency) {
            shadows[i] = emergency_shadow(policy, i);
            is_reached[i] = shadows[i] == POLICY_NONE;
        }
        if (!is_reached[i]) {
            complain_shadow(draft, i, shadows[i]);
        }
    }
}

void draft_check(struct draft *draft)
{
    check_zones(draft);
    check_peers(draft);
    check_routes(draft);
}
