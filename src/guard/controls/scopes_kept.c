/* CT-SEG-14: a zone that says it is of another layer than its kind can be. */
#include "guard/inspect.h"

static bool can_be(enum zone_class class, enum zone_layer layer)
{
    if (zone_class_is_access(class)) {
        return layer != LAYER_APPLICATION;
    }
    return class == ZONE_CORE ? layer != LAYER_DEVICE : layer == LAYER_NETWORK;
}

enum outcome control_scopes_kept(struct inspection *inspection)
{
    const struct policy *policy = inspection->policy;

    for (uint32_t i = 0; i < policy->zone_count; i++) {
        if (!can_be(policy->zones[i].class, policy->zones[i].layer)) {
            return inspection_found(inspection, policy->zones[i].name, "NNI-01");
        }
    }
    return OUTCOME_PASSED;
}
