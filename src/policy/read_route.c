/*
 * Routes: names become zones, peers and next hops.
 */
#include "policy/nearest.h"
#include "policy/settings.h"

enum { PRIORITY_STEP = 1000 }; /* above the priorities within a peer (HOP "priority") */

static void route_refuse_name(struct draft *draft, const struct item *item,
                              const struct setting *setting)
{
    struct nearest nearest;

    nearest_init(&nearest, item->text);
    for (uint32_t zone = 0; zone < draft->policy->zone_count; zone++) {
        nearest_try(&nearest, draft->policy->zones[zone].name);
    }
    for (uint32_t peer = 0; peer < draft->policy->peer_count; peer++) {
        nearest_try(&nearest, draft->policy->peers[peer].name);
    }
    draft_complain(draft, item->place,
                   "there is no zone or peer '%s'%s; expected %s; mend it or add the peer",
                   show(item->text).text, nearest_suggest(&nearest).text,
                   kind_expected(setting->kind));
}

void setting_read_FROM(struct draft *draft, const struct item *item, const struct setting *setting,
                       void *object)
{
    struct route_draft *route = object;
    struct values values;
    const struct item *value;

    if (!values_begin(draft, item, setting, &values)) {
        return;
    }
    route->from_zones = memory_take(&draft->scratch, values.count, sizeof(uint16_t));
    route->from_peers = memory_take(&draft->scratch, values.count, sizeof(uint16_t));
    while (route->from_zones != NULL && route->from_peers != NULL &&
           (value = values_next(&values)) != NULL) {
        if (!setting_is_value(draft, value, setting)) {
            continue;
        }
        uint16_t peer = draft_peer(draft, value->text);
        uint16_t zone =
            peer == POLICY_NONE ? draft_zone(draft, value->text) : draft->policy->peers[peer].zone;
        bool is_any = slice_equal(value->text, SLICE("any"));
        if (zone == POLICY_NONE && peer == POLICY_NONE && !is_any) {
            route_refuse_name(draft, value, setting);
            continue;
        }
        route->from_zones[route->from] = zone;
        route->from_peers[route->from++] = peer;
    }
}

static void route_to_zone(struct draft *draft, const struct item *item, uint16_t zone,
                          struct route_draft *route, bool is_alone)
{
    if (!zone_class_is_access(draft->policy->zones[zone].class)) {
        draft_complain(draft, item->place,
                       "'%s' is a zone of class %s, where nobody registers; expected a peer of it, "
                       "or an access zone; name the peers of the zone",
                       show(item->text).text, zone_class_written(draft->policy->zones[zone].class));
    } else if (!is_alone) {
        draft_complain(draft, item->place,
                       "the zone '%s' stands beside others; expected peers, or one access zone "
                       "alone; write two routes",
                       show(item->text).text);
    } else {
        route->to_zone = zone;
    }
}

void setting_read_TO(struct draft *draft, const struct item *item, const struct setting *setting,
                     void *object)
{
    struct route_draft *route = object;
    struct values values;
    const struct item *value;

    if (!values_begin(draft, item, setting, &values)) {
        return;
    }
    bool is_alone = values.count == 1;
    while ((value = values_next(&values)) != NULL) {
        if (!setting_is_value(draft, value, setting)) {
            continue;
        }
        uint16_t peer = draft_peer(draft, value->text);
        uint16_t zone = draft_zone(draft, value->text);
        if (peer != POLICY_NONE) {
            route->to_peers[route->to++] = peer;
        } else if (zone != POLICY_NONE) {
            route_to_zone(draft, value, zone, route, is_alone);
        } else {
            route_refuse_name(draft, value, setting);
        }
    }
}

