/* CT-MSG-01: a message, a state or a subscription of somebody who did not register. */
#include "guard/steps.h"

enum { AOR_MAX = SIP_URI_MAX + 8 };

static bool is_messaging(const struct sip_message *message)
{
    return message->method == SIP_MESSAGE || message->method == SIP_PUBLISH ||
           message->method == SIP_SUBSCRIBE;
}

/* Somebody is registered at this flow under the name in From, or some other of his names. */
static bool is_registered(const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *from = sip_value(message, SIP_HEADER_FROM);
    const struct registration *registration = NULL;
    struct table_cursor cursor = {0};
    char room[AOR_MAX];
    struct text text;
    struct slice aor;

    if (from == NULL) {
        return false;
    }
    text_init(&text, room, sizeof(room));
    aor = registration_write_aor(&text, message, &from->uri);
    while ((registration = registration_next(inspection->state, aor, &cursor)) != NULL) {
        const struct party party = {registration->zone, registration->peer, registration->peer_id,
                                    &registration->flow};

        if (registration->is_confirmed && is_from_party(inspection, &party)) {
            return true;
        }
    }
    return inspection->asserted.len > 0; /* CT-IDN-01 knows him by another of his names */
}

static bool has_credentials(const struct sip_message *message)
{
    return sip_has(message, SIP_HEADER_AUTHORIZATION) ||
           sip_has(message, SIP_HEADER_PROXY_AUTHORIZATION);
}

enum outcome control_messaging_bound(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct policy_zone *zone = inspection_zone(inspection);

    if (!is_messaging(message) || !inspection_is_new(inspection) || inspection->is_watched ||
        inspection->emergency != EMERGENCY_NONE || zone->class == ZONE_ENTERPRISE ||
        inspection->peer != POLICY_NONE) {
        return OUTCOME_NOT_APPLICABLE; /* a trunk is known by its contract */
    }
    if (is_registered(inspection) || has_credentials(message)) {
        return OUTCOME_PASSED;
    }
    if (zone->class == ZONE_ACCESS_INTERNET && !zone->is_strict) {
        /* The core asks for the password, as it does for calls. */
        return OUTCOME_NOT_APPLICABLE;
    }
    return inspection_found(inspection, sip_header_value(message, SIP_HEADER_FROM), "REG-01");
}
