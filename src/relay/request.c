/*
 * Requests: where they go and what they become there.
 */
#include "relay/machine.h"

enum { REQUEST_BODY_ROOM = SDP_MAX + 4096 };

static bool opens_dialog(uint8_t method)
{
    return method == SIP_INVITE || method == SIP_SUBSCRIBE || method == SIP_REFER;
}

static void refuse_busy(struct relay *relay, const struct inspection *inspection,
                        struct outbox *outbox)
{
    char room[64];
    struct text extra;

    text_init(&extra, room, sizeof(room));
    answer_write_retry_after(relay, &extra);
    answer_stateless(relay, inspection, 503, text_slice(&extra), outbox);
}

/* OPTIONS to the border: the template of the zone, nothing about us (8.4). */
static void answer_options(struct relay *relay, const struct inspection *inspection,
                           struct outbox *outbox)
{
    char room[1024];
    struct text extra;

    text_init(&extra, room, sizeof(room));
    answer_write_allow(relay, &extra, inspection->zone, inspection->peer);
    sip_write_header(&extra, SIP_HEADER_ACCEPT, SLICE("application/sdp"));
    answer_stateless(relay, inspection, 200, text_slice(&extra), outbox);
}

static struct slice body_of(const struct inspection *inspection)
{
    return inspection->strips_body ? SLICE_NONE : inspection->message.body;
}

/* Where a request without dialog would go, were the hop known: any way out of the zone does, since
 * it is written again for the hop. */
static bool any_flow(const struct relay *relay, uint16_t zone, struct flow *flow)
{
    for (unsigned transport = 0; transport < TRANSPORT_COUNT; transport++) {
        for (unsigned family = 0; family < 2; family++) {
            uint16_t listener = relay_zone(relay, zone)->listeners[transport][family];

            if (listener != POLICY_NONE) {
                *flow = (struct flow){.listener = listener, .transport = (uint8_t)transport};
                return true;
            }
        }
    }
    return false;
}

struct request_texts {
    char uri[RELAY_URI_MAX], from[RELAY_URI_MAX], to[RELAY_URI_MAX];
    char contact[RELAY_CONTACTS_MAX];
    char from_tag[RELAY_TAG_LETTERS], call_id[RELAY_CALL_ID_LETTERS], branch[48];
    char body[REQUEST_BODY_ROOM];
};

/* A request that belongs to no dialog: names of its own on the far leg. */
static void leg_without_dialog(struct relay *relay, const struct inspection *inspection,
                               struct request_texts *texts, struct leg *leg)
{
    const struct sip_message *message = &inspection->message;
    struct view view =
        view_towards(relay, leg->zone, leg->peer, inspection->zone, inspection->peer);
    struct text from, to;

    text_init(&from, texts->from, sizeof(texts->from));
    text_init(&to, texts->to, sizeof(texts->to));
    hide_address(&from, &view, message, sip_value(message, SIP_HEADER_FROM),
                 inspection->strips_display_names);
    hide_address(&to, &view, message, sip_value(message, SIP_HEADER_TO),
                 inspection->strips_display_names);
    if (message->method == SIP_REGISTER) {
        registration_names(relay, inspection, texts->call_id, sizeof(texts->call_id),
                           texts->from_tag, sizeof(texts->from_tag));
    } else {
        random_letters(relay->random, texts->from_tag, sizeof(texts->from_tag));
        leg_new_call_id(relay, texts->call_id);
    }
    leg->from = text_slice(&from);
    leg->to = text_slice(&to);
    leg->from_tag = slice_of(texts->from_tag, sizeof(texts->from_tag));
    leg->call_id = slice_of(texts->call_id, sizeof(texts->call_id));
    leg->cseq = message->cseq;
}

static void leg_of_dialog(struct relay *relay, struct dialog *dialog, unsigned side,
                          struct leg *leg)
{
    const struct state *state = relay->state;
    const struct dialog_side *to = &dialog->sides[side];

    leg->dialog = dialog;
    leg->side_from = side ^ 1;
    leg->zone = to->zone;
    leg->peer = to->peer;
    leg->from = dialog_text(state, dialog, side, DIALOG_LOCAL_URI);
    leg->from_tag = slice_string(to->local_tag);
    leg->to = dialog_text(state, dialog, side, DIALOG_REMOTE_URI);
    leg->to_tag = dialog_text(state, dialog, side, DIALOG_REMOTE_TAG);
    leg->call_id = dialog_text(state, dialog, side, DIALOG_CALL_ID);
}

