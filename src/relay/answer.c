/*
 * Responses towards who asked: what he gave is given back, the rest is ours.
 */
#include "relay/machine.h"

/* Without a dialog our tag is made of the transaction, so that every response of it has the same.
 */
void answer_tag(const struct relay *relay, struct slice branch, char tag[16])
{
    static const char letters[] = "0123456789abcdef";
    uint64_t number = hash_pair(&relay->state->key, branch, SLICE("tag"));

    for (unsigned i = 0; i < ANSWER_TAG_LETTERS; i++) {
        tag[i] = letters[(number >> (4 * i)) & 15];
    }
}

void answer_write_to(struct text *text, struct slice to, struct slice tag)
{
    text_put(text, SLICE("To: "));
    sip_write_value(text, to);
    if (tag.len > 0) {
        text_put(text, SLICE(";tag="));
        text_put(text, tag);
    }
    text_put(text, SLICE("\r\n"));
}

/* The To value given back has its tag already when the request came within a dialog. */
static bool to_has_tag(struct slice to)
{
    struct slice params = slice_skip(to, slice_find_last(to, '>'));
    struct slice value;

    return sip_param_find(slice_skip(params, slice_find(params, ';')), SLICE("tag"), &value);
}

/* The request's Via lines; the topmost is told where it really came from (HYG-V01, RFC 3581). */
void answer_write_vias(struct text *text, const struct sip_message *message,
                       const struct packet *packet)
{
    const struct sip_value *via = sip_value(message, SIP_HEADER_VIA);
    bool is_top = true;

    for (; via != NULL; via = sip_value_next(message, via)) {
        struct slice params = sip_slice(message, via->params);
        struct slice whole = sip_slice(message, via->text);
        struct slice name, value;

        text_put(text, SLICE("Via: "));
        if (!is_top) {
            sip_write_listed(text, message, whole);
            text_put(text, SLICE("\r\n"));
            continue;
        }
        text_put(text, SLICE("SIP/2.0/"));
        text_put(text, sip_slice(message, via->via.transport));
        text_put_octet(text, ' ');
        text_put(text, exchange_sent_by(message));
        while (sip_param_next(&params, &name, &value)) {
            if (slice_equal_nocase(name, SLICE("received")) ||
                slice_equal_nocase(name, SLICE("rport"))) {
                continue;
            }
            sip_write_param(text, name, value);
        }
        text_put(text, SLICE(";received="));
        address_write_host(text, &packet->flow.remote, false);
        if (via->via.has_rport) {
            text_put(text, SLICE(";rport="));
            text_put_number(text, packet->flow.remote.port);
        }
        text_put(text, SLICE("\r\n"));
        is_top = false;
    }
}

static void write_echo_lines(struct text *text, const struct sip_message *message,
                             const struct packet *packet)
{
    answer_write_vias(text, message, packet);
    sip_write_copied(text, message, SIP_HEADER_FROM);
    sip_write_copied(text, message, SIP_HEADER_CALL_ID);
    sip_write_copied(text, message, SIP_HEADER_CSEQ);
}

bool answer_keep_echo(struct relay *relay, struct exchange *exchange,
                      const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    char room[16384], routes[RELAY_ROUTES_MAX], called[RELAY_URI_MAX];
    struct text lines, record_routes, to;

    text_init(&lines, room, sizeof(room));
    text_init(&record_routes, routes, sizeof(routes));
    text_init(&to, called, sizeof(called));
    sip_write_listed(&to, message, sip_header_value(message, SIP_HEADER_TO));
    write_echo_lines(&lines, message, inspection->packet);
    sip_write_copied(&record_routes, message, SIP_HEADER_RECORD_ROUTE);
    if (lines.is_full || record_routes.is_full || to.is_full) {
        relay->counters.too_large++;
        return false;
    }
    struct slice echo[ECHO_COUNT] = {
        [ECHO_BRANCH] = sip_branch(message),
        [ECHO_SENT_BY] = exchange_sent_by(message),
        [ECHO_FROM_TAG] = sip_from_tag(message),
        [ECHO_CALL_ID] = sip_call_id(message),
        [ECHO_URI] = sip_slice(message, message->uri.whole),
        [ECHO_LINES] = text_slice(&lines),
        [ECHO_TO] = text_slice(&to),
        [ECHO_RECORD_ROUTE] = text_slice(&record_routes),
    };
    if (!exchange_set_server(relay->state, exchange, echo)) {
        relay->counters.table_full++;
        return false;
    }
    return true;
}

