/* CT-FW-03: a header the message cannot do without. */
#include "guard/inspect.h"

static enum outcome missing(struct inspection *inspection, uint16_t status)
{
    return inspection_found_status(inspection, SLICE_NONE, "HYG-S04", status);
}

/* What opens or moves a dialog says where its sender is. */
static bool wants_contact(const struct sip_message *message)
{
    uint32_t methods = 1U << SIP_INVITE | 1U << SIP_UPDATE | 1U << SIP_SUBSCRIBE | 1U << SIP_REFER;

    if (message->is_request) {
        methods |= 1U << SIP_NOTIFY;
    } else if (message->status < 200 || message->status > 299) {
        return false;
    }
    return (methods >> message->method & 1) != 0;
}

static bool has_contact(const struct sip_message *message)
{
    const struct sip_value *contact = sip_value(message, SIP_HEADER_CONTACT);

    return contact != NULL && !contact->is_star &&
           (contact->uri.scheme == SIP_SCHEME_SIP || contact->uri.scheme == SIP_SCHEME_SIPS);
}

static bool has_refer_to(const struct sip_message *message)
{
    const struct sip_value *target = sip_value(message, SIP_HEADER_REFER_TO);

    return target != NULL && target->next == 0;
}

/* 0 when nothing is missing, else the status that says so. */
static uint16_t missing_by_method(const struct sip_message *message)
{
    uint32_t method = 1U << message->method;

    if ((method & (1U << SIP_SUBSCRIBE | 1U << SIP_PUBLISH | 1U << SIP_NOTIFY)) != 0 &&
        !sip_has(message, SIP_HEADER_EVENT)) {
        return message->method == SIP_NOTIFY ? 400 : 489;
    }
    if (message->method == SIP_NOTIFY && !sip_has(message, SIP_HEADER_SUBSCRIPTION_STATE)) {
        return 400;
    }
    if (message->method == SIP_PRACK && !sip_has(message, SIP_HEADER_RACK)) {
        return 400;
    }
    return message->method == SIP_REFER && !has_refer_to(message) ? 400 : 0;
}

static enum outcome request_headers(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    uint16_t status = missing_by_method(message);

    if (status != 0) {
        return missing(inspection, status);
    }
    if (wants_contact(message) && !has_contact(message)) {
        return missing(inspection, 400);
    }
    return OUTCOME_PASSED;
}

static enum outcome response_headers(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    bool is_reliable = message->status > 100 && message->status < 200 &&
                       sip_list_has(message, SIP_HEADER_REQUIRE, SLICE("100rel"));

    /* The answer to our CANCEL ends here. */
    if (message->cseq_method == SIP_CANCEL) {
        return OUTCOME_PASSED;
    }
    if ((message->status > 100 && sip_to_tag(message).len == 0) ||
        (is_reliable && !sip_has(message, SIP_HEADER_RSEQ)) ||
        (wants_contact(message) && !has_contact(message))) {
        return missing(inspection, 0);
    }
    return OUTCOME_PASSED;
}

/* Only the topmost Via's branch names a transaction of ours; those below are their owners'. */
static enum outcome branch(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *via = sip_value(message, SIP_HEADER_VIA);
    struct slice evidence = sip_odd_slice(message, SIP_ODD_BAD_BRANCH);

    if (via == NULL || evidence.at > message->head + via->text.at + via->text.len) {
        return OUTCOME_PASSED;
    }
    return inspection_found(inspection, evidence, "HYG-R08");
}

enum outcome control_mandatory_headers(struct inspection *inspection)
{
    if (inspection_violations(inspection) == OUTCOME_FAILED) {
        return OUTCOME_FAILED;
    }
    if (sip_is_odd(&inspection->message, SIP_ODD_BAD_BRANCH) &&
        branch(inspection) == OUTCOME_FAILED) {
        return OUTCOME_FAILED;
    }
    return inspection->message.is_request ? request_headers(inspection)
                                          : response_headers(inspection);
}