static void write_contact(struct relay *relay, const struct inspection *inspection,
                          const struct exchange *exchange, struct request_texts *texts,
                          struct leg *leg)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *contact = sip_value(message, SIP_HEADER_CONTACT);
    struct text text;

    if (contact == NULL || message->method == SIP_MESSAGE) {
        return;
    }
    text_init(&text, texts->contact, sizeof(texts->contact));
    if (message->method == SIP_REGISTER) {
        registration_write_contacts(relay, &text, inspection, exchange, &leg->flow);
    } else {
        leg_write_contact(relay, &text, leg->dialog, leg->side_from ^ 1, &leg->flow, message,
                          contact);
    }
    leg->contact = text_slice(&text);
}

/* The body as the far side gets it; false when no media port was free. */
static bool write_body(struct relay *relay, struct inspection *inspection, struct dialog *dialog,
                       unsigned side_from, struct request_texts *texts, struct leg *leg,
                       struct outbox *outbox)
{
    struct text room;

    leg->body = body_of(inspection);
    if (dialog == NULL || inspection->strips_body) {
        return true;
    }
    text_init(&room, texts->body, sizeof(texts->body));
    return media_offer_or_answer(relay, inspection, dialog, side_from, &room, &leg->body, outbox);
}

static void wait_for_name(struct relay *relay, struct exchange *exchange,
                          const struct text *written)
{
    relay->counters.lookups_waited++;
    exchange->client_state = CLIENT_WAITING;
    if (!texts_keep(&relay->state->texts, text_slice(written), &exchange->wire)) {
        relay->counters.table_full++;
    }
    exchange_set_timer(relay, exchange, EXCHANGE_CLIENT_END, relay->policy->timers.lookup);
}

static enum route_step first_target(struct relay *relay, struct exchange *exchange,
                                    struct route_target *target, struct outbox *outbox)
{
    const struct registration *registration =
        pool_find(&relay->state->registrations, exchange->registration);
    enum route_step step = ROUTE_NONE;

    if (registration != NULL && exchange->method != SIP_REGISTER) {
        return registration_target(relay, registration, target) ? ROUTE_FOUND : ROUTE_NONE;
    }
    step = route_next(relay, exchange, target, outbox);
    if (step == ROUTE_WAITING) {
        *target = (struct route_target){.peer = exchange->peer_out};
        if (!any_flow(relay, exchange->zone_out, &target->flow)) {
            return ROUTE_NONE;
        }
    }
    return step;
}

static void request_fail(struct relay *relay, struct exchange *exchange, unsigned status,
                         struct outbox *outbox)
{
    struct dialog *dialog = pool_find(&relay->state->dialogs, exchange->dialog);
    char room[64];
    struct text extra;

    text_init(&extra, room, sizeof(room));
    if (status == 503) {
        answer_write_retry_after(relay, &extra);
    }
    exchange_stop_client(relay, exchange);
    if (exchange->server_state == SERVER_NONE) {
        session_probe_answered(relay, exchange, false);
    }
    answer_own(relay, exchange, status, text_slice(&extra), outbox);
    if (dialog != NULL && dialog->state == DIALOG_EARLY && exchange->side == 0 &&
        opens_dialog(exchange->method)) {
        dialog_end_family(relay, dialog, NULL, outbox);
    }
    exchange_settle(relay, exchange);
}

/* The first sending of a request outside dialogs. */
static void request_send(struct relay *relay, struct inspection *inspection,
                         struct exchange *exchange, struct dialog *dialog, struct outbox *outbox)
{
    const struct sip_message *message = &inspection->message;
    struct request_texts texts;
    struct route_target target = {.peer = exchange->peer_out};
    struct leg leg = {.zone = exchange->zone_out, .peer = exchange->peer_out, .side_from = 0};
    enum route_step step = first_target(relay, exchange, &target, outbox);
    struct text uri;

