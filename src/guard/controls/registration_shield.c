/* CT-DOS-10: who is registered stays registered while others are held back from the registrar. */
#include "guard/admission.h"
#include "guard/guarded.h"

enum outcome control_registration_shield(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    struct limit_check check;

    if (message->method != SIP_REGISTER || !limit_applies(inspection) || inspection->user != NULL) {
        return OUTCOME_NOT_APPLICABLE;
    }
    if (guarded_is_refused(inspection)) {
        return inspection_found_status(inspection, sip_header_value(message, SIP_HEADER_TO),
                                       "CT-DOS-10", 403);
    }
    limit_begin(&check, inspection, RATES_WHOLE);
    limit_hold_zone(&check, inspection, LIMIT_registrations);
    return limit_found(inspection, &check, sip_header_value(message, SIP_HEADER_TO), ACTION_REJECT,
                       503);
}
