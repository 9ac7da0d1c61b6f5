/* CT-ENC-03: operators that may come without saying who they are. */
#include "guard/inspect.h"

enum outcome control_clients_certified(struct inspection *inspection)
{
    const struct policy *policy = inspection->policy;

    for (uint16_t zone = 0; zone < policy->zone_count; zone++) {
        if (!zone_class_is_access(policy->zones[zone].class) &&
            policy_zone_is_secure(policy, zone) &&
            policy_tls_of(policy, zone).clients != CLIENTS_REQUIRED) {
            return inspection_found(inspection, policy->zones[zone].name, "TLS-07");
        }
    }
    return OUTCOME_PASSED;
}
