/*
 * Hops that were left while they had said nothing final: another one is asked, and whoever rings
 * or says yes after all is told that nobody waits for him (RFC 3261 9.1, 13.2.2.4, 16.7).
 *
 * What is left keeps its branch in an exchange of ours; it has no dialog, because the names of the
 * far leg go on with the hop that is asked now.
 */
#include "relay/machine.h"

static bool is_worth_it(const struct exchange *exchange)
{
    return exchange->method == SIP_INVITE && exchange->begins_dialog &&
           exchange->server_state != SERVER_NONE && text_is_kept(exchange->wire) &&
           (exchange->client_state == CLIENT_CALLING ||
            exchange->client_state == CLIENT_PROCEEDING);
}

/* A table that is full loses no more than was lost always: the hop rings until it gives up. */
void left_behind(struct relay *relay, struct exchange *exchange, struct outbox *outbox)
{
    struct exchange *left = NULL;

    if (!is_worth_it(exchange) || relay_is_reserve(&relay->state->exchanges)) {
        return;
    }
    left = exchange_new(relay->state);
    if (left == NULL) {
        return;
    }
    left->method = SIP_INVITE;
    left->zone_in = left->zone_out = exchange->zone_out;
    left->peer_in = left->peer_out = exchange->peer_out;
    left->peer_out_id = exchange->peer_out_id;
    left->route = POLICY_NONE;
    left->client_flow = exchange->client_flow;
    left->client_cseq = exchange->client_cseq;
    left->started_ms = relay->now_ms;
    left->is_emergency = exchange->is_emergency;
    left->is_cancelled = true;
    left->is_left = true;
    left->has_provisional = exchange->has_provisional;
    left->client_state = CLIENT_CALLING;
    if (!texts_keep(&relay->state->texts, texts_slice(&relay->state->texts, exchange->wire),
                    &left->wire)) {
        exchange_end(relay->state, left);
        return;
    }
    left->wire_front = exchange->wire_front;
    exchange_set_client(relay->state, left, slice_string(exchange->branch));
    exchange_set_timer(relay, left, EXCHANGE_CLIENT_END, relay->policy->timers.transaction);
    cancel_send(relay, left, outbox);
}

/* Within the dialog that his answer would have begun.  False: it cannot be written. */
static bool leg_of_answer(struct relay *relay, const struct exchange *left,
                          const struct sip_message *answer, struct text *routes, struct leg *leg)
{
    const struct sip_message *asked =
        leg_read_kept(relay, texts_slice(&relay->state->texts, left->wire));
    const struct sip_value *contact = sip_value(answer, SIP_HEADER_CONTACT);

    if (asked == NULL || !dialog_write_route_set(routes, answer, SIP_HEADER_RECORD_ROUTE, true)) {
        return false;
    }
    *leg = (struct leg){
        .zone = left->zone_out,
        .peer = left->peer_out,
        .flow = left->client_flow,
        .uri = contact == NULL || contact->is_star ? sip_slice(asked, asked->uri.whole)
                                                   : sip_slice(answer, contact->uri.whole),
        .routes = text_slice(routes),
        .from = sip_header_value(asked, SIP_HEADER_FROM), /* with its tag */
        .to = sip_header_value(asked, SIP_HEADER_TO),
        .to_tag = sip_to_tag(answer),
        .call_id = sip_call_id(asked),
        .cseq = left->client_cseq,
    };
    return true;
}

static void send_ack(struct relay *relay, struct leg *leg, struct outbox *outbox)
{
    struct text text = outbox_text(outbox);
    char branch_room[48];

    leg_new_branch(relay, branch_room, &leg->branch);
    leg_write_own(relay, &text, SIP_ACK, leg, SLICE_NONE);
    if (outbox_send(outbox, &text, &leg->flow) == NULL) {
        relay->counters.outbox_full++;
    } else {
        relay->counters.own_requests++;
    }
}

static void send_bye(struct relay *relay, const struct exchange *left, struct leg *leg,
                     struct outbox *outbox)
{
    struct exchange *bye = exchange_new(relay->state);
    char branch_room[48];

    if (bye == NULL) {
        relay->counters.table_full++;
        return;
    }
    bye->method = SIP_BYE;
    bye->started_ms = relay->now_ms;
    bye->zone_in = bye->zone_out = left->zone_out;
    bye->peer_in = bye->peer_out = left->peer_out;
    bye->route = POLICY_NONE;
    bye->client_flow = leg->flow;
    bye->client_cseq = ++leg->cseq;
    leg_new_branch(relay, branch_room, &leg->branch);
    struct text text = outbox_text(outbox);
    uint16_t front = leg_write_own(relay, &text, SIP_BYE, leg, SLICE_NONE);
    exchange_set_client(relay->state, bye, leg->branch);
    if (!exchange_send(relay, bye, &text, front, outbox)) {
        exchange_end(relay->state, bye);
    }
}

void left_said_yes(struct relay *relay, struct exchange *left, const struct inspection *inspection,
                   struct outbox *outbox)
{
    bool is_again = left->client_state == CLIENT_ACCEPTED;
    char room[RELAY_ROUTES_MAX];
    struct leg leg = {.zone = 0};
    struct text routes;

    text_init(&routes, room, sizeof(room));
    if (!is_again) {
        exchange_heard(relay, left, inspection->message.status);
    }
    if (!leg_of_answer(relay, left, &inspection->message, &routes, &leg)) {
        relay->counters.too_large++;
        return;
    }
    send_ack(relay, &leg, outbox);
    if (!is_again) {
        send_bye(relay, left, &leg, outbox);
    }
}
