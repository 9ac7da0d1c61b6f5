/* CT-SEG-08: a registered user's request that does not come the way he registered. */
#include "guard/steps.h"

enum { AOR_MAX = 1024 };

static bool is_his_flow(const struct inspection *inspection,
                        const struct registration *registration)
{
    const struct party party = {registration->zone, registration->peer, registration->peer_id,
                                &registration->flow};

    return is_from_party(inspection, &party);
}

/* On the Internet addresses move and a second device need not be registered: there it is told, and
 * the core asks for the password. */
static enum outcome not_his(struct inspection *inspection, struct slice evidence)
{
    const struct policy_zone *zone = inspection_zone(inspection);

    if (zone->class == ZONE_ACCESS_INTERNET && !zone->is_strict) {
        return inspection_found_as(inspection, evidence, "REG-01", ACTION_PASS, 0);
    }
    return transport_is_stream(inspection->packet->flow.transport)
               ? inspection_found_as(inspection, evidence, "REG-01", ACTION_REJECT, 403)
               : inspection_found(inspection, evidence, "REG-01");
}

enum outcome control_flow_bound(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *from = sip_value(message, SIP_HEADER_FROM);
    struct registration *registration = NULL;
    struct table_cursor cursor = {0};
    char room[AOR_MAX];
    bool is_registered = false;
    struct text text;
    struct slice aor;

    if (!inspection_is_new(inspection) || message->method == SIP_REGISTER || from == NULL ||
        inspection->emergency != EMERGENCY_NONE || inspection->is_watched) {
        return OUTCOME_NOT_APPLICABLE;
    }
    text_init(&text, room, sizeof(room));
    aor = registration_write_aor(&text, message, &from->uri);
    while ((registration = registration_next(inspection->state, aor, &cursor)) != NULL) {
        if (registration->is_confirmed && registration->zone == inspection->zone) {
            if (is_his_flow(inspection, registration)) {
                return OUTCOME_PASSED;
            }
            is_registered = true;
        }
    }
    if (!is_registered) {
        return OUTCOME_NOT_APPLICABLE;
    }
    inspection_score(inspection, 3);
    return not_his(inspection, sip_slice(message, from->uri.whole));
}
