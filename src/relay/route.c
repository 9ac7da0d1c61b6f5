/*
 * Next hops: the policy's route, the resolver's news, what was tried already (RFC 3263, 2782).
 */
#include "relay/machine.h"

enum { ROUTE_ASK_AGAIN_MS = 1000 }; /* a question nobody answered is put again after this */

static const struct policy_route *exchange_route(const struct relay *relay,
                                                 const struct exchange *exchange)
{
    return exchange->route < relay->policy->route_count ? &relay->policy->routes[exchange->route]
                                                        : NULL;
}

bool route_flow(const struct relay *relay, uint16_t zone, enum transport transport,
                const struct address *remote, struct flow *flow)
{
    unsigned family = remote->family == ADDRESS_V6 ? 1 : 0;
    uint16_t listener = relay_zone(relay, zone)->listeners[transport][family];

    if (listener == POLICY_NONE || remote->family == ADDRESS_NONE) {
        return false;
    }
    *flow = (struct flow){.remote = *remote, .listener = listener, .transport = (uint8_t)transport};
    if (flow->remote.port == 0) {
        flow->remote.port = transport_is_secure(transport) ? 5061 : 5060;
    }
    return true;
}

static bool is_tried(const struct exchange *exchange, uint32_t hop)
{
    return (exchange->tried >> hop) & 1;
}

static bool hop_is_down(const struct relay *relay, const struct policy_hop *hop)
{
    return hop->peer != POLICY_NONE && relay->peers[hop->peer].is_down;
}

/* Among untried hops of the best priority one by chance, weighted (RFC 2782); a hop whose peer is
 * known to be down is taken only when no other is left. */
static uint32_t hop_choose(struct relay *relay, const struct policy_route *route,
                           const struct exchange *exchange, bool takes_down)
{
    uint32_t chosen = POLICY_HOPS_MAX, total = 0;
    uint16_t priority = 0;

    for (uint32_t i = 0; i < route->hop_count; i++) {
        const struct policy_hop *hop = &route->hops[i];
        uint32_t weight = hop->weight == 0 ? 1U : hop->weight;

        if (is_tried(exchange, i) || (hop_is_down(relay, hop) && !takes_down) ||
            (chosen != POLICY_HOPS_MAX && hop->priority != priority)) {
            continue;
        }
        total += weight;
        priority = hop->priority;
        if (chosen == POLICY_HOPS_MAX || random_below(relay->random, total) < weight) {
            chosen = i;
        }
    }
    return chosen;
}

/* Further addresses of the name that is tried now. */
static bool hop_has_more(const struct relay *relay, const struct policy_route *route,
                         const struct exchange *exchange)
{
    uint16_t name = route->hops[exchange->hop].name;

    return name != POLICY_NONE && exchange->target > 0 &&
           exchange->target < relay->names[name].answer.count;
}

bool route_has_more(const struct relay *relay, const struct exchange *exchange)
{
    const struct policy_route *route = exchange_route(relay, exchange);

    if (route == NULL || exchange->is_cancelled ||
        pool_find(&relay->state->registrations, exchange->registration) != NULL) {
        return false;
    }
    for (uint32_t i = 0; i < route->hop_count; i++) {
        if (!is_tried(exchange, i) &&
            (i != exchange->hop || hop_has_more(relay, route, exchange))) {
            return true;
        }
    }
    return false;
}

void route_leave_hop(struct exchange *exchange)
{
    exchange->tried |= (uint16_t)(1U << exchange->hop);
    exchange->target = 0;
}

/* The name's next address that the zone has a listener for: of transports and families that DNS
 * offers, some are not ours. */
static bool name_target(const struct relay *relay, const struct policy_route *route,
                        struct exchange *exchange, struct route_target *target)
{
    const struct policy_hop *hop = &route->hops[exchange->hop];
    const struct name_answer *answer = &relay->names[hop->name].answer;

    for (; exchange->target < answer->count; exchange->target++) {
        const struct name_target *named = &answer->targets[exchange->target];
        uint8_t transport = hop->transport < TRANSPORT_COUNT ? hop->transport : named->transport;
        struct address remote = named->address;

        if (hop->port != 0) {
            remote.port = hop->port;
        }
        if (route_flow(relay, route->to, transport, &remote, &target->flow)) {
            return true;
        }
    }
    return false;
}

/* The hop's next address; false when it is used up. */
static bool hop_target(const struct relay *relay, const struct policy_route *route,
                       struct exchange *exchange, struct route_target *target)
{
    const struct policy_hop *hop = &route->hops[exchange->hop];
    enum transport transport = hop->transport < TRANSPORT_COUNT ? hop->transport : TRANSPORT_UDP;
    struct address remote = hop->address;

    target->peer = hop->peer;
    target->host = hop->host;
    if (hop->name != POLICY_NONE) {
        return name_target(relay, route, exchange, target);
    }
    remote.port = hop->port;
    return exchange->target == 0 && route_flow(relay, route->to, transport, &remote, &target->flow);
}

