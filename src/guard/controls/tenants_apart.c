/* CT-SEG-13: a policy that connects two customers without the core in between. */
#include "guard/inspect.h"

static bool is_customer(const struct policy *policy, uint16_t zone)
{
    return zone != POLICY_NONE && policy->zones[zone].class == ZONE_ENTERPRISE;
}

static bool is_from_customer(const struct policy *policy, const struct policy_route *route)
{
    if (route->from == POLICY_NONE && route->from_peer == POLICY_NONE) {
        return true; /* from anybody: also from the next customer */
    }
    return is_customer(policy, route->from) ||
           (route->from_peer != POLICY_NONE &&
            is_customer(policy, policy->peers[route->from_peer].zone));
}

enum outcome control_tenants_apart(struct inspection *inspection)
{
    const struct policy *policy = inspection->policy;

    for (uint32_t i = 0; i < policy->route_count; i++) {
        const struct policy_route *route = &policy->routes[i];

        if (!route->is_emergency && is_customer(policy, route->to) &&
            is_from_customer(policy, route)) {
            return inspection_found(inspection, policy->zones[route->to].name, "HYG-U14");
        }
    }
    return OUTCOME_PASSED;
}
