/*
 * Requests, written anew for the leg they go out on.
 */
#include "relay/machine.h"
#include "relay/registrations.h"

/* The worker's number leads what we make, so that what comes back reaches the worker that made it.
 */
static void put_worker(struct text *text, const struct relay *relay)
{
    text_put_octet(text, (char)('a' + relay->worker / 26 % 26));
    text_put_octet(text, (char)('a' + relay->worker % 26));
}

void leg_new_call_id(struct relay *relay, char call_id[RELAY_CALL_ID_LETTERS])
{
    struct text text;

    text_init(&text, call_id, RELAY_CALL_ID_LETTERS);
    put_worker(&text, relay);
    random_letters(relay->random, call_id + text.len, text.max - text.len);
}

void leg_new_branch(struct relay *relay, char branch[48], struct slice *at)
{
    struct text text;

    text_init(&text, branch, 48);
    text_put(&text, SLICE("z9hG4bK"));
    put_worker(&text, relay);
    random_letters(relay->random, branch + text.len, RELAY_BRANCH_LETTERS);
    *at = slice_of(branch, text.len + RELAY_BRANCH_LETTERS);
}

static bool contact_param_is_shown(struct slice name, enum zone_class class)
{
    static const struct slice shown[] = {
        SLICE_INIT("audio"),       SLICE_INIT("video"),  SLICE_INIT("text"),
        SLICE_INIT("application"), SLICE_INIT("data"),   SLICE_INIT("isfocus"),
        SLICE_INIT("automata"),    SLICE_INIT("class"),  SLICE_INIT("mobility"),
        SLICE_INIT("methods"),     SLICE_INIT("events"),
    };

    if (slice_starts_nocase(name, SLICE("+g."))) {
        return true;
    }
    if (slice_equal_nocase(name, SLICE("+sip.instance"))) {
        return class == ZONE_CORE; /* an IMEI never leaves towards another network (HDR-15) */
    }
    for (size_t i = 0; i < ARRAY_COUNT(shown); i++) {
        if (slice_equal_nocase(shown[i], name)) {
            return true;
        }
    }
    return false;
}

static void contact_params(struct text *text, struct slice params, enum zone_class class)
{
    struct slice name, value;

    while (sip_param_next(&params, &name, &value)) {
        if (contact_param_is_shown(name, class)) {
            sip_write_param(text, name, value);
        }
    }
}

void leg_write_contact(struct relay *relay, struct text *text, struct dialog *dialog, unsigned side,
                       const struct flow *flow, const struct sip_message *message,
                       const struct sip_value *value)
{
    const struct policy_listener *listener = &relay->policy->listeners[flow->listener];

    text_put(text, SLICE("<sip:"));
    if (dialog != NULL && dialog_token_write(relay->state, dialog, side, text)) {
        text_put_octet(text, '@');
    }
    text_put(text, listener->sent_by);
    if (flow->transport != TRANSPORT_UDP) {
        text_put(text, SLICE(";transport="));
        text_put_string(text, transport_name(flow->transport));
    }
    text_put_octet(text, '>');
    if (value != NULL) {
        contact_params(text, sip_slice(message, value->params),
                       relay_zone(relay, listener->zone)->class);
    }
}

/* Whoever opens or moves a dialog says where he is (RFC 3261 8.1.1.8). */
static bool wants_contact(uint8_t method)
{
    return relay_opens_dialog(method) || method == SIP_UPDATE || method == SIP_NOTIFY;
}

void leg_set_contact(struct relay *relay, struct text *text, const struct inspection *inspection,
                     struct leg *leg)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *contact = sip_value(message, SIP_HEADER_CONTACT);

    if (message->method == SIP_MESSAGE || (contact == NULL && !wants_contact(message->method))) {
        return;
    }
    if (message->method == SIP_REGISTER) {
        registration_write_contacts(relay, text, inspection, &leg->flow);
    } else {
        leg_write_contact(relay, text, leg->dialog, leg->side_from ^ 1, &leg->flow, message,
                          contact);
    }
    leg->contact = text_slice(text);
}

static void write_tagged(struct text *text, struct slice name, struct slice address,
                         struct slice tag)
{
    text_put(text, name);
    text_put(text, address);
    if (tag.len > 0) {
        text_put(text, SLICE(";tag="));
        text_put(text, tag);
    }
    text_put(text, SLICE("\r\n"));
}

