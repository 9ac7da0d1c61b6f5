/*
 * Session timers (RFC 4028, rules 5.7): a call that nobody refreshes any more ends.
 *
 * Where one of the parties refreshes, the border watches.  Where neither does, it asks each of them
 * now and then whether he is still there: by UPDATE, by a re-INVITE with the description he had
 * last, or by OPTIONS.  Who has lost the call, or says nothing, ends it for the other one too.
 */
#include "guard/least.h"
#include "relay/machine.h"

enum {
    SESSION_AGAIN_MS = 10000,    /* something else is under way: looked at again then */
    SESSION_EMERGENCY_TRIES = 3, /* EMG-09 */
    SESSION_TRY_MS = 32000,      /* between them */
    SESSION_SDP_MAX = 4096,      /* a description longer than this is not kept */
};

/* STA-52: a missed refresh is noticed a little before the parties' own clocks would drop the call.
 */
static uint64_t session_patience_ms(uint32_t session_ms)
{
    uint32_t third = session_ms / 3;

    return session_ms - (third < 32000 ? third : 32000);
}

static uint32_t seconds_of(const struct inspection *inspection)
{
    struct slice value = sip_header_value(&inspection->message, SIP_HEADER_SESSION_EXPIRES);
    struct slice seconds = slice_trim(slice_head(value, slice_find(value, ';')));
    uint64_t interval = 0;

    if (!slice_number(seconds, UINT32_MAX, &interval)) {
        return 0;
    }
    if (inspection->session_max > 0 && interval > inspection->session_max) {
        interval = inspection->session_max;
    }
    return interval > SESSION_MOST ? SESSION_MOST : (uint32_t)interval;
}

static void hear_abilities(const struct sip_message *message, struct dialog_side *party)
{
    party->supports_timer = sip_list_has(message, SIP_HEADER_SUPPORTED, SLICE("timer")) ||
                            sip_has(message, SIP_HEADER_SESSION_EXPIRES);
    if (sip_has(message, SIP_HEADER_ALLOW)) {
        party->supports_update = sip_list_has(message, SIP_HEADER_ALLOW, SLICE("UPDATE"));
    }
}

void session_asked(struct relay *relay, struct dialog *dialog, unsigned side,
                   const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    bool is_first = message->method == SIP_INVITE && sip_to_tag(message).len == 0;
    uint32_t seconds = seconds_of(inspection);

    if (message->method != SIP_INVITE && message->method != SIP_UPDATE) {
        return;
    }
    hear_abilities(message, &dialog->sides[side]);
    /* STA-50; an emergency call is not told to end (EMG-09). */
    dialog->is_session_ours =
        is_first && !dialog->is_emergency && !sip_has(message, SIP_HEADER_SESSION_EXPIRES);
    dialog->session_asked_ms =
        dialog->is_session_ours ? relay->policy->timers.session : seconds * 1000;
}

/* How often the border asks itself. */
static uint32_t refresh_ms(const struct relay *relay, const struct dialog *dialog)
{
    uint32_t usual = relay->policy->timers.refresh, half = dialog->session_owed_ms / 2;

    return half > 0 && half < usual ? half : usual;
}

static void watch(struct relay *relay, struct dialog *dialog)
{
    dialog_set_timer(relay, dialog, DIALOG_REFRESH,
                     dialog->session_ms > 0 ? session_patience_ms(dialog->session_ms)
                                            : refresh_ms(relay, dialog));
}

/* The answerer knows nothing of timers: who asked refreshes (RFC 4028 8.2). */
static void impose(struct dialog *dialog, struct text *extra)
{
    dialog->session_ms = dialog->session_asked_ms;
    text_put(extra, SLICE("Session-Expires: "));
    text_put_number(extra, dialog->session_ms / 1000);
    text_put(extra, SLICE(";refresher=uac\r\nRequire: timer\r\n"));
}

