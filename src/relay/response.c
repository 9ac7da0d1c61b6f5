/*
 * Responses: absorbed, answered by another hop, or written anew for who asked.
 */
#include "relay/machine.h"
#include "relay/registrations.h"

/* Rules 2.4: what a status means to the other side. */
unsigned response_status(const struct relay *relay, const struct inspection *inspection,
                         const struct exchange *exchange)
{
    unsigned status = inspection->message.status;
    enum zone_class from = relay_zone(relay, inspection->zone)->class;
    enum zone_class to = relay_zone(relay, exchange->zone_in)->class;
    bool is_interconnect = from == ZONE_INTERCONNECT || from == ZONE_INTERCONNECT_OPEN;

    if (inspection->answers_as != 0) {
        return inspection->answers_as; /* CT-IDN-13 */
    }
    if (status >= 300 && status < 400) {
        bool is_core_to_user = from == ZONE_CORE && zone_class_is_access(to);

        return is_core_to_user && status == 380       ? 380
               : to == ZONE_CORE || from == ZONE_CORE ? 480
                                                      : 500; /* NNI-21 */
    }
    if (status == 503) {
        return 500; /* NNI-22: one peer must not make others fail over */
    }
    if ((status == 401 || status == 407) && is_interconnect) {
        return 403; /* NNI-23 */
    }
    if ((status >= 200 && status < 300) || sip_status_is_registered(status)) {
        return status;
    }
    return status < 200 ? 183 : status / 100 * 100; /* NNI-27, RFC 3261 8.1.3.2 */
}

static void count_answered(struct relay *relay, struct dialog *dialog)
{
    relay->counters.calls++;
    if (dialog->is_emergency) {
        relay->counters.calls_emergency++;
    }
    for (unsigned side = 0; side < 2; side++) {
        if (dialog->sides[side].peer != POLICY_NONE) {
            relay->peers[dialog->sides[side].peer].calls++;
        }
    }
}

/* What the REFER leads to is told within the call, also when that is over (RFC 5589). */
static void note_referred(const struct relay *relay, struct dialog *dialog)
{
    if (dialog->kind == DIALOG_CALL && dialog->subscriptions < UINT8_MAX) {
        dialog->subscriptions++;
        dialog->subscribed_until_ms = relay->now_ms + RELAY_REFER_S * 1000;
    }
}

/* Another answerer than the first one was taken: the call is his now. */
static void keep_counted(struct relay *relay, const struct exchange *exchange,
                         struct dialog *dialog)
{
    struct dialog *first = pool_find(&relay->state->dialogs, exchange->dialog);
    uint64_t counted[COUNTED_COUNT];

    if (first != NULL && first != dialog) {
        memcpy(counted, first->counted, sizeof(counted));
        dialog_uncount(relay->state, first);
        dialog_count(relay->state, dialog, counted);
    }
}

/* The 2xx: the first one makes the call, its sisters are over. */
static void note_success(struct relay *relay, struct exchange *exchange, struct dialog *dialog,
                         struct inspection *inspection, struct text *extra, struct outbox *outbox)
{
    uint32_t expires = 0;

    if (exchange->method == SIP_INVITE) {
        dialog_answered_invite(relay, dialog, exchange);
        if (dialog->state == DIALOG_EARLY) {
            dialog->state = DIALOG_ANSWERED;
            dialog_set_longest(relay, dialog);
            count_answered(relay, dialog);
            keep_counted(relay, exchange, dialog);
            streams_follow(relay, dialog, outbox);
            early_media_over(relay, dialog, inspection, outbox);
            dialog_end_family(relay, dialog, dialog, outbox);
        }
    } else if (dialog->kind == DIALOG_SUBSCRIPTION && dialog->state != DIALOG_ENDED &&
               relay_opens_dialog(exchange->method)) {
        dialog->state = DIALOG_CONFIRMED;
        if (!sip_number(&inspection->message, SIP_HEADER_EXPIRES, &expires)) {
            expires = exchange->method == SIP_REFER ? RELAY_REFER_S : RELAY_SUBSCRIPTION_S;
        }
        if (expires > RELAY_SUBSCRIPTION_MAX_S) {
            expires = RELAY_SUBSCRIPTION_MAX_S;
        }
        /* A little longer than the subscriber thinks: the last NOTIFY still passes. */
        dialog_set_timer(relay, dialog, DIALOG_EXPIRE, (uint64_t)expires * 1000 + 32000);
    }
    if (exchange->method == SIP_INVITE || exchange->method == SIP_UPDATE) {
        session_agreed(relay, dialog, exchange->side, inspection, extra);
    }
    if (exchange->method == SIP_REFER) {
        note_referred(relay, dialog);
    }
    if (exchange->method == SIP_INVITE || exchange->method == SIP_UPDATE ||
        exchange->method == SIP_SUBSCRIBE) {
        dialog_refresh_target(relay, dialog, exchange->side ^ 1U, inspection);
    }
}

