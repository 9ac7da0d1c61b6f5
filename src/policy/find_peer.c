/*
 * Whose packet is this: zone, address, transport and certificate must all agree.
 */
#include "policy/tables.h"

bool tables_compile_peers(struct policy *policy)
{
    for (uint32_t i = 0; i < policy->peer_count; i++) {
        const struct policy_peer *peer = &policy->peers[i];
        struct prefixes **prefixes = &policy->tables->peers[peer->zone];

        if (*prefixes == NULL) {
            *prefixes = prefixes_new();
        }
        for (uint32_t k = 0; k < peer->address_count; k++) {
            if (*prefixes == NULL || !prefixes_add(*prefixes, &peer->addresses[k], i)) {
                return false;
            }
        }
    }
    return true;
}

/* A name proved by TLS is compared whole: no wildcard, no suffix (TLS-09). */
static bool peer_is_certified(const struct policy_peer *peer, enum transport transport,
                              struct slice certified_name)
{
    if (peer->certificates.count == 0) {
        return true;
    }
    if (!transport_is_secure(transport)) {
        return false;
    }
    for (uint32_t i = 0; i < peer->certificates.count; i++) {
        if (slice_equal_nocase(peer->certificates.at[i], certified_name)) {
            return true;
        }
    }
    return false;
}

uint16_t policy_peer_at(const struct policy *policy, uint16_t zone, const struct address *source)
{
    uint32_t index;

    return zone < policy->zone_count && policy->tables->peers[zone] != NULL &&
                   prefixes_find(policy->tables->peers[zone], source, &index)
               ? (uint16_t)index
               : (uint16_t)POLICY_NONE;
}

uint16_t policy_peer_find(const struct policy *policy, uint16_t zone, const struct address *source,
                          enum transport transport, struct slice certified_name)
{
    uint16_t index = policy_peer_at(policy, zone, source);

    if (index == POLICY_NONE) {
        return POLICY_NONE;
    }
    const struct policy_peer *peer = &policy->peers[index];
    if (peer->transports != 0 && (peer->transports & (1u << transport)) == 0) {
        return POLICY_NONE;
    }
    return peer_is_certified(peer, transport, certified_name) ? index : POLICY_NONE;
}