void answer_write_retry_after(struct relay *relay, struct text *text)
{
    uint32_t span = RELAY_RETRY_AFTER_MAX_S - RELAY_RETRY_AFTER_MIN_S + 1;

    sip_write_header_number(text, SIP_HEADER_RETRY_AFTER,
                            RELAY_RETRY_AFTER_MIN_S + random_below(relay->random, span));
}

void answer_write_allow(const struct relay *relay, struct text *text, uint16_t zone, uint16_t peer)
{
    bool is_first = true;

    text_put(text, SLICE("Allow: "));
    for (unsigned method = 0; method < SIP_METHOD_COUNT; method++) {
        enum policy_crossing crossing = policy_method_in(relay->policy, zone, peer, method);

        if (crossing == CROSSING_ALLOWED || crossing == CROSSING_IN_DIALOG) {
            text_put(text, is_first ? SLICE("") : SLICE(", "));
            text_put(text, sip_method_token(method));
            is_first = false;
        }
    }
    text_put(text, SLICE("\r\n"));
}

/* Status line to CSeq, and the Record-Route set where it is given back (RFC 3261 12.1.1). */
static void write_front(struct relay *relay, struct text *text, const struct exchange *exchange,
                        const struct dialog *dialog, unsigned status)
{
    const struct state *state = relay->state;
    struct slice to = exchange_echo(state, exchange, ECHO_TO);
    char tag[ANSWER_TAG_LETTERS];
    struct slice our_tag = slice_of(tag, sizeof(tag));

    if (status == 100 || to_has_tag(to)) {
        our_tag = SLICE_NONE;
    } else if (dialog != NULL) {
        our_tag = slice_string(dialog->sides[exchange->side].local_tag);
    } else {
        answer_tag(relay, exchange_echo(state, exchange, ECHO_BRANCH), tag);
    }
    sip_write_status_line(text, status);
    text_put(text, exchange_echo(state, exchange, ECHO_LINES));
    answer_write_to(text, to, our_tag);
    if (status > 100 && status < 300) {
        text_put(text, exchange_echo(state, exchange, ECHO_RECORD_ROUTE));
    }
}

/* On UDP the last response is kept, because the request may come again.  A 2xx of INVITE is sent
 * again by who gave it. */
static void keep_answer(struct relay *relay, struct exchange *exchange, unsigned status,
                        struct slice bytes)
{
    bool is_invite_success = exchange->method == SIP_INVITE && status >= 200 && status < 300;

    texts_give(&relay->state->texts, &exchange->answer);
    if (exchange->server_flow.transport == TRANSPORT_UDP && !is_invite_success &&
        !texts_keep(&relay->state->texts, bytes, &exchange->answer)) {
        relay->counters.table_full++;
    }
}

/* Where a peer is answered whose connection has ended: at the port its Via names, when its contract
 * does too (RFC 3261 18.2.2).  To strangers no connection is opened. */
static uint16_t port_again(const struct relay *relay, const struct exchange *exchange)
{
    const struct flow *flow = &exchange->server_flow;
    struct slice sent_by = exchange_echo(relay->state, exchange, ECHO_SENT_BY);
    struct slice host =
        slice_skip(sent_by, slice_has(sent_by, SLICE("]")) ? slice_find(sent_by, ']') : 0);
    uint64_t port = transport_is_secure(flow->transport) ? 5061 : 5060, named = 0;

    if (!transport_is_stream(flow->transport) || exchange->peer_in == POLICY_NONE) {
        return 0;
    }
    if (slice_number(slice_skip(host, slice_find(host, ':') + 1), UINT16_MAX, &named)) {
        port = named;
    }
    return route_names_port(relay, exchange->peer_in, flow->transport, (uint16_t)port)
               ? (uint16_t)port
               : 0;
}