static void write_cseq(struct text *text, uint32_t cseq, struct slice method)
{
    text_put(text, SLICE("CSeq: "));
    text_put_number(text, cseq);
    text_put_octet(text, ' ');
    text_put(text, method);
    text_put(text, SLICE("\r\n"));
}

/* Everything up to the headers that are copied. */
static uint16_t leg_write_front(struct relay *relay, struct text *text, struct slice method,
                                const struct leg *leg, unsigned max_forwards)
{
    const struct policy_listener *listener = &relay->policy->listeners[leg->flow.listener];
    size_t start = text->len;

    sip_write_request_line(text, method, leg->uri);
    sip_write_via(text, leg->flow.transport, listener->sent_by, leg->branch, true);
    sip_write_header_number(text, SIP_HEADER_MAX_FORWARDS, max_forwards);
    if (leg->routes.len > 0) {
        sip_write_header(text, SIP_HEADER_ROUTE, leg->routes);
    }
    if (leg->path.len > 0) {
        sip_write_header(text, SIP_HEADER_PATH, leg->path);
    }
    write_tagged(text, SLICE("From: "), leg->from, leg->from_tag);
    write_tagged(text, SLICE("To: "), leg->to, leg->to_tag);
    sip_write_header(text, SIP_HEADER_CALL_ID, leg->call_id);
    write_cseq(text, leg->cseq, method);
    if (leg->contact.len > 0) {
        sip_write_header(text, SIP_HEADER_CONTACT, leg->contact);
    }
    return (uint16_t)(text->len - start);
}

/* STA-50: a call whose caller did not ask for it is to be refreshed, so that a dead one ends. */
static bool wants_session_timer(const struct inspection *inspection, const struct dialog *dialog)
{
    return inspection->message.method == SIP_INVITE && dialog != NULL && dialog->is_session_ours;
}

uint16_t leg_write_request(struct relay *relay, struct text *text,
                           const struct inspection *inspection, const struct leg *leg)
{
    const struct sip_message *message = &inspection->message;
    struct view view =
        view_towards(relay, leg->zone, leg->peer, inspection->zone, inspection->peer);
    unsigned hops =
        message->max_forwards > RELAY_MAX_FORWARDS ? RELAY_MAX_FORWARDS : message->max_forwards;

    uint16_t front = leg_write_front(relay, text, sip_method_token(message->method), leg,
                                     hops == 0 ? 0 : hops - 1);
    identity_write_lines(text, &view, inspection);
    if (leg->path.len > 0 && !sip_list_has(message, SIP_HEADER_SUPPORTED, SLICE("path"))) {
        sip_write_header(text, SIP_HEADER_SUPPORTED, SLICE("path")); /* RFC 3327 5.1: of ours */
    }
    hide_lines(text, &view, inspection, leg->dialog, leg->side_from);
    if (wants_session_timer(inspection, leg->dialog)) {
        sip_write_header_number(text, SIP_HEADER_SESSION_EXPIRES,
                                leg->dialog->session_asked_ms / 1000);
    }
    sip_write_body(text, leg->body);
    return front;
}

uint16_t leg_write_own(struct relay *relay, struct text *text, enum sip_method method,
                       const struct leg *leg, struct slice extra)
{
    uint16_t front =
        leg_write_front(relay, text, sip_method_token(method), leg, RELAY_MAX_FORWARDS);

    text_put(text, extra);
    sip_write_body(text, leg->body);
    return front;
}

/* What we wrote always reads. */
const struct sip_message *leg_read_kept(struct relay *relay, struct slice wire)
{
    return wire.len > 0 && sip_read(relay->kept, wire, false) == SIP_READ ? relay->kept : NULL;
}

bool leg_write_from_kept(struct relay *relay, struct text *text, struct slice wire,
                         enum sip_method method, struct slice to_tag)
{
    const struct sip_message *message = leg_read_kept(relay, wire);

    if (message == NULL) {
        return false;
    }
    sip_write_request_line(text, sip_method_token(method), sip_slice(message, message->uri.whole));
    sip_write_copied(text, message, SIP_HEADER_VIA);
    sip_write_header_number(text, SIP_HEADER_MAX_FORWARDS, RELAY_MAX_FORWARDS);
    sip_write_copied(text, message, SIP_HEADER_ROUTE);
    sip_write_copied(text, message, SIP_HEADER_FROM);
    struct slice to = sip_header_value(message, SIP_HEADER_TO);
    bool adds_tag = to_tag.len > 0 && sip_to_tag(message).len == 0;
    write_tagged(text, SLICE("To: "), to, adds_tag ? to_tag : SLICE_NONE);
    sip_write_copied(text, message, SIP_HEADER_CALL_ID);
    write_cseq(text, message->cseq, sip_method_token(method));
    sip_write_body(text, SLICE_NONE);
    return true;
}