    if (step == ROUTE_NONE) {
        request_fail(relay, exchange, 503, outbox);
        return;
    }
    exchange->client_flow = leg.flow = target.flow;
    text_init(&uri, texts.uri, sizeof(texts.uri));
    route_write_uri(relay, &uri, message->head, &message->uri, exchange, &target);
    leg.uri = text_slice(&uri);
    leg.routes = registration_routes(relay, inspection);
    if (dialog == NULL) {
        leg_without_dialog(relay, inspection, &texts, &leg);
    } else {
        leg_of_dialog(relay, dialog, 1, &leg);
        leg.cseq = message->cseq + dialog->sides[1].cseq_shift;
        dialog->sides[1].local_cseq = dialog->sides[1].invite_cseq = leg.cseq;
        dialog->sides[1].flow = target.flow;
    }
    leg_new_branch(relay, texts.branch, &leg.branch);
    write_contact(relay, inspection, exchange, &texts, &leg);
    if (!write_body(relay, inspection, dialog, 0, &texts, &leg, outbox)) {
        relay->counters.media_refused++;
        request_fail(relay, exchange, 503, outbox);
        return;
    }
    struct text text = outbox_text(outbox);
    uint16_t front = leg_write_request(relay, &text, inspection, &leg);
    exchange_set_client(relay->state, exchange, leg.branch);
    if (step == ROUTE_WAITING) {
        wait_for_name(relay, exchange, &text);
    } else {
        exchange_send(relay, exchange, &text, front, outbox);
    }
}

void request_new(struct relay *relay, struct inspection *inspection, struct outbox *outbox)
{
    const struct sip_message *message = &inspection->message;
    struct exchange *exchange = NULL;
    struct dialog *dialog = NULL;

    if (inspection->is_for_us) {
        answer_options(relay, inspection, outbox);
        return;
    }
    if (relay->is_draining && inspection->emergency == EMERGENCY_NONE &&
        message->method == SIP_INVITE) {
        refuse_busy(relay, inspection, outbox);
        return;
    }
    exchange = exchange_begin(relay, inspection);
    if (exchange == NULL) {
        refuse_busy(relay, inspection, outbox);
        return;
    }
    if (message->method == SIP_INVITE) {
        answer_own(relay, exchange, 100, SLICE_NONE, outbox);
    }
    if (message->method == SIP_REGISTER && !registration_request(relay, inspection, exchange)) {
        request_fail(relay, exchange, 503, outbox);
        return;
    }
    if (inspection->match.registration != NULL) {
        exchange->registration =
            pool_handle(&relay->state->registrations, inspection->match.registration);
    }
    if (opens_dialog(message->method)) {
        dialog = dialog_begin(relay, inspection, exchange);
        if (dialog == NULL) {
            request_fail(relay, exchange, 503, outbox);
            return;
        }
    }
    request_send(relay, inspection, exchange, dialog, outbox);
}

/* The request again, as asked, for the target. */
static bool send_again(struct relay *relay, struct exchange *exchange, struct slice asked,
                       const struct route_target *target, struct outbox *outbox)
{
    struct slice wire = texts_slice(&relay->state->texts, exchange->wire);
    char uri_room[RELAY_URI_MAX], branch_room[48];
    struct sip_oddities oddities = {{0}};
    struct sip_uri uri = {.scheme = SIP_SCHEME_NONE};
    struct slice branch;
    struct text written, text;

    if (!sip_uri_read_text(asked, &uri, &oddities)) {
        return false;
    }
    text_init(&written, uri_room, sizeof(uri_room));
    route_write_uri(relay, &written, asked.at, &uri, exchange, target);
    leg_new_branch(relay, branch_room, &branch);
    text = outbox_text(outbox);
    uint16_t front =
        leg_write_again(relay, &text, wire, text_slice(&written), branch, &target->flow);
    if (front == 0) {
        return false;
    }
    exchange_stop_client(relay, exchange);
    exchange->client_flow = target->flow;
    exchange->has_provisional = false;
    exchange_set_client(relay->state, exchange, branch);
    exchange_send(relay, exchange, &text, front, outbox);
    return true;
}

static bool may_try_again(const struct relay *relay, const struct exchange *exchange)
{
    return exchange->server_state == SERVER_TRYING && !exchange->is_cancelled &&
           exchange->side == 0 && text_is_kept(exchange->wire) &&
           exchange->route < relay->policy->route_count &&
           (exchange->method == SIP_REGISTER || handle_is_none(exchange->registration));
}

void request_next_hop(struct relay *relay, struct exchange *exchange, unsigned status,
                      struct outbox *outbox)
{
    struct slice asked = exchange_echo(relay->state, exchange, ECHO_URI);
    bool was_waiting = exchange->client_state == CLIENT_WAITING;
    struct route_target target = {.peer = POLICY_NONE};
    enum route_step step = ROUTE_NONE;

