/*
 * Peers and where they are reached.
 */
#include "base/hash.h"
#include "policy/defaults.h"
#include "policy/host.h"
#include "policy/nearest.h"
#include "policy/settings.h"

void setting_read_ZONE_NAME(struct draft *draft, const struct item *item,
                            const struct setting *setting, void *object)
{
    struct policy_peer *peer = object;
    struct nearest nearest;

    if (!setting_is_value(draft, item, setting)) {
        return;
    }
    peer->zone = draft_zone(draft, item->text);
    if (peer->zone != POLICY_NONE) {
        peer_become(peer, draft->policy->zones[peer->zone].class);
        return;
    }
    nearest_init(&nearest, item->text);
    for (uint32_t zone = 0; zone < draft->policy->zone_count; zone++) {
        nearest_try(&nearest, draft->policy->zones[zone].name);
    }
    draft_complain(draft, item->place,
                   "there is no zone '%s'%s; expected the name of a zone of this file; mend it or "
                   "add the zone",
                   show(item->text).text, nearest_suggest(&nearest).text);
}

void setting_read_TARGET(struct draft *draft, const struct item *item,
                         const struct setting *setting, void *object)
{
    struct policy_hop *hop = object;
    struct slice rest = item->text;
    enum transport transport;
    struct host host;

    if (!setting_is_value(draft, item, setting)) {
        return;
    }
    hop->transport =
        host_take_transport(&rest, &transport) ? (uint8_t)transport : (uint8_t)TRANSPORT_COUNT;
    if (!host_read(&host, rest) ||
        (host.address.family != ADDRESS_NONE &&
         (address_is_unspecified(&host.address) || address_is_multicast(&host.address)))) {
        setting_refuse(draft, setting, item->place, "'%s' is nowhere to send to",
                       show(item->text).text);
        return;
    }
    hop->host = draft_keep_host(draft, &host);
    hop->address = host.address;
    hop->port = host.port;
}

static void hop_init(struct policy_hop *hop, uint16_t peer)
{
    *hop = (struct policy_hop){
        .transport = TRANSPORT_COUNT, .peer = peer, .name = POLICY_NONE, .weight = 100};
}

/* A hop that could not be read has no host; it was complained about. */
static bool hop_is_good(const struct policy_hop *hop)
{
    return hop->host.len > 0;
}

/* Lower priorities first; equals stay in order. */
static void hops_put(struct policy_hop *hops, uint32_t count, const struct policy_hop *hop)
{
    uint32_t at = count;

    while (at > 0 && hops[at - 1].priority > hop->priority) {
        hops[at] = hops[at - 1];
        at--;
    }
    hops[at] = *hop;
}

void setting_read_HOPS(struct draft *draft, const struct item *item, const struct setting *setting,
                       void *object)
{
    struct policy_peer *peer = object;
    uint16_t index = (uint16_t)(peer - draft->policy->peers);
    const struct setting *target = setting_find(SECTION_HOP, "to");
    struct values values;
    const struct item *value;

    if (!values_begin(draft, item, setting, &values)) {
        return;
    }
    struct policy_hop *hops = memory_take(draft->kept, values.count, sizeof(struct policy_hop));
    while (hops != NULL && (value = values_next(&values)) != NULL) {
        struct policy_hop hop;

        hop_init(&hop, index);
        if (value->kind == ITEM_SCALAR) {
            setting_read_TARGET(draft, value, target, &hop);
        } else {
            section_read(draft, SECTION_HOP, value, &hop);
        }
        if (hop_is_good(&hop)) {
            hops_put(hops, peer->hop_count++, &hop);
        }
    }
    peer->hops = hops;
    draft->hops[index] = hops;
}

/* Without addresses, it sends from where it is reached. */
static void peer_addresses(struct draft *draft, struct policy_peer *peer)
{
    struct prefix *list = memory_take(draft->kept, peer->hop_count + 1, sizeof(struct prefix));

    for (uint32_t i = 0; list != NULL && i < peer->hop_count; i++) {
        const struct address *address = &peer->hops[i].address;
        bool is_known = address->family == ADDRESS_NONE;

        for (uint32_t k = 0; k < peer->address_count && !is_known; k++) {
            is_known = address_same_host(&list[k].address, address);
        }
        if (!is_known) {
            list[peer->address_count++] =
                (struct prefix){.address = *address,
                                .bits = address->family == ADDRESS_V4 ? 32 : 128};
        }
    }
    peer->addresses = list;
}

/* Without hops, it is reached where it sends from, if those are single addresses. */
static void peer_hops(struct draft *draft, struct policy_peer *peer, uint16_t index)
{
    struct policy_hop *hops = memory_take(draft->kept, POLICY_HOPS_MAX, sizeof(struct policy_hop));

    for (uint32_t i = 0;
         hops != NULL && i < peer->address_count && peer->hop_count < POLICY_HOPS_MAX; i++) {
        const struct prefix *prefix = &peer->addresses[i];

        if (prefix->bits == (prefix->address.family == ADDRESS_V4 ? 32 : 128)) {
            struct policy_hop *hop = &hops[peer->hop_count++];

            hop_init(hop, index);
            hop->address = prefix->address;
            hop->host = draft_keep_host(draft, &(struct host){.address = prefix->address});
        }
    }
    peer->hops = hops;
    draft->hops[index] = hops;
}

