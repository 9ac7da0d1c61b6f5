/*
 * Requests of our own within a dialog, and what comes of them: BYE when a call is let go, and
 * questions whether a party is still there.
 */
#include "relay/machine.h"

static void begin(struct relay *relay, struct dialog *dialog, unsigned side, enum sip_method method,
                  struct exchange *exchange)
{
    struct dialog_side *to = &dialog->sides[side];

    exchange->method = (uint8_t)method;
    exchange->started_ms = relay->now_ms;
    exchange->dialog = pool_handle(&relay->state->dialogs, dialog);
    exchange->side = (uint8_t)(side ^ 1);
    exchange->zone_out = exchange->zone_in = to->zone;
    exchange->peer_out = exchange->peer_in = to->peer;
    exchange->route = POLICY_NONE;
    exchange->is_emergency = dialog->is_emergency;
    /* One number more than the last one sent: later requests of the far side move up too. */
    to->local_cseq = (to->local_cseq + 1) & INT32_MAX;
    to->cseq_shift++;
    exchange->client_cseq = to->local_cseq;
}

struct exchange *request_own(struct relay *relay, struct dialog *dialog, unsigned side,
                             enum sip_method method, struct slice extra, struct slice body,
                             struct outbox *outbox)
{
    struct exchange *exchange = exchange_new(relay->state);
    char branch_room[48], contact_room[RELAY_URI_MAX];
    struct leg leg = {.zone = 0};
    struct text contact;

    if (exchange == NULL) {
        relay->counters.table_full++;
        return NULL;
    }
    begin(relay, dialog, side, method, exchange);
    dialog_leg(relay, dialog, side, &leg);
    exchange->client_flow = leg.flow;
    leg.cseq = exchange->client_cseq;
    leg.body = body;
    text_init(&contact, contact_room, sizeof(contact_room));
    if (method == SIP_INVITE || method == SIP_UPDATE) {
        leg_write_contact(relay, &contact, dialog, side, &leg.flow, NULL, NULL);
        leg.contact = text_slice(&contact);
    }
    leg_new_branch(relay, branch_room, &leg.branch);
    struct text text = outbox_text(outbox);
    uint16_t front = leg_write_own(relay, &text, method, &leg, extra);
    exchange_set_client(relay->state, exchange, leg.branch);
    if (!exchange_send(relay, exchange, &text, front, outbox)) {
        exchange_end(relay->state, exchange);
        return NULL;
    }
    return exchange;
}

/* A final answer of an INVITE is acknowledged as often as it comes. */
static void acknowledge(struct relay *relay, struct exchange *exchange, struct dialog *dialog,
                        const struct sip_message *message, struct outbox *outbox)
{
    if (exchange->method != SIP_INVITE) {
        return;
    }
    if (message->status >= 300) {
        acknowledge_failure(relay, exchange, sip_to_tag(message), outbox);
    } else if (dialog != NULL) {
        acknowledge_own(relay, dialog, exchange->side ^ 1U, exchange->client_cseq, outbox);
    }
}

void own_answered(struct relay *relay, struct exchange *exchange, struct inspection *inspection,
                  struct outbox *outbox)
{
    const struct sip_message *message = &inspection->message;
    struct dialog *dialog = pool_find(&relay->state->dialogs, exchange->dialog);
    bool is_again = exchange->client_state >= CLIENT_ACCEPTED;

    if (message->status < 200) {
        exchange_heard(relay, exchange, message->status);
        return;
    }
    acknowledge(relay, exchange, dialog, message, outbox);
    if (is_again) {
        relay->counters.responses_again++;
        return;
    }
    exchange_heard(relay, exchange, message->status);
    if (exchange->is_refresh && dialog != NULL) {
        session_refreshed(relay, dialog, exchange, inspection, outbox);
    }
}

void own_unanswered(struct relay *relay, struct exchange *exchange, struct outbox *outbox)
{
    struct dialog *dialog = pool_find(&relay->state->dialogs, exchange->dialog);

    if (exchange->is_refresh && dialog != NULL) {
        session_lost(relay, dialog, exchange, outbox);
    }
}