/* The description is kept only for a party that is to be asked by re-INVITE. */
static void let_go_descriptions(struct relay *relay, struct dialog *dialog)
{
    for (unsigned side = 0; side < 2; side++) {
        struct dialog_side *party = &dialog->sides[side];

        if (party->supports_update || dialog->session_ms > 0) {
            texts_give(&relay->state->texts, &party->sdp);
        }
    }
}

/* Some name as refresher who never said that he knows timers. */
static bool can_refresh(const struct dialog *dialog, unsigned asker,
                        const struct sip_message *message)
{
    struct slice value = sip_header_value(message, SIP_HEADER_SESSION_EXPIRES), refresher;

    return dialog->sides[asker].supports_timer ||
           !sip_param_find(slice_skip(value, slice_find(value, ';')), SLICE("refresher"),
                           &refresher) ||
           !slice_equal_nocase(refresher, SLICE("uac"));
}

void session_agreed(struct relay *relay, struct dialog *dialog, unsigned asker,
                    const struct inspection *inspection, struct text *extra)
{
    if (dialog->kind != DIALOG_CALL || dialog->state == DIALOG_ENDED) {
        return;
    }
    hear_abilities(&inspection->message, &dialog->sides[asker ^ 1]);
    dialog->session_ms = seconds_of(inspection) * 1000;
    dialog->session_owed_ms = 0;
    if (dialog->session_ms > 0 && !can_refresh(dialog, asker, &inspection->message)) {
        dialog->session_owed_ms = dialog->session_ms;
        dialog->session_ms = 0;
    }
    if (dialog->session_ms == 0 && dialog->session_owed_ms == 0 &&
        dialog->sides[asker].supports_timer && dialog->session_asked_ms > 0) {
        impose(dialog, extra);
    }
    let_go_descriptions(relay, dialog);
    watch(relay, dialog);
}

void session_described(struct relay *relay, struct dialog *dialog, unsigned side, struct slice sdp)
{
    struct dialog_side *party = &dialog->sides[side];
    struct texts *texts = &relay->state->texts;

    if (slice_equal(texts_slice(texts, party->sdp), sdp)) {
        return;
    }
    texts_give(texts, &party->sdp);
    /* Keys are kept nowhere that outlives the worker. */
    if (!party->supports_update && dialog->session_ms == 0 && sdp.len <= SESSION_SDP_MAX &&
        !slice_has(sdp, SLICE("crypto:"))) {
        (void)texts_keep(texts, sdp, &party->sdp); /* else he is asked by OPTIONS */
    }
}

/* The re-INVITE is pending as if the other party had sent it: glare is judged as ever. */
static void note_invite(struct relay *relay, struct dialog *dialog, unsigned side,
                        const struct exchange *exchange)
{
    struct dialog_side *asker = &dialog->sides[side ^ 1];

    asker->invite = pool_handle(&relay->state->exchanges, exchange);
    asker->has_pending_invite = true;
    asker->has_pending_offer = true;
    asker->invite_offers = true;
}

static void ask(struct relay *relay, struct dialog *dialog, unsigned side, struct outbox *outbox)
{
    struct slice sdp = texts_slice(&relay->state->texts, dialog->sides[side].sdp);
    struct exchange *exchange = NULL;
    char room[256];
    struct text extra;

    text_init(&extra, room, sizeof(room));
    if (dialog->sides[side].supports_update) {
        exchange = request_own(relay, dialog, side, SIP_UPDATE, SLICE_NONE, SLICE_NONE, outbox);
    } else if (sdp.len > 0) {
        sip_write_header(&extra, SIP_HEADER_CONTENT_TYPE, SLICE("application/sdp"));
        exchange = request_own(relay, dialog, side, SIP_INVITE, text_slice(&extra), sdp, outbox);
    } else {
        exchange = request_own(relay, dialog, side, SIP_OPTIONS, SLICE_NONE, SLICE_NONE, outbox);
    }
    if (exchange == NULL) {
        return;
    }
    exchange->is_refresh = true;
    if (exchange->method == SIP_INVITE) {
        note_invite(relay, dialog, side, exchange);
    }
}

