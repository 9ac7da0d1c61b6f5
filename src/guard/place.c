/*
 * Whose packet it is and where it would go: from facts of the socket, the records and the policy.
 */
#include "guard/steps.h"

#include "base/must.h"

static bool is_at(const struct address *socket, const struct address *address)
{
    if (address_is_unspecified(socket)) {
        return socket->family == address->family && socket->port == address->port;
    }
    return address_equal(socket, address);
}

/* In a capture the socket is known by the address it was sent to. */
static uint16_t zone_by_destination(const struct policy *policy, const struct packet *packet)
{
    for (uint32_t i = 0; i < policy->listener_count; i++) {
        const struct policy_listener *listener = &policy->listeners[i];

        if (listener->transport == packet->flow.transport &&
            is_at(&listener->address, &packet->local)) {
            return listener->zone;
        }
    }
    return POLICY_NONE;
}

/* What we sent ourselves: from a socket of ours, on a stream from any port of its host. */
static uint16_t zone_by_source(const struct policy *policy, const struct packet *packet)
{
    bool is_stream = transport_is_stream(packet->flow.transport);

    for (uint32_t i = 0; i < policy->listener_count; i++) {
        const struct policy_listener *listener = &policy->listeners[i];

        if (is_at(&listener->address, &packet->flow.remote) ||
            (is_stream && address_same_host(&listener->address, &packet->flow.remote))) {
            return listener->zone;
        }
    }
    return POLICY_NONE;
}

static bool peer_by_address(const struct inspection *inspection, const struct address *address,
                            uint16_t *zone, uint16_t *peer)
{
    const struct policy *policy = inspection->policy;

    for (uint16_t i = 0; i < policy->zone_count; i++) {
        *peer = policy_peer_find(policy, i, address, inspection->packet->flow.transport,
                                 inspection->packet->certified_name);
        if (*peer != POLICY_NONE) {
            *zone = i;
            return true;
        }
    }
    return false;
}

static void place_watched(struct inspection *inspection)
{
    const struct packet *packet = inspection->packet;

    inspection->zone = zone_by_destination(inspection->policy, packet);
    if (inspection->zone == POLICY_NONE) {
        inspection->zone = zone_by_source(inspection->policy, packet);
        inspection->is_outgoing = inspection->zone != POLICY_NONE;
    }
    if (inspection->zone == POLICY_NONE) {
        peer_by_address(inspection, &packet->flow.remote, &inspection->zone, &inspection->peer);
    }
}

/* A peer's first days: until somebody ends them, or their last day is over. */
static bool is_observed(const struct inspection *inspection)
{
    const struct policy_peer *peer = inspection_peer(inspection);

    return peer != NULL && peer->mode == MODE_OBSERVE &&
           (peer->observe_until_s == 0 ||
            (inspection->packet->when_us + inspection->plan->ahead_us) / 1000000 <
                peer->observe_until_s);
}

void place_sender(struct inspection *inspection)
{
    const struct policy *policy = inspection->policy;
    const struct packet *packet = inspection->packet;

    inspection->zone = POLICY_NONE;
    inspection->peer = POLICY_NONE;
    if (inspection->is_watched) {
        place_watched(inspection);
    } else if (packet->flow.listener < policy->listener_count) {
        inspection->zone = policy->listeners[packet->flow.listener].zone;
    }
    if (inspection->zone >= policy->zone_count) {
        inspection->zone = POLICY_NONE;
        return;
    }
    inspection->peer = policy_peer_find(policy, inspection->zone, &packet->flow.remote,
                                        packet->flow.transport, packet->certified_name);
    inspection->is_peer_observed = is_observed(inspection);
}

void place_number(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    size_t len = 0;

    if (inspection->number.at == NULL &&
        sip_uri_number(message->head, &message->uri, inspection->number_room,
                       sizeof(inspection->number_room), &len)) {
        inspection->number = slice_of(inspection->number_room, len);
    }
}

bool is_for_border(const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_uri *uri = &message->uri;
    struct slice host = sip_slice(message, uri->host);
    struct address address;

    if (message->method != SIP_OPTIONS || uri->user.len > 0 || sip_to_tag(message).len > 0) {
        return false;
    }
    if (sip_uri_host_address(message->head, uri, &address)) {
        return policy_is_own_address(inspection->policy, &address);
    }
    return slice_equal_nocase(host, inspection_zone(inspection)->host) ||
           policy_is_own_domain(inspection->policy, host);
}

/* A peer may answer from any of its addresses; a stranger on UDP is his address and port, on a
 * stream the connection, or a new one from the same host. */
