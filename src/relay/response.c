/*
 * Responses: absorbed, answered by another hop, or written anew for who asked.
 */
#include "relay/machine.h"

enum { RESPONSE_BODY_ROOM = SDP_MAX + 4096 };

/* Rules 2.4: what a status means to the other side. */
unsigned response_status(const struct relay *relay, const struct inspection *inspection,
                         const struct exchange *exchange)
{
    unsigned status = inspection->message.status;
    enum zone_class from = relay_zone(relay, inspection->zone)->class;
    enum zone_class to = relay_zone(relay, exchange->zone_in)->class;
    bool is_interconnect = from == ZONE_INTERCONNECT || from == ZONE_INTERCONNECT_OPEN;

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
    if (status >= 200 && status < 300) {
        return status;
    }
    return sip_reason(status).len > 0 ? status : status / 100 * 100; /* NNI-27 */
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

/* The 2xx: the first one makes the call, its sisters are over. */
static void note_success(struct relay *relay, struct exchange *exchange, struct dialog *dialog,
                         struct inspection *inspection, struct outbox *outbox)
{
    uint32_t expires = 0;

    if (exchange->method == SIP_INVITE) {
        if (dialog->state == DIALOG_EARLY) {
            dialog->state = DIALOG_ANSWERED;
            count_answered(relay, dialog);
            dialog_end_family(relay, dialog, dialog, outbox);
        }
        session_agreed(relay, dialog, inspection);
    } else if (dialog->kind == DIALOG_SUBSCRIPTION) {
        dialog->state = DIALOG_CONFIRMED;
        if (!sip_number(&inspection->message, SIP_HEADER_EXPIRES, &expires)) {
            expires = 3600;
        }
        /* A little longer than the subscriber thinks: the last NOTIFY still passes. */
        dialog_set_timer(relay, dialog, DIALOG_EXPIRE, (uint64_t)expires * 1000 + 32000);
    }
    if (exchange->method == SIP_UPDATE) {
        session_agreed(relay, dialog, inspection);
    }
    if (exchange->method == SIP_INVITE || exchange->method == SIP_UPDATE ||
        exchange->method == SIP_SUBSCRIBE) {
        dialog_refresh_target(relay, dialog, exchange->side ^ 1U, inspection);
    }
}

static void note_failure(struct relay *relay, struct exchange *exchange, struct dialog *dialog,
                         unsigned status, struct outbox *outbox)
{
    if (exchange->method == SIP_INVITE) {
        dialog->sides[exchange->side].has_pending_invite = false;
    }
    if (dialog->state == DIALOG_EARLY && exchange->side == 0 &&
        (exchange->method == SIP_INVITE || exchange->method == SIP_SUBSCRIBE ||
         exchange->method == SIP_REFER)) {
        dialog_end_family(relay, dialog, NULL, outbox);
    } else if (status == 481 && dialog->state == DIALOG_CONFIRMED &&
               exchange->method != SIP_CANCEL) {
        /* The far side has lost the call; who asked will let it go (RFC 5057). */
        dialog_set_timer(relay, dialog, DIALOG_EXPIRE, relay->policy->timers.transaction);
    }
}

static void forward(struct relay *relay, struct exchange *exchange, struct inspection *inspection,
                    struct outbox *outbox)
{
    struct dialog *dialog = dialog_answered(relay, exchange, inspection);
    unsigned status = response_status(relay, inspection, exchange);
    char body_room[RESPONSE_BODY_ROOM];
    struct slice body = inspection->strips_body ? SLICE_NONE : inspection->message.body;
    char extra_room[RELAY_CONTACTS_MAX];
    struct text room, extra;

    text_init(&extra, extra_room, sizeof(extra_room));
    if (dialog != NULL && status >= 200 && status < 300) {
        note_success(relay, exchange, dialog, inspection, outbox);
    }
    if (dialog != NULL && !inspection->strips_body && status < 300) {
        text_init(&room, body_room, sizeof(body_room));
        if (!media_offer_or_answer(relay, inspection, dialog, exchange->side ^ 1U, &room, &body,
                                   outbox)) {
            relay->counters.media_refused++;
        }
    }
    if (status >= 300) {
        body = SLICE_NONE; /* NNI-26 */
        inspection->strips_body = true;
    }
    if (exchange->method == SIP_REGISTER && status >= 200 && status < 300) {
        registration_answered(relay, inspection, exchange, &extra);
    }
    answer_forward(relay, exchange, dialog, status, inspection, text_slice(&extra), body, outbox);
    if (dialog != NULL && status >= 300) {
        note_failure(relay, exchange, dialog, status, outbox);
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
    forward(relay, exchange, inspection, outbox);
}

static void success(struct relay *relay, struct exchange *exchange, struct inspection *inspection,
                    struct outbox *outbox)
{
    bool is_again = exchange->client_state == CLIENT_ACCEPTED;
    struct dialog *dialog = pool_find(&relay->state->dialogs, exchange->dialog);

    if (!is_again) {
        exchange_heard(relay, exchange, inspection->message.status);
    }
    /* Once the ACK passed, the answerer that did not get it gets it from us. */
    if (is_again && exchange->method == SIP_INVITE && dialog != NULL &&
        !dialog->sides[exchange->side].has_pending_invite) {
        relay->counters.retransmissions_in++;
        exchange_send_kept(relay, texts_slice(&relay->state->texts, exchange->wire),
                           &exchange->client_flow, outbox);
        return;
    }
    forward(relay, exchange, inspection, outbox);
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
        relay->counters.retransmissions_in++;
        return;
    }
    if (status == 503 && !exchange->is_cancelled && route_has_more(relay, exchange) &&
        exchange->server_state == SERVER_TRYING) {
        request_next_hop(relay, exchange, 500, outbox);
        return;
    }
    if (status < 400 && request_redirected(relay, exchange, inspection, outbox)) {
        return;
    }
    exchange_heard(relay, exchange, status);
    forward(relay, exchange, inspection, outbox);
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
        return;
    }
    if (exchange->server_state == SERVER_NONE && exchange->client_state < CLIENT_ACCEPTED &&
        status >= 200) {
        session_probe_answered(relay, exchange, true);
    }
    if (exchange->client_state >= CLIENT_ACCEPTED && status < 200) {
        return; /* overtaken */
    }
    if (exchange->client_state == CLIENT_COMPLETED && status < 300) {
        relay->counters.retransmissions_in++;
        return;
    }
    if (exchange->client_state == CLIENT_ACCEPTED && status >= 300) {
        return;
    }
    if (status < 200) {
        provisional(relay, exchange, inspection, outbox);
    } else if (status < 300) {
        success(relay, exchange, inspection, outbox);
    } else {
        failure(relay, exchange, inspection, outbox);
    }
}
