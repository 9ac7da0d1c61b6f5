/* CT-IDN-17: an emergency call of somebody unknown that is used for something else. */
#include "guard/inspect.h"

/* Within an emergency call: what transfers it, or has nothing to do with it. */
static bool leads_elsewhere(const struct sip_message *message)
{
    switch ((enum sip_method)message->method) {
    case SIP_REFER:
    case SIP_MESSAGE:
    case SIP_SUBSCRIBE:
    case SIP_PUBLISH:
    case SIP_REGISTER:
        return true;
    case SIP_INVITE:
        return sip_has(message, SIP_HEADER_REPLACES) || sip_has(message, SIP_HEADER_JOIN);
    case SIP_ACK:
    case SIP_BYE:
    case SIP_CANCEL:
    case SIP_INFO: /* what a car tells of an accident */
    case SIP_NOTIFY:
    case SIP_OPTIONS:
    case SIP_PRACK:
    case SIP_UPDATE:
    case SIP_METHOD_COUNT:
        return false;
    }
    return false;
}

/* The first request of an emergency has no business in any other call. */
static bool takes_over(const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;

    return inspection->emergency == EMERGENCY_CALL &&
           (sip_has(message, SIP_HEADER_REPLACES) || sip_has(message, SIP_HEADER_JOIN));
}

enum outcome control_emergency_session(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    bool is_within = inspection->emergency == EMERGENCY_DIALOG &&
                     inspection->match.kind == MATCH_DIALOG && inspection->match.side == 0;

    if (!is_within && inspection->emergency != EMERGENCY_CALL) {
        return OUTCOME_NOT_APPLICABLE;
    }
    if (is_within && leads_elsewhere(message)) {
        inspection_score(inspection, 3);
        return inspection_found(inspection, sip_slice(message, message->method_text), "EMG-05");
    }
    if (takes_over(inspection)) {
        /* The call itself is never lost: it goes on without what would lead it elsewhere. */
        for (unsigned i = 0; i < 2; i++) {
            const struct sip_header *line =
                sip_header(message, i == 0 ? SIP_HEADER_REPLACES : SIP_HEADER_JOIN);

            if (line != NULL) {
                inspection_strip_line(inspection, line);
            }
        }
        return inspection_found_as(inspection, sip_header_value(message, SIP_HEADER_FROM), "EMG-01",
                                   ACTION_STRIP, 0);
    }
    return OUTCOME_PASSED;
}
