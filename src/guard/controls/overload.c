/* CT-DOS-11: when messages wait too long, what is new is given up, the least dear first. */
#include "guard/admission.h"
#include "guard/steps.h"

static enum load_kind kind_of(const struct inspection *inspection)
{
    switch ((enum sip_method)inspection->message.method) {
    case SIP_OPTIONS:
    case SIP_SUBSCRIBE:
    case SIP_PUBLISH:
    case SIP_MESSAGE:
    case SIP_NOTIFY:
    case SIP_INFO:
    case SIP_REFER:
    case SIP_UPDATE:
    case SIP_PRACK:
    case SIP_METHOD_COUNT:
        return LOAD_PROBE;
    case SIP_REGISTER:
        return inspection->user != NULL ? LOAD_KEPT : LOAD_REGISTER;
    case SIP_INVITE:
        return LOAD_CALL;
    case SIP_ACK:
    case SIP_BYE:
    case SIP_CANCEL:
        break;
    }
    return LOAD_KEPT;
}

enum outcome control_overload(struct inspection *inspection)
{
    bool is_emergency =
        inspection->emergency != EMERGENCY_NONE && inspection->emergency != EMERGENCY_TEST;

    if (inspection->tallies == NULL || is_emergency || !inspection_is_new(inspection)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    if (!load_sheds(&inspection->tallies->admission->load, kind_of(inspection))) {
        return OUTCOME_PASSED;
    }
    return inspection_found(inspection,
                            sip_slice(&inspection->message, inspection->message.method_text),
                            "OVL-03");
}