/* Stale answers are used while fresh ones are fetched: losing the DNS changes freshness, never
 * calls. */
static bool name_is_known(struct relay *relay, uint16_t name, struct outbox *outbox)
{
    struct relay_name *known = &relay->names[name];

    if (relay->now_ms >= known->fresh_until_ms &&
        (known->asked_ms == 0 || relay->now_ms - known->asked_ms >= ROUTE_ASK_AGAIN_MS)) {
        known->asked_ms = relay->now_ms;
        outbox_ask(outbox, name);
    }
    return known->is_known;
}

enum route_step route_next(struct relay *relay, struct exchange *exchange,
                           struct route_target *target, struct outbox *outbox)
{
    const struct policy_route *route = exchange_route(relay, exchange);

    while (route != NULL) {
        uint32_t hop = exchange->hop;

        if (exchange->target == 0) {
            hop = hop_choose(relay, route, exchange, false);
            if (hop == POLICY_HOPS_MAX) {
                hop = hop_choose(relay, route, exchange, true);
            }
            if (hop == POLICY_HOPS_MAX) {
                return ROUTE_NONE;
            }
            exchange->hop = (uint8_t)hop;
        }
        if (route->hops[hop].name != POLICY_NONE &&
            !name_is_known(relay, route->hops[hop].name, outbox)) {
            return ROUTE_WAITING;
        }
        if (hop_target(relay, route, exchange, target)) {
            /* A name's further addresses are tried before the next hop. */
            if (route->hops[hop].name == POLICY_NONE) {
                exchange->tried |= (uint16_t)(1U << hop);
            } else {
                exchange->target++;
            }
            return ROUTE_FOUND;
        }
        route_leave_hop(exchange);
    }
    return ROUTE_NONE;
}

static bool answer_names_port(const struct name_answer *answer, enum transport transport,
                              uint16_t port)
{
    for (uint32_t i = 0; i < answer->count; i++) {
        if (answer->targets[i].transport == transport && answer->targets[i].address.port == port) {
            return true;
        }
    }
    return false;
}

bool route_names_port(const struct relay *relay, uint16_t peer, enum transport transport,
                      uint16_t port)
{
    const struct policy_peer *known = relay_peer(relay, peer);
    uint16_t usual = transport_is_secure(transport) ? 5061 : 5060;

    for (uint32_t i = 0; known != NULL && i < known->hop_count; i++) {
        const struct policy_hop *hop = &known->hops[i];

        if (hop->transport != transport && hop->transport < TRANSPORT_COUNT) {
            continue;
        }
        if (hop->name != POLICY_NONE && hop->port == 0
                ? answer_names_port(&relay->names[hop->name].answer, transport, port)
                : port == (hop->port != 0 ? hop->port : usual)) {
            return true;
        }
    }
    return false;
}

static void write_uri_params(struct text *text, struct slice params)
{
    struct slice user = SLICE_NONE;

    if (sip_param_find(params, SLICE("user"), &user) && user.len > 0) {
        text_put(text, SLICE(";user="));
        text_put(text, user);
    }
}

/* The host of the Request-URI as the target knows itself: one of its domains when the host is one,
 * its first domain when the caller named the border, else the hop itself. */
static void write_uri_host(const struct relay *relay, struct text *text, struct slice host,
                           const struct route_target *target)
{
    const struct policy_peer *peer = relay_peer(relay, target->peer);

    if (policy_is_own_domain(relay->policy, host)) {
        text_put(text, host);
        return;
    }
    if (peer != NULL && peer->domains.count > 0) {
        for (uint32_t i = 0; i < peer->domains.count; i++) {
            if (slice_equal_nocase(peer->domains.at[i], host)) {
                text_put(text, host);
                return;
            }
        }
        text_put(text, peer->domains.at[0]);
        return;
    }
    address_write(text, &target->flow.remote);
}

void route_write_uri(const struct relay *relay, struct text *text, const char *base,
                     const struct sip_uri *uri, const struct exchange *exchange,
                     const struct route_target *target)
{
    const struct registration *registration =
        pool_find(&relay->state->registrations, exchange->registration);
    struct slice user = sip_span_of(base, uri->user);

    if (registration != NULL && exchange->method != SIP_REGISTER) {
        text_put(text, registration_text(relay->state, registration, REGISTRATION_CONTACT));
        return;
    }
    struct view view = view_towards(relay, exchange->zone_out, exchange->peer_out,
                                    exchange->zone_in, exchange->peer_in);
    if (uri->scheme == SIP_SCHEME_TEL || uri->scheme == SIP_SCHEME_URN_SERVICE) {
        hide_uri(text, &view, base, uri);
        return;
    }
    text_put(text, uri->scheme == SIP_SCHEME_SIPS ? SLICE("sips:") : SLICE("sip:"));
    if (user.len > 0) {
        hide_user(text, &view, user);
        text_put_octet(text, '@');
    }
    write_uri_host(relay, text, sip_span_of(base, uri->host), target);
    write_uri_params(text, sip_span_of(base, uri->params));
}