/* The host and transport of our Contact follow the listener the new hop is reached from; a dialog's
 * token is bound to the peer there, a registration's stays as it is. */
static void write_contact_again(struct relay *relay, struct text *text,
                                const struct sip_message *message, const struct flow *flow,
                                struct dialog *dialog)
{
    const struct policy_listener *listener = &relay->policy->listeners[flow->listener];
    const struct sip_value *contact = sip_value(message, SIP_HEADER_CONTACT);

    if (contact == NULL) {
        return;
    }
    text_put(text, SLICE("Contact: <sip:"));
    if (dialog != NULL) {
        if (dialog_token_write(relay->state, dialog, 1, text)) {
            text_put_octet(text, '@');
        }
    } else if (contact->uri.user.len > 0) {
        text_put(text, sip_slice(message, contact->uri.user));
        text_put_octet(text, '@');
    }
    text_put(text, listener->sent_by);
    if (flow->transport != TRANSPORT_UDP) {
        text_put(text, SLICE(";transport="));
        text_put_string(text, transport_name(flow->transport));
    }
    text_put_octet(text, '>');
    if (contact->params.len > 0) {
        text_put_octet(text, ';');
        text_put(text, sip_slice(message, contact->params));
    }
    text_put(text, SLICE("\r\n"));
}

/* The lines of the front, in the order leg_write_front has them. */
static bool is_front(uint8_t header)
{
    return header == SIP_HEADER_MAX_FORWARDS || header == SIP_HEADER_ROUTE ||
           header == SIP_HEADER_PATH || header == SIP_HEADER_FROM || header == SIP_HEADER_TO ||
           header == SIP_HEADER_CALL_ID || header == SIP_HEADER_CSEQ ||
           header == SIP_HEADER_CONTACT;
}

/* RFC 4028 7.4: another request, so another number. */
static bool write_changed(struct text *text, const struct sip_message *message, uint8_t header,
                          uint32_t session_s)
{
    if (session_s == 0) {
        return false;
    }
    if (header == SIP_HEADER_CSEQ) {
        write_cseq(text, (message->cseq + 1) & INT32_MAX, sip_method_token(message->method));
        return true;
    }
    if (header == SIP_HEADER_SESSION_EXPIRES) {
        sip_write_header_number(text, SIP_HEADER_SESSION_EXPIRES, session_s);
        sip_write_header_number(text, SIP_HEADER_MIN_SE, session_s);
        return true;
    }
    return header == SIP_HEADER_MIN_SE;
}

/* CT-ENC-10: what was written for a hop that is protected is not sent to one that is not. */
static bool shows_keys(const struct relay *relay, const struct sip_message *message,
                       const struct flow *flow)
{
    const struct policy_listener *listener = &relay->policy->listeners[flow->listener];

    return !transport_is_secure((enum transport)flow->transport) &&
           !relay_zone(relay, listener->zone)->shows_keys &&
           slice_has(message->body, SLICE("a=crypto:"));
}

uint16_t leg_write_again(struct relay *relay, struct text *text, struct slice wire,
                         const struct leg_again *again)
{
    const struct policy_listener *listener = &relay->policy->listeners[again->flow->listener];
    const struct sip_message *message = leg_read_kept(relay, wire);
    size_t start = text->len, front = 0;

    if (message == NULL || shows_keys(relay, message, again->flow)) {
        return 0;
    }
    sip_write_request_line(text, sip_method_token(message->method), again->uri);
    sip_write_via(text, again->flow->transport, listener->sent_by, again->branch, true);
    for (unsigned i = 0; i < message->header_count; i++) {
        const struct sip_header *header = &message->headers[i];

        if (header->id == SIP_HEADER_CONTACT) {
            write_contact_again(relay, text, message, again->flow, again->dialog);
        } else if (header->id != SIP_HEADER_VIA && header->id != SIP_HEADER_CONTENT_LENGTH &&
                   !write_changed(text, message, header->id, again->session_s)) {
            sip_write_line(text, message, header);
        }
        if (is_front(header->id)) {
            front = text->len - start;
        }
    }
    sip_write_body(text, message->body);
    return (uint16_t)front;
}
