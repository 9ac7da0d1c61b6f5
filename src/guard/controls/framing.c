/* CT-FW-06: a message whose end is not beyond doubt, or something that is not SIP at all. */
#include "guard/inspect.h"

enum {
    LEADING_MAX = 4,    /* octets of empty lines before a datagram's start line, HYG-F07 */
    FOREIGN_SHOWN = 32, /* octets of what is not SIP, as evidence */
};

/* SigComp begins with five set bits; everything else is somebody else's protocol. */
static enum outcome foreign_found(struct inspection *inspection)
{
    struct slice bytes = inspection->packet->bytes;
    bool is_sigcomp = bytes.len > 0 && ((unsigned char)bytes.at[0] & 0xF8) == 0xF8;

    inspection_score(inspection, is_sigcomp ? 0 : 5);
    return inspection_found_status(inspection, slice_head(bytes, FOREIGN_SHOWN),
                                   is_sigcomp ? "HYG-F12" : "HYG-F14", 0);
}

/* On a stream it says where the message ends; on UDP the datagram does, and only strict operators
 * want it said twice (HYG-F03). */
static enum outcome length_missing(struct inspection *inspection)
{
    const struct policy_zone *zone = inspection_zone(inspection);
    enum transport transport = inspection->packet->flow.transport;

    if (transport == TRANSPORT_TCP || transport == TRANSPORT_TLS) {
        return inspection_found(inspection, SLICE_NONE, "HYG-F04");
    }
    if (zone->is_strict && !zone_class_is_access(zone->class)) {
        return inspection_found(inspection, SLICE_NONE, "HYG-F03");
    }
    return OUTCOME_PASSED;
}

enum outcome control_framing(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;

    if (inspection->reading == SIP_FOREIGN) {
        return foreign_found(inspection);
    }
    if (inspection->reading == SIP_PARTIAL) {
        return inspection_found_status(inspection, SLICE_NONE, "HYG-F01", 0);
    }
    if (sip_is_odd(message, SIP_ODD_LEADING_LINES) &&
        sip_odd_slice(message, SIP_ODD_LEADING_LINES).len > LEADING_MAX) {
        return inspection_found(inspection, sip_odd_slice(message, SIP_ODD_LEADING_LINES),
                                "HYG-F07");
    }
    if (sip_is_odd(message, SIP_ODD_NO_CONTENT_LENGTH) &&
        length_missing(inspection) == OUTCOME_FAILED) {
        return OUTCOME_FAILED;
    }
    return inspection_violations(inspection);
}
