/*
 * Dialogs as the relay sees them: begun by a request, kept true by targets, ended once.
 */
#include "guard/event_package.h"
#include "relay/machine.h"

enum {
    DIALOG_REMAINS_MS = 32000, /* an ended dialog absorbs what is still under way: 64 * T1 */
};

void dialog_set_timer(struct relay *relay, struct dialog *dialog, enum dialog_timer kind,
                      uint64_t in_ms)
{
    struct wheel_timer *timer = &dialog->timers[kind];

    timer->kind = RELAY_TIMER_DIALOG + kind;
    timer->owner = pool_handle(&relay->state->dialogs, dialog).index;
    wheel_set(&relay->state->wheel, timer, relay->now_ms + in_ms);
}

void dialog_set_longest(struct relay *relay, struct dialog *dialog)
{
    if (dialog->is_emergency) {
        wheel_stop(&relay->state->wheel, &dialog->timers[DIALOG_EXPIRE]);
    } else {
        dialog_set_timer(relay, dialog, DIALOG_EXPIRE, relay->policy->timers.call_max);
    }
}

void dialog_set_earliest_end(struct relay *relay, struct dialog *dialog)
{
    const struct policy_timers *timers = &relay->policy->timers;

    dialog_set_timer(relay, dialog, DIALOG_EXPIRE,
                     timers->ringing_max + 4 * (uint64_t)timers->transaction);
}

bool dialog_write_route_set(struct text *text, const struct sip_message *message,
                            enum sip_header_name name, bool is_reversed)
{
    struct slice values[32]; /* HYG-L19, hard */
    unsigned count = 0;

    for (const struct sip_value *value = sip_value(message, name); value != NULL;
         value = sip_value_next(message, value)) {
        if (count == ARRAY_COUNT(values)) {
            return false;
        }
        values[count++] = sip_slice(message, value->text);
    }
    for (unsigned i = 0; i < count; i++) {
        if (i > 0) {
            text_put(text, SLICE(", "));
        }
        sip_write_listed(text, message, values[is_reversed ? count - 1 - i : i]);
    }
    return !text->is_full;
}

struct slice dialog_contact_uri(const struct sip_message *message)
{
    const struct sip_value *contact = sip_value(message, SIP_HEADER_CONTACT);

    return contact == NULL || contact->is_star ? SLICE_NONE
                                               : sip_slice(message, contact->uri.whole);
}

/* A name-addr as the party itself wrote it, for its own leg. */
static void write_as_received(struct text *text, const struct sip_message *message,
                              enum sip_header_name name)
{
    const struct sip_value *value = sip_value(message, name);
    if (value == NULL) {
        return;
    }
    struct slice display = slice_trim(sip_slice(message, value->display));
    if (display.len > 0) {
        sip_write_value(text, display);
        text_put_octet(text, ' ');
    }
    text_put_octet(text, '<');
    text_put(text, sip_slice(message, value->uri.whole));
    text_put_octet(text, '>');
}

static bool set_asker(struct relay *relay, struct dialog *dialog,
                      const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    char routes[RELAY_ROUTES_MAX], from[RELAY_URI_MAX], to[RELAY_URI_MAX];
    struct text route_set, remote, local;

    text_init(&route_set, routes, sizeof(routes));
    text_init(&remote, from, sizeof(from));
    text_init(&local, to, sizeof(to));
    write_as_received(&remote, message, SIP_HEADER_FROM);
    write_as_received(&local, message, SIP_HEADER_TO);
    if (!dialog_write_route_set(&route_set, message, SIP_HEADER_RECORD_ROUTE, false) ||
        remote.is_full || local.is_full) {
        return false;
    }
    struct slice texts[DIALOG_TEXT_COUNT] = {
        [DIALOG_CALL_ID] = sip_call_id(message),       [DIALOG_REMOTE_TAG] = sip_from_tag(message),
        [DIALOG_TARGET] = dialog_contact_uri(message), [DIALOG_ROUTES] = text_slice(&route_set),
        [DIALOG_LOCAL_URI] = text_slice(&local),       [DIALOG_REMOTE_URI] = text_slice(&remote),
    };
    return dialog_set_texts(relay->state, dialog, 0, texts);
}

