/*
 * Registrations that a later request goes by: whose device is called, and whose Service-Route
 * holds.
 */
#include "relay/registrations.h"

bool registration_target(const struct relay *relay, const struct registration *registration,
                         struct route_target *target)
{
    (void)relay;
    *target = (struct route_target){.flow = registration->flow, .peer = registration->peer};
    return registration->is_confirmed && !registration->is_cut_off;
}

const struct registration *registration_on_flow(const struct relay *relay,
                                                const struct registration *registration,
                                                const struct sip_message *message)
{
    struct slice aor = registration_text(relay->state, registration, REGISTRATION_AOR);
    const struct registration *other = NULL;
    struct table_cursor cursor = {0};

    while ((other = registration_next(relay->state, aor, &cursor)) != NULL) {
        if (other->is_by_path && other->zone == registration->zone &&
            address_equal(&other->flow.remote, &registration->flow.remote) &&
            slice_equal(registration_text(relay->state, other, REGISTRATION_CONTACT),
                        sip_slice(message, message->uri.whole))) {
            return other;
        }
    }
    return registration;
}

struct registration *registration_called(const struct relay *relay, uint16_t zone,
                                         const struct sip_message *message)
{
    struct registration *registration = NULL, *latest = NULL;
    struct table_cursor cursor = {0};
    struct route_target target;
    char room[RELAY_URI_MAX];
    struct text text;
    struct slice aor;

    text_init(&text, room, sizeof(room));
    aor = registration_write_aor(&text, message, &message->uri);
    while ((registration = registration_next(relay->state, aor, &cursor)) != NULL) {
        if (registration->zone == zone && registration_target(relay, registration, &target) &&
            (latest == NULL || registration->expires_ms > latest->expires_ms)) {
            latest = registration;
        }
    }
    return latest;
}

struct slice registration_routes(const struct relay *relay, const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *from = sip_value(message, SIP_HEADER_FROM);
    struct registration *registration = NULL;
    struct table_cursor cursor = {0};
    char room[RELAY_URI_MAX];
    struct text text;
    struct slice aor;

    if (!zone_class_is_access(relay_zone(relay, inspection->zone)->class) || from == NULL ||
        message->method == SIP_REGISTER || inspection->emergency != EMERGENCY_NONE) {
        return SLICE_NONE;
    }
    text_init(&text, room, sizeof(room));
    aor = registration_write_aor(&text, message, &from->uri);
    while ((registration = registration_next(relay->state, aor, &cursor)) != NULL) {
        if (registration->is_confirmed &&
            address_equal(&registration->flow.remote, &inspection->packet->flow.remote)) {
            return registration_text(relay->state, registration, REGISTRATION_SERVICE_ROUTE);
        }
    }
    return SLICE_NONE;
}
