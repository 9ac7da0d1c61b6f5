/* CT-MED-06: codecs that do not cross between these zones; the relay leaves them out. */
#include "guard/codecs.h"
#include "guard/content.h"

static bool is_left_empty(const struct sdp_media *media, const uint64_t dropped[2])
{
    return (media->payload_types[0] & ~dropped[0]) == 0 &&
           (media->payload_types[1] & ~dropped[1]) == 0;
}

enum outcome control_codecs_allowed(struct inspection *inspection)
{
    const uint16_t zones[2] = {inspection->zone, inspection->zone_out};
    const struct sdp *sdp = NULL;
    uint64_t dropped[2];
    unsigned open = 0, empty = 0;
    struct slice last = SLICE_NONE;

    if (inspection->message.body.len == 0 || !codecs_are_listed(inspection->policy, zones) ||
        (sdp = inspection_sdp(inspection)) == NULL) {
        return OUTCOME_NOT_APPLICABLE;
    }
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