static bool set_answerer(struct relay *relay, struct dialog *dialog,
                         const struct inspection *inspection)
{
    struct view view = view_towards(relay, inspection->zone_out, inspection->peer_out,
                                    inspection->zone, inspection->peer);
    char call_id[RELAY_CALL_ID_LETTERS], from[RELAY_URI_MAX], to[RELAY_URI_MAX];
    struct text local, remote;

    text_init(&local, from, sizeof(from));
    text_init(&remote, to, sizeof(to));
    leg_new_call_id(relay, call_id);
    identity_write_from(&local, &view, inspection);
    hide_to(&remote, &view, inspection);
    if (local.is_full || remote.is_full) {
        return false;
    }
    struct slice texts[DIALOG_TEXT_COUNT] = {
        [DIALOG_CALL_ID] = slice_of(call_id, sizeof(call_id)),
        [DIALOG_LOCAL_URI] = text_slice(&local),
        [DIALOG_REMOTE_URI] = text_slice(&remote),
    };
    return dialog_set_texts(relay->state, dialog, 1, texts);
}

void dialog_new_tag(struct relay *relay, struct dialog *dialog, unsigned side)
{
    char tag[RELAY_TAG_LETTERS];

    random_letters(relay->random, tag, sizeof(tag));
    dialog_set_tag(relay->state, dialog, side, slice_of(tag, sizeof(tag)));
}

static uint32_t peer_id(const struct relay *relay, uint16_t peer)
{
    return peer == POLICY_NONE ? 0 : relay->policy->peers[peer].id;
}

struct dialog *dialog_begin(struct relay *relay, struct inspection *inspection,
                            struct exchange *exchange)
{
    struct dialog *dialog = dialog_new(relay->state);

    if (dialog == NULL) {
        relay->counters.table_full++;
        return NULL;
    }
    dialog->kind = inspection->message.method == SIP_INVITE ? DIALOG_CALL : DIALOG_SUBSCRIPTION;
    dialog->state = DIALOG_EARLY;
    dialog->event = event_package(&inspection->message);
    dialog->is_emergency = exchange->is_emergency;
    dialog->family = random_number(relay->random);
    dialog->created_ms = dialog->active_ms = relay->now_ms;
    dialog->sides[0].zone = inspection->zone;
    dialog->sides[0].peer = inspection->peer;
    dialog->sides[0].peer_id = peer_id(relay, inspection->peer);
    dialog->sides[0].flow = inspection->packet->flow;
    dialog->sides[0].remote_cseq = inspection->message.cseq;
    dialog->sides[0].asked_cseq = inspection->message.cseq;
    dialog->sides[1].zone = inspection->zone_out;
    dialog->sides[1].peer = inspection->peer_out;
    dialog->sides[1].peer_id = peer_id(relay, inspection->peer_out);
    for (unsigned side = 0; side < 2; side++) {
        dialog->sides[side].sdp_id = random_number(relay->random) >> 2;
        dialog_new_tag(relay, dialog, side);
    }
    if (!set_asker(relay, dialog, inspection) || !set_answerer(relay, dialog, inspection)) {
        relay->counters.too_large++;
        dialog_end(relay->state, dialog);
        return NULL;
    }
    dialog_count(relay->state, dialog, inspection->counted);
    dialog->caller_key = inspection->caller_key;
    dialog->called_key = inspection->called_key;
    dialog->is_abroad = inspection->is_abroad;
    exchange->dialog = pool_handle(&relay->state->dialogs, dialog);
    exchange->begins_dialog = true;
    dialog->sides[0].invite = pool_handle(&relay->state->exchanges, exchange);
    dialog->sides[0].has_pending_invite = dialog->kind == DIALOG_CALL;
    offers_note_preconditions(relay, dialog, &inspection->message);
    offers_note_request(dialog, 0, inspection);
    session_asked(relay, dialog, 0, inspection);
    dialog_set_earliest_end(relay, dialog);
    return dialog;
}

/* STA-06: a new target only where methods refresh it, and only one the party may name: the guard
 * judged its host, the way there is the flow or the peer's own addresses. */
void dialog_refresh_target(struct relay *relay, struct dialog *dialog, unsigned side,
                           const struct inspection *inspection)
{
    struct slice target = dialog_contact_uri(&inspection->message);

    dialog->active_ms = relay->now_ms;
    if (target.len > 0 && !dialog_change_text(relay->state, dialog, side, DIALOG_TARGET, target)) {
        relay->counters.table_full++;
    }
}

