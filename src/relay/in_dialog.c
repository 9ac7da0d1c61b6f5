/*
 * Requests within a dialog: the other party's, and ours.
 */
#include "guard/event_package.h"
#include "relay/machine.h"

struct request_texts {
    char contact[RELAY_CONTACTS_MAX];
    char branch[48];
    char body[RELAY_BODY_ROOM];
};

/* By the first Route or the target, when it is a literal the peer is known by.  A name inside a
 * message is never resolved. */
static bool flow_by_literal(const struct relay *relay, const struct dialog *dialog, unsigned side,
                            struct flow *flow)
{
    const struct dialog_side *to = &dialog->sides[side];
    struct slice routes = dialog_text(relay->state, dialog, side, DIALOG_ROUTES);
    struct slice text = dialog_text(relay->state, dialog, side, DIALOG_TARGET);
    struct sip_oddities oddities = {{0}};
    struct address address;
    struct sip_uri uri;

    if (routes.len > 0) {
        text = slice_skip(routes, slice_find(routes, '<') + 1);
        text = slice_head(text, slice_find(text, '>'));
    }
    if (zone_class_is_access(relay_zone(relay, to->zone)->class) ||
        !sip_uri_read_text(text, &uri, &oddities) ||
        !sip_uri_host_address(text.at, &uri, &address)) {
        return false;
    }
    address.port = uri.port;
    return policy_peer_find(relay->policy, to->zone, &address, to->flow.transport, SLICE_NONE) !=
               POLICY_NONE &&
           route_flow(relay, to->zone, to->flow.transport, &address, flow);
}

/* On UDP by a literal, else the way the party's own messages come. */
struct flow dialog_flow(const struct relay *relay, const struct dialog *dialog, unsigned side)
{
    const struct dialog_side *to = &dialog->sides[side];
    struct flow flow;

    return to->flow.transport == TRANSPORT_UDP && flow_by_literal(relay, dialog, side, &flow)
               ? flow
               : to->flow;
}

static bool flow_by_contract(const struct relay *relay, const struct dialog_side *to,
                             struct flow *flow)
{
    const struct policy_peer *peer = relay_peer(relay, to->peer);

    for (uint32_t i = 0; peer != NULL && i < peer->hop_count; i++) {
        struct address address = peer->hops[i].address;

        address.port = peer->hops[i].port;
        if (peer->hops[i].transport == to->flow.transport &&
            route_flow(relay, to->zone, to->flow.transport, &address, flow)) {
            return true;
        }
    }
    return false;
}

/* What a party calls its port is opened only when its contract says the same. */
static bool flow_by_named_port(const struct relay *relay, const struct dialog *dialog,
                               unsigned side, struct flow *flow)
{
    return flow_by_literal(relay, dialog, side, flow) &&
           route_names_port(relay, dialog->sides[side].peer, flow->transport, flow->remote.port);
}

bool request_reconnect(struct relay *relay, struct exchange *exchange, struct outbox *outbox)
{
    struct dialog *dialog = pool_find(&relay->state->dialogs, exchange->dialog);
    unsigned side = exchange->side ^ 1U;
    struct slice wire = texts_slice(&relay->state->texts, exchange->wire);
    struct text text = outbox_text(outbox);
    struct outgoing *sent = NULL;
    struct flow flow;

    if (dialog == NULL || exchange->begins_dialog || exchange->client_flow.connection == 0 ||
        (!flow_by_named_port(relay, dialog, side, &flow) &&
         !flow_by_contract(relay, &dialog->sides[side], &flow))) {
        return false;
    }
    exchange->client_flow = dialog->sides[side].flow = flow;
    text_put(&text, wire);
    exchange->sendings++;
    sent = outbox_send(outbox, &text, &flow);
    if (sent == NULL) {
        relay->counters.outbox_full++;
        return false;
    }
    sent->reference = exchange_reference(relay, exchange);
    relay->counters.retransmissions_out++;
    return true;
}

/* Where the party is reached: its Contact, or what it called itself when it gave none. */
static struct slice dialog_target(const struct relay *relay, const struct dialog *dialog,
                                  unsigned side)
{
    struct slice target = dialog_text(relay->state, dialog, side, DIALOG_TARGET);

    if (target.len > 0) {
        return target;
    }
    target = dialog_text(relay->state, dialog, side, DIALOG_REMOTE_URI);
    target = slice_skip(target, slice_find(target, '<') + 1);
    return slice_head(target, slice_find(target, '>'));
}

