/* CT-DOS-17: wrong passwords are slowed down for who sends them, never for whom they are about. */
#include "guard/guarded.h"

enum outcome control_bad_passwords(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;

    if (inspection->source == NULL || !message->is_request ||
        (!sip_has(message, SIP_HEADER_AUTHORIZATION) &&
         !sip_has(message, SIP_HEADER_PROXY_AUTHORIZATION)) ||
        !limit_applies(inspection)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    if (!guarded_is_guessing(inspection)) {
        return OUTCOME_PASSED;
    }
    return inspection_found(inspection, sip_header_value(message, SIP_HEADER_FROM), "CT-DOS-17");
}
