/*
 * What the transactions' timers do, by their letters (RFC 3261 17): A and E resend what was asked,
 * B and F give up on it, C ends ringing, D and K absorb what is still under way; G resends a
 * refusal of INVITE, H gives up on its ACK, I, J and L absorb.
 */
#include "relay/machine.h"

enum { EXCHANGE_RESENDS_MAX = 10 }; /* T1 doubled ten times is beyond any transaction's end */

static void resend_request(struct relay *relay, struct exchange *exchange, struct outbox *outbox)
{
    const struct policy_timers *timers = &relay->policy->timers;
    bool is_cancel = exchange->method == SIP_INVITE && exchange->has_provisional;
    uint64_t interval = 0;
    bool is_sent =
        is_cancel ? cancel_again(relay, exchange, outbox)
                  : exchange_send_kept(relay, texts_slice(&relay->state->texts, exchange->wire),
                                       &exchange->client_flow, outbox);

    relay->counters.retransmissions_out += is_sent;
    if (exchange->resends < EXCHANGE_RESENDS_MAX) {
        exchange->resends++;
    }
    interval = (uint64_t)timers->t1 << exchange->resends;
    if (exchange->method != SIP_INVITE || is_cancel) {
        bool is_proceeding = !is_cancel && exchange->client_state == CLIENT_PROCEEDING;

        interval = is_proceeding || interval > timers->t2 ? timers->t2 : interval;
    }
    exchange_set_timer(relay, exchange, EXCHANGE_CLIENT_RESEND, interval);
}

static void resend_answer(struct relay *relay, struct exchange *exchange, struct outbox *outbox)
{
    const struct policy_timers *timers = &relay->policy->timers;
    struct slice answer = texts_slice(&relay->state->texts, exchange->answer);
    uint64_t interval = 0;
    bool is_sent = false;

    if (answer.len > 0) {
        is_sent = exchange_send_kept(relay, answer, &exchange->server_flow, outbox);
        relay->counters.retransmissions_out += is_sent;
    } else {
        is_sent = answer_again(relay, exchange, outbox, &relay->counters.retransmissions_out);
    }
    if (is_sent &&
        (exchange->method != SIP_INVITE || !exchange_is_unreliable(&exchange->server_flow))) {
        return; /* who does not hear it asks again, or hears everything */
    }
    if (exchange->resends < EXCHANGE_RESENDS_MAX) {
        exchange->resends++;
    }
    interval = (uint64_t)timers->t1 << exchange->resends;
    exchange_set_timer(relay, exchange, EXCHANGE_SERVER_RESEND,
                       interval < timers->t2 ? interval : timers->t2);
}

/* A 2xx nobody acknowledged: the call cannot go on (RFC 3261 13.3.1.4). */
static void end_unacknowledged(struct relay *relay, struct exchange *exchange,
                               struct outbox *outbox)
{
    struct dialog *dialog = dialog_accepted(relay, exchange);

    if (exchange->server_state != SERVER_ACCEPTED || dialog == NULL) {
        return;
    }
    if (dialog->state == DIALOG_ANSWERED && !dialog->is_ending) {
        dialog_release(relay, dialog, SLICE("SIP;cause=408;text=\"No ACK\""), outbox);
    }
}

static void server_end(struct relay *relay, struct exchange *exchange, struct outbox *outbox)
{
    end_unacknowledged(relay, exchange, outbox);
    exchange_stop_timer(relay, exchange, EXCHANGE_SERVER_RESEND);
    exchange->server_state = SERVER_NONE;
    exchange_settle(relay, exchange);
}

static void client_end(struct relay *relay, struct exchange *exchange, struct outbox *outbox)
{
    switch ((enum client_state)exchange->client_state) {
    case CLIENT_WAITING:
        relay->counters.lookups_failed++;
        route_leave_hop(exchange);
        exchange->client_state = CLIENT_NONE; /* another name has its own time */
        request_next_hop(relay, exchange, 503, outbox);
        return;
    case CLIENT_CALLING:
    case CLIENT_PROCEEDING:
        relay->counters.timeouts++;
        exchange_stop_timer(relay, exchange, EXCHANGE_CLIENT_RESEND);
        request_next_hop(relay, exchange, 408, outbox);
        return;
    case CLIENT_NONE:
    case CLIENT_ACCEPTED:
    case CLIENT_COMPLETED:
        break;
    }
    texts_give(&relay->state->texts, &exchange->wire);
    exchange->client_state = CLIENT_NONE;
    if (exchange->server_state == SERVER_TRYING || exchange->server_state == SERVER_PROCEEDING) {
        request_give_up(relay, exchange, 487, outbox); /* what was answered led to nothing */
    }
    exchange_settle(relay, exchange);
}

/* Timer C: CANCEL, and what was asked is answered (NNI-30). */
static void ringing_end(struct relay *relay, struct exchange *exchange, struct outbox *outbox)
{
    unsigned status = exchange->best_status == 408 ? 408 : 487;

    if (!exchange->is_cancelled) {
        exchange->best_status = 408;
        exchange->is_cancelled = true;
        cancel_send(relay, exchange, outbox);
        return;
    }
    /* Even the CANCEL brought no final response: nobody is there.  Should he come back, he is told
     * that he was heard. */
    relay->counters.timeouts++;
    exchange_stop_timer(relay, exchange, EXCHANGE_CLIENT_RESEND);
    exchange->client_state = CLIENT_COMPLETED;
    exchange_set_timer(relay, exchange, EXCHANGE_CLIENT_END, relay->policy->timers.transaction);
    own_unanswered(relay, exchange, outbox);
    if (exchange->server_state == SERVER_TRYING || exchange->server_state == SERVER_PROCEEDING) {
        request_give_up(relay, exchange, status, outbox);
    }
}

void exchange_timer(struct relay *relay, struct wheel_timer *timer, struct outbox *outbox)
{
    struct exchange *exchange = pool_at(&relay->state->exchanges, timer->owner);

    switch ((enum exchange_timer)timer->kind) {
    case EXCHANGE_SERVER_RESEND:
        resend_answer(relay, exchange, outbox);
        return;
    case EXCHANGE_SERVER_END:
        server_end(relay, exchange, outbox);
        return;
    case EXCHANGE_CLIENT_RESEND:
        resend_request(relay, exchange, outbox);
        return;
    case EXCHANGE_CLIENT_END:
        client_end(relay, exchange, outbox);
        return;
    case EXCHANGE_RINGING:
        ringing_end(relay, exchange, outbox);
        return;
    case EXCHANGE_TIMER_COUNT:
        break;
    }
    must(!"a timer of an exchange has a kind");
}
