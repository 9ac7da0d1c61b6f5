/*
 * Following a capture: the same tables, filled by watching.
 *
 * A watched call is one leg, so side 0 and side 1 are the two parties of the same dialog: both use
 * one Call-ID, and what is side 0's local tag (the border's towards it) is side 1's remote tag.
 */
#include "state/state.h"

enum {
    FOLLOW_EXCHANGE_MS = 64000,  /* twice timer B: a late final response still finds its request */
    FOLLOW_DIALOG_MS = 43200000, /* twelve hours: longer calls end as unknown, never as failed */
    FOLLOW_ENDED_MS = 32000,     /* retransmissions of a BYE */
};

struct slice state_watched_name(const struct state *state, struct slice name, struct slice call_id,
                                char room[STATE_WATCHED_NAME])
{
    uint64_t hash = hash_pair(&state->key, name, call_id);

    for (unsigned i = 0; i < STATE_WATCHED_NAME; i++) {
        room[i] = "0123456789abcdef"[hash >> (4 * i) & 15];
    }
    return slice_of(room, STATE_WATCHED_NAME);
}

static void follow_request(struct state *state, const struct sip_message *message,
                           const struct packet *packet, const struct match *match, uint64_t now_ms)
{
    struct slice branch = sip_branch(message);
    char room[STATE_WATCHED_NAME];

    if (message->method == SIP_ACK || message->method == SIP_CANCEL || branch.len == 0) {
        return;
    }
    struct exchange *exchange = exchange_new(state);
    if (exchange == NULL) {
        return;
    }
    struct slice echo[ECHO_COUNT] = {
        [ECHO_BRANCH] = branch,
        [ECHO_SENT_BY] = exchange_sent_by(message),
        [ECHO_FROM_TAG] = sip_from_tag(message),
        [ECHO_CALL_ID] = sip_call_id(message),
        [ECHO_URI] = sip_slice(message, message->uri.whole),
    };
    exchange->method = message->method;
    exchange->server_flow = packet->flow;
    exchange->server_cseq = message->cseq;
    exchange->client_flow = packet->flow;
    exchange->client_flow.remote = packet->local;
    exchange->server_state = SERVER_TRYING;
    exchange->client_state = CLIENT_CALLING;
    exchange->started_ms = now_ms;
    exchange->has_answer = sip_has(message, SIP_HEADER_AUTHORIZATION) ||
                           sip_has(message, SIP_HEADER_PROXY_AUTHORIZATION);
    if (match->dialog != NULL) {
        exchange->dialog = pool_handle(&state->dialogs, match->dialog);
        exchange->side = (uint8_t)match->side;
    }
    if (!exchange_set_server(state, exchange, echo)) {
        exchange_end(state, exchange);
        return;
    }
    exchange_set_client(state, exchange,
                        state_watched_name(state, branch, sip_call_id(message), room));
    exchange->timers[EXCHANGE_SERVER_END].owner = pool_handle(&state->exchanges, exchange).index;
    wheel_set(&state->wheel, &exchange->timers[EXCHANGE_SERVER_END], now_ms + FOLLOW_EXCHANGE_MS);
}

