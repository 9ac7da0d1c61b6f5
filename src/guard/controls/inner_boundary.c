/* CT-SEG-10: a border behind a border. */
#include "guard/inspect.h"

static bool is_of_sender(const struct inspection *inspection, const struct sip_value *value)
{
    const struct sip_message *message = &inspection->message;
    const struct policy_peer *peer = inspection_peer(inspection);
    struct slice host = sip_slice(message, value->uri.host);
    struct address address;

    if (sip_uri_host_address(message->head, &value->uri, &address)) {
        return address_same_host(&address, &inspection->packet->flow.remote);
    }
    for (uint32_t i = 0; peer != NULL && i < peer->domains.count; i++) {
        if (slice_equal_nocase(peer->domains.at[i], host)) {
            return true;
        }
    }
    return slice_equal_nocase(inspection->packet->certified_name, host);
}

static bool asserts(const struct sip_message *message)
{
    return message->method != SIP_INVITE && message->method != SIP_MESSAGE
               ? true
               : sip_header(message, SIP_HEADER_P_ASSERTED_IDENTITY) != NULL;
}

enum outcome control_inner_boundary(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;

    if (!inspection_zone(inspection)->is_inner || !inspection_is_new(inspection)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    if (slice_is_empty(inspection->packet->certified_name)) {
        return inspection_found(inspection, sip_slice(message, message->uri.whole), "TLS-11");
    }
    if (!asserts(message)) {
        return inspection_found(inspection, sip_slice(message, message->uri.whole), "IDN-01");
    }
    for (const struct sip_value *value = sip_value(message, SIP_HEADER_RECORD_ROUTE); value != NULL;
         value = sip_value_next(message, value)) {
        if (!is_of_sender(inspection, value)) {
            return inspection_found(inspection, sip_slice(message, value->text), "TLS-11");
        }
    }
    return OUTCOME_PASSED;
}
