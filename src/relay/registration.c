/*
 * Registrations through the border (rules 5.5, design 4): the core gets a Contact of ours that
 * names the device's record; the device gets its own back.
 */
#include "relay/machine.h"

enum {
    REGISTRATION_UNANSWERED_MS = 64000,  /* its answer ends it earlier */
    REGISTRATION_DEFAULT_S = 3600,       /* RFC 3261 10.2.1.1 */
    REGISTRATION_EXPIRES_MAX_S = 600000, /* REG-05 */
    REGISTRATION_GRACE_MS = 10000,       /* the refresh may be under way */
    REGISTRATION_CONTACTS_MAX = 32,      /* of a user: REG-03 has five, and some are being asked */
};

static struct slice write_aor(struct text *text, const struct sip_message *message,
                              const struct sip_value *value)
{
    return registration_write_aor(text, message, &value->uri);
}

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

/* A device that comes with another Contact is another record: which of them counts is the
 * registrar's decision, and its answer says it. */
static struct registration *find_contact(const struct relay *relay, struct slice aor,
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

static void set_expiry(struct relay *relay, struct registration *registration, uint64_t in_ms)
{
    registration->expires_ms = relay->now_ms + in_ms;
    registration_set_timer(relay, registration);
}

/* Where the device is, as its REGISTER came.  Of a record that is in use only the answer may say
 * so: whoever asks has proved nothing yet. */
static void bind_contact(struct relay *relay, struct registration *registration,
                         const struct exchange *exchange)
{
    registration_set_flow(relay->state, registration, &exchange->server_flow);
    registration->zone = exchange->zone_in;
    registration->peer = exchange->peer_in;
    registration->peer_id = exchange->peer_in_id;
    registration->core_zone = exchange->zone_out;
    registration->core_peer = exchange->peer_out;
}

static bool register_contact(struct relay *relay, const struct inspection *inspection,
                             struct exchange *exchange, struct slice aor,
                             const struct sip_value *contact)
{
    const struct sip_message *message = &inspection->message;
    struct registration *registration = find_contact(relay, aor, message, contact);
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
        bind_contact(relay, registration, exchange);
        set_expiry(relay, registration, REGISTRATION_UNANSWERED_MS);
    } else if (!registration->is_confirmed) {
        registration->is_asked_twice = true;
        set_expiry(relay, registration, REGISTRATION_UNANSWERED_MS);
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
    aor = write_aor(&text, message, sip_value(message, SIP_HEADER_TO));
    for (; contact != NULL; contact = sip_value_next(message, contact)) {
        if (contact->is_star) {
            register_star(relay, exchange, aor);
        } else if (!register_contact(relay, inspection, exchange, aor, contact)) {
            return false;
        }
    }
    return true;
}

/* A refresh must keep its Call-ID for its CSeq to count (RFC 3261 10.2.4), also after the worker
 * was started anew: so the names are made of the device's own, with the key that all workers have.
 */
static void name_letters(const struct relay *relay, const char *use, struct slice what, char *at,
                         size_t letters)
{
    char room[512 + 16];
    struct text text;
    size_t named = letters < SIV_NAME_MAX ? letters : SIV_NAME_MAX;

    text_init(&text, room, sizeof(room));
    text_put_string(&text, use);
    text_put(&text, slice_head(what, sizeof(room) - 16));
    memset(at, '0', letters);
    if (relay->state->keys[0] != NULL) {
        must(siv_name(relay->state->keys[0], text_slice(&text), at, named));
    }
}

void registration_names(const struct relay *relay, const struct inspection *inspection,
                        char *call_id, size_t call_id_letters, char *tag, size_t tag_letters)
{
    const struct sip_message *message = &inspection->message;

    name_letters(relay, "call-id:", sip_call_id(message), call_id, call_id_letters);
    name_letters(relay, "tag:", sip_from_tag(message), tag, tag_letters);
}

static bool param_is_for_core(struct slice name)
{
    static const struct slice shown[] = {
        SLICE_INIT("expires"), SLICE_INIT("q"),       SLICE_INIT("+sip.instance"),
        SLICE_INIT("reg-id"),  SLICE_INIT("methods"), SLICE_INIT("audio"),
        SLICE_INIT("video"),   SLICE_INIT("text"),    SLICE_INIT("mobility"),
        SLICE_INIT("events"),
    };

    if (slice_starts_nocase(name, SLICE("+g."))) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_COUNT(shown); i++) {
        if (slice_equal_nocase(shown[i], name)) {
            return true;
        }
    }
    return false;
}