static void route_hops(struct draft *draft, const struct item *item,
                       const struct route_draft *written, struct policy_route *route)
{
    struct place place = item_place(item, "to");

    for (uint32_t i = 0; i < written->to; i++) {
        const struct policy_peer *peer = &draft->policy->peers[written->to_peers[i]];

        if (route->to != POLICY_NONE && route->to != peer->zone) {
            draft_complain(
                draft, place,
                "'%s' is in another zone than the peers before it; expected peers of one "
                "zone; write two routes",
                show(peer->name).text);
            return;
        }
        route->to = peer->zone;
        if (peer->hop_count == 0) {
            draft_complain(draft, place,
                           "the route leads to '%s', which has no hops; expected somewhere to send "
                           "to; add 'hops: [tls:192.0.2.1:5061]' to the peer",
                           show(peer->name).text);
        }
        for (uint32_t k = 0; k < peer->hop_count; k++) {
            if (route->hop_count == POLICY_HOPS_MAX) {
                draft_complain(draft, place,
                               "the route has too many next hops; expected at most %d; name fewer "
                               "peers",
                               POLICY_HOPS_MAX);
                return;
            }
            struct policy_hop *hop = &route->hops[route->hop_count++];
            *hop = peer->hops[k];
            hop->priority = (uint16_t)(i * PRIORITY_STEP + hop->priority);
        }
    }
}

/* The map is one route for each of its senders. */
static void route_put(struct draft *draft, const struct item *item,
                      const struct route_draft *written)
{
    struct policy *policy = draft->policy;

    for (uint32_t i = 0; i < written->from; i++) {
        if (policy->route_count == POLICY_ROUTES_MAX) {
            draft_complain(draft, item->place,
                           "too many routes, counting each sender of 'from' as one; expected at "
                           "most %d; use 'from: any' or fewer",
                           POLICY_ROUTES_MAX);
            return;
        }
        struct policy_route *route = &policy->routes[policy->route_count];
        *route = (struct policy_route){
            .from = written->from_zones[i],
            .from_peer = written->from_peers[i],
            .to = written->to_zone,
            .methods = written->methods,
            .numbers = written->numbers,
            .domains = written->domains,
            .is_emergency = written->is_emergency,
            .is_registered = written->to_zone != POLICY_NONE,
            .line = (uint16_t)(item->place.line < UINT16_MAX ? item->place.line : UINT16_MAX),
        };
        draft->routes[policy->route_count++] = item;
        if (i == 0) {
            route_hops(draft, item, written, route);
        } else {
            const struct policy_route *first = route - i;

            route->to = first->to;
            route->hop_count = first->hop_count;
            memcpy(route->hops, first->hops, sizeof(route->hops));
        }
    }
}

static void route_read(struct draft *draft, const struct item *item)
{
    struct route_draft written = {.to_zone = POLICY_NONE};

    section_read(draft, SECTION_ROUTE, item, &written);
    if (written.is_emergency &&
        (written.numbers.count > 0 || written.domains.count > 0 || written.methods != 0)) {
        draft_complain(draft, item_place(item, "emergency"),
                       "an emergency route is narrowed by numbers, domains or methods; expected it "
                       "to carry every emergency call; remove them");
    }
    route_put(draft, item, &written);
}

/* Room for every sender of every route. */
static uint32_t routes_room(const struct item *list)
{
    uint32_t room = 0;

    for (const struct item *item = list->first; item != NULL; item = item->next) {
        const struct item *from = item_find(item, SLICE("from"));

        room += from != NULL && from->kind == ITEM_LIST && from->count > 0 ? from->count : 1;
    }
    return room < POLICY_ROUTES_MAX ? room : POLICY_ROUTES_MAX;
}

void setting_read_ROUTES(struct draft *draft, const struct item *item,
                         const struct setting *setting, void *object)
{
    struct policy *policy = object;

    if (item->kind != ITEM_LIST || item->count == 0) {
        setting_refuse(draft, setting, item->place, "'routes' has %s here",
                       item->kind == ITEM_LIST ? "an empty list" : item_kind_name(item->kind));
        return;
    }
    uint32_t room = routes_room(item);
    policy->routes = memory_take(draft->kept, room, sizeof(struct policy_route));
    draft->routes = memory_take(&draft->scratch, room, sizeof(const struct item *));
    if (policy->routes == NULL || draft->routes == NULL) {
        return;
    }
    for (const struct item *value = item->first; value != NULL; value = value->next) {
        route_read(draft, value);
    }
}
