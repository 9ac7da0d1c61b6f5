/*
 * CANCEL and ACK: the two requests that follow another one (RFC 3261 9, 13.2.2.4, 17.1.1.3).
 */
#include "relay/machine.h"

bool cancel_again(struct relay *relay, struct exchange *exchange, struct outbox *outbox)
{
    struct text text = outbox_text(outbox);

    if (!leg_write_from_kept(relay, &text, texts_slice(&relay->state->texts, exchange->wire),
                             SIP_CANCEL, SLICE_NONE) ||
        outbox_send(outbox, &text, &exchange->client_flow) == NULL) {
        relay->counters.outbox_full++;
        return false;
    }
    return true;
}

void cancel_send(struct relay *relay, struct exchange *exchange, struct outbox *outbox)
{
    if (exchange->client_state == CLIENT_WAITING) {
        request_next_hop(relay, exchange, 487, outbox);
        return;
    }
    /* Before a provisional response the CANCEL could overtake the INVITE: it waits. */
    if (!exchange->has_provisional ||
        (exchange->client_state != CLIENT_PROCEEDING && exchange->client_state != CLIENT_CALLING)) {
        return;
    }
    relay->counters.own_requests += cancel_again(relay, exchange, outbox);
    exchange->resends = 0;
    if (!transport_is_stream(exchange->client_flow.transport)) {
        exchange_set_timer(relay, exchange, EXCHANGE_CLIENT_RESEND, relay->policy->timers.t1);
    }
    /* No final response within 64*T1 means nobody is there any more (RFC 3261 9.1). */
    exchange_set_timer(relay, exchange, EXCHANGE_RINGING, relay->policy->timers.transaction);
}

/* STA-20: what CANCEL names must be what the INVITE was. */
static bool names_the_invite(const struct relay *relay, const struct exchange *exchange,
                             const struct sip_message *message)
{
    const struct state *state = relay->state;

    return exchange->method == SIP_INVITE && exchange->server_cseq == message->cseq &&
           slice_equal(exchange_echo(state, exchange, ECHO_CALL_ID), sip_call_id(message)) &&
           slice_equal(exchange_echo(state, exchange, ECHO_FROM_TAG), sip_from_tag(message)) &&
           slice_equal(exchange_echo(state, exchange, ECHO_URI),
                       sip_slice(message, message->uri.whole));
}

void cancel_take(struct relay *relay, struct inspection *inspection, struct outbox *outbox)
{
    struct exchange *exchange = inspection->match.exchange;

    if (!names_the_invite(relay, exchange, &inspection->message)) {
        answer_stateless(relay, inspection, 481, SLICE_NONE, outbox);
        return;
    }
    answer_stateless(relay, inspection, 200, SLICE_NONE, outbox);
    if (exchange->is_cancelled ||
        (exchange->server_state != SERVER_TRYING && exchange->server_state != SERVER_PROCEEDING)) {
        return;
    }
    exchange->is_cancelled = true;
    cancel_send(relay, exchange, outbox);
}

void acknowledge_failure(struct relay *relay, struct exchange *exchange, struct slice to_tag,
                         struct outbox *outbox)
{
    struct text text = outbox_text(outbox);

    if (!leg_write_from_kept(relay, &text, texts_slice(&relay->state->texts, exchange->wire),
                             SIP_ACK, to_tag) ||
        outbox_send(outbox, &text, &exchange->client_flow) == NULL) {
        relay->counters.outbox_full++;
    } else {
        relay->counters.own_requests++;
    }
}

/* The ACK is kept in place of the INVITE, for answerers that send their 2xx again. */
static void keep_acknowledgement(struct relay *relay, struct exchange *invite, struct slice written)
{
    texts_give(&relay->state->texts, &invite->wire);
    invite->is_acknowledged = texts_keep(&relay->state->texts, written, &invite->wire);
    exchange_trim_echo(relay->state, invite);
}

static void note_acknowledged(struct relay *relay, struct dialog *dialog)
{
    if (dialog->state != DIALOG_ANSWERED) {
        return;
    }
    dialog->state = DIALOG_CONFIRMED;
    dialog->was_acknowledged = true;
    dialog_set_longest(relay, dialog);
}

/* Our number of the INVITE that is acknowledged.  False: the ACK of an INVITE that was refused
 * before it was taken, or of none. */
static bool find_invite(const struct relay *relay, const struct dialog *dialog, unsigned side,
                        const struct sip_message *ack, struct exchange **invite, uint32_t *cseq)
{
    const struct dialog_side *to = &dialog->sides[side ^ 1];

    if (dialog->kind != DIALOG_CALL || dialog->state == DIALOG_EARLY) {
        return false; /* nothing was answered yet */
    }
    *invite = exchange_of_ack(relay->state, dialog, ack);
    if (*invite != NULL) {
        *cseq = (*invite)->client_cseq;
        return (*invite)->server_state == SERVER_ACCEPTED;
    }
    *cseq = to->invite_cseq;
    return dialog->sides[side].asked_cseq == ack->cseq && to->invite_cseq != 0;
}

/* ACK of a 2xx: within the dialog, end to end. */
void acknowledge_take(struct relay *relay, struct inspection *inspection, struct outbox *outbox)
{
    struct dialog *dialog = inspection->match.dialog;
    unsigned side = inspection->match.side;
    char branch_room[48], body_room[RELAY_BODY_ROOM];
    struct exchange *invite = NULL;
    struct leg leg = {.zone = 0};
    struct outgoing *sent = NULL;
    struct text text, room;
    uint32_t cseq = 0;

    if (!find_invite(relay, dialog, side, &inspection->message, &invite, &cseq)) {
        relay->counters.stray_acks++;
        return;
    }
    relay->counters.acks++;
    dialog_leg(relay, dialog, side ^ 1, &leg);
    leg.cseq = cseq;
    text_init(&room, body_room, sizeof(body_room));
    media_body(relay, inspection, dialog, side, &room, &leg.body, outbox);
    leg_new_branch(relay, branch_room, &leg.branch);
    text = outbox_text(outbox);
    leg_write_request(relay, &text, inspection, &leg);
    sent = outbox_send(outbox, &text, &leg.flow);
    if (sent == NULL) {
        relay->counters.outbox_full++;
        return;
    }
    relay->counters.forwarded_requests++;
    if (invite != NULL) {
        keep_acknowledgement(relay, invite, sent->bytes);
    }
    offers_note_request(dialog, side, inspection);
    note_acknowledged(relay, dialog);
}

void acknowledge_own(struct relay *relay, struct dialog *dialog, unsigned side, uint32_t cseq,
                     struct outbox *outbox)
{
    struct text text = outbox_text(outbox);
    struct leg leg = {.zone = 0};
    char branch_room[48];

    dialog_leg(relay, dialog, side, &leg);
    leg.cseq = cseq;
    leg_new_branch(relay, branch_room, &leg.branch);
    leg_write_own(relay, &text, SIP_ACK, &leg, SLICE_NONE);
    if (outbox_send(outbox, &text, &leg.flow) == NULL) {
        relay->counters.outbox_full++;
    } else {
        relay->counters.own_requests++;
    }
}
