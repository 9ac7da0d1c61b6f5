/* CT-IDN-02: what only the network may say, said by a device. */
#include "guard/identity.h"

static const struct {
    enum sip_header_name header;
    const char *rule;
    bool is_of_trunks; /* an exchange may say it: its numbers are judged instead (CT-IDN-16) */
} reserved[] = {
    {SIP_HEADER_P_ASSERTED_IDENTITY, "HDR-01", true},
    {SIP_HEADER_P_ASSERTED_SERVICE, "2.3", false},
    {SIP_HEADER_P_SERVED_USER, "2.3", false},
    {SIP_HEADER_P_ASSOCIATED_URI, "2.3", false},
    {SIP_HEADER_P_CALLED_PARTY_ID, "2.3", false},
    {SIP_HEADER_P_PROFILE_KEY, "2.3", false},
    {SIP_HEADER_P_USER_DATABASE, "2.3", false},
    {SIP_HEADER_P_CHARGING_VECTOR, "HDR-05", false},
    {SIP_HEADER_P_CHARGING_FUNCTION_ADDRESSES, "HDR-05", false},
    {SIP_HEADER_P_CHARGE_INFO, "HDR-05", false},
    {SIP_HEADER_P_VISITED_NETWORK_ID, "HDR-07", false},
    {SIP_HEADER_HISTORY_INFO, "HDR-08", true},
    {SIP_HEADER_DIVERSION, "HDR-09", true},
    {SIP_HEADER_REMOTE_PARTY_ID, "HDR-19", true},
};

/* Every line of it goes, unless policy lets this sender say it. */
static bool take_out(struct inspection *inspection, enum sip_header_name name, const char *rule)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_header *line = sip_header(message, name);

    if (line == NULL || inspection_passes(inspection, line)) {
        return false;
    }
    inspection_found(inspection, sip_slice(message, line->name), rule);
    for (; line != NULL; line = sip_header_next(message, line)) {
        inspection_strip_line(inspection, line);
    }
    return true;
}

enum outcome control_network_only_headers(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *from = sip_value(message, SIP_HEADER_FROM);
    bool is_trunk = inspection_zone(inspection)->class == ZONE_ENTERPRISE;
    bool is_found = false;

    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        if (!is_trunk || !reserved[i].is_of_trunks) {
            is_found |= take_out(inspection, reserved[i].header, reserved[i].rule);
        }
    }
    /* The relay writes no such parameter that did not come from the core. */
    if (message->is_request && from != NULL &&
        identity_number_param(message, &from->uri, SLICE("verstat"))) {
        is_found = true;
        inspection_found(inspection, sip_slice(message, from->uri.whole), "HYG-T04");
    }
    return is_found ? OUTCOME_FAILED : OUTCOME_PASSED;
}