static void count_call_end(struct relay *relay, const struct dialog *dialog)
{
    if (dialog->kind != DIALOG_CALL || dialog->state == DIALOG_EARLY) {
        return;
    }
    relay->counters.calls_ended++;
    for (unsigned side = 0; side < 2; side++) {
        uint16_t peer = dialog->sides[side].peer;

        if (peer != POLICY_NONE && peer < relay->policy->peer_count &&
            relay->peers[peer].calls > 0) {
            relay->peers[peer].calls--;
        }
    }
}

/* From now on only retransmissions belong to it. */
void dialog_over(struct relay *relay, struct dialog *dialog, struct outbox *outbox)
{
    if (dialog->state == DIALOG_ENDED) {
        return;
    }
    count_call_end(relay, dialog);
    dialog_uncount(relay->state, dialog);
    streams_close_all(relay, dialog, outbox);
    dialog->state = DIALOG_ENDED;
    wheel_stop(&relay->state->wheel, &dialog->timers[DIALOG_REFRESH]);
    dialog_set_timer(relay, dialog, DIALOG_EXPIRE, DIALOG_REMAINS_MS);
}

void dialog_hung_up(struct relay *relay, struct dialog *dialog, struct outbox *outbox)
{
    bool goes_on = dialog->subscriptions > 0 && dialog->subscribed_until_ms > relay->now_ms &&
                   dialog->state == DIALOG_CONFIRMED;

    dialog_over(relay, dialog, outbox);
    if (goes_on) {
        dialog->kind = DIALOG_SUBSCRIPTION;
        dialog->state = DIALOG_CONFIRMED;
        dialog->is_ending = false;
        dialog->event = event_package_find(SLICE("refer"));
        dialog_set_timer(relay, dialog, DIALOG_EXPIRE, dialog->subscribed_until_ms - relay->now_ms);
    }
}

void dialog_answered_invite(const struct relay *relay, struct dialog *dialog,
                            const struct exchange *exchange)
{
    struct dialog_side *asker = &dialog->sides[exchange->side];

    if (handle_equal(asker->invite, pool_handle(&relay->state->exchanges, exchange))) {
        asker->has_pending_invite = false;
    }
}

void dialog_refused(struct relay *relay, struct dialog *dialog, const struct exchange *exchange,
                    struct outbox *outbox)
{
    dialog_answered_invite(relay, dialog, exchange);
    if (exchange->method == SIP_INVITE || exchange->method == SIP_UPDATE ||
        exchange->method == SIP_PRACK) {
        dialog->sides[exchange->side].has_pending_offer =
            false; /* what was refused is not on offer any more */
    }
    if (exchange->begins_dialog) {
        dialog_end_family(relay, dialog, NULL, outbox);
    }
}

void dialog_release(struct relay *relay, struct dialog *dialog, struct slice reason,
                    struct outbox *outbox)
{
    char room[256];
    struct text extra;

    text_init(&extra, room, sizeof(room));
    sip_write_header(&extra, SIP_HEADER_REASON, reason);
    for (unsigned side = 0; side < 2 && dialog->kind == DIALOG_CALL && !dialog->is_ending; side++) {
        request_own(relay, dialog, side, SIP_BYE, text_slice(&extra), SLICE_NONE, outbox);
    }
    dialog_over(relay, dialog, outbox);
}

void dialog_timer(struct relay *relay, struct wheel_timer *timer, struct outbox *outbox)
{
    struct dialog *dialog = pool_at(&relay->state->dialogs, timer->owner);

    if (timer->kind == RELAY_TIMER_DIALOG + DIALOG_REFRESH) {
        session_timer(relay, dialog, outbox);
        return;
    }
    if (dialog->state == DIALOG_ENDED) {
        if (pool_find(&relay->state->exchanges, dialog->sides[0].invite) != NULL) {
            dialog_set_timer(relay, dialog, DIALOG_EXPIRE, DIALOG_REMAINS_MS);
            return; /* other answerers are found by it while the INVITE is under way */
        }
        dialog_end(relay->state, dialog);
    } else if (dialog->kind == DIALOG_CALL && dialog->state != DIALOG_EARLY) {
        dialog_release(relay, dialog, SLICE("SIP;cause=408;text=\"Call too long\""), outbox);
    } else {
        dialog_over(relay, dialog, outbox);
    }
}