    if (may_try_again(relay, exchange)) {
        step = route_next(relay, exchange, &target, outbox);
    }
    if (step == ROUTE_WAITING && !was_waiting) {
        exchange_stop_client(relay, exchange);
        exchange->client_state = CLIENT_WAITING;
        exchange_set_timer(relay, exchange, EXCHANGE_CLIENT_END, relay->policy->timers.lookup);
        return;
    }
    if (step != ROUTE_FOUND || !send_again(relay, exchange, asked, &target, outbox)) {
        request_fail(relay, exchange, exchange->is_cancelled ? 487 : status, outbox);
        return;
    }
    if (!was_waiting) {
        relay->counters.failovers++;
    }
}

/* A redirection is a new request of who asked: it goes where the routes let him go, and only into
 * the zone his leg leads to already. */
static bool redirect_route(const struct relay *relay, const struct exchange *exchange,
                           const struct sip_message *message, const struct sip_value *contact,
                           uint16_t *route)
{
    char digits[64];
    size_t len = 0;
    bool is_number = sip_uri_number(message->head, &contact->uri, digits, sizeof(digits), &len);
    struct policy_call call = {
        .zone = exchange->zone_in,
        .peer = exchange->peer_in,
        .method = exchange->method,
        .domain = sip_slice(message, contact->uri.host),
        .number = is_number ? slice_of(digits, len) : SLICE_NONE,
    };

    *route = policy_route_find(relay->policy, &call);
    return *route != POLICY_NONE && relay->policy->routes[*route].to == exchange->zone_out;
}

bool request_redirected(struct relay *relay, struct exchange *exchange,
                        const struct inspection *inspection, struct outbox *outbox)
{
    const struct sip_message *message = &inspection->message;
    const struct policy_peer *peer = relay_peer(relay, exchange->peer_out);
    const struct sip_value *contact = sip_value(message, SIP_HEADER_CONTACT);
    struct route_target target = {.peer = POLICY_NONE};
    uint16_t route = POLICY_NONE;

    if (peer == NULL || !peer->follows_redirects || exchange->is_emergency ||
        !may_try_again(relay, exchange)) {
        return false;
    }
    for (; contact != NULL && exchange->redirects < RELAY_REDIRECTS_MAX;
         contact = sip_value_next(message, contact)) {
        exchange->redirects++;
        if (contact->is_star || !redirect_route(relay, exchange, message, contact, &route)) {
            continue;
        }
        exchange->route = route;
        exchange->tried = 0;
        exchange->target = 0;
        if (route_next(relay, exchange, &target, outbox) == ROUTE_FOUND &&
            send_again(relay, exchange, sip_slice(message, contact->uri.whole), &target, outbox)) {
            return true;
        }
    }
    return false;
}

/* Within a dialog: by the first Route or the target, when it is a literal the peer is known by;
 * else the way its own messages come.  A name inside a message is never resolved. */
static struct flow dialog_flow(const struct relay *relay, const struct dialog *dialog,
                               unsigned side)
{
    const struct dialog_side *to = &dialog->sides[side];
    struct slice routes = dialog_text(relay->state, dialog, side, DIALOG_ROUTES);
    struct slice text = dialog_text(relay->state, dialog, side, DIALOG_TARGET);
    struct sip_oddities oddities = {{0}};
    struct address address;
    struct sip_uri uri;
    struct flow flow;

    if (routes.len > 0) {
        text = slice_skip(routes, slice_find(routes, '<') + 1);
        text = slice_head(text, slice_find(text, '>'));
    }
    if (zone_class_is_access(relay_zone(relay, to->zone)->class) ||
        to->flow.transport != TRANSPORT_UDP || !sip_uri_read_text(text, &uri, &oddities) ||
        !sip_uri_host_address(text.at, &uri, &address)) {
        return to->flow;
    }
    address.port = uri.port;
    if (policy_peer_find(relay->policy, to->zone, &address, to->flow.transport, SLICE_NONE) ==
            POLICY_NONE ||
        !route_flow(relay, to->zone, to->flow.transport, &address, &flow)) {
        return to->flow;
    }
    return flow;
}

static void note_request(struct relay *relay, struct dialog *dialog, unsigned side,
                         const struct inspection *inspection, struct exchange *exchange,
                         uint32_t cseq)
{
    const struct sip_message *message = &inspection->message;
    struct dialog_side *from = &dialog->sides[side];
    struct dialog_side *to = &dialog->sides[side ^ 1];

    from->remote_cseq = message->cseq;
    to->local_cseq = cseq;
    if (message->method == SIP_INVITE) {
        to->invite_cseq = cseq;
        from->invite = pool_handle(&relay->state->exchanges, exchange);
        from->has_pending_invite = true;
    }
    if (message->method == SIP_INVITE || message->method == SIP_UPDATE ||
        message->method == SIP_SUBSCRIBE || message->method == SIP_NOTIFY) {
        dialog_refresh_target(relay, dialog, side, inspection);
    }
    if (message->method == SIP_NOTIFY && dialog->kind == DIALOG_SUBSCRIPTION &&
        slice_starts_nocase(sip_header_value(message, SIP_HEADER_SUBSCRIPTION_STATE),
                            SLICE("terminated"))) {
        dialog_set_timer(relay, dialog, DIALOG_EXPIRE, relay->policy->timers.transaction);
    }
}

