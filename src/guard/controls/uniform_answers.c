/* CT-PRV-05: an answer that tells a stranger whether somebody exists. */
#include "guard/inspect.h"

static uint16_t of_registrar(uint16_t status)
{
    switch (status) {
    case 402:
    case 404:
    case 410:
    case 604:
        return 403; /* as a wrong password, as a user who is barred */
    default:
        return 0;
    }
}

/* Of numbers without anybody behind them there is one kind. */
static uint16_t of_network(uint16_t status)
{
    return status == 410 || status == 604 ? 404 : 0;
}

enum outcome control_uniform_answers(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    uint16_t status = 0;

    if (inspection->zone_out == POLICY_NONE || inspection_zone(inspection)->class != ZONE_CORE ||
        message->status < 400 || inspection->emergency != EMERGENCY_NONE) {
        return OUTCOME_NOT_APPLICABLE;
    }
    enum zone_class class = inspection->policy->zones[inspection->zone_out].class;
    if (zone_class_is_access(class) && message->cseq_method == SIP_REGISTER) {
        status = of_registrar(message->status);
    } else if (class == ZONE_INTERCONNECT_OPEN) {
        status = of_network(message->status);
    }
    if (status == 0) {
        return OUTCOME_PASSED;
    }
    if (inspection->mode == MODE_ENFORCE) {
        inspection->answers_as = status;
    }
    return inspection_found(inspection, sip_slice(message, message->reason), "GEN-05");
}