void dialog_leg(const struct relay *relay, struct dialog *dialog, unsigned side, struct leg *leg)
{
    const struct state *state = relay->state;
    const struct dialog_side *to = &dialog->sides[side];

    *leg = (struct leg){
        .dialog = dialog,
        .side_from = side ^ 1,
        .zone = to->zone,
        .peer = to->peer,
        .flow = dialog_flow(relay, dialog, side),
        .uri = dialog_target(relay, dialog, side),
        .routes = dialog_text(state, dialog, side, DIALOG_ROUTES),
        .from = dialog_text(state, dialog, side, DIALOG_LOCAL_URI),
        .from_tag = slice_string(to->local_tag),
        .to = dialog_text(state, dialog, side, DIALOG_REMOTE_URI),
        .to_tag = dialog_text(state, dialog, side, DIALOG_REMOTE_TAG),
        .call_id = dialog_text(state, dialog, side, DIALOG_CALL_ID),
    };
}

/* Numbers of our own towards a side: they begin low, whatever the other party counts from. */
static uint32_t sequence_towards(struct relay *relay, struct dialog *dialog, unsigned side,
                                 uint32_t cseq)
{
    struct dialog_side *to = &dialog->sides[side];

    if (dialog->sides[side ^ 1].remote_cseq == UINT32_MAX) {
        to->cseq_shift = to->local_cseq + 1 + random_below(relay->random, RELAY_CSEQ_SHIFT) - cseq;
    }
    return (cseq + to->cseq_shift) & INT32_MAX;
}

static void note_refresh(struct relay *relay, struct dialog *dialog)
{
    uint64_t minute = relay->now_ms / 60000;

    if (dialog->refresh_minute != minute) {
        dialog->refresh_minute = minute;
        dialog->refreshes = 0;
    }
    if (dialog->refreshes < UINT8_MAX) {
        dialog->refreshes++;
    }
}

/* News of a REFER within a call. */
static void note_referral(const struct relay *relay, struct dialog *dialog,
                          const struct sip_message *message, struct slice state)
{
    struct slice value = SLICE_NONE;
    uint64_t seconds = 0;

    if (dialog->subscriptions == 0 ||
        event_package(message) != event_package_find(SLICE("refer"))) {
        return;
    }
    if (slice_starts_nocase(state, SLICE("terminated"))) {
        dialog->subscriptions--;
    } else if (sip_param_find(slice_skip(state, slice_find(state, ';')), SLICE("expires"),
                              &value) &&
               slice_number(value, RELAY_SUBSCRIPTION_MAX_S, &seconds)) {
        dialog->subscribed_until_ms = relay->now_ms + seconds * 1000;
    }
}

static void note_notify(struct relay *relay, struct dialog *dialog, unsigned side,
                        const struct sip_message *message)
{
    struct slice state = sip_header_value(message, SIP_HEADER_SUBSCRIPTION_STATE);

    if (dialog->kind != DIALOG_SUBSCRIPTION) {
        note_referral(relay, dialog, message, state);
        return;
    }
    /* It may come before the answer it belongs to, and then it is the one that makes the dialog
     * (RFC 6665 4.4.1). */
    if (dialog_text(relay->state, dialog, side, DIALOG_REMOTE_TAG).len == 0 &&
        !dialog_change_text(relay->state, dialog, side, DIALOG_REMOTE_TAG, sip_from_tag(message))) {
        relay->counters.table_full++;
    }
    if (slice_starts_nocase(state, SLICE("terminated"))) {
        dialog_set_timer(relay, dialog, DIALOG_EXPIRE, relay->policy->timers.transaction);
    }
}

/* A party whose connection broke comes back on another one, and is reached on that from now on. */
static void note_connection(struct dialog_side *party, const struct flow *flow)
{
    if (transport_is_stream(flow->transport) && party->flow.transport == flow->transport &&
        party->flow.listener == flow->listener &&
        address_same_host(&party->flow.remote, &flow->remote)) {
        party->flow = *flow;
    }
}

static void note_request(struct relay *relay, struct dialog *dialog, unsigned side,
                         struct inspection *inspection, struct exchange *exchange, uint32_t cseq)
{
    const struct sip_message *message = &inspection->message;
    struct dialog_side *from = &dialog->sides[side];
    struct dialog_side *to = &dialog->sides[side ^ 1];