/* counter: of the relay's, what the answer counts as when it is sent. */
static bool answer_put(struct relay *relay, struct exchange *exchange, unsigned status,
                       const struct text *text, struct outbox *outbox, uint64_t *counter)
{
    struct outgoing *sent = NULL;

    if (text->is_full) {
        relay->counters.too_large++;
    }
    sent = outbox_send(outbox, text, &exchange->server_flow);
    if (sent == NULL) {
        relay->counters.outbox_full++;
        texts_give(&relay->state->texts, &exchange->answer);
        return false;
    }
    sent->again_port = port_again(relay, exchange);
    (*counter)++;
    keep_answer(relay, exchange, status, text_slice(text));
    return true;
}

static void answer_send(struct relay *relay, struct exchange *exchange, unsigned status,
                        const struct text *text, struct outbox *outbox, uint64_t *counter)
{
    bool is_sent = answer_put(relay, exchange, status, text, outbox, counter);

    exchange->status = (uint16_t)status;
    exchange_answered(relay, exchange, status);
    if (!is_sent) {
        exchange_owes_answer(relay, exchange);
    }
}

void answer_own(struct relay *relay, struct exchange *exchange, unsigned status, struct slice extra,
                struct outbox *outbox)
{
    struct text text = outbox_text(outbox);
    const struct dialog *dialog = pool_find(&relay->state->dialogs, exchange->dialog);

    if (exchange->server_state == SERVER_NONE) {
        return; /* nobody asked but us */
    }
    write_front(relay, &text, exchange, dialog, status);
    text_put(&text, extra);
    sip_write_body(&text, SLICE_NONE);
    answer_send(relay, exchange, status, &text, outbox,
                status < 200 ? &relay->counters.trying : &relay->counters.answered);
}

/* A yes that means nothing without what came with it. */
static bool needs_more(const struct exchange *exchange)
{
    return exchange->method == SIP_REGISTER || exchange->method == SIP_UPDATE ||
           exchange->method == SIP_PRACK || exchange->method == SIP_SUBSCRIBE ||
           exchange->method == SIP_REFER || exchange->method == SIP_PUBLISH;
}

bool answer_again(struct relay *relay, struct exchange *exchange, struct outbox *outbox,
                  uint64_t *counter)
{
    const struct dialog *dialog = pool_find(&relay->state->dialogs, exchange->dialog);
    unsigned status = exchange->status < 300 && needs_more(exchange) ? 500 : exchange->status;
    struct text text = outbox_text(outbox);

    write_front(relay, &text, exchange, dialog, status);
    sip_write_body(&text, SLICE_NONE);
    return answer_put(relay, exchange, status, &text, outbox, counter);
}

static bool shows_contact(const struct exchange *exchange, const struct sip_message *message)
{
    return sip_value(message, SIP_HEADER_CONTACT) != NULL && message->status < 300 &&
           exchange->method != SIP_REGISTER && exchange->method != SIP_MESSAGE;
}

void answer_forward(struct relay *relay, struct exchange *exchange, struct dialog *dialog,
                    unsigned status, const struct inspection *inspection, struct slice extra,
                    struct slice body, struct outbox *outbox)
{
    const struct sip_message *message = &inspection->message;
    struct text text = outbox_text(outbox);
    struct view view = view_towards(relay, exchange->zone_in, exchange->peer_in, inspection->zone,
                                    inspection->peer);

    if (exchange->server_state == SERVER_NONE) {
        return;
    }
    write_front(relay, &text, exchange, dialog, status);
    if (shows_contact(exchange, message)) {
        text_put(&text, SLICE("Contact: "));
        leg_write_contact(relay, &text, dialog, exchange->side, &exchange->server_flow, message,
                          sip_value(message, SIP_HEADER_CONTACT));
        text_put(&text, SLICE("\r\n"));
    }
    text_put(&text, extra);
    hide_lines(&text, &view, inspection, dialog, exchange->side ^ 1U);
    sip_write_body(&text, body);
    answer_send(relay, exchange, status, &text, outbox, &relay->counters.forwarded_responses);
}
