/* CT-PRV-01: where a user is, on the way to somebody who need not know. */
#include "guard/identity.h"

static const struct {
    enum sip_header_name header;
    const char *rule;
} places[] = {
    {SIP_HEADER_P_ACCESS_NETWORK_INFO, "HDR-06"}, {SIP_HEADER_CELLULAR_NETWORK_INFO, "HDR-06"},
    {SIP_HEADER_GEOLOCATION, "HDR-12"},           {SIP_HEADER_GEOLOCATION_ROUTING, "HDR-12"},
    {SIP_HEADER_GEOLOCATION_ERROR, "HDR-12"},
};

/* The core and the rescue services know; who is not bound to keep it learns nothing, unless the
 * policy's headers say so. */
static bool is_for(const struct inspection *inspection)
{
    return inspection->emergency == EMERGENCY_NONE && inspection->zone_out != POLICY_NONE &&
           !zone_class_is_trusted(inspection->policy->zones[inspection->zone_out].class);
}

enum outcome control_location_kept(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    enum outcome outcome = OUTCOME_PASSED;

    if (!is_for(inspection)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        const struct sip_header *line = sip_header(message, places[i].header);

        if (line != NULL && !inspection_passes(inspection, line)) {
            outcome = inspection_found(inspection, sip_slice(message, line->name), places[i].rule);
        }
        for (; line != NULL && !inspection_passes(inspection, line);
             line = sip_header_next(message, line)) {
            inspection_strip_line(inspection, line);
        }
    }
    return outcome;
}
