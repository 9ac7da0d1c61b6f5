/* CT-SEG-02: a request from outside that names an address inside, of ours, or of nobody. */
#include "guard/steps.h"

static bool is_nowhere(const struct inspection *inspection, const struct address *address)
{
    return address_is_multicast(address) || address_is_unspecified(address) ||
           address_is_link_local(address) ||
           (address_is_loopback(address) && !address_is_loopback(&inspection->packet->local));
}

enum outcome control_routed_path(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_uri *uri = &message->uri;
    struct address address;

    if (uri->host.len == 0) {
        return OUTCOME_NOT_APPLICABLE;
    }
    if (uri->host_kind == SIP_HOST_NAME) {
        return inside_has_name(inspection->plan, sip_slice(message, uri->host))
                   ? inspection_found(inspection, sip_slice(message, uri->host), "HYG-U06")
                   : OUTCOME_PASSED;
    }
    if (sip_uri_host_address(message->head, uri, &address) &&
        (is_nowhere(inspection, &address) || inside_has_address(inspection->plan, &address))) {
        return inspection_found(inspection, sip_slice(message, uri->host), "HYG-U06");
    }
    return OUTCOME_PASSED;
}
