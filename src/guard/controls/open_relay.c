/* CT-SEG-05: a target nobody is allowed to reach from here. */
#include "guard/inspect.h"

enum outcome control_open_relay(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    struct slice host = sip_slice(message, message->uri.host);

    if (inspection->match.kind != MATCH_NONE || message->method == SIP_ACK ||
        message->method == SIP_CANCEL || inspection->emergency == EMERGENCY_CALL ||
        inspection->is_for_us) {
        return OUTCOME_NOT_APPLICABLE;
    }
    if (inspection->route != POLICY_NONE) {
        return OUTCOME_PASSED;
    }
    if (inspection->number.len > 0 || policy_is_own_domain(inspection->policy, host)) {
        return inspection_found(inspection, sip_slice(message, message->uri.whole), "HYG-U14");
    }
    inspection_score(inspection, 3);
    return inspection_found_status(inspection, sip_slice(message, message->uri.whole), "HYG-U14",
                                   403);
}
