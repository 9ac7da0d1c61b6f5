/* CT-FW-23: an answer that sends the caller somewhere else. */
#include "guard/inspect.h"

enum { TARGETS_MAX = 3 }; /* tried of one answer */

static bool is_alternative_of_core(const struct inspection *inspection)
{
    return inspection->message.status == 380 && inspection_zone(inspection)->class == ZONE_CORE &&
           inspection->zone_out != POLICY_NONE &&
           zone_class_is_access(inspection->policy->zones[inspection->zone_out].class);
}

static uint32_t target_count(const struct sip_message *message)
{
    const struct sip_value *value = sip_value(message, SIP_HEADER_CONTACT);
    uint32_t count = 0;

    for (; value != NULL; value = sip_value_next(message, value)) {
        count++;
    }
    return count;
}

enum outcome control_redirections(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct policy_peer *peer = inspection_peer(inspection);
    struct slice evidence = sip_header_value(message, SIP_HEADER_CONTACT);

    if (message->status < 300 || message->status > 399) {
        return OUTCOME_NOT_APPLICABLE;
    }
    if (is_alternative_of_core(inspection) || message->cseq_method == SIP_REGISTER) {
        return OUTCOME_PASSED;
    }
    if (peer != NULL && peer->follows_redirects && target_count(message) <= TARGETS_MAX) {
        return OUTCOME_PASSED; /* the relay tries each through the routes */
    }
    return inspection_found(inspection, evidence, "NNI-21");
}
