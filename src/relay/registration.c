/*
 * Registrations through the border (rules 5.5, design 4): which device of whom is behind which
 * flow.  What the registrar gets of it is written in registration_write.c, what he answers is heard
 * in registration_answer.c.
 */
#include "relay/registrations.h"

enum {
    REGISTRATION_UNANSWERED_MS = 64000, /* its answer ends it earlier */
    REGISTRATION_CONTACTS_MAX = 32,     /* of a user: REG-03 has five, and some are being asked */
};

/* The device and, of several flows of one device, which (RFC 5626). */
static struct slice write_instance(struct text *text, const struct sip_message *message,
                                   const struct sip_value *value)
{
    struct slice params = sip_slice(message, value->params);
    struct slice instance, number;

    if (sip_param_find(params, SLICE("+sip.instance"), &instance)) {
        text_put(text, instance);
        if (sip_param_find(params, SLICE("reg-id"), &number)) {
            text_put_octet(text, ';');
            text_put(text, number);
        }
    }
    return text_slice(text);
}

struct registration *registration_find_contact(const struct relay *relay, struct slice aor,
                                               const struct sip_message *message,
                                               const struct sip_value *contact)
{
    struct registration *registration = NULL;
    struct table_cursor cursor = {0};
    char room[RELAY_URI_MAX];
    struct text text;
    struct slice instance;

    text_init(&text, room, sizeof(room));
    instance = write_instance(&text, message, contact);
    while ((registration = registration_next(relay->state, aor, &cursor)) != NULL) {
        if (slice_equal(registration_text(relay->state, registration, REGISTRATION_CONTACT),
                        sip_slice(message, contact->uri.whole)) &&
            slice_equal(registration_text(relay->state, registration, REGISTRATION_INSTANCE),
                        instance)) {
            return registration;
        }
    }
    return NULL;
}

/* A registrar that is slow to refuse must not let one name fill the table. */
static bool has_room(struct relay *relay, struct slice aor)
{
    struct table_cursor cursor = {0};
    unsigned count = 0;

    while (registration_next(relay->state, aor, &cursor) != NULL) {
        count++;
    }
    if (count < REGISTRATION_CONTACTS_MAX) {
        return true;
    }
    relay->counters.contacts_refused++;
    return false;
}

static struct registration *begin_contact(struct relay *relay, const struct exchange *exchange,
                                          const struct slice texts[REGISTRATION_TEXT_COUNT])
{
    struct registration *registration = NULL;

    if (!has_room(relay, texts[REGISTRATION_AOR])) {
        return NULL;
    }
    registration = registration_new(relay->state);
    if (registration == NULL) {
        relay->counters.table_full++;
        return NULL;
    }
    do {
        registration->token = (uint32_t)random_number(relay->random);
    } while (registration->token == 0 ||
             registration_find_token(relay->state, registration->token) != NULL);
    registration->is_emergency = exchange->is_emergency;
    if (!registration_set_texts(relay->state, registration, texts)) {
        relay->counters.table_full++;
        registration_end(relay->state, registration);
        return NULL;
    }
    return registration;
}

void registration_set_timer(struct relay *relay, struct registration *registration)
{
    registration->expiry.kind = RELAY_TIMER_REGISTRATION;
    registration->expiry.owner = pool_handle(&relay->state->registrations, registration).index;
    wheel_set(&relay->state->wheel, &registration->expiry, registration->expires_ms);
}

void registration_set_expiry(struct relay *relay, struct registration *registration, uint64_t in_ms)
{
    registration->expires_ms = relay->now_ms + in_ms;
    registration_set_timer(relay, registration);
}

void registration_bind(struct relay *relay, struct registration *registration,
                       const struct exchange *exchange)
{
    registration_set_flow(relay->state, registration, &exchange->server_flow);
    registration->zone = exchange->zone_in;
    registration->peer = exchange->peer_in;
    registration->peer_id = exchange->peer_in_id;
    registration->core_zone = exchange->zone_out;
    registration->core_peer = exchange->peer_out;
    registration->is_by_path = registration_goes_by_path(relay, exchange);
}

static bool register_contact(struct relay *relay, const struct inspection *inspection,
                             struct exchange *exchange, struct slice aor,
                             const struct sip_value *contact)
{
    const struct sip_message *message = &inspection->message;
    struct registration *registration = registration_find_contact(relay, aor, message, contact);
    char room[RELAY_URI_MAX];
    struct text instance;

    if (registration == NULL) {
        text_init(&instance, room, sizeof(room));
        struct slice texts[REGISTRATION_TEXT_COUNT] = {
            [REGISTRATION_AOR] = aor,
            [REGISTRATION_CONTACT] = sip_slice(message, contact->uri.whole),
            [REGISTRATION_INSTANCE] = write_instance(&instance, message, contact),
            [REGISTRATION_CALL_ID] = sip_call_id(message),
        };
        registration = begin_contact(relay, exchange, texts);
        if (registration == NULL) {
            return false;
        }
        registration_bind(relay, registration, exchange);
        registration_set_expiry(relay, registration, REGISTRATION_UNANSWERED_MS);
    } else if (!registration->is_confirmed) {
        registration->is_asked_twice = true;
        registration_set_expiry(relay, registration, REGISTRATION_UNANSWERED_MS);
    }
    registration->asked = pool_handle(&relay->state->exchanges, exchange);
    exchange->registration = pool_handle(&relay->state->registrations, registration);
    return true;
}

/* "Contact: *" takes back everything the user registered (RFC 3261 10.2.2). */
static void register_star(struct relay *relay, struct exchange *exchange, struct slice aor)
{
    struct registration *registration = NULL;
    struct table_cursor cursor = {0};

    while ((registration = registration_next(relay->state, aor, &cursor)) != NULL) {
        registration->asked = pool_handle(&relay->state->exchanges, exchange);
        exchange->registration = pool_handle(&relay->state->registrations, registration);
    }
}

bool registration_request(struct relay *relay, const struct inspection *inspection,
                          struct exchange *exchange)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *contact = sip_value(message, SIP_HEADER_CONTACT);
    char room[RELAY_URI_MAX];
    struct text text;
    struct slice aor;

    text_init(&text, room, sizeof(room));
    aor = registration_write_aor(&text, message, &sip_value(message, SIP_HEADER_TO)->uri);
    for (; contact != NULL; contact = sip_value_next(message, contact)) {
        if (contact->uri.scheme == SIP_SCHEME_OTHER) {
            continue; /* nobody who is reached through us (CT-FW-10) */
        }
        if (contact->is_star) {
            register_star(relay, exchange, aor);
        } else if (!register_contact(relay, inspection, exchange, aor, contact)) {
            return false;
        }
    }
    return true;
}

void registration_timer(struct relay *relay, struct wheel_timer *timer)
{
    registration_end(relay->state, pool_at(&relay->state->registrations, timer->owner));
}
