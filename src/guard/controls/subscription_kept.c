/* CT-PRV-04: a user's IMSI on the way out of his home. */
#include "guard/identity.h"

enum { IMSI_LEN = 15 };

/* "001010123456789@ims.mnc001.mcc001.3gppnetwork.org" (TS 23.003 13.4B) */
static bool is_of_imsi(const struct sip_message *message, const struct sip_uri *uri)
{
    struct slice user = sip_slice(message, uri->user);
    uint64_t number;

    return user.len == IMSI_LEN && slice_number(user, UINT64_MAX, &number) &&
           slice_ends_nocase(sip_slice(message, uri->host), SLICE(".3gppnetwork.org"));
}

/* A home and a visited network know whose subscription it is. */
static bool is_leaving(const struct inspection *inspection)
{
    enum zone_class to;

    if (inspection->zone_out == POLICY_NONE || inspection->emergency != EMERGENCY_NONE) {
        return false;
    }
    to = inspection->policy->zones[inspection->zone_out].class;
    return to == ZONE_INTERCONNECT || to == ZONE_INTERCONNECT_OPEN || zone_class_is_access(to);
}

enum outcome control_subscription_kept(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *value = sip_value(message, SIP_HEADER_P_ASSERTED_IDENTITY);
    const struct sip_value *from = sip_value(message, SIP_HEADER_FROM);
    enum outcome outcome = OUTCOME_PASSED;

    if (!is_leaving(inspection)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    for (; value != NULL; value = sip_value_next(message, value)) {
        if (is_of_imsi(message, &value->uri)) {
            inspection_strip_line(inspection, &message->headers[value->header]);
            outcome = inspection_found(inspection, sip_slice(message, value->uri.whole), "IDN-06");
        }
    }
    if (inspection_is_new(inspection) && from != NULL && is_of_imsi(message, &from->uri)) {
        identity_withhold(inspection);
        outcome = inspection_found(inspection, sip_slice(message, from->uri.whole), "IDN-06");
    }
    return outcome;
}
