/* CT-FRD-07: a call that somebody makes another place, to a number that costs him dear. */
#include "guard/identity.h"
#include "guard/steps.h"

static bool is_dear(const struct inspection *inspection, const struct sip_uri *uri)
{
    char room[IDENTITY_DIGITS_MAX];
    struct slice number = identity_number(&inspection->message, uri, room);

    return number.len > 0 &&
           number_class_is_dear(
               (enum number_class)lists_number(inspection->plan->known, number).class);
}

/* A transfer: the other side of the call would place it, and who asked would not pay. */
static enum outcome refer(struct inspection *inspection)
{
    const struct sip_value *target = sip_value(&inspection->message, SIP_HEADER_REFER_TO);

    return target != NULL && is_dear(inspection, &target->uri)
               ? inspection_found(inspection, sip_slice(&inspection->message, target->uri.whole),
                                  "STA-30")
               : OUTCOME_PASSED;
}

/* A call that was forwarded already: by whom is what Diversion says, and who pays is us. */
static enum outcome forwarded(struct inspection *inspection)
{
    if (!inspection_is_new(inspection) || !identity_is_diverted(inspection) ||
        !is_dear(inspection, &inspection->message.uri)) {
        return OUTCOME_PASSED;
    }
    return inspection_found(inspection,
                            sip_slice(&inspection->message, inspection->message.uri.whole),
                            "IDN-16");
}

/* A redirection that would be followed: one dear target and none is tried. */
static enum outcome redirected(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *contact = sip_value(message, SIP_HEADER_CONTACT);

    for (; contact != NULL; contact = sip_value_next(message, contact)) {
        if (!contact->is_star && is_dear(inspection, &contact->uri)) {
            if (inspection->mode == MODE_ENFORCE) {
                inspection->answers_as = 480;
            }
            return inspection_found_as(inspection, sip_slice(message, contact->uri.whole), "NNI-21",
                                       ACTION_STRIP, 0);
        }
    }
    return OUTCOME_PASSED;
}

enum outcome control_redirect_charged(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;

    if (inspection->plan->known == NULL || inspection->emergency != EMERGENCY_NONE) {
        return OUTCOME_NOT_APPLICABLE;
    }
    if (!message->is_request) {
        return message->status >= 300 && message->status < 400 ? redirected(inspection)
                                                               : OUTCOME_NOT_APPLICABLE;
    }
    if (message->method == SIP_REFER) {
        return refer(inspection);
    }
    return message->method == SIP_INVITE ? forwarded(inspection) : OUTCOME_NOT_APPLICABLE;
}
