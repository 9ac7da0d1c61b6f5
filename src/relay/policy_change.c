/*
 * A new policy: every index that records hold is found again, zones by name, peers by their stable
 * id, listeners by address.  Who has lost his peer drains on the flow he has; who has lost his zone
 * or listener is let go.
 */
#include "relay/machine.h"

#include <stdlib.h>

struct change {
    uint16_t zones[POLICY_ZONES_MAX];
    uint16_t listeners[POLICY_LISTENERS_MAX];
    uint16_t peers[POLICY_PEERS_MAX];
    const struct policy *from, *to;
};

static uint16_t zone_again(const struct policy *policy, struct slice name)
{
    for (uint32_t i = 0; i < policy->zone_count; i++) {
        if (slice_equal(policy->zones[i].name, name)) {
            return (uint16_t)i;
        }
    }
    return POLICY_NONE;
}

static uint16_t listener_again(const struct policy *policy, const struct policy_listener *listener)
{
    for (uint32_t i = 0; i < policy->listener_count; i++) {
        if (policy->listeners[i].transport == listener->transport &&
            address_equal(&policy->listeners[i].address, &listener->address)) {
            return (uint16_t)i;
        }
    }
    return LISTENER_NONE;
}

static uint16_t peer_of_id(const struct policy *policy, uint32_t id)
{
    for (uint32_t i = 0; i < policy->peer_count; i++) {
        if (policy->peers[i].id == id) {
            return (uint16_t)i;
        }
    }
    return POLICY_NONE;
}

static void change_init(struct change *change, const struct policy *from, const struct policy *to)
{
    change->from = from;
    change->to = to;
    for (uint32_t i = 0; i < from->zone_count; i++) {
        change->zones[i] = zone_again(to, from->zones[i].name);
    }
    for (uint32_t i = 0; i < from->listener_count; i++) {
        change->listeners[i] = listener_again(to, &from->listeners[i]);
    }
    for (uint32_t i = 0; i < from->peer_count; i++) {
        change->peers[i] = peer_of_id(to, from->peers[i].id);
    }
}

static uint16_t peer_again(const struct change *change, uint16_t peer)
{
    return peer < change->from->peer_count ? change->peers[peer] : POLICY_NONE;
}

static bool zone_changes(const struct change *change, uint16_t *zone)
{
    *zone = *zone < change->from->zone_count ? change->zones[*zone] : POLICY_NONE;
    return *zone != POLICY_NONE;
}

static bool flow_changes(const struct change *change, struct flow *flow)
{
    flow->listener = flow->listener < change->from->listener_count
                         ? change->listeners[flow->listener]
                         : (uint16_t)LISTENER_NONE;
    return flow->listener != LISTENER_NONE;
}

static void exchanges_change(struct relay *relay, const struct change *change)
{
    struct exchange *exchange = NULL;
    uint32_t index = 0;

    while ((exchange = pool_next(&relay->state->exchanges, &index)) != NULL) {
        bool is_kept =
            zone_changes(change, &exchange->zone_in) && zone_changes(change, &exchange->zone_out);

        /* Hops are of the old policy: what is under way finishes where it is. */
        exchange->route = POLICY_NONE;
        exchange->peer_in = peer_again(change, exchange->peer_in);
        exchange->peer_out = peer_again(change, exchange->peer_out);
        if (exchange->server_state != SERVER_NONE) {
            is_kept = flow_changes(change, &exchange->server_flow) && is_kept;
        }
        if (exchange->client_state != CLIENT_NONE) {
            is_kept = flow_changes(change, &exchange->client_flow) && is_kept;
        }
        if (!is_kept) {
            exchange_end(relay->state, exchange);
        }
    }
}

static bool leg_is_kept(const struct change *change, const struct dialog_side *leg)
{
    uint16_t zone = leg->zone;
    struct flow flow = leg->flow;

    return zone_changes(change, &zone) && flow_changes(change, &flow);
}

static void dialogs_change(struct relay *relay, const struct change *change, struct outbox *outbox)
{
    struct dialog *dialog = NULL;
    uint32_t index = 0;

    while ((dialog = pool_next(&relay->state->dialogs, &index)) != NULL) {
        struct dialog_side *sides = dialog->sides;

        if (!leg_is_kept(change, &sides[0]) || !leg_is_kept(change, &sides[1])) {
            dialog_over(relay, dialog, outbox);
            dialog_end(relay->state, dialog);
            continue;
        }
        for (unsigned side = 0; side < 2; side++) {
            zone_changes(change, &sides[side].zone);
            flow_changes(change, &sides[side].flow);
            sides[side].peer = peer_again(change, sides[side].peer);
        }
    }
}

