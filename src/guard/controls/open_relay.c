/* CT-SEG-05: a target nobody is allowed to reach from here. */
#include "guard/inspect.h"

/* A token of ours names the device: only the zone it was given to may use it (THG-01, REG-15). */
static enum outcome token(struct inspection *inspection, const struct match *match)
{
    struct slice user = sip_slice(&inspection->message, inspection->message.uri.user);

    if (match->token == TOKEN_GOOD && match->registration != NULL &&
        match->registration->core_zone == inspection->zone) {
        return OUTCOME_PASSED;
    }
    inspection_score(inspection, 3);
    return match->is_by_route
               ? inspection_found_status(inspection,
                                         sip_header_value(&inspection->message, SIP_HEADER_ROUTE),
                                         "REG-15", 403)
               : inspection_found(inspection, user, "THG-01");
}

enum outcome control_open_relay(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    struct slice host = sip_slice(message, message->uri.host);

    if (!inspection_is_new(inspection) || inspection->emergency == EMERGENCY_CALL ||
        inspection->is_for_us) {
        return OUTCOME_NOT_APPLICABLE;
    }
    if (inspection->match.registration != NULL || inspection->match.token == TOKEN_BAD) {
        return token(inspection, &inspection->match);
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
