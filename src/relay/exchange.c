/*
 * The transactions' time: RFC 3261 17, RFC 6026.
 */
#include "relay/machine.h"

bool exchange_is_unreliable(const struct flow *flow)
{
    return !transport_is_stream(flow->transport);
}

void exchange_set_timer(struct relay *relay, struct exchange *exchange, enum exchange_timer kind,
                        uint64_t in_ms)
{
    struct wheel_timer *timer = &exchange->timers[kind];

    timer->kind = kind;
    timer->owner = pool_handle(&relay->state->exchanges, exchange).index;
    wheel_set(&relay->state->wheel, timer, relay->now_ms + in_ms);
}

void exchange_stop_timer(struct relay *relay, struct exchange *exchange, enum exchange_timer kind)
{
    wheel_stop(&relay->state->wheel, &exchange->timers[kind]);
}

void exchange_stop_client(struct relay *relay, struct exchange *exchange)
{
    exchange_stop_timer(relay, exchange, EXCHANGE_CLIENT_RESEND);
    exchange_stop_timer(relay, exchange, EXCHANGE_CLIENT_END);
    exchange_stop_timer(relay, exchange, EXCHANGE_RINGING);
    exchange->client_state = CLIENT_NONE;
}

struct exchange *exchange_begin(struct relay *relay, const struct inspection *inspection)
{
    struct exchange *exchange = exchange_new(relay->state);
    const struct policy_peer *peer = inspection_peer(inspection);

    if (exchange == NULL) {
        relay->counters.table_full++;
        return NULL;
    }
    exchange->method = inspection->message.method;
    exchange->server_state = SERVER_TRYING;
    exchange->server_flow = inspection->packet->flow;
    exchange->server_cseq = inspection->message.cseq;
    exchange->zone_in = inspection->zone;
    exchange->peer_in = inspection->peer;
    exchange->peer_in_id = peer == NULL ? 0 : peer->id;
    exchange->zone_out = inspection->zone_out;
    exchange->peer_out = inspection->peer_out;
    exchange->route = inspection->route;
    exchange->is_emergency = relay_is_emergency(inspection);
    exchange->started_ms = relay->now_ms;
    if (!answer_keep_echo(relay, exchange, inspection)) {
        exchange_end(relay->state, exchange);
        return NULL;
    }
    relay->counters.transactions++;
    return exchange;
}

bool exchange_send_kept(struct relay *relay, struct slice bytes, const struct flow *flow,
                        struct outbox *outbox)
{
    struct text text = outbox_text(outbox);

    /* A copy: the block may be given back before the outbox is emptied. */
    text_put(&text, bytes);
    if (bytes.len == 0) {
        return false;
    }
    if (outbox_send(outbox, &text, flow) == NULL) {
        relay->counters.outbox_full++;
        return false;
    }
    return true;
}

/* How long a silent hop is waited for: less when there is another one to try. */
static uint64_t patience_ms(const struct relay *relay, const struct exchange *exchange)
{
    const struct policy_timers *timers = &relay->policy->timers;

    return route_has_more(relay, exchange) ? timers->failover : timers->transaction;
}

bool exchange_keep(struct relay *relay, struct exchange *exchange, const struct text *written,
                   uint16_t front)
{
    texts_give(&relay->state->texts, &exchange->wire);
    exchange->wire_front = front;
    if (written->is_full) {
        relay->counters.too_large++;
        return false;
    }
    if (!texts_keep(&relay->state->texts, text_slice(written), &exchange->wire)) {
        relay->counters.table_full++;
        return false;
    }
    return true;
}

/* An index of an exchange and, above it, which exchange and which of its sendings that was. */
enum { REFERENCE_INDEX_BITS = 22, REFERENCE_MARK_MASK = 15 };

