/*
 * Responses towards who asked: what he gave is given back, the rest is ours.
 */
#include "relay/machine.h"

enum { ANSWER_TAG_LETTERS = 16 };

/* Without a dialog our tag is made of the transaction, so that every response of it has the same.
 */
static void answer_tag(const struct relay *relay, struct slice branch, char tag[16])
{
    static const char letters[] = "0123456789abcdef";
    uint64_t number = hash_pair(&relay->state->key, branch, SLICE("tag"));

    for (unsigned i = 0; i < ANSWER_TAG_LETTERS; i++) {
        tag[i] = letters[(number >> (4 * i)) & 15];
    }
}

static void write_tagged_to(struct text *text, struct slice to, struct slice tag)
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
static void write_vias(struct text *text, const struct sip_message *message,
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
    write_vias(text, message, packet);
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
    write_tagged_to(text, to, our_tag);
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

/* GEN-04: what an unproven source on UDP gets is no larger than what it sent, and seldom. */
static bool reply_is_allowed(struct relay *relay, const struct inspection *inspection, size_t len)
{
    const struct packet *packet = inspection->packet;
    uint64_t second = relay->now_ms / 1000;
    struct slice host = slice_of((const char *)packet->flow.remote.bytes, 16);
    uint32_t place = (uint32_t)(hash_bytes(&relay->state->key, host) % RELAY_REPLY_SOURCES);

    if (inspection->peer != POLICY_NONE || packet->flow.transport != TRANSPORT_UDP ||
        inspection->match.exchange != NULL) {
        return true; /* under contract, or known to be there: it has heard us before */
    }
    if (relay->reply_second != second) {
        relay->reply_second = second;
        relay->replies = 0;
        memset(relay->replies_to, 0, sizeof(relay->replies_to));
    }
    if (len > packet->bytes.len || relay->replies >= RELAY_REPLIES_PER_NODE ||
        relay->replies_to[place] >= RELAY_REPLIES_PER_SOURCE) {
        relay->counters.reply_limited++;
        return false;
    }
    relay->replies++;
    relay->replies_to[place]++;
    return true;
}

static bool can_be_answered(const struct sip_message *message)
{
    return message->is_request && message->method != SIP_ACK &&
           sip_value(message, SIP_HEADER_VIA) != NULL && exchange_sent_by(message).len > 0 &&
           sip_has(message, SIP_HEADER_FROM) && sip_has(message, SIP_HEADER_TO) &&
           sip_has(message, SIP_HEADER_CALL_ID) && sip_has(message, SIP_HEADER_CSEQ);
}

static void write_single(struct text *text, const struct sip_message *message,
                         enum sip_header_name name)
{
    sip_write_header(text, name, sip_header_value(message, name));
}

/* The answer of a CANCEL has the tag of those of its INVITE (RFC 3261 9.2). */
static struct slice stateless_tag(const struct inspection *inspection, unsigned status,
                                  struct slice ours)
{
    const struct match *match = &inspection->match;

    if (sip_to_tag(&inspection->message).len > 0 || status == 100) {
        return SLICE_NONE;
    }
    return match->kind == MATCH_CANCEL && match->dialog != NULL
               ? slice_string(match->dialog->sides[match->side].local_tag)
               : ours;
}

/* GEN-03: what a response must copy has to be fit to be copied.  What somebody spoiled is not said
 * again, not even to himself. */
static bool is_fit(struct relay *relay, const struct text *text)
{
    static const uint8_t spoiled[] = {
        SIP_ODD_NUL,           SIP_ODD_CONTROL_OCTET,    SIP_ODD_HIGH_OCTET,
        SIP_ODD_BAD_UTF8,      SIP_ODD_BAD_VIA,          SIP_ODD_BAD_ADDRESS,
        SIP_ODD_BAD_URI,       SIP_ODD_BAD_HOST,         SIP_ODD_BAD_CALL_ID,
        SIP_ODD_TWO_BRACKETS,  SIP_ODD_UNBALANCED_QUOTE, SIP_ODD_BAD_DISPLAY_NAME,
        SIP_ODD_ESCAPED_HOST,  SIP_ODD_ESCAPED_CONTROL,  SIP_ODD_BAD_ESCAPE,
        SIP_ODD_BAD_PARAMETER, SIP_ODD_EMPTY_VALUE,      SIP_ODD_LONG_LINE,
        SIP_ODD_LONG_URI,
    };

    if (sip_read(relay->kept, text_slice(text), false) != SIP_READ) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_COUNT(spoiled); i++) {
        if (sip_is_odd(relay->kept, spoiled[i])) {
            return false;
        }
    }
    return true;
}

void answer_stateless(struct relay *relay, const struct inspection *inspection, unsigned status,
                      struct slice extra, struct outbox *outbox)
{
    const struct sip_message *message = &inspection->message;
    struct text text = outbox_text(outbox);
    struct outgoing *sent = NULL;
    char tag[ANSWER_TAG_LETTERS];

    if (!can_be_answered(message)) {
        relay->counters.dropped++;
        return;
    }
    /* A repeated header is given back once: what is refused must not travel on through us. */
    answer_tag(relay, sip_branch(message), tag);
    sip_write_status_line(&text, status);
    write_vias(&text, message, inspection->packet);
    write_single(&text, message, SIP_HEADER_FROM);
    write_tagged_to(&text, sip_header_value(message, SIP_HEADER_TO),
                    stateless_tag(inspection, status, slice_of(tag, sizeof(tag))));
    write_single(&text, message, SIP_HEADER_CALL_ID);
    write_single(&text, message, SIP_HEADER_CSEQ);
    text_put(&text, extra);
    sip_write_body(&text, SLICE_NONE);
    if (!text.is_full && !is_fit(relay, &text)) {
        relay->counters.dropped++;
        return;
    }
    if (!reply_is_allowed(relay, inspection, text.len)) {
        return;
    }
    sent = outbox_send(outbox, &text, &inspection->packet->flow);
    if (sent == NULL) {
        relay->counters.outbox_full++;
        return;
    }
    sent->closes = inspection->verdict.action == ACTION_CLOSE;
    if (status >= 300) {
        relay->counters.rejected++;
    } else {
        relay->counters.answered++;
    }
}

void answer_busy(struct relay *relay, const struct inspection *inspection, struct outbox *outbox)
{
    char room[64];
    struct text extra;

    text_init(&extra, room, sizeof(room));
    relay->counters.answered_alone++;
    answer_write_retry_after(relay, &extra);
    answer_stateless(relay, inspection, 503, text_slice(&extra), outbox);
}
