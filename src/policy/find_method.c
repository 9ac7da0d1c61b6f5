#include "policy/rules.h"

/* Options are opened for a peer, or for everybody in a zone. */
static enum policy_crossing crossing(const struct policy *policy, uint16_t zone, uint16_t peer,
                                     bool is_inward, enum sip_method method)
{
    if (zone >= policy->zone_count || method >= SIP_METHOD_COUNT) {
        return CROSSING_REFUSED;
    }
    uint32_t options = policy->zones[zone].methods;
    if (peer < policy->peer_count) {
        options |= policy->peers[peer].methods;
    }
    return method_rule_crossing(method_rule(policy->zones[zone].class, is_inward, method),
                                (options >> method) & 1);
}

enum policy_crossing policy_method_in(const struct policy *policy, uint16_t zone, uint16_t peer,
                                      enum sip_method method)
{
    return crossing(policy, zone, peer, true, method);
}

enum policy_crossing policy_method_out(const struct policy *policy, uint16_t zone, uint16_t peer,
                                       enum sip_method method)
{
    return crossing(policy, zone, peer, false, method);
}