/* The pools are those of the new policy.  While they are the same only their zones' numbers change,
 * and what rests goes on resting. */
static bool pools_are_same(const struct change *change)
{
    struct media_pool before[MEDIA_POOLS_MAX], now[MEDIA_POOLS_MAX];
    uint32_t count = relay_pools(change->from, before);

    if (relay_pools(change->to, now) != count) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        bool is_found = false;

        for (uint32_t j = 0; j < count; j++) {
            is_found |= address_equal(&before[i].address, &now[j].address) &&
                        before[i].port_min == now[j].port_min &&
                        before[i].port_max == now[j].port_max &&
                        change->zones[before[i].zone] == now[j].zone;
        }
        if (!is_found) {
            return false;
        }
    }
    return true;
}

static struct media_ports *ports_changed(const struct relay *relay, const struct change *change)
{
    return pools_are_same(change) ? relay->ports : relay_ports_new(relay, change->to);
}

static void ports_change(struct relay *relay, const struct change *change,
                         struct media_ports *ports)
{
    struct media_stream *stream = NULL;
    uint32_t index = 0;

    if (ports == relay->ports) {
        media_ports_rezone(ports, change->zones, change->from->zone_count);
        return;
    }
    while ((stream = pool_next(&relay->state->streams, &index)) != NULL) {
        for (unsigned side = 0; side < 2; side++) {
            (void)media_ports_hold(ports, &stream->sides[side].local); /* or it is of no pool now */
        }
    }
    free(relay->ports);
    relay->ports = ports;
}

static void registrations_change(struct relay *relay, const struct change *change)
{
    struct registration *registration = NULL;
    uint32_t index = 0;

    while ((registration = pool_next(&relay->state->registrations, &index)) != NULL) {
        bool is_kept = zone_changes(change, &registration->zone) &&
                       zone_changes(change, &registration->core_zone) &&
                       flow_changes(change, &registration->flow);

        registration->peer = peer_again(change, registration->peer);
        registration->core_peer = peer_again(change, registration->core_peer);
        if (!is_kept) {
            registration_end(relay->state, registration);
        }
    }
}

static void names_change(const struct change *change, const struct relay_name *from,
                         struct relay_name *to)
{
    for (uint32_t i = 0; i < change->to->names.count; i++) {
        for (uint32_t j = 0; j < change->from->names.count; j++) {
            if (slice_equal_nocase(change->to->names.at[i], change->from->names.at[j])) {
                to[i] = from[j];
                to[i].answer.name = (uint16_t)i;
                to[i].asked_ms = 0;
            }
        }
    }
}

static void peers_change(const struct change *change, const struct relay_peer *from,
                         struct relay_peer *to)
{
    for (uint32_t i = 0; i < change->from->peer_count; i++) {
        uint16_t again = peer_again(change, (uint16_t)i);

        if (again != POLICY_NONE) {
            to[again] = from[i];
        }
    }
}

bool relay_policy(struct relay *relay, const struct plan *plan, uint64_t now_ms,
                  struct outbox *outbox)
{
    const struct policy *to = plan_policy(plan);
    struct relay_name *names = relay_names_new(to);
    struct relay_peer *peers = relay_peers_new(to);
    struct media_ports *ports = NULL;
    struct change change = {0};

    change_init(&change, relay->policy, to);
    ports = ports_changed(relay, &change);
    if (names == NULL || peers == NULL || ports == NULL) {
        relay_records_free(names, peers);
        if (ports != relay->ports) {
            free(ports);
        }
        return false;
    }
    relay->now_ms = now_ms;
    names_change(&change, relay->names, names);
    /* Media are let go while the old zones still have their names. */
    dialogs_change(relay, &change, outbox);
    ports_change(relay, &change, ports);
    exchanges_change(relay, &change);
    registrations_change(relay, &change);
    peers_change(&change, relay->peers, peers); /* after the calls that ended were counted */
    relay_records_free(relay->names, relay->peers);
    relay->names = names;
    relay->peers = peers;
    relay->plan = plan;
    relay->policy = to;
    media_ports_set_rest(relay->ports, to->timers.media_rest);
    return true;
}