/* Of the request's own use of the dialog, not of another one in it (RFC 5057 5.1). */
static bool is_of_usage(const struct dialog *dialog, const struct exchange *exchange)
{
    uint8_t method = exchange->method;

    return dialog->kind == DIALOG_SUBSCRIPTION
               ? method == SIP_NOTIFY || method == SIP_SUBSCRIBE
               : method == SIP_INVITE || method == SIP_UPDATE || method == SIP_INFO;
}

static void note_failure(struct relay *relay, struct exchange *exchange, struct dialog *dialog,
                         unsigned status, struct outbox *outbox)
{
    dialog_refused(relay, dialog, exchange, outbox);
    if (status == 481 && exchange->method == SIP_NOTIFY && dialog->subscriptions > 0) {
        dialog->subscriptions--;
    }
    if (status == 481 && dialog->state == DIALOG_CONFIRMED && is_of_usage(dialog, exchange)) {
        /* The far side has lost the call; who asked will let it go (RFC 5057). */
        dialog_set_timer(relay, dialog, DIALOG_EXPIRE, relay->policy->timers.transaction);
    }
}

/* Who is challenged comes again with credentials: until then the call is up. */
static void bye_answered(struct relay *relay, struct dialog *dialog, unsigned status,
                         struct outbox *outbox)
{
    if (dialog->is_ending && (status == 401 || status == 407)) {
        dialog->is_ending = false;
    } else if (dialog->is_ending) {
        dialog_hung_up(relay, dialog, outbox);
    }
}

static void forward(struct relay *relay, struct exchange *exchange, struct dialog *dialog,
                    struct inspection *inspection, struct outbox *outbox)
{
    unsigned status = response_status(relay, inspection, exchange);
    char body_room[RELAY_BODY_ROOM], extra_room[RELAY_CONTACTS_MAX];
    struct slice body = SLICE_NONE;
    struct text room, extra;

    text_init(&room, body_room, sizeof(body_room));
    text_init(&extra, extra_room, sizeof(extra_room));
    if (dialog != NULL && status >= 200 && status < 300) {
        note_success(relay, exchange, dialog, inspection, &extra, outbox);
    }
    if (dialog != NULL && status < 200) {
        early_media_heard(relay, dialog, inspection, outbox);
    }
    if (status >= 300) {
        inspection->strips_body = true; /* NNI-26 */
    }
    if (dialog != NULL) {
        offers_note_response(dialog, exchange->side, exchange->method, inspection);
    }
    media_body(relay, inspection, dialog, exchange->side ^ 1U, &room, &body, outbox);
    if (exchange->method == SIP_REGISTER && status >= 200 && status < 300) {
        registration_answered(relay, inspection, exchange, &extra);
    }
    answer_forward(relay, exchange, dialog, status, inspection, text_slice(&extra), body, outbox);
    if (dialog != NULL && status >= 300) {
        note_failure(relay, exchange, dialog, status, outbox);
    }
    if (status >= 300) {
        registration_refused(relay, exchange);
    }
    if (dialog != NULL && exchange->method == SIP_BYE && status >= 200) {
        bye_answered(relay, dialog, status, outbox);
    }
}

/* A response of the CANCEL, which shares the INVITE's branch, tells nothing new. */
static bool is_of_cancel(const struct exchange *exchange, const struct sip_message *message)
{
    return exchange->method == SIP_INVITE && message->cseq_method == SIP_CANCEL;
}

static void provisional(struct relay *relay, struct exchange *exchange,
                        struct inspection *inspection, struct outbox *outbox)
{
    bool was_silent = !exchange->has_provisional;
    struct dialog *dialog = NULL;

    exchange_heard(relay, exchange, inspection->message.status);
    if (exchange->is_cancelled) {
        if (was_silent) {
            cancel_send(relay, exchange, outbox);
        }
        return;
    }
    if (inspection->message.status == 100) {
        return;
    }
    if (exchange->provisionals == RELAY_PROVISIONALS_MAX) {
        relay->counters.dropped++;
        return;
    }
    exchange->provisionals++;
    dialog = dialog_answered(relay, exchange, inspection);
    if (dialog == NULL && exchange->begins_dialog) {
        return; /* no room for this answerer */
    }
    forward(relay, exchange, dialog, inspection, outbox);
}

/* STA-24: one answerer is taken.  Another one that said yes is thanked and let go; so is one whose
 * yes comes again when the call is over. */
static void let_go(struct relay *relay, struct dialog *dialog, struct outbox *outbox)
{
    acknowledge_own(relay, dialog, 1, dialog->sides[1].invite_cseq, outbox);
    if (!dialog->was_acknowledged) {
        dialog->was_acknowledged = true;
        request_own(relay, dialog, 1, SIP_BYE, SLICE_NONE, SLICE_NONE, outbox);
        dialog_over(relay, dialog, outbox);
    }
}