static bool is_busy(const struct dialog *dialog)
{
    const struct dialog_side *sides = dialog->sides;

    return dialog->state != DIALOG_CONFIRMED || sides[0].has_pending_invite ||
           sides[1].has_pending_invite || sides[0].has_pending_offer || sides[1].has_pending_offer;
}

void session_timer(struct relay *relay, struct dialog *dialog, struct outbox *outbox)
{
    if (dialog->state == DIALOG_ENDED || dialog->is_ending) {
        return;
    }
    if (dialog->session_ms > 0 && !dialog->is_emergency) {
        dialog_release(relay, dialog, SLICE("SIP;cause=408;text=\"Session expired\""), outbox);
        return;
    }
    if (is_busy(dialog)) {
        dialog_set_timer(relay, dialog, DIALOG_REFRESH, SESSION_AGAIN_MS);
        return;
    }
    dialog_set_timer(relay, dialog, DIALOG_REFRESH, refresh_ms(relay, dialog));
    for (unsigned side = 0; side < 2; side++) {
        ask(relay, dialog, side, outbox);
    }
}

/* A re-INVITE of ours is over. */
static void settle(struct relay *relay, struct dialog *dialog, const struct exchange *exchange)
{
    dialog_answered_invite(relay, dialog, exchange);
    if (exchange->method == SIP_INVITE) {
        dialog->sides[exchange->side].has_pending_offer = false;
    }
}

/* What he describes now is what the gate is told; the other party keeps our address. */
static void hear_answer(struct relay *relay, struct dialog *dialog, unsigned side,
                        struct inspection *inspection, struct outbox *outbox)
{
    char body_room[RELAY_BODY_ROOM];
    struct slice body = SLICE_NONE;
    struct text room;

    hear_abilities(&inspection->message, &dialog->sides[side]);
    dialog_refresh_target(relay, dialog, side, inspection);
    if (inspection_sdp(inspection) != NULL &&
        hash_bytes(&relay->state->key, inspection->sdp_text) != dialog->sides[side].sdp_hash) {
        text_init(&room, body_room, sizeof(body_room));
        media_body(relay, inspection, dialog, side, &room, &body, outbox);
    }
}

void session_refreshed(struct relay *relay, struct dialog *dialog, struct exchange *exchange,
                       struct inspection *inspection, struct outbox *outbox)
{
    unsigned status = inspection->message.status;

    if (status == 408 || status == 481) { /* RFC 4028 10 */
        session_lost(relay, dialog, exchange, outbox);
        return;
    }
    settle(relay, dialog, exchange);
    dialog->sides[exchange->side ^ 1].silences = 0;
    if (status < 300 && exchange->method != SIP_OPTIONS && dialog->state == DIALOG_CONFIRMED) {
        offers_note_response(dialog, exchange->side, exchange->method, inspection);
        hear_answer(relay, dialog, exchange->side ^ 1U, inspection, outbox);
    }
}

/* EMG-09: an emergency call is asked three times, and while its media are relayed only their
 * silence ends it. */
static bool is_spared(const struct relay *relay, const struct dialog *dialog, unsigned silences)
{
    return dialog->is_emergency &&
           (silences < SESSION_EMERGENCY_TRIES || streams_are_live(relay, dialog));
}

void session_lost(struct relay *relay, struct dialog *dialog, const struct exchange *exchange,
                  struct outbox *outbox)
{
    struct dialog_side *party = &dialog->sides[exchange->side ^ 1];

    settle(relay, dialog, exchange);
    if (dialog->state != DIALOG_CONFIRMED || dialog->is_ending) {
        return;
    }
    if (party->silences < UINT8_MAX) {
        party->silences++;
    }
    if (!is_spared(relay, dialog, party->silences)) {
        dialog_release(relay, dialog, SLICE("SIP;cause=408;text=\"Session lost\""), outbox);
    } else if (party->silences < SESSION_EMERGENCY_TRIES) {
        dialog_set_timer(relay, dialog, DIALOG_REFRESH, SESSION_TRY_MS);
    }
}
