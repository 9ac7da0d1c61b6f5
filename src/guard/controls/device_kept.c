/* CT-PRV-02: the number of a handset on its way to somebody else. */
#include "guard/inspect.h"

/* Numbers that a device keeps for life (RFC 7254, RFC 8464); a random one is nobody's to follow. */
static bool is_of_hardware(struct slice instance)
{
    return slice_has(instance, SLICE("urn:gsma:imei")) ||
           slice_has(instance, SLICE("urn:device:")) || slice_has(instance, SLICE("urn:meid:")) ||
           slice_has(instance, SLICE("urn:esn:"));
}

/* What leaves is written anew without it (relay/leg.c): here it is told whose was about to. */
enum outcome control_device_kept(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *contact = sip_value(message, SIP_HEADER_CONTACT);
    struct slice instance;

    if (contact == NULL || inspection->zone_out == POLICY_NONE ||
        inspection->policy->zones[inspection->zone_out].class == ZONE_CORE ||
        message->cseq_method == SIP_REGISTER || inspection->emergency != EMERGENCY_NONE) {
        return OUTCOME_NOT_APPLICABLE;
    }
    for (; contact != NULL; contact = sip_value_next(message, contact)) {
        struct slice params = sip_slice(message, contact->params);

        if (params.len > 0 && sip_param_find(params, SLICE("+sip.instance"), &instance) &&
            is_of_hardware(instance)) {
            return inspection_found(inspection, instance, "HDR-15");
        }
    }
    return OUTCOME_PASSED;
}
