/* CT-SEG-06: a name or address of the inside in a place that only we fill. */
#include "guard/steps.h"

/* Behind a translator the private addresses of others look like ours; and whoever sent the packet
 * may name himself. */
static bool is_inside_literal(const struct inspection *inspection, struct slice host)
{
    struct address address;

    return !inspection_zone(inspection)->is_nat && address_read(&address, host) &&
           !address_same_host(&address, &inspection->packet->flow.remote) &&
           inside_has_address(inspection->plan, &address);
}

static bool is_inside(const struct inspection *inspection, struct slice host,
                      enum sip_host_kind kind)
{
    return kind == SIP_HOST_NAME ? inside_has_name(inspection->plan, host)
                                 : is_inside_literal(inspection, host);
}

enum outcome control_topology_hiding(struct inspection *inspection)
{
    static const enum sip_header_name places[] = {SIP_HEADER_CONTACT, SIP_HEADER_RECORD_ROUTE,
                                                  SIP_HEADER_PATH, SIP_HEADER_SERVICE_ROUTE};
    const struct sip_message *message = &inspection->message;

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        const struct sip_value *value = sip_value(message, places[i]);

        for (; value != NULL; value = sip_value_next(message, value)) {
            struct slice host = sip_slice(message, value->uri.host);

            if (is_inside(inspection, host, value->uri.host_kind)) {
                return inspection_found(inspection, host, "HYG-U06");
            }
        }
    }
    return OUTCOME_PASSED;
}