static void success_again(struct relay *relay, struct exchange *exchange, struct dialog *dialog,
                          struct inspection *inspection, struct outbox *outbox)
{
    if (!exchange->is_acknowledged) {
        forward(relay, exchange, dialog, inspection, outbox);
        return;
    }
    /* Once the ACK passed, the answerer that did not get it gets it from us. */
    relay->counters.responses_again++;
    relay->counters.repeated +=
        exchange_send_kept(relay, texts_slice(&relay->state->texts, exchange->wire),
                           &exchange->client_flow, outbox);
}

/* Who asked has his final answer already, and it was not this one's. */
static bool is_surplus(const struct exchange *exchange, const struct dialog *dialog)
{
    bool is_open =
        exchange->server_state == SERVER_TRYING || exchange->server_state == SERVER_PROCEEDING;

    return exchange->begins_dialog &&
           (dialog->state == DIALOG_ENDED || (dialog->state == DIALOG_EARLY && !is_open));
}

static void success_of_invite(struct relay *relay, struct exchange *exchange,
                              struct inspection *inspection, struct outbox *outbox)
{
    bool is_again = exchange->server_state == SERVER_ACCEPTED;
    struct dialog *dialog = NULL;

    if (exchange->is_left) {
        left_said_yes(relay, exchange, inspection, outbox);
        return;
    }
    dialog = dialog_answered(relay, exchange, inspection);
    if (exchange->client_state != CLIENT_ACCEPTED) {
        exchange_heard(relay, exchange, inspection->message.status);
    }
    if (dialog == NULL) {
        return; /* no room for this answerer: he says it again */
    }
    if (is_surplus(exchange, dialog)) {
        let_go(relay, dialog, outbox);
    } else if (is_again) {
        success_again(relay, exchange, dialog, inspection, outbox);
    } else {
        forward(relay, exchange, dialog, inspection, outbox);
    }
}

static void success(struct relay *relay, struct exchange *exchange, struct inspection *inspection,
                    struct outbox *outbox)
{
    if (exchange->method == SIP_INVITE) {
        success_of_invite(relay, exchange, inspection, outbox);
        return;
    }
    exchange_heard(relay, exchange, inspection->message.status);
    forward(relay, exchange, dialog_answered(relay, exchange, inspection), inspection, outbox);
}

static void failure(struct relay *relay, struct exchange *exchange, struct inspection *inspection,
                    struct outbox *outbox)
{
    unsigned status = inspection->message.status;
    bool is_again = exchange->client_state == CLIENT_COMPLETED;

    if (exchange->method == SIP_INVITE) {
        acknowledge_failure(relay, exchange, sip_to_tag(&inspection->message), outbox);
    }
    if (is_again) {
        relay->counters.responses_again++;
        return;
    }
    if (status == 503 && !exchange->is_cancelled && route_has_more(relay, exchange) &&
        exchange->server_state == SERVER_TRYING) {
        request_next_hop(relay, exchange, 500, outbox);
        return;
    }
    if (status == 422 && request_lengthened(relay, exchange, inspection, outbox)) {
        return;
    }
    if (status < 400 && inspection->answers_as == 0 &&
        request_redirected(relay, exchange, inspection, outbox)) {
        return;
    }
    exchange_heard(relay, exchange, status);
    forward(relay, exchange, pool_find(&relay->state->dialogs, exchange->dialog), inspection,
            outbox);
}

void response_take(struct relay *relay, struct inspection *inspection, struct outbox *outbox)
{
    struct exchange *exchange = inspection->match.exchange;
    unsigned status = inspection->message.status;

    if (inspection->match.kind != MATCH_RESPONSE || exchange == NULL) {
        relay->counters.stray_responses++;
        return;
    }
    if (is_of_cancel(exchange, &inspection->message)) {
        if (exchange->is_cancelled && status >= 200) {
            wheel_stop(&relay->state->wheel, &exchange->timers[EXCHANGE_CLIENT_RESEND]);
        }
        return;
    }
    if (exchange->server_state == SERVER_NONE && exchange->client_state < CLIENT_ACCEPTED &&
        status >= 200) {
        liveness_answered(relay, exchange, true);
    }
    if (exchange->client_state >= CLIENT_ACCEPTED && status < 200) {
        return; /* overtaken */
    }
    /* A yes behind a refusal, or behind the end of our patience, must not be left hanging. */
    bool is_late_yes = exchange->method == SIP_INVITE && exchange->begins_dialog && status >= 200;

    if (exchange->client_state == CLIENT_COMPLETED && status < 300 && !is_late_yes) {
        relay->counters.responses_again++;
        return;
    }
    if (exchange->client_state == CLIENT_ACCEPTED && status >= 300) {
        return;
    }
    if (exchange->server_state == SERVER_NONE && !handle_is_none(exchange->dialog)) {
        own_answered(relay, exchange, inspection, outbox);
    } else if (status < 200) {
        provisional(relay, exchange, inspection, outbox);
    } else if (status < 300) {
        success(relay, exchange, inspection, outbox);
    } else {
        failure(relay, exchange, inspection, outbox);
    }
}
