/*
 * What the registrar gets of a device: a Contact of ours that names its record; or its own Contact
 * and a Path through us with that name (RFC 3327, RFC 5626), where the policy says so.
 */
#include "relay/registrations.h"

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

void registration_write_params(struct text *text, struct slice params)
{
    struct slice name, value;

    while (sip_param_next(&params, &name, &value)) {
        if (param_is_for_core(name)) {
            sip_write_param(text, name, value);
        }
    }
}

bool registration_goes_by_path(const struct relay *relay, const struct exchange *exchange)
{
    return relay_zone(relay, exchange->zone_in)->binding == BINDING_PATH &&
           !relay_zone(relay, exchange->zone_out)->hides;
}

static void put_host(const struct relay *relay, struct text *text, const struct flow *flow)
{
    text_put_octet(text, '@');
    text_put(text, relay->policy->listeners[flow->listener].sent_by);
    if (flow->transport != TRANSPORT_UDP) {
        text_put(text, SLICE(";transport="));
        text_put_string(text, transport_name(flow->transport));
    }
}

/* The device's own, with all it says of itself. */
static void write_as_it_is(struct text *text, const struct sip_message *message,
                           const struct sip_value *contact)
{
    struct slice params = sip_slice(message, contact->params);
    struct slice name, value;

    text_put_octet(text, '<');
    text_put(text, sip_slice(message, contact->uri.whole));
    text_put_octet(text, '>');
    while (sip_param_next(&params, &name, &value)) {
        sip_write_param(text, name, value);
    }
}

static void write_contact(struct relay *relay, struct text *text, const struct sip_message *message,
                          const struct sip_value *contact, struct slice aor,
                          const struct flow *flow)
{
    const struct registration *registration =
        registration_find_contact(relay, aor, message, contact);

    if (registration == NULL) {
        return;
    }
    text_put(text, text->len > 0 ? SLICE(", ") : SLICE(""));
    if (registration->is_by_path) {
        write_as_it_is(text, message, contact);
        return;
    }
    text_put(text, SLICE("<sip:"));
    registration_token_write(relay->state, registration, text);
    put_host(relay, text, flow);
    text_put_octet(text, '>');
    registration_write_params(text, sip_slice(message, contact->params));
}

/* Several flows of one device, each by a Path of its own (RFC 5626 5.1). */
static bool is_outbound(const struct sip_message *message)
{
    const struct sip_value *contact = sip_value(message, SIP_HEADER_CONTACT);
    struct slice value;

    return contact != NULL && !contact->is_star &&
           sip_param_find(sip_slice(message, contact->params), SLICE("reg-id"), &value) &&
           sip_list_has(message, SIP_HEADER_SUPPORTED, SLICE("outbound"));
}

void registration_write_path(struct relay *relay, struct text *text,
                             const struct inspection *inspection, const struct exchange *exchange,
                             const struct flow *flow)
{
    const struct registration *registration =
        pool_find(&relay->state->registrations, exchange->registration);

    if (registration == NULL || !registration->is_by_path || exchange->method != SIP_REGISTER) {
        return;
    }
    text_put(text, SLICE("<sip:"));
    registration_token_write(relay->state, registration, text);
    put_host(relay, text, flow);
    text_put(text, SLICE(";lr"));
    text_put(text, is_outbound(&inspection->message) ? SLICE(";ob>") : SLICE(">"));
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
    aor = registration_write_aor(&aor_text, message, &sip_value(message, SIP_HEADER_TO)->uri);
    for (; contact != NULL; contact = sip_value_next(message, contact)) {
        if (contact->is_star) {
            text_put_octet(text, '*');
        } else {
            write_contact(relay, text, message, contact, aor, flow);
        }
    }
}