/* The transport of a hop nobody named one for: of the first listener of the zone that can send
 * there and that the peer may use. */
static enum transport peer_transport(const struct draft *draft, const struct policy_peer *peer,
                                     const struct address *address)
{
    for (uint32_t i = 0; i < draft->policy->listener_count; i++) {
        const struct policy_listener *listener = &draft->policy->listeners[i];

        if (listener->zone == peer->zone &&
            (address->family == ADDRESS_NONE || listener->address.family == address->family) &&
            (peer->transports == 0 || (peer->transports >> listener->transport & 1) != 0)) {
            return listener->transport;
        }
    }
    for (unsigned transport = 0; transport < TRANSPORT_COUNT; transport++) {
        if (peer->transports >> transport & 1) {
            return (enum transport)transport;
        }
    }
    return TRANSPORT_UDP;
}

/* The DNS chooses the transport only where any will do: it may never weaken what was agreed
 * (TLS-24). */
static void hop_finish(const struct draft *draft, const struct policy_peer *peer,
                       struct policy_hop *hop)
{
    bool is_literal = hop->address.family != ADDRESS_NONE;

    if (hop->transport == TRANSPORT_COUNT && (is_literal || peer->transports != 0)) {
        hop->transport = (uint8_t)peer_transport(draft, peer, &hop->address);
    }
    if (is_literal) {
        hop->port = hop->port != 0 ? hop->port : transport_port((enum transport)hop->transport);
        hop->address.port = hop->port;
    }
}

static void peer_finish(struct draft *draft, struct policy_peer *peer, uint16_t index)
{
    if (peer->transports == 0 && peer->certificates.count > 0) {
        peer->transports = 1u << TRANSPORT_TLS | 1u << TRANSPORT_WSS;
    }
    if (peer->burst == 0) {
        peer->burst = 2 * peer->rate;
    }
    if (peer->address_count == 0 && peer->addresses == NULL) {
        peer_addresses(draft, peer);
    } else if (peer->hops == NULL) {
        peer_hops(draft, peer, index);
    }
    for (uint32_t i = 0; draft->hops[index] != NULL && i < peer->hop_count; i++) {
        hop_finish(draft, peer, &draft->hops[index][i]);
    }
}

/* Every host name of a hop once, for the resolver. */
static void peers_name_hops(struct draft *draft)
{
    struct policy *policy = draft->policy;
    uint32_t room = 0;
    struct table table;

    for (uint32_t i = 0; i < policy->peer_count; i++) {
        room += policy->peers[i].hop_count;
    }
    struct slice *names = memory_take(draft->kept, room + 1, sizeof(struct slice));
    void *places = memory_take(&draft->scratch, table_size(room + 1), 1);
    if (names == NULL || places == NULL) {
        return;
    }
    table_init(&table, places, room + 1);
    policy->names.at = names;
    for (uint32_t i = 0; i < policy->peer_count; i++) {
        struct policy_hop *hops = draft->hops[i];

        for (uint32_t k = 0; k < policy->peers[i].hop_count; k++) {
            if (hops[k].address.family == ADDRESS_NONE) {
                hops[k].name = draft_name(draft, &table, names, hops[k].host);
            }
        }
    }
}

static void peer_id(struct draft *draft, struct policy_peer *peer, uint16_t index)
{
    peer->id = (uint32_t)hash_bytes(&policy_hash_key, peer->name);
    for (uint32_t i = 0; i < index; i++) {
        if (draft->policy->peers[i].id == peer->id) {
            draft_complain(draft, draft->peers[index]->key->place,
                           "the names '%s' and '%s' have the same id; expected ids that differ; "
                           "rename one of the two",
                           show(draft->policy->peers[i].name).text, show(peer->name).text);
        }
    }
    if (draft_zone(draft, peer->name) != POLICY_NONE) {
        draft_complain(
            draft, draft->peers[index]->key->place,
            "'%s' is also the name of a zone; expected names that differ, so that routes "
            "are clear; rename one of the two",
            show(peer->name).text);
    }
}

void setting_read_PEERS(struct draft *draft, const struct item *item, const struct setting *setting,
                        void *object)
{
    struct policy *policy = object;

    if (!section_map_begin(draft, item, setting)) {
        return;
    }
    policy->peers = memory_take(draft->kept, item->count, sizeof(struct policy_peer));
    draft->peers = memory_take(&draft->scratch, item->count, sizeof(const struct item *));
    draft->hops = memory_take(&draft->scratch, item->count, sizeof(struct policy_hop *));
    void *places = memory_take(&draft->scratch, table_size(item->count), 1);
    if (policy->peers == NULL || draft->peers == NULL || draft->hops == NULL || places == NULL) {
        return;
    }
    table_init(&draft->peer_names, places, item->count);
    for (const struct item *value = item->first; value != NULL; value = value->next) {
        uint16_t index = (uint16_t)policy->peer_count;
        struct policy_peer *peer = &policy->peers[index];

        peer->zone = POLICY_NONE;
        peer->name = section_name(draft, value);
        draft->peers[index] = value;
        peer_id(draft, peer, index);
        section_read(draft, SECTION_PEER, value, peer);
        peer_finish(draft, peer, index);
        policy->peer_count++;
        table_add(&draft->peer_names, hash_bytes(&policy_hash_key, peer->name), policy->peer_count);
    }
    peers_name_hops(draft);
}