static void write_params(struct text *text, struct slice params)
{
    struct slice name, value;

    while (sip_param_next(&params, &name, &value)) {
        if (param_is_for_core(name)) {
            sip_write_param(text, name, value);
        }
    }
}

static void write_contact(struct relay *relay, struct text *text, const struct sip_message *message,
                          const struct sip_value *contact, struct slice aor,
                          const struct flow *flow)
{
    const struct registration *registration = find_contact(relay, aor, message, contact);

    if (registration == NULL) {
        return;
    }
    text_put(text, text->len > 0 ? SLICE(", <sip:") : SLICE("<sip:"));
    registration_token_write(relay->state, registration, text);
    text_put_octet(text, '@');
    text_put(text, relay->policy->listeners[flow->listener].sent_by);
    if (flow->transport != TRANSPORT_UDP) {
        text_put(text, SLICE(";transport="));
        text_put_string(text, transport_name(flow->transport));
    }
    text_put_octet(text, '>');
    write_params(text, sip_slice(message, contact->params));
}

void registration_write_contacts(struct relay *relay, struct text *text,
                                 const struct inspection *inspection, const struct flow *flow)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *contact = sip_value(message, SIP_HEADER_CONTACT);
    char room[RELAY_URI_MAX];
    struct text aor_text;
    struct slice aor;

    text_init(&aor_text, room, sizeof(room));
    aor = write_aor(&aor_text, message, sip_value(message, SIP_HEADER_TO));
    for (; contact != NULL; contact = sip_value_next(message, contact)) {
        if (contact->is_star) {
            text_put_octet(text, '*');
        } else {
            write_contact(relay, text, message, contact, aor, flow);
        }
    }
}

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
        sip_write_value(text, sip_slice(message, value->text));
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

static void put_contact(struct relay *relay, const struct registration *registration,
                        const struct sip_message *message, const struct sip_value *contact,
                        struct text *contacts)
{
    const struct text before = *contacts;

    text_put(contacts, SLICE("Contact: <"));
    text_put(contacts, registration_text(relay->state, registration, REGISTRATION_CONTACT));
    text_put_octet(contacts, '>');
    write_params(contacts, sip_slice(message, contact->params));
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
    set_expiry(relay, registration, expires_of(message, contact) * 1000 + REGISTRATION_GRACE_MS);
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

void registration_answered(struct relay *relay, struct inspection *inspection,
                           struct exchange *exchange, struct text *contacts)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *contact = sip_value(message, SIP_HEADER_CONTACT);
    struct handle handle = pool_handle(&relay->state->exchanges, exchange);

    for (; contact != NULL; contact = sip_value_next(message, contact)) {
        enum token_standing standing = TOKEN_ABSENT;
        struct registration *registration =
            registration_of_token(relay->state, sip_slice(message, contact->uri.user), &standing);

        if (registration == NULL || expires_of(message, contact) == 0) {
            continue;
        }
        if (handle_equal(registration->asked, handle) ||
            handle_equal(pool_handle(&relay->state->registrations, registration),
                         exchange->registration)) {
            bind_contact(relay, registration, exchange);
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

void registration_timer(struct relay *relay, struct wheel_timer *timer)
{
    registration_end(relay->state, pool_at(&relay->state->registrations, timer->owner));
}

bool registration_target(const struct relay *relay, const struct registration *registration,
                         struct route_target *target)
{
    (void)relay;
    *target = (struct route_target){.flow = registration->flow, .peer = registration->peer};
    return registration->is_confirmed && !registration->is_cut_off;
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
    aor = write_aor(&text, message, from);
    while ((registration = registration_next(relay->state, aor, &cursor)) != NULL) {
        if (registration->is_confirmed &&
            address_equal(&registration->flow.remote, &inspection->packet->flow.remote)) {
            return registration_text(relay->state, registration, REGISTRATION_SERVICE_ROUTE);
        }
    }
    return SLICE_NONE;
}