static void dialog_begin(struct state *state, const struct sip_message *message,
                         const struct packet *packet, struct exchange *exchange, uint64_t now_ms)
{
    struct slice from_tag = sip_from_tag(message);
    struct slice to_tag = sip_to_tag(message);
    struct slice call_id = sip_call_id(message);
    char rooms[2][STATE_WATCHED_NAME];
    struct slice tags[2] = {state_watched_name(state, to_tag, call_id, rooms[0]),
                            state_watched_name(state, from_tag, call_id, rooms[1])};
    unsigned side = 0;

    if (from_tag.len == 0 || to_tag.len == 0 ||
        dialog_find(state, call_id, tags[0], from_tag, &side) != NULL) {
        return;
    }
    struct dialog *dialog = dialog_new(state);
    if (dialog == NULL) {
        return;
    }
    struct slice asker[DIALOG_TEXT_COUNT] = {
        [DIALOG_CALL_ID] = call_id, [DIALOG_REMOTE_TAG] = from_tag};
    struct slice answerer[DIALOG_TEXT_COUNT] = {
        [DIALOG_CALL_ID] = call_id, [DIALOG_REMOTE_TAG] = to_tag};
    dialog_set_tag(state, dialog, 0, tags[0]);
    dialog_set_tag(state, dialog, 1, tags[1]);
    if (!dialog_set_texts(state, dialog, 0, asker) ||
        !dialog_set_texts(state, dialog, 1, answerer)) {
        dialog_end(state, dialog);
        return;
    }
    dialog->kind = message->cseq_method == SIP_INVITE ? DIALOG_CALL : DIALOG_SUBSCRIPTION;
    dialog->state = message->status >= 200 ? DIALOG_CONFIRMED : DIALOG_EARLY;
    dialog->created_ms = now_ms;
    dialog->sides[0].flow = exchange->server_flow;
    dialog->sides[1].flow = packet->flow;
    dialog->sides[0].remote_cseq = exchange->server_cseq;
    exchange->dialog = pool_handle(&state->dialogs, dialog);
    dialog->timers[DIALOG_EXPIRE].owner = exchange->dialog.index;
    dialog->timers[DIALOG_EXPIRE].kind = EXCHANGE_TIMER_COUNT + DIALOG_EXPIRE;
    wheel_set(&state->wheel, &dialog->timers[DIALOG_EXPIRE], now_ms + FOLLOW_DIALOG_MS);
}

static void follow_response(struct state *state, const struct sip_message *message,
                            const struct packet *packet, const struct match *match, uint64_t now_ms)
{
    struct exchange *exchange = match->exchange;

    if (message->status >= 300) {
        exchange->client_state = CLIENT_COMPLETED;
        exchange->server_state = SERVER_COMPLETED;
        return;
    }
    bool opens = exchange->method == SIP_INVITE || exchange->method == SIP_SUBSCRIBE ||
                 exchange->method == SIP_REFER;
    if (opens && message->status > 100) {
        dialog_begin(state, message, packet, exchange, now_ms);
    }
    struct dialog *dialog = pool_find(&state->dialogs, exchange->dialog);
    if (message->status >= 200) {
        exchange->client_state = CLIENT_ACCEPTED;
        exchange->server_state = SERVER_ACCEPTED;
        /* A 200 sent again after the BYE does not bring the call back. */
        if (dialog != NULL && exchange->method == SIP_INVITE && dialog->state != DIALOG_ENDED) {
            dialog->state = DIALOG_CONFIRMED;
        }
    }
}

static void follow_in_dialog(struct state *state, const struct sip_message *message,
                             const struct match *match, uint64_t now_ms)
{
    struct dialog *dialog = match->dialog;
    struct dialog_side *leg = &dialog->sides[match->side];

    if (message->method != SIP_ACK &&
        (leg->remote_cseq == UINT32_MAX || message->cseq > leg->remote_cseq)) {
        leg->remote_cseq = message->cseq;
    }
    if (message->method == SIP_BYE) {
        dialog->state = DIALOG_ENDED;
        wheel_set(&state->wheel, &dialog->timers[DIALOG_EXPIRE], now_ms + FOLLOW_ENDED_MS);
    }
}

void state_follow_clock(struct state *state, uint64_t now_ms)
{
    struct wheel_timer *timer = NULL;

    while ((timer = wheel_take(&state->wheel, now_ms)) != NULL) {
        if (timer->kind >= EXCHANGE_TIMER_COUNT) {
            dialog_end(state, pool_at(&state->dialogs, timer->owner));
        } else {
            exchange_end(state, pool_at(&state->exchanges, timer->owner));
        }
    }
}

void state_follow(struct state *state, const struct sip_message *message,
                  const struct packet *packet, const struct match *match, uint64_t now_ms)
{
    if (!message->is_request) {
        if (match->kind == MATCH_RESPONSE) {
            follow_response(state, message, packet, match, now_ms);
        }
        return;
    }
    if (match->kind == MATCH_RETRANSMISSION || match->kind == MATCH_CANCEL) {
        return;
    }
    if (match->kind == MATCH_DIALOG) {
        follow_in_dialog(state, message, match, now_ms);
    }
    follow_request(state, message, packet, match, now_ms);
}
