/*
 * What the registrar says of a REGISTER: which of the contacts he has, for how long, and by what
 * names; the device gets its own Contact back.
 */
#include "relay/registrations.h"

enum {
    REGISTRATION_DEFAULT_S = 3600,       /* RFC 3261 10.2.1.1 */
    REGISTRATION_EXPIRES_MAX_S = 600000, /* REG-05 */
    REGISTRATION_GRACE_MS = 10000,       /* the refresh may be under way */
};

static uint64_t expires_of(const struct sip_message *message, const struct sip_value *contact)
{
    struct slice value = SLICE_NONE;
    uint64_t seconds = 0;
    uint32_t header = 0;

    if (sip_param_find(sip_slice(message, contact->params), SLICE("expires"), &value) &&
        slice_number(value, UINT32_MAX, &seconds)) {
        return seconds < REGISTRATION_EXPIRES_MAX_S ? seconds : REGISTRATION_EXPIRES_MAX_S;
    }
    if (sip_number(message, SIP_HEADER_EXPIRES, &header)) {
        return header < REGISTRATION_EXPIRES_MAX_S ? header : REGISTRATION_EXPIRES_MAX_S;
    }
    return REGISTRATION_DEFAULT_S;
}

static struct slice write_service_route(struct text *text, const struct sip_message *message)
{
    for (const struct sip_value *value = sip_value(message, SIP_HEADER_SERVICE_ROUTE);
         value != NULL; value = sip_value_next(message, value)) {
        text_put(text, text->len > 0 ? SLICE(", ") : SLICE(""));
        sip_write_listed(text, message, sip_slice(message, value->text));
    }
    return text_slice(text);
}

/* The names that go with the registered one, a blank between them. */
static struct slice write_identities(struct text *text, const struct sip_message *message)
{
    for (const struct sip_value *value = sip_value(message, SIP_HEADER_P_ASSOCIATED_URI);
         value != NULL; value = sip_value_next(message, value)) {
        text_put(text, text->len > 0 ? SLICE(" ") : SLICE(""));
        text_put(text, sip_slice(message, value->uri.whole));
    }
    return text_slice(text);
}

static void keep_what_is_said(struct relay *relay, struct registration *registration,
                              const struct sip_message *message)
{
    struct slice texts[REGISTRATION_TEXT_COUNT];
    char room[RELAY_ROUTES_MAX], names[RELAY_CONTACTS_MAX];
    struct text text, identities;

    text_init(&text, room, sizeof(room));
    text_init(&identities, names, sizeof(names));
    for (unsigned i = 0; i < REGISTRATION_TEXT_COUNT; i++) {
        texts[i] = registration_text(relay->state, registration, i);
    }
    texts[REGISTRATION_SERVICE_ROUTE] = write_service_route(&text, message);
    texts[REGISTRATION_IDENTITIES] = write_identities(&identities, message);
    if (text.is_full || identities.is_full) {
        relay->counters.too_large++; /* half a route leads somewhere else */
        return;
    }
    if ((!slice_equal(texts[REGISTRATION_SERVICE_ROUTE],
                      registration_text(relay->state, registration, REGISTRATION_SERVICE_ROUTE)) ||
         !slice_equal(texts[REGISTRATION_IDENTITIES],
                      registration_text(relay->state, registration, REGISTRATION_IDENTITIES))) &&
        !registration_set_texts(relay->state, registration, texts)) {
        relay->counters.table_full++;
    }
}

/* Names the registrar made for the device (RFC 5627): they are of the user's domain, or they go. */
static void put_gruu(const struct relay *relay, const struct registration *registration,
                     struct slice params, struct text *contacts)
{
    static const struct slice names[] = {SLICE_INIT("pub-gruu"), SLICE_INIT("temp-gruu")};
    struct view view = view_towards(relay, registration->zone, registration->peer,
                                    registration->core_zone, registration->core_peer);
    struct slice value;

    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        if (sip_param_find(params, names[i], &value) && !hide_shows_inside(&view, value)) {
            sip_write_param(contacts, names[i], value);
        }
    }
}

static void put_contact(struct relay *relay, const struct registration *registration,
                        const struct sip_message *message, const struct sip_value *contact,
                        struct text *contacts)
{
    const struct text before = *contacts;

