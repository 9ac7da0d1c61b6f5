/*
 * A new policy: every index that records hold is found again, zones by name, peers by their stable
 * id, listeners by address.  Who has lost his peer drains on the flow he has; who has lost his zone
 * or listener is let go.
 */
#include "relay/machine.h"

struct change {
    uint16_t zones[POLICY_ZONES_MAX];
    uint16_t listeners[POLICY_LISTENERS_MAX];
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
}

static uint16_t peer_again(const struct change *change, uint16_t peer)
{
    uint32_t id = 0;

    if (peer >= change->from->peer_count) {
        return POLICY_NONE;
    }
    id = change->from->peers[peer].id;
    for (uint32_t i = 0; i < change->to->peer_count; i++) {
        if (change->to->peers[i].id == id) {
            return (uint16_t)i;
        }
    }
    return POLICY_NONE;
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

static void dialogs_change(struct relay *relay, const struct change *change, struct outbox *outbox)
{
    struct dialog *dialog = NULL;
    uint32_t index = 0;

    while ((dialog = pool_next(&relay->state->dialogs, &index)) != NULL) {
        bool is_kept = true;

        for (unsigned side = 0; side < 2; side++) {
            struct dialog_side *leg = &dialog->sides[side];

            is_kept = zone_changes(change, &leg->zone) && is_kept;
            is_kept = flow_changes(change, &leg->flow) && is_kept;
            leg->peer = peer_again(change, leg->peer);
        }
        if (!is_kept) {
            media_close(relay, dialog, outbox);
            dialog_end(relay->state, dialog);
        }
    }
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
    struct change change;

    if (names == NULL || peers == NULL) {
        relay_records_free(names, peers);
        return false;
    }
    relay->now_ms = now_ms;
    change_init(&change, relay->policy, to);
    names_change(&change, relay->names, names);
    peers_change(&change, relay->peers, peers);
    /* Media are let go while the old zones still have their names. */
    dialogs_change(relay, &change, outbox);
    exchanges_change(relay, &change);
    registrations_change(relay, &change);
    relay_records_free(relay->names, relay->peers);
    relay->names = names;
    relay->peers = peers;
    relay->plan = plan;
    relay->policy = to;
    media_ports_set_rest(relay->ports, to->timers.media_rest);
    return true;
}
