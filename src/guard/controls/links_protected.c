/* CT-ENC-14: ways between hosts that nothing protects. */
#include "guard/inspect.h"

/* A private network is the owner's to judge (posture.def). */
static bool is_public(const struct address *address)
{
    return address->family != ADDRESS_NONE && !address_is_loopback(address) &&
           !address_is_private(address) && !address_is_link_local(address);
}

static bool is_in_clear(const struct policy_hop *hop)
{
    return (hop->transport >= TRANSPORT_COUNT ||
            !transport_is_secure((enum transport)hop->transport)) &&
           is_public(&hop->address);
}

enum outcome control_links_protected(struct inspection *inspection)
{
    const struct policy *policy = inspection->policy;

    for (uint32_t i = 0; i < policy->peer_count; i++) {
        const struct policy_peer *peer = &policy->peers[i];

        if (peer->is_ipsec || zone_class_is_access(policy->zones[peer->zone].class)) {
            continue;
        }
        for (uint32_t k = 0; k < peer->hop_count; k++) {
            if (is_in_clear(&peer->hops[k])) {
                return inspection_found(inspection, peer->name, "IPS-01");
            }
        }
    }
    return OUTCOME_PASSED;
}
