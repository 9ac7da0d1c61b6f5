#include "policy/check.h"

static bool peer_may_use(const struct policy_peer *peer, enum transport transport)
{
    return peer->transports == 0 || (peer->transports & (1u << transport)) != 0;
}

static bool zone_has(const struct policy *policy, uint16_t zone, enum transport transport)
{
    return zone_listener(policy, zone, transport, ADDRESS_NONE) != POLICY_NONE;
}

/* Some transport it may use that the zone listens on; secure or not. */
static bool peer_can(const struct policy *policy, const struct policy_peer *peer, bool is_secure)
{
    for (unsigned transport = 0; transport < TRANSPORT_COUNT; transport++) {
        if (transport_is_secure((enum transport)transport) == is_secure &&
            peer_may_use(peer, (enum transport)transport) &&
            zone_has(policy, peer->zone, (enum transport)transport)) {
            return true;
        }
    }
    return false;
}

/* Between operators TLS without a proven name protects nobody (TLS-07). */
static void check_certificates(struct draft *draft, uint32_t index)
{
    const struct policy *policy = draft->policy;
    const struct policy_peer *peer = &policy->peers[index];
    enum zone_class class = policy->zones[peer->zone].class;
    bool is_operator = !zone_class_is_access(class) && class != ZONE_CORE;
    struct place place = item_place(draft->peers[index], "certificates");
    uint8_t secure = 1u << TRANSPORT_TLS | 1u << TRANSPORT_WSS;

    if (is_operator && peer->certificates.at == NULL && peer_can(policy, peer, true)) {
        draft_complain(draft, place,
                       "peer '%s' may use TLS but no certificate is named; expected the name its "
                       "certificate must prove; add 'certificates: [sbc.carrier.example]', or "
                       "'transports' without tls",
                       show(peer->name).text);
    }
    if (peer->certificates.count > 0 && (peer->transports & ~secure) != 0) {
        draft_complain(draft, item_place(draft->peers[index], "transports"),
                       "peer '%s' has certificates and a transport that proves none; expected tls "
                       "or wss only; remove the clear transports or the certificates",
                       show(peer->name).text);
    } else if (peer->certificates.count > 0 && !peer_can(policy, peer, true)) {
        draft_complain(draft, place,
                       "peer '%s' has certificates but its zone does not listen on TLS; expected a "
                       "tls listener; add one to the zone",
                       show(peer->name).text);
    } else if (!peer_can(policy, peer, true) && !peer_can(policy, peer, false)) {
        draft_complain(
            draft, item_place(draft->peers[index], "transports"),
            "peer '%s' may use no transport its zone listens on; expected one in common; "
            "add a listener to the zone or a transport to the peer",
            show(peer->name).text);
    }
}

static bool peer_has_address(const struct policy_peer *peer, const struct address *address)
{
    for (uint32_t i = 0; i < peer->address_count; i++) {
        if (prefix_has(&peer->addresses[i], address)) {
            return true;
        }
    }
    return false;
}

static bool is_listener(const struct policy *policy, const struct policy_hop *hop)
{
    for (uint32_t i = 0; i < policy->listener_count; i++) {
        if (address_equal(&policy->listeners[i].address, &hop->address)) {
            return true;
        }
    }
    return false;
}