uint32_t exchange_reference(const struct relay *relay, const struct exchange *exchange)
{
    struct handle handle = pool_handle(&relay->state->exchanges, exchange);
    uint32_t mark = (handle.generation / 2 + exchange->sendings) & REFERENCE_MARK_MASK;

    must(handle.index < 1U << REFERENCE_INDEX_BITS);
    return handle.index | mark << REFERENCE_INDEX_BITS;
}

struct exchange *exchange_of_reference(const struct relay *relay, uint32_t reference)
{
    uint32_t index = reference & ((1U << REFERENCE_INDEX_BITS) - 1);
    struct exchange *exchange = NULL;

    if (index == 0 || index >= relay->state->exchanges.count) {
        return NULL;
    }
    exchange = pool_at(&relay->state->exchanges, index);
    return (exchange->slot.generation & 1) != 0 && exchange_reference(relay, exchange) == reference
               ? exchange
               : NULL;
}

bool exchange_send(struct relay *relay, struct exchange *exchange, const struct text *written,
                   uint16_t front, struct outbox *outbox)
{
    struct outgoing *sent = NULL;

    if (!exchange_keep(relay, exchange, written, front)) {
        return false;
    }
    exchange->sendings++;
    sent = outbox_send(outbox, written, &exchange->client_flow);
    if (sent == NULL) {
        relay->counters.outbox_full++;
    } else {
        sent->reference = exchange_reference(relay, exchange);
        if (exchange->server_state == SERVER_NONE) {
            relay->counters.own_requests++;
        } else {
            relay->counters.forwarded_requests++;
        }
    }
    exchange->client_state = CLIENT_CALLING;
    exchange->resends = 0;
    if (exchange_is_unreliable(&exchange->client_flow)) {
        exchange_set_timer(relay, exchange, EXCHANGE_CLIENT_RESEND, relay->policy->timers.t1);
    }
    exchange_set_timer(relay, exchange, EXCHANGE_CLIENT_END, patience_ms(relay, exchange));
    return true;
}

/* We sent a response to who asked. */
void exchange_answered(struct relay *relay, struct exchange *exchange, unsigned status)
{
    const struct policy_timers *timers = &relay->policy->timers;
    bool is_datagram = exchange_is_unreliable(&exchange->server_flow);

    if (status < 200) {
        if (exchange->server_state == SERVER_TRYING && status > 100) {
            exchange->server_state = SERVER_PROCEEDING;
        }
        return;
    }
    if (exchange->method == SIP_INVITE && status < 300) {
        exchange->server_state = SERVER_ACCEPTED;
        exchange_set_timer(relay, exchange, EXCHANGE_SERVER_END, timers->transaction);
        return;
    }
    exchange->server_state = SERVER_COMPLETED;
    if (exchange->method == SIP_INVITE && is_datagram) {
        exchange->resends = 0;
        exchange_set_timer(relay, exchange, EXCHANGE_SERVER_RESEND, timers->t1);
    }
    exchange_set_timer(relay, exchange, EXCHANGE_SERVER_END,
                       exchange->method == SIP_INVITE || is_datagram ? timers->transaction : 0);
}

static bool is_yes_of_invite(const struct exchange *exchange)
{
    return exchange->method == SIP_INVITE && exchange->status < 300;
}

void exchange_owes_answer(struct relay *relay, struct exchange *exchange)
{
    /* A 1xx is overtaken by the next answer; who said yes to an INVITE says it again. */
    if (exchange->status < 200 || is_yes_of_invite(exchange)) {
        return;
    }
    exchange->resends = 0;
    exchange_set_timer(relay, exchange, EXCHANGE_SERVER_RESEND, relay->policy->timers.t1);
    exchange_set_timer(relay, exchange, EXCHANGE_SERVER_END, relay->policy->timers.transaction);
}

