/*
 * What is worth knowing about peers and routes.
 */
#include "policy/posture.h"
#include "policy/tables.h"

enum {
    WIDE_V4 = 20, /* 4096 addresses: no carrier signals from so many */
    WIDE_V6 = 48, /* a whole site */
};

static bool peer_is_used(const struct policy *policy, uint32_t index)
{
    for (uint32_t i = 0; i < policy->route_count; i++) {
        const struct policy_route *route = &policy->routes[i];

        if (route->from_peer == index ||
            (route->from_peer == POLICY_NONE && route->from == policy->peers[index].zone) ||
            (route->from == POLICY_NONE && !route->is_emergency)) {
            return true;
        }
        for (uint32_t k = 0; k < route->hop_count; k++) {
            if (route->hops[k].peer == index) {
                return true;
            }
        }
    }
    return false;
}

static bool peer_is_wide(const struct policy_peer *peer)
{
    for (uint32_t i = 0; i < peer->address_count; i++) {
        if (peer->addresses[i].bits <
            (peer->addresses[i].address.family == ADDRESS_V4 ? WIDE_V4 : WIDE_V6)) {
            return true;
        }
    }
    return false;
}

/* Of a peer that is no part of our own network. */
static void find_outside(struct review *review, const struct policy_peer *peer, uint32_t line)
{
    enum zone_class class = review->policy->zones[peer->zone].class;
    int len = (int)peer->name.len;
    const char *name = peer->name.at;

    if (peer->certificates.count == 0) {
        review_find(review, POSTURE_OF_no_certificate, line, "peer '%.*s'", len, name);
    }
    if (peer->numbers.count == 0 && class != ZONE_EMERGENCY_SERVICES) {
        review_find(review, POSTURE_OF_any_identity, line, "peer '%.*s'", len, name);
    }
    if (peer->rate == 0 && class != ZONE_EMERGENCY_SERVICES) {
        review_find(review, POSTURE_OF_no_rate, line, "peer '%.*s'", len, name);
    }
    if (peer->calls_max == 0 && class != ZONE_EMERGENCY_SERVICES) {
        review_find(review, POSTURE_OF_no_call_limit, line, "peer '%.*s'", len, name);
    }
    if (peer->follows_redirects) {
        review_find(review, POSTURE_OF_redirects, line, "peer '%.*s'", len, name);
    }
}

static void find_peer(struct review *review, uint32_t index)
{
    const struct policy_peer *peer = &review->policy->peers[index];
    uint32_t line = review->policy->tables->peer_lines[index];
    int len = (int)peer->name.len;
    const char *name = peer->name.at;

    if (review->policy->zones[peer->zone].class != ZONE_CORE) {
        find_outside(review, peer, line);
    } else if (peer->certificates.count == 0) {
        review_find(review, POSTURE_OF_core_certificate, line, "peer '%.*s'", len, name);
    }
    if (peer_is_wide(peer)) {
        review_find(review, POSTURE_OF_wide_prefix, line, "peer '%.*s'", len, name);
    }
    if (peer->mode == MODE_OBSERVE) {
        review_find(review, POSTURE_OF_peer_observed, line, "peer '%.*s'", len, name);
    }
    if (peer->has_asymmetric_port) {
        review_find(review, POSTURE_OF_asymmetric, line, "peer '%.*s'", len, name);
    }
    if (peer->liveness_seconds == 0 && peer->hop_count > 0) {
        review_find(review, POSTURE_OF_no_liveness, line, "peer '%.*s'", len, name);
    }
    if (!peer_is_used(review->policy, index)) {
        review_find(review, POSTURE_OF_unused_peer, line, "peer '%.*s'", len, name);
    }
}

void review_peers(struct review *review)
{
    for (uint32_t i = 0; i < review->policy->peer_count; i++) {
        find_peer(review, i);
    }
}

/* Registered devices are reached by calls from outside as they are meant to be, if the core routes
 * them; a short cut past it is found all the same. */
static void find_route(struct review *review, const struct policy_route *route)
{
    const struct policy_zone *zones = review->policy->zones;
    const struct policy_zone *to = &zones[route->to];

    if (route->is_emergency || to->class == ZONE_CORE) {
        return;
    }
    if (route->from == POLICY_NONE) {
        review_find(review, POSTURE_OF_from_anybody, route->line, "the route to zone '%.*s'",
                    (int)to->name.len, to->name.at);
        return;
    }
    const struct policy_zone *from = &zones[route->from];
    if (from->class == ZONE_CORE) {
        return;
    }
    review_find(review,
                from->accepts_unknown && route->from_peer == POLICY_NONE ? POSTURE_OF_bypass_core
                                                                         : POSTURE_OF_transit,
                route->line, "the route from zone '%.*s' to zone '%.*s'", (int)from->name.len,
                from->name.at, (int)to->name.len, to->name.at);
}

static bool zone_has_emergency(const struct policy *policy, uint32_t zone)
{
    for (uint32_t i = 0; i < policy->route_count; i++) {
        const struct policy_route *route = &policy->routes[i];

        if (route->is_emergency && route->from_peer == POLICY_NONE &&
            (route->from == POLICY_NONE || route->from == zone)) {
            return true;
        }
    }
    return false;
}

static void find_emergency(struct review *review)
{
    const struct policy *policy = review->policy;

    if (policy->tables->routes.emergency_count == 0) {
        review_find(review, POSTURE_OF_no_emergency, 0, "routes");
        return;
    }
    for (uint32_t i = 0; i < policy->zone_count; i++) {
        enum zone_class class = policy->zones[i].class;

        if (class != ZONE_CORE && class != ZONE_EMERGENCY_SERVICES &&
            !zone_has_emergency(policy, i)) {
            review_find(review, POSTURE_OF_emergency_partial, policy->tables->zone_lines[i],
                        "zone '%.*s'", (int)policy->zones[i].name.len, policy->zones[i].name.at);
        }
    }
}

void review_routes(struct review *review)
{
    for (uint32_t i = 0; i < review->policy->route_count; i++) {
        find_route(review, &review->policy->routes[i]);
    }
    find_emergency(review);
}