    from->remote_cseq = message->cseq;
    to->local_cseq = cseq;
    note_connection(from, &inspection->packet->flow);
    if (message->method == SIP_INVITE) {
        to->invite_cseq = cseq;
        from->asked_cseq = message->cseq;
        from->invite = pool_handle(&relay->state->exchanges, exchange);
        from->has_pending_invite = true;
    }
    if (message->method == SIP_INVITE || message->method == SIP_UPDATE) {
        note_refresh(relay, dialog);
    }
    if (message->method == SIP_REFER && dialog->refers < UINT8_MAX) {
        dialog->refers++;
    }
    if (message->method == SIP_INVITE || message->method == SIP_UPDATE ||
        message->method == SIP_SUBSCRIBE || message->method == SIP_NOTIFY) {
        dialog_refresh_target(relay, dialog, side, inspection);
    }
    if (message->method == SIP_NOTIFY) {
        note_notify(relay, dialog, side, message);
    }
    if (message->method == SIP_SUBSCRIBE) {
        dialog->event = event_package(message);
    }
    offers_note_request(dialog, side, inspection);
    session_asked(relay, dialog, side, inspection);
}

/* A call that is up ends with the answer: until then it may be that only credentials were missing.
 */
static void note_bye(struct relay *relay, struct dialog *dialog, struct outbox *outbox)
{
    if (dialog->kind == DIALOG_CALL && dialog->state != DIALOG_EARLY) {
        dialog->is_ending = true;
    } else {
        dialog_over(relay, dialog, outbox);
    }
}

static struct exchange *begin(struct relay *relay, const struct inspection *inspection,
                              struct outbox *outbox)
{
    const struct dialog *dialog = inspection->match.dialog;
    unsigned side = inspection->match.side;
    struct exchange *exchange = exchange_begin(relay, inspection);

    if (exchange == NULL) {
        answer_busy(relay, inspection, outbox);
        return NULL;
    }
    exchange->dialog = pool_handle(&relay->state->dialogs, dialog);
    exchange->side = (uint8_t)side;
    exchange->zone_out = dialog->sides[side ^ 1].zone;
    exchange->peer_out = dialog->sides[side ^ 1].peer;
    exchange->peer_out_id = dialog->sides[side ^ 1].peer_id;
    exchange->route = POLICY_NONE;
    if (exchange->method == SIP_INVITE) {
        answer_own(relay, exchange, 100, SLICE_NONE, outbox);
    }
    return exchange;
}

void request_in_dialog(struct relay *relay, struct inspection *inspection, struct outbox *outbox)
{
    const struct sip_message *message = &inspection->message;
    struct dialog *dialog = inspection->match.dialog;
    unsigned side = inspection->match.side;
    struct exchange *exchange = begin(relay, inspection, outbox);
    struct request_texts texts;
    struct leg leg = {.zone = 0};
    struct text room, contact;
    unsigned status = 0;

    if (exchange == NULL) {
        return;
    }
    if (message->method == SIP_BYE) {
        note_bye(relay, dialog, outbox);
    }
    dialog_leg(relay, dialog, side ^ 1, &leg);
    exchange->client_flow = leg.flow;
    leg.cseq = exchange->client_cseq = sequence_towards(relay, dialog, side ^ 1, message->cseq);
    note_request(relay, dialog, side, inspection, exchange, leg.cseq);
    leg_new_branch(relay, texts.branch, &leg.branch);
    text_init(&contact, texts.contact, sizeof(texts.contact));
    leg_set_contact(relay, &contact, inspection, &leg);
    if (contact.is_full) {
        relay->counters.too_large++;
        request_fail(relay, exchange, 513, outbox);
        return;
    }
    text_init(&room, texts.body, sizeof(texts.body));
    status = media_body(relay, inspection, dialog, side, &room, &leg.body, outbox);
    if (status != 0) {
        request_fail(relay, exchange, status, outbox);
        return;
    }
    struct text text = outbox_text(outbox);
    uint16_t front = leg_write_request(relay, &text, inspection, &leg);
    exchange_set_client(relay->state, exchange, leg.branch);
    if (!exchange_send(relay, exchange, &text, front, outbox)) {
        request_fail(relay, exchange, 503, outbox);
    }
}
