#include "guard/codecs.h"

#include "wire/sdp/mapping.h"

static bool zone_lists(const struct policy_zone *zone, struct slice name)
{
    for (uint32_t i = 0; i < zone->codecs.count; i++) {
        if (slice_equal_nocase(zone->codecs.at[i], name)) {
            return true;
        }
    }
    return zone->codecs.count == 0;
}

static bool both_list(const struct policy *policy, const uint16_t zones[2], struct slice name)
{
    for (unsigned i = 0; i < 2; i++) {
        if (zones[i] != POLICY_NONE && !zone_lists(&policy->zones[zones[i]], name)) {
            return false;
        }
    }
    return true;
}

static bool codecs_are_listed(const struct policy *policy, const uint16_t zones[2])
{
    for (unsigned i = 0; i < 2; i++) {
        if (zones[i] != POLICY_NONE && policy->zones[zones[i]].codecs.count > 0) {
            return true;
        }
    }
    return false;
}

bool codecs_dropped(const struct policy *policy, const uint16_t zones[2], const struct sdp *sdp,
                    const struct sdp_media *media, uint64_t dropped[2])
{
    struct sdp_mapping mapping;

    dropped[0] = dropped[1] = 0;
    if (!codecs_are_listed(policy, zones) ||
        sdp_protocol_carries((enum sdp_protocol)media->protocol) != SDP_CARRIES_RTP) {
        return false;
    }
    for (unsigned type = 0; type <= SDP_PAYLOAD_TYPE_MAX; type++) {
        if (sdp_media_has_payload_type(media, type) &&
            !(sdp_mapping_find(sdp, media, type, &mapping) &&
              both_list(policy, zones, mapping.name))) {
            dropped[type / 64] |= UINT64_C(1) << (type % 64);
        }
    }
    return (dropped[0] | dropped[1]) != 0;
}
