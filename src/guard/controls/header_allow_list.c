/* CT-SEG-09: a header the zone pair does not list. */
#include "guard/inspect.h"

/* What the border itself is told goes no further, and is nothing to tell of. */
static bool is_for_us(enum sip_header_name name)
{
    return sip_header_is_hop(name) || name == SIP_HEADER_P_PREFERRED_IDENTITY;
}

enum outcome control_header_allow_list(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_header *unlisted = NULL;
    const struct sip_header *unknown = NULL;

    if (inspection->zone_out == POLICY_NONE) {
        return OUTCOME_NOT_APPLICABLE;
    }
    /* From the last to the first, so that the first of each is told. */
    for (uint16_t i = message->header_count; i > 0; i--) {
        const struct sip_header *line = &message->headers[i - 1];

        if (is_for_us(line->id) || inspection_passes(inspection, line)) {
            continue;
        }
        if (line->id == SIP_HEADER_UNKNOWN) {
            unknown = line;
        } else {
            unlisted = line;
        }
    }
    if (unlisted != NULL) {
        inspection_found(inspection, sip_slice(message, unlisted->name), "NNI-12");
    }
    if (unknown != NULL) {
        inspection_found(inspection, sip_slice(message, unknown->name), "HDR-19");
    }
    return unlisted == NULL && unknown == NULL ? OUTCOME_PASSED : OUTCOME_FAILED;
}
