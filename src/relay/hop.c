/*
 * Another hop for a request that has been written: a name that became known, a hop that failed, a
 * redirection that the contract lets us follow; or the end of it.
 */
#include "guard/least.h"
#include "relay/machine.h"
#include "relay/registrations.h"

void request_give_up(struct relay *relay, struct exchange *exchange, unsigned status,
                     struct outbox *outbox)
{
    struct dialog *dialog = pool_find(&relay->state->dialogs, exchange->dialog);
    char room[64];
    struct text extra;

    text_init(&extra, room, sizeof(room));
    if (status == 503) {
        answer_write_retry_after(relay, &extra);
    }
    answer_own(relay, exchange, status, text_slice(&extra), outbox);
    if (dialog != NULL) {
        dialog_refused(relay, dialog, exchange, outbox);
    }
    if (dialog != NULL && exchange->method == SIP_BYE && dialog->is_ending) {
        dialog_hung_up(relay, dialog, outbox);
    }
    registration_refused(relay, exchange);
}

void request_fail(struct relay *relay, struct exchange *exchange, unsigned status,
                  struct outbox *outbox)
{
    exchange_stop_client(relay, exchange);
    if (exchange->server_state == SERVER_NONE) {
        liveness_answered(relay, exchange, false);
        own_unanswered(relay, exchange, outbox);
    }
    request_give_up(relay, exchange, status, outbox);
    exchange_settle(relay, exchange);
}

void request_aim(struct relay *relay, struct exchange *exchange, struct dialog *dialog,
                 const struct route_target *target)
{
    const struct policy_peer *peer = relay_peer(relay, target->peer);

    exchange->client_flow = target->flow;
    exchange->peer_out = target->peer;
    exchange->peer_out_id = peer == NULL ? 0 : peer->id;
    if (dialog != NULL && dialog->state == DIALOG_EARLY) {
        dialog->sides[1].flow = target->flow;
        dialog->sides[1].peer = target->peer;
        dialog->sides[1].peer_id = exchange->peer_out_id;
    }
}

/* What is written is sent in place of what was sent before. */
static bool send_written(struct relay *relay, struct exchange *exchange, struct slice wire,
                         const struct leg_again *again, struct outbox *outbox)
{
    struct text text = outbox_text(outbox);
    uint16_t front = leg_write_again(relay, &text, wire, again);

    if (front == 0) {
        return false;
    }
    exchange_stop_client(relay, exchange);
    exchange->has_provisional = false;
    exchange_set_client(relay->state, exchange, again->branch);
    return exchange_send(relay, exchange, &text, front, outbox);
}

/* The request again, as asked, for the target. */
static bool send_again(struct relay *relay, struct exchange *exchange, struct slice asked,
                       const struct route_target *target, struct outbox *outbox)
{
    struct slice wire = texts_slice(&relay->state->texts, exchange->wire);
    struct dialog *dialog = pool_find(&relay->state->dialogs, exchange->dialog);
    char uri_room[RELAY_URI_MAX], branch_room[48];
    struct leg_again again = {.flow = &target->flow, .dialog = dialog};
    struct sip_oddities oddities = {{0}};
    struct sip_uri uri = {.scheme = SIP_SCHEME_NONE};
    struct text written;

    if (!sip_uri_read_text(asked, &uri, &oddities)) {
        return false;
    }
    left_behind(relay, exchange, outbox);
    request_aim(relay, exchange, dialog, target);
    text_init(&written, uri_room, sizeof(uri_room));
    route_write_uri(relay, &written, asked.at, &uri, exchange, target);
    leg_new_branch(relay, branch_room, &again.branch);
    again.uri = text_slice(&written);
    return send_written(relay, exchange, wire, &again, outbox);
}

static bool may_try_again(const struct relay *relay, const struct exchange *exchange)
{
    return exchange->server_state == SERVER_TRYING && !exchange->is_cancelled &&
           exchange->side == 0 && text_is_kept(exchange->wire) &&
           exchange->route < relay->policy->route_count &&
           (exchange->method == SIP_REGISTER || handle_is_none(exchange->registration));
}

static void wait_again(struct relay *relay, struct exchange *exchange)
{
    exchange_stop_client(relay, exchange);
    exchange->client_state = CLIENT_WAITING;
    exchange_set_timer(relay, exchange, EXCHANGE_CLIENT_END, relay->policy->timers.lookup);
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
    if (step == ROUTE_WAITING) {
        if (!was_waiting) {
            wait_again(relay, exchange);
        }
        return; /* the timer that runs already bounds the wait */
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

/* Only what the border asked for is its to change; what the caller asked for he hears himself. */
static bool may_lengthen(const struct exchange *exchange, const struct dialog *dialog,
                         uint32_t least_s)
{
    return dialog != NULL && dialog->is_session_ours && exchange->begins_dialog &&
           exchange->server_state == SERVER_TRYING && !exchange->is_cancelled &&
           text_is_kept(exchange->wire) && least_s <= SESSION_MOST &&
           least_s > dialog->session_asked_ms / 1000;
}

bool request_lengthened(struct relay *relay, struct exchange *exchange,
                        const struct inspection *inspection, struct outbox *outbox)
{
    struct dialog *dialog = pool_find(&relay->state->dialogs, exchange->dialog);
    struct slice wire = texts_slice(&relay->state->texts, exchange->wire);
    struct flow flow = exchange->client_flow;
    struct leg_again again = {.flow = &flow, .dialog = dialog};
    const struct sip_message *message = NULL;
    char uri_room[RELAY_URI_MAX], branch_room[48];
    uint32_t least_s = 0;
    struct text uri;

    if (!sip_number(&inspection->message, SIP_HEADER_MIN_SE, &least_s) ||
        !may_lengthen(exchange, dialog, least_s)) {
        return false;
    }
    message = leg_read_kept(relay, wire);
    if (message == NULL) {
        return false;
    }
    text_init(&uri, uri_room, sizeof(uri_room));
    text_put(&uri, sip_slice(message, message->uri.whole));
    again.uri = text_slice(&uri);
    again.session_s = least_s;
    leg_new_branch(relay, branch_room, &again.branch);
    dialog->session_asked_ms = least_s * 1000;
    dialog->sides[1].cseq_shift++;
    exchange->client_cseq = (exchange->client_cseq + 1) & INT32_MAX;
    dialog->sides[1].local_cseq = dialog->sides[1].invite_cseq = exchange->client_cseq;
    return send_written(relay, exchange, wire, &again, outbox);
}