bool is_from_party(const struct inspection *inspection, const struct party *party)
{
    const struct flow *flow = &inspection->packet->flow;

    if (party->zone != inspection->zone || party->peer != inspection->peer) {
        return false;
    }
    if (inspection->peer != POLICY_NONE) {
        return inspection_peer(inspection)->id == party->peer_id;
    }
    if (party->flow->transport != flow->transport) {
        return false;
    }
    return flow->transport == TRANSPORT_UDP
               ? address_equal(&party->flow->remote, &flow->remote)
               : address_same_host(&party->flow->remote, &flow->remote);
}

static void place_request(struct inspection *inspection)
{
    const struct policy *policy = inspection->policy;
    const struct sip_message *message = &inspection->message;

    inspection->is_for_us = is_for_border(inspection);
    if (inspection->is_for_us) {
        return;
    }
    if (inspection->match.registration != NULL) {
        inspection->zone_out = inspection->match.registration->zone;
        inspection->peer_out = inspection->match.registration->peer;
        return;
    }
    place_number(inspection);
    struct policy_call call = {
        .zone = inspection->zone,
        .peer = inspection->peer,
        .method = message->method,
        .domain = sip_slice(message, message->uri.host),
        .number = inspection->number,
        .is_emergency =
            inspection->emergency == EMERGENCY_CALL || inspection->emergency == EMERGENCY_TEST,
    };
    inspection->route = policy_route_find(policy, &call);
    if (inspection->route == POLICY_NONE) {
        return;
    }
    must(inspection->route < policy->route_count);
    const struct policy_route *route = &policy->routes[inspection->route];
    inspection->zone_out = route->to;
    inspection->peer_out = route->hop_count > 0 ? route->hops[0].peer : POLICY_NONE;
}

/* The records of a capture say nothing of zones: the destination's address does. */
static void place_by_destination(struct inspection *inspection)
{
    peer_by_address(inspection, &inspection->packet->local, &inspection->zone_out,
                    &inspection->peer_out);
}

static void place_by_records(struct inspection *inspection)
{
    const struct match *match = &inspection->match;

    if (inspection->is_watched) {
        place_by_destination(inspection);
        return;
    }
    if (match->kind == MATCH_DIALOG) {
        const struct dialog_side *other = &match->dialog->sides[match->side ^ 1];

        inspection->zone_out = other->zone;
        inspection->peer_out = other->peer;
    } else if (match->kind == MATCH_CANCEL) {
        inspection->zone_out = match->exchange->zone_out;
        inspection->peer_out = match->exchange->peer_out;
    } else if (match->kind == MATCH_RESPONSE) {
        inspection->is_for_us = match->exchange->server_state == SERVER_NONE;
        inspection->zone_out = match->exchange->zone_in;
        inspection->peer_out = match->exchange->peer_in;
    }
}

/* Records outlive policies: what they name may be gone. */
static void forget_what_is_gone(struct inspection *inspection)
{
    const struct policy *policy = inspection->policy;

    if (inspection->is_for_us || inspection->zone_out >= policy->zone_count) {
        inspection->zone_out = POLICY_NONE;
    }
    if (inspection->zone_out == POLICY_NONE || inspection->peer_out >= policy->peer_count) {
        inspection->peer_out = POLICY_NONE;
    }
}

/* Unless CT-SEG-09 is enforced for this sender, names nobody knows go on. */
static bool lets_unknown_pass(const struct inspection *inspection)
{
    const struct policy *policy = inspection->policy;
    uint32_t index = CONTROL_INDEX_header_allow_list;

    return inspection->is_peer_observed ||
           (index < policy->control_count && policy->controls[index].mode != MODE_ENFORCE);
}

/* What the header set of the zone pair and the two peers leave, bit for bit. */
static struct occasions headers_passing(const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct policy_header_set *set =
        policy_headers(inspection->policy, inspection->zone, inspection->zone_out,
                       message->is_request, message->method);
    const struct policy_peer *in = inspection_peer(inspection);
    const struct policy_peer *out = inspection_peer_out(inspection);
    struct occasions passing;

    for (unsigned i = 0; i < OCCASION_WORDS; i++) {
        passing.bits[i] = policy_headers_passing(set, in, out, i);
    }
    return passing;
}

void place_target(struct inspection *inspection)
{
    if (inspection_is_new(inspection)) {
        place_request(inspection);
    } else {
        place_by_records(inspection);
    }
    forget_what_is_gone(inspection);
    if (inspection->zone_out != POLICY_NONE) {
        inspection->passing = headers_passing(inspection);
        if (lets_unknown_pass(inspection)) {
            occasion_add(&inspection->passing, SIP_HEADER_UNKNOWN);
        }
    }
}
