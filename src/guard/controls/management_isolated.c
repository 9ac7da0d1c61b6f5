/* CT-SEG-11: a policy that sends what the border knows of itself to the outside. */
#include "guard/inspect.h"

static bool is_of_neighbour(const struct policy *policy, const struct address *address)
{
    for (uint32_t i = 0; i < policy->peer_count; i++) {
        const struct policy_peer *peer = &policy->peers[i];

        for (uint32_t j = 0; j < peer->address_count; j++) {
            if (policy->zones[peer->zone].class != ZONE_CORE &&
                prefix_has(&peer->addresses[j], address)) {
                return true;
            }
        }
    }
    return false;
}

static bool is_public(const struct address *address)
{
    return !address_is_loopback(address) && !address_is_private(address) &&
           !address_is_link_local(address);
}

/* Everything else an operator tells a store goes through a socket of the machine (app/run). */
enum outcome control_management_isolated(struct inspection *inspection)
{
    const struct policy *policy = inspection->policy;

    if (policy->hep.to.family == ADDRESS_NONE) {
        return OUTCOME_PASSED;
    }
    if (is_public(&policy->hep.to) || is_of_neighbour(policy, &policy->hep.to)) {
        return inspection_found(inspection, SLICE("hep"), "LAW-08");
    }
    return OUTCOME_PASSED;
}