    text_put(contacts, SLICE("Contact: <"));
    text_put(contacts, registration_text(relay->state, registration, REGISTRATION_CONTACT));
    text_put_octet(contacts, '>');
    registration_write_params(contacts, sip_slice(message, contact->params));
    put_gruu(relay, registration, sip_slice(message, contact->params), contacts);
    text_put(contacts, SLICE("\r\n"));
    if (contacts->is_full) {
        *contacts = before; /* half a line would swallow the next one */
        relay->counters.too_large++;
    }
}

/* The core says it has this contact: now it is where its REGISTER came from. */
static void confirm(struct relay *relay, struct registration *registration,
                    const struct sip_message *message, const struct sip_value *contact)
{
    registration->is_confirmed = true;
    registration->is_asked_twice = false;
    registration->asked = (struct handle){.index = 0};
    registration_set_expiry(relay, registration,
                            expires_of(message, contact) * 1000 + REGISTRATION_GRACE_MS);
    keep_what_is_said(relay, registration, message);
}

/* What was named by the REGISTER and not confirmed by its answer is no longer registered; after a
 * refusal that is only true of what never was, and that nobody else has asked for: a stranger who
 * is refused must not end what the device waits for.  Such a record lapses by itself. */
static void end_unconfirmed(struct relay *relay, const struct exchange *exchange, bool is_refused)
{
    const struct registration *named =
        pool_find(&relay->state->registrations, exchange->registration);
    struct handle handle = pool_handle(&relay->state->exchanges, exchange);
    char room[RELAY_URI_MAX];
    struct table_cursor cursor = {0};
    struct registration *registration = NULL;
    struct text aor;

    if (named == NULL) {
        return;
    }
    text_init(&aor, room, sizeof(room));
    text_put(&aor, registration_text(relay->state, named, REGISTRATION_AOR));
    while ((registration = registration_next(relay->state, text_slice(&aor), &cursor)) != NULL) {
        if (!handle_equal(registration->asked, handle)) {
            continue;
        }
        registration->asked = (struct handle){.index = 0};
        if (!is_refused || (!registration->is_confirmed && !registration->is_asked_twice)) {
            registration_end(relay->state, registration);
            cursor = (struct table_cursor){0}; /* the table moved */
        }
    }
}

/* The registrar names it by our token, or by its own Contact where he has that. */
static struct registration *find_answered(const struct relay *relay,
                                          const struct exchange *exchange,
                                          const struct sip_message *message,
                                          const struct sip_value *contact)
{
    const struct registration *named =
        pool_find(&relay->state->registrations, exchange->registration);
    enum token_standing standing = TOKEN_ABSENT;

    if (named != NULL && named->is_by_path && !contact->is_star) {
        return registration_find_contact(relay,
                                         registration_text(relay->state, named, REGISTRATION_AOR),
                                         message, contact);
    }
    return registration_of_token(relay->state, sip_slice(message, contact->uri.user), &standing);
}

void registration_answered(struct relay *relay, struct inspection *inspection,
                           struct exchange *exchange, struct text *contacts)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *contact = sip_value(message, SIP_HEADER_CONTACT);
    struct handle handle = pool_handle(&relay->state->exchanges, exchange);

    for (; contact != NULL; contact = sip_value_next(message, contact)) {
        struct registration *registration = find_answered(relay, exchange, message, contact);

        if (registration == NULL || expires_of(message, contact) == 0) {
            continue;
        }
        if (handle_equal(registration->asked, handle) ||
            handle_equal(pool_handle(&relay->state->registrations, registration),
                         exchange->registration)) {
            registration_bind(relay, registration, exchange);
            confirm(relay, registration, message, contact);
        }
        /* Contacts of other devices and other ways in are not this device's business (REG-11). */
        if (registration->is_confirmed &&
            address_equal(&registration->flow.remote, &exchange->server_flow.remote)) {
            put_contact(relay, registration, message, contact, contacts);
        }
    }
    end_unconfirmed(relay, exchange, false);
}

void registration_refused(struct relay *relay, const struct exchange *exchange)
{
    if (exchange->method == SIP_REGISTER) {
        end_unconfirmed(relay, exchange, true);
    }
}
