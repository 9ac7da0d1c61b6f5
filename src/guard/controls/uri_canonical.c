/* CT-FW-10: a URI that can be read in two ways, or of a scheme that has no place here. */
#include "guard/inspect.h"

/* A contact of another scheme may be registered beside others (RFC 3261 10.2.1): of no use to those
 * who call through us, so what goes on are the others.  False when there are none, or when
 * something else is of such a scheme. */
static bool has_other_contacts(const struct sip_message *message, struct slice *evidence)
{
    bool has_ours = false;

    for (unsigned i = 0; i < message->value_count; i++) {
        const struct sip_value *value = &message->values[i];
        uint8_t name = message->headers[value->header].id;
        bool is_other = name != SIP_HEADER_VIA && value->uri.scheme == SIP_SCHEME_OTHER;

        if (is_other && name != SIP_HEADER_CONTACT) {
            return false;
        }
        if (is_other) {
            *evidence = sip_slice(message, value->text);
        }
        has_ours |= name == SIP_HEADER_CONTACT && !is_other;
    }
    return has_ours && (!message->is_request || message->uri.scheme != SIP_SCHEME_OTHER);
}

static enum outcome schemes(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    struct slice evidence = sip_odd_slice(message, SIP_ODD_UNKNOWN_SCHEME);

    if (message->method == SIP_REGISTER && has_other_contacts(message, &evidence)) {
        return inspection_found_as(inspection, evidence, "HYG-U01", ACTION_STRIP, 0);
    }
    if (message->is_request && message->uri.scheme == SIP_SCHEME_OTHER) {
        return inspection_found_status(inspection, sip_slice(message, message->uri.whole),
                                       "HYG-U01", 416);
    }
    return inspection_found(inspection, evidence, "HYG-U01");
}

static bool redirects(const struct sip_message *message, const struct sip_uri *uri)
{
    struct slice params = sip_slice(message, uri->params);
    struct slice value;

    return sip_param_find(params, SLICE("maddr"), &value) ||
           sip_param_find(params, SLICE("ttl"), &value) ||
           sip_param_find(params, SLICE("method"), &value);
}

static bool route_redirects(const struct sip_message *message, enum sip_header_name name,
                            struct slice *evidence)
{
    const struct sip_value *value = sip_value(message, name);

    while (value != NULL && !redirects(message, &value->uri)) {
        value = sip_value_next(message, value);
    }
    if (value != NULL) {
        *evidence = sip_slice(message, value->text);
    }
    return value != NULL;
}

/* The trusted may have a reason for maddr, but what is sent on is written without it. */
static enum outcome next_hops(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    enum zone_class class = inspection_zone(inspection)->class;
    struct slice evidence = sip_slice(message, message->uri.whole);

    if (!(message->is_request && redirects(message, &message->uri)) &&
        !route_redirects(message, SIP_HEADER_ROUTE, &evidence) &&
        !route_redirects(message, SIP_HEADER_RECORD_ROUTE, &evidence)) {
        return OUTCOME_PASSED;
    }
    return zone_class_is_trusted(class)
               ? inspection_found_as(inspection, evidence, "HYG-U07", ACTION_STRIP, 0)
               : inspection_found(inspection, evidence, "HYG-U07");
}

/* Digits as somebody dialled them mean something only where his plan is known (RFC 4967). */
static bool is_dialled(const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    enum zone_class class = inspection_zone(inspection)->class;
    struct slice kind;

    return message->is_request && message->uri.params.len > 0 && class != ZONE_CORE &&
           class != ZONE_ACCESS_SIM && class != ZONE_ROAMING_VISITED &&
           sip_param_find(sip_slice(message, message->uri.params), SLICE("user"), &kind) &&
           slice_equal_nocase(kind, SLICE("dialstring"));
}

enum outcome control_uri_canonical(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;

    if (inspection_violations(inspection) == OUTCOME_FAILED) {
        return OUTCOME_FAILED;
    }
    if (sip_is_odd(message, SIP_ODD_UNKNOWN_SCHEME)) {
        return schemes(inspection);
    }
    if (message->is_request && message->uri.scheme == SIP_SCHEME_SIPS &&
        !transport_is_secure(inspection->packet->flow.transport)) {
        return inspection_found(inspection, sip_slice(message, message->uri.whole), "HYG-U16");
    }
    if (is_dialled(inspection)) {
        return inspection_found_status(inspection, sip_slice(message, message->uri.whole),
                                       "HYG-T08", 484);
    }
    return sip_is_odd(message, SIP_ODD_URI_MADDR) ? next_hops(inspection) : OUTCOME_PASSED;
}
