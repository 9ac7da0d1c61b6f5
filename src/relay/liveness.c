/*
 * Whether peers are there: OPTIONS to those whose contract says so (NNI-09).
 */
#include "relay/machine.h"

enum { LIVENESS_MISSED_MAX = 2 }; /* OPTIONS in a row without an answer: the peer is down */

/* The first hop through which this peer is reached; NULL when no route leads to it. */
static const struct policy_hop *peer_hop(const struct relay *relay, uint32_t peer, uint16_t *zone)
{
    for (uint32_t i = 0; i < relay->policy->route_count; i++) {
        const struct policy_route *route = &relay->policy->routes[i];

        for (uint32_t j = 0; j < route->hop_count; j++) {
            if (route->hops[j].peer == peer) {
                *zone = route->to;
                return &route->hops[j];
            }
        }
    }
    return NULL;
}

/* A name leads to the first of its addresses that we have a listener for; false while the resolver
 * has not answered. */
static bool probe_flow(const struct relay *relay, const struct policy_hop *hop, uint16_t zone,
                       struct flow *flow)
{
    enum transport transport = hop->transport < TRANSPORT_COUNT ? hop->transport : TRANSPORT_UDP;
    struct address remote = hop->address;

    if (hop->name == POLICY_NONE) {
        remote.port = hop->port;
        return route_flow(relay, zone, transport, &remote, flow);
    }
    const struct name_answer *answer = &relay->names[hop->name].answer;
    for (uint32_t i = 0; i < answer->count; i++) {
        const struct name_target *target = &answer->targets[i];

        remote = target->address;
        remote.port = hop->port != 0 ? hop->port : remote.port;
        transport = hop->transport < TRANSPORT_COUNT ? hop->transport : target->transport;
        if (route_flow(relay, zone, transport, &remote, flow)) {
            return true;
        }
    }
    return false;
}

static void probe(struct relay *relay, uint16_t peer, struct outbox *outbox)
{
    uint16_t zone = POLICY_NONE;
    const struct policy_hop *hop = peer_hop(relay, peer, &zone);
    char branch_room[48], call_id[RELAY_CALL_ID_LETTERS], tag[RELAY_TAG_LETTERS];
    char uri_room[RELAY_URI_MAX], from_room[RELAY_URI_MAX];
    struct exchange *exchange = NULL;
    struct text uri, from, to;
    struct leg leg = {.zone = zone, .peer = peer};

    if (hop == NULL || !probe_flow(relay, hop, zone, &leg.flow)) {
        return;
    }
    exchange = exchange_new(relay->state);
    if (exchange == NULL) {
        relay->counters.table_full++;
        return;
    }
    exchange->method = SIP_OPTIONS;
    exchange->started_ms = relay->now_ms;
    exchange->zone_in = exchange->zone_out = zone;
    exchange->peer_in = exchange->peer_out = peer;
    exchange->route = POLICY_NONE;
    exchange->client_flow = leg.flow;
    text_init(&uri, uri_room, sizeof(uri_room));
    text_put(&uri, SLICE("sip:"));
    address_write(&uri, &leg.flow.remote);
    text_init(&from, from_room, sizeof(from_room));
    text_put(&from, SLICE("<sip:"));
    text_put(&from, relay_zone(relay, zone)->host);
    text_put_octet(&from, '>');
    char to_room[RELAY_URI_MAX + 2];
    text_init(&to, to_room, sizeof(to_room));
    text_put_octet(&to, '<');
    text_put(&to, text_slice(&uri));
    text_put_octet(&to, '>');
    leg_new_call_id(relay, call_id);
    random_letters(relay->random, tag, sizeof(tag));
    leg.uri = text_slice(&uri);
    leg.from = text_slice(&from);
    leg.from_tag = slice_of(tag, sizeof(tag));
    leg.to = text_slice(&to);
    leg.call_id = slice_of(call_id, sizeof(call_id));
    leg.cseq = exchange->client_cseq = 1;
    leg_new_branch(relay, branch_room, &leg.branch);
    struct text text = outbox_text(outbox);
    uint16_t front = leg_write_own(relay, &text, SIP_OPTIONS, &leg, SLICE_NONE);
    exchange_set_client(relay->state, exchange, leg.branch);
    if (!exchange_send(relay, exchange, &text, front, outbox)) {
        exchange_end(relay->state, exchange);
    }
}

void liveness_watch(struct relay *relay, struct outbox *outbox)
{
    for (uint32_t i = 0; i < relay->policy->peer_count; i++) {
        struct relay_peer *known = &relay->peers[i];
        uint64_t interval_ms = (uint64_t)relay->policy->peers[i].liveness_seconds * 1000;

        if (interval_ms == 0 || relay->now_ms < known->next_probe_ms ||
            outbox->item_count >= OUTBOX_ITEMS_MAX / 2) {
            continue;
        }
        /* Not all peers at once: chance spreads them over the interval. */
        known->next_probe_ms = relay->now_ms + interval_ms -
                               random_below(relay->random, (uint32_t)interval_ms / 8 + 1);
        probe(relay, (uint16_t)i, outbox);
    }
}

/* Any final response says the peer is there (RFC 3261 11). */
void liveness_answered(struct relay *relay, struct exchange *exchange, bool is_alive)
{
    struct relay_peer *known = NULL;

    if (exchange->method != SIP_OPTIONS || exchange->peer_out >= relay->policy->peer_count ||
        !handle_is_none(exchange->dialog)) {
        return;
    }
    known = &relay->peers[exchange->peer_out];
    if (is_alive) {
        known->missed = 0;
        known->is_down = false;
        return;
    }
    if (known->missed < LIVENESS_MISSED_MAX) {
        known->missed++;
    }
    known->is_down = known->missed == LIVENESS_MISSED_MAX;
}
