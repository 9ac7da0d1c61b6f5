/*
 * The media ports of a policy, as the gate and whoever opens them understand them.
 */
#pragma once

#include "policy/policy.h"
#include "wire/media_order.h"

static inline uint32_t pools_of_policy(const struct policy *policy,
                                       struct media_pool pools[MEDIA_POOLS_MAX])
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < policy->zone_count; i++) {
        const struct policy_zone *zone = &policy->zones[i];
        const struct address *ours[] = {&zone->media_v4, &zone->media_v6};

        for (unsigned family = 0; family < 2; family++) {
            if (ours[family]->family != ADDRESS_NONE) {
                pools[count++] = (struct media_pool){.address = *ours[family],
                                                     .zone = (uint16_t)i,
                                                     .port_min = zone->media_port_min,
                                                     .port_max = zone->media_port_max};
            }
        }
    }
    return count;
}