/* After the first answer nothing is sent again but ACK and CANCEL. */
static void keep_front(struct relay *relay, struct exchange *exchange)
{
    static const struct slice end = SLICE_INIT("\r\n");
    struct text_handle whole = exchange->wire;
    struct slice wire = texts_slice(&relay->state->texts, whole);
    char *kept = NULL;

    if (exchange->method != SIP_INVITE || exchange->wire_front > wire.len) {
        return;
    }
    kept = texts_take(&relay->state->texts, exchange->wire_front + end.len, &exchange->wire);
    if (kept == NULL) {
        exchange->wire = whole;
        return;
    }
    memcpy(kept, wire.at, exchange->wire_front);
    memcpy(kept + exchange->wire_front, end.at, end.len);
    texts_give(&relay->state->texts, &whole);
}

static void heard_provisional(struct relay *relay, struct exchange *exchange, unsigned status)
{
    const struct policy_timers *timers = &relay->policy->timers;
    uint64_t age = relay->now_ms - exchange->started_ms;
    bool was_heard = exchange->has_provisional;

    exchange->has_provisional = true;
    if (exchange->method != SIP_INVITE) {
        exchange->client_state = CLIENT_PROCEEDING;
        return;
    }
    if (exchange->is_cancelled && was_heard) {
        return; /* the CANCEL's timers run */
    }
    exchange_stop_timer(relay, exchange, EXCHANGE_CLIENT_RESEND);
    exchange_stop_timer(relay, exchange, EXCHANGE_CLIENT_END);
    if (exchange->client_state == CLIENT_CALLING || exchange->provisionals < RELAY_RESET_LIMIT) {
        uint64_t left = age < timers->ringing_max ? timers->ringing_max - age : 0;

        exchange_set_timer(relay, exchange, EXCHANGE_RINGING,
                           timers->ringing < left ? timers->ringing : left);
    }
    /* A hop that rings is not left for another one. */
    if (status > 100 && exchange->client_state == CLIENT_CALLING) {
        keep_front(relay, exchange);
    }
    if (status > 100) {
        exchange->client_state = CLIENT_PROCEEDING;
    }
}

/* A response came. */
void exchange_heard(struct relay *relay, struct exchange *exchange, unsigned status)
{
    const struct policy_timers *timers = &relay->policy->timers;
    bool is_datagram = exchange_is_unreliable(&exchange->client_flow);

    if (status < 200) {
        heard_provisional(relay, exchange, status);
        return;
    }
    exchange_stop_timer(relay, exchange, EXCHANGE_CLIENT_RESEND);
    exchange_stop_timer(relay, exchange, EXCHANGE_RINGING);
    if (exchange->method == SIP_INVITE && status < 300) {
        exchange->client_state = CLIENT_ACCEPTED;
        exchange_set_timer(relay, exchange, EXCHANGE_CLIENT_END, timers->transaction);
        return;
    }
    exchange->client_state = CLIENT_COMPLETED;
    if (exchange->method == SIP_INVITE) {
        exchange_set_timer(relay, exchange, EXCHANGE_CLIENT_END,
                           is_datagram ? timers->transaction : 0);
    } else {
        texts_give(&relay->state->texts, &exchange->wire);
        exchange_set_timer(relay, exchange, EXCHANGE_CLIENT_END, is_datagram ? timers->t4 : 0);
    }
}

/* ACK of our refusal. */
void exchange_acknowledged(struct relay *relay, struct exchange *exchange)
{
    if (exchange->server_state != SERVER_COMPLETED) {
        return;
    }
    exchange->server_state = SERVER_CONFIRMED;
    exchange_stop_timer(relay, exchange, EXCHANGE_SERVER_RESEND);
    texts_give(&relay->state->texts, &exchange->answer);
    exchange_set_timer(relay, exchange, EXCHANGE_SERVER_END,
                       exchange_is_unreliable(&exchange->server_flow) ? relay->policy->timers.t4
                                                                      : 0);
}

bool exchange_settle(struct relay *relay, struct exchange *exchange)
{
    if (exchange->server_state != SERVER_NONE || exchange->client_state != CLIENT_NONE) {
        return false;
    }
    exchange_end(relay->state, exchange);
    return true;
}
