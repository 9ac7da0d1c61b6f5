/* CT-MED-06: codecs that do not cross between these zones; the relay leaves them out. */
#include "guard/codecs.h"
#include "guard/content.h"

static bool is_left_empty(const struct sdp_media *media, const uint64_t dropped[2])
{
    return (media->payload_types[0] & ~dropped[0]) == 0 &&
           (media->payload_types[1] & ~dropped[1]) == 0;
}

static enum outcome judge(struct inspection *inspection, const struct sdp *sdp)
{
    const uint16_t zones[2] = {inspection->zone, inspection->zone_out};
    uint64_t dropped[2];
    unsigned open = 0, empty = 0;
    struct slice last = SLICE_NONE;

    for (unsigned i = 0; i < sdp->media_count; i++) {
        const struct sdp_media *media = &sdp->media[i];

        if (media->port == 0 || (inspection->refused_media >> i & 1) != 0) {
            continue;
        }
        open++;
        if (!codecs_dropped(inspection->policy, zones, sdp, media, dropped)) {
            continue;
        }
        last = sdp_line_text(sdp, &sdp->lines[media->level.first_line]);
        empty += is_left_empty(media, dropped);
    }
    if (last.len == 0) {
        return OUTCOME_PASSED;
    }
    /* Of nothing that crosses no call is made. */
    if (empty == open && inspection->message.is_request && inspection->message.method != SIP_ACK) {
        return inspection_found_as(inspection, last, "MED-10", ACTION_REJECT, 488);
    }
    return empty == open ? body_found(inspection, last, "MED-10", 488)
                         : inspection_found(inspection, last, "MED-10");
}

static inline bool has_list(const struct inspection *inspection, uint16_t zone)
{
    return zone != POLICY_NONE && inspection->policy->zones[zone].codecs.count > 0;
}

enum outcome control_codecs_allowed(struct inspection *inspection)
{
    const struct sdp *sdp = NULL;

    if (!has_list(inspection, inspection->zone) && !has_list(inspection, inspection->zone_out)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    sdp = inspection_sdp(inspection);
    return sdp == NULL ? OUTCOME_NOT_APPLICABLE : judge(inspection, sdp);
}