static void check_hop(struct draft *draft, uint32_t index, const struct policy_hop *hop)
{
    const struct policy *policy = draft->policy;
    const struct policy_peer *peer = &policy->peers[index];
    struct place place = item_place(draft->peers[index], "hops");
    enum address_family family = (enum address_family)hop->address.family;

    if (hop->transport < TRANSPORT_COUNT &&
        zone_listener(policy, peer->zone, (enum transport)hop->transport, family) == POLICY_NONE) {
        draft_complain(draft, place,
                       "a hop of peer '%s' uses %s over %s but its zone has no such listener; "
                       "expected a socket to send from; add the listener or change the hop",
                       show(peer->name).text, transport_name((enum transport)hop->transport),
                       family == ADDRESS_V6 ? "IPv6" : "IPv4");
    }
    if (hop->transport == TRANSPORT_WS || hop->transport == TRANSPORT_WSS) {
        draft_complain(draft, place,
                       "a hop of peer '%s' is a WebSocket, which is opened by browsers alone; "
                       "expected udp, tcp or tls; change the hop",
                       show(peer->name).text);
    }
    if (hop->transport < TRANSPORT_COUNT && !peer_may_use(peer, (enum transport)hop->transport)) {
        draft_complain(draft, place,
                       "a hop of peer '%s' uses %s, which the peer may not; expected one of its "
                       "transports; change the hop, or 'transports'",
                       show(peer->name).text, transport_name((enum transport)hop->transport));
    }
    if (family == ADDRESS_NONE) {
        return;
    }
    if (is_listener(policy, hop)) {
        draft_complain(draft, place,
                       "a hop of peer '%s' is a listener of this store; expected a neighbour, else "
                       "requests go round; write the peer's address",
                       show(peer->name).text);
    } else if (!peer_has_address(peer, &hop->address)) {
        draft_complain(draft, place,
                       "a hop of peer '%s' is none of its addresses, so what comes back would be "
                       "nobody's; expected it among 'addresses'; add it there",
                       show(peer->name).text);
    }
}

/* Equal prefixes of two peers in one zone: nobody could tell whose packet it is. */
static void check_overlap(struct draft *draft, uint32_t index, struct prefixes *prefixes)
{
    const struct policy *policy = draft->policy;
    const struct policy_peer *peer = &policy->peers[index];

    for (uint32_t i = 0; i < peer->address_count; i++) {
        uint32_t other;

        if (prefixes_add(prefixes, &peer->addresses[i], index)) {
            continue;
        }
        if (!prefixes_find(prefixes, &peer->addresses[i].address, &other) || other == index) {
            draft->kept->is_refused = true;
            return;
        }
        draft_complain(
            draft, item_place(draft->peers[index], "addresses"),
            "an address of peer '%s' is also that of peer '%s' in line %u; expected each "
            "prefix of a zone once, so that a packet's peer is certain; narrow one of "
            "the two",
            show(peer->name).text, show(policy->peers[other].name).text,
            draft->peers[other]->key->place.line);
    }
}

static void check_overlaps(struct draft *draft, uint16_t zone)
{
    struct prefixes *prefixes = prefixes_new();

    if (prefixes == NULL) {
        draft->kept->is_refused = true;
        return;
    }
    for (uint32_t i = 0; i < draft->policy->peer_count; i++) {
        if (draft->policy->peers[i].zone == zone) {
            check_overlap(draft, i, prefixes);
        }
    }
    prefixes_free(prefixes);
}

static void check_peer(struct draft *draft, uint32_t index)
{
    const struct policy_peer *peer = &draft->policy->peers[index];

    if (peer->zone == POLICY_NONE) {
        return;
    }
    if (peer->address_count == 0 && item_find(draft->peers[index], SLICE("addresses")) == NULL) {
        draft_complain(draft, draft->peers[index]->key->place,
                       "peer '%s' has no address; expected where its packets come from; add "
                       "'addresses: [203.0.113.0/28]'",
                       show(peer->name).text);
    }
    if (peer->is_ipsec && draft->policy->ipsec_mark == 0) {
        draft_complain(draft, item_place(draft->peers[index], "ipsec"),
                       "peer '%s' is to come through IPsec but nothing tells which packets do; "
                       "expected the mark the packet filter sets; add 'ipsec-mark: 4660' at the "
                       "top level",
                       show(peer->name).text);
    }
    check_certificates(draft, index);
    for (uint32_t i = 0; i < peer->hop_count; i++) {
        check_hop(draft, index, &peer->hops[i]);
    }
}

void check_peers(struct draft *draft)
{
    for (uint32_t peer = 0; peer < draft->policy->peer_count; peer++) {
        check_peer(draft, peer);
    }
    for (uint32_t zone = 0; zone < draft->policy->zone_count; zone++) {
        check_overlaps(draft, (uint16_t)zone);
    }
}