void request_in_dialog(struct relay *relay, struct inspection *inspection, struct outbox *outbox)
{
    const struct sip_message *message = &inspection->message;
    struct dialog *dialog = inspection->match.dialog;
    unsigned side = inspection->match.side;
    struct exchange *exchange = exchange_begin(relay, inspection);
    struct request_texts texts;
    struct leg leg = {.zone = 0};

    if (exchange == NULL) {
        refuse_busy(relay, inspection, outbox);
        return;
    }
    exchange->dialog = pool_handle(&relay->state->dialogs, dialog);
    exchange->side = (uint8_t)side;
    exchange->zone_out = dialog->sides[side ^ 1].zone;
    exchange->peer_out = dialog->sides[side ^ 1].peer;
    exchange->route = POLICY_NONE;
    if (message->method == SIP_INVITE) {
        answer_own(relay, exchange, 100, SLICE_NONE, outbox);
    }
    leg_of_dialog(relay, dialog, side ^ 1, &leg);
    leg.cseq = (message->cseq + dialog->sides[side ^ 1].cseq_shift) & INT32_MAX;
    leg.flow = exchange->client_flow = dialog_flow(relay, dialog, side ^ 1);
    note_request(relay, dialog, side, inspection, exchange, leg.cseq);
    leg.uri = dialog_text(relay->state, dialog, side ^ 1, DIALOG_TARGET);
    leg.routes = dialog_text(relay->state, dialog, side ^ 1, DIALOG_ROUTES);
    leg_new_branch(relay, texts.branch, &leg.branch);
    write_contact(relay, inspection, exchange, &texts, &leg);
    if (!write_body(relay, inspection, dialog, side, &texts, &leg, outbox)) {
        relay->counters.media_refused++;
        request_fail(relay, exchange, 503, outbox);
        return;
    }
    struct text text = outbox_text(outbox);
    uint16_t front = leg_write_request(relay, &text, inspection, &leg);
    exchange_set_client(relay->state, exchange, leg.branch);
    exchange_send(relay, exchange, &text, front, outbox);
    if (message->method == SIP_BYE) {
        dialog_over(relay, dialog, outbox);
    }
}

struct exchange *request_own(struct relay *relay, struct dialog *dialog, unsigned side,
                             enum sip_method method, struct slice extra, struct outbox *outbox)
{
    struct exchange *exchange = exchange_new(relay->state);
    struct dialog_side *to = &dialog->sides[side];
    struct leg leg = {.zone = 0};
    char branch_room[48];

    if (exchange == NULL) {
        relay->counters.table_full++;
        return NULL;
    }
    exchange->method = (uint8_t)method;
    exchange->started_ms = relay->now_ms;
    exchange->dialog = pool_handle(&relay->state->dialogs, dialog);
    exchange->side = (uint8_t)(side ^ 1);
    exchange->zone_out = exchange->zone_in = to->zone;
    exchange->peer_out = exchange->peer_in = to->peer;
    exchange->route = POLICY_NONE;
    leg_of_dialog(relay, dialog, side, &leg);
    leg.dialog = NULL;
    /* One number more than the last one sent: later requests of the far side move up too. */
    to->local_cseq = (to->local_cseq + 1) & INT32_MAX;
    to->cseq_shift = (to->cseq_shift + 1) & INT32_MAX;
    leg.cseq = to->local_cseq;
    leg.flow = exchange->client_flow = dialog_flow(relay, dialog, side);
    leg.uri = dialog_text(relay->state, dialog, side, DIALOG_TARGET);
    leg.routes = dialog_text(relay->state, dialog, side, DIALOG_ROUTES);
    leg_new_branch(relay, branch_room, &leg.branch);
    struct text text = outbox_text(outbox);
    uint16_t front = leg_write_own(relay, &text, method, &leg, extra);
    exchange_set_client(relay->state, exchange, leg.branch);
    exchange_send(relay, exchange, &text, front, outbox);
    return exchange;
}
