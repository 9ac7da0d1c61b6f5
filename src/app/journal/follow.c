/*
 * The life of a call, as its messages tell it.
 */
#include "app/journal/ledger_inside.h"

#include "policy/policy.h"
#include "wire/sip/message.h"

/* Where the two legs share a Call-ID the caller's address tells them apart. */
unsigned call_leg(const struct ledger_call *call, const struct call_note *note)
{
    struct slice name = note->texts[CALL_NOTE_CALL_ID];

    if (call->name_lens[1] > 0 && !slice_equal(call_name(call, 0), call_name(call, 1))) {
        return slice_equal(name, call_name(call, 1));
    }
    return !address_equal(&note->remote, &call->caller);
}

static uint16_t text_keep(char *room, size_t max, struct slice text)
{
    text = slice_head(text, max);
    if (text.len > 0) {
        memcpy(room, text.at, text.len);
    }
    return (uint16_t)text.len;
}

static void call_begin(struct ledger_call *call, const struct call_note *note)
{
    call->begin_us = note->when_us;
    call->state = "trying";
    call->ended_by = "";
    call->cseq = note->cseq;
    call->caller = note->remote;
    call->from_len = text_keep(call->from, sizeof(call->from), note->texts[CALL_NOTE_FROM]);
    call->to_len = text_keep(call->to, sizeof(call->to), note->texts[CALL_NOTE_TO]);
    call->peer_lens[0] =
        (uint8_t)text_keep(call->peers[0], sizeof(call->peers[0]), note->texts[CALL_NOTE_PEER]);
    call->is_emergency = (note->flags & CALL_NOTE_IS_EMERGENCY) != 0;
}

static void call_count(struct ledger_call *call, const struct call_note *note)
{
    struct slice findings = note->texts[CALL_NOTE_FINDINGS];

    call->messages++;
    call->active_us = note->when_us > call->active_us ? note->when_us : call->active_us;
    if (findings.len > 0) {
        call->findings++;
        if (call->control[0] == '\0') {
            size_t len = slice_find(findings, ' ');
            size_t comma = slice_find(findings, ',');

            len = comma < len ? comma : len;
            len = len < sizeof(call->control) ? len : sizeof(call->control) - 1;
            memcpy(call->control, findings.at, len);
        }
    }
}

/* The last answer the caller gets is the call's. */
static bool call_final(struct ledger *ledger, struct ledger_call *call,
                       const struct call_note *note)
{
    if (call->answer_us != 0 || note->cseq < call->cseq) {
        return false; /* of a later INVITE in the call */
    }
    call->status = note->status;
    if (note->status < 300) {
        call->answer_us = note->when_us;
        call->state = "up";
        return true;
    }
    bool is_callee = ledger->is_watching || call->was_answered_by_callee;
    const char *state = call->was_refused ? "refused" : "failed";
    ledger_call_ends(ledger, call, note->status == 487 ? "cancelled" : state,
                     note->status == 487 ? "caller"
                     : is_callee         ? "callee"
                                         : "border",
                     note->when_us);
    return true;
}

static bool call_response(struct ledger *ledger, struct ledger_call *call,
                          const struct call_note *note, unsigned leg)
{
    bool is_taken = note->kind == CALL_NOTE_TAKEN;

    if (note->method != SIP_INVITE) {
        return false;
    }
    if (is_taken && leg == 1 && note->status >= 300) {
        call->was_answered_by_callee = true;
    }
    if (note->status > 100 && note->status < 200) {
        bool is_first = call->ringing_us == 0 && call->answer_us == 0 && leg == 1 && is_taken;

        if (is_first) {
            call->ringing_us = note->when_us;
            call->state = "ringing";
        }
        return is_first;
    }
    bool is_to_caller = ledger->is_watching ? is_taken && leg == 1 : !is_taken && leg == 0;
    return is_to_caller && note->status >= 200 && call_final(ledger, call, note);
}

/* What was refused did not happen; silence is an end, too. */
static bool call_refused(struct ledger *ledger, struct ledger_call *call,
                         const struct call_note *note)
{
    if (call->answer_us != 0 || note->method != SIP_INVITE || note->status != 0) {
        return false;
    }
    call->was_refused = true;
    if (note->action == ACTION_REJECT || ledger->is_watching) {
        call->status = note->verdict_status;
    }
    if (note->action != ACTION_REJECT && note->action != ACTION_THROTTLE) {
        ledger_call_ends(ledger, call, "refused", "border", note->when_us);
    }
    return true;
}

static bool call_request(struct ledger *ledger, struct ledger_call *call,
                         const struct call_note *note, unsigned leg)
{
    bool is_taken = note->kind == CALL_NOTE_TAKEN;

    if (is_taken && note->action != ACTION_PASS && note->action != ACTION_DEFAULT) {
        return call_refused(ledger, call, note);
    }
    if (note->method == SIP_INVITE && !is_taken && leg == 1 && call->peer_lens[1] == 0) {
        call->peer_lens[1] =
            (uint8_t)text_keep(call->peers[1], sizeof(call->peers[1]), note->texts[CALL_NOTE_PEER]);
        return call->peer_lens[1] > 0;
    }
    if (note->method == SIP_BYE && call->end_us == 0) {
        ledger_call_ends(ledger, call, "ended",
                         !is_taken  ? "border"
                         : leg == 0 ? "caller"
                                    : "callee",
                         note->when_us);
        return true;
    }
    return false;
}

bool call_follow(struct ledger *ledger, struct ledger_call *call, const struct call_note *note)
{
    bool is_new = call->begin_us == 0;

    if (is_new) {
        call_begin(call, note);
    }
    bool had_finding = call->findings > 0;
    bool had_other = call->messages > 0 && call->name_lens[1] > 0;
    call_count(call, note);
    unsigned leg = call_leg(call, note);
    bool is_news = note->status != 0 ? call_response(ledger, call, note, leg)
                                     : call_request(ledger, call, note, leg);
    return is_news || is_new || had_finding != (call->findings > 0) ||
           (call->messages < 4 && !had_other && call->name_lens[1] > 0);
}

/* "audio 0: 1500/1498 packets, 0/2 lost" */
void call_media(struct ledger_call *call, unsigned stream, const struct call_note *note)
{
    struct text text;

    text_init(&text, call->media + call->media_len, sizeof(call->media) - call->media_len);
    text_put_format(&text,
                    "%sstream %u: %llu packets from the caller (%u lost), %llu from the callee "
                    "(%u lost)",
                    call->media_len == 0 ? "" : "; ", stream + 1,
                    (unsigned long long)note->packets[0], note->lost[0],
                    (unsigned long long)note->packets[1], note->lost[1]);
    for (unsigned side = 0; side < 2; side++) {
        if (note->mos[side] != 0) {
            text_put_format(&text, ", %s jitter %u.%u ms, MOS %u.%02u",
                            side == 0 ? "caller's" : "callee's", note->jitter_us[side] / 1000,
                            note->jitter_us[side] / 100 % 10, note->mos[side] / 100U,
                            note->mos[side] % 100U);
        }
    }
    if (!text.is_full) {
        call->media_len = (uint16_t)(call->media_len + text.len);
    }
}

static const char *state_constant(struct slice state)
{
    static const char *const states[] = {"trying", "ringing", "up"};

    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (slice_equal(state, slice_string(states[i]))) {
            return states[i];
        }
    }
    return "up";
}

void call_restore(struct ledger_call *call, const struct journal_call *row)
{
    call->begin_us = row->begin_us;
    call->ringing_us = row->ringing_us;
    call->answer_us = row->answer_us;
    call->active_us = row->answer_us > row->begin_us ? row->answer_us : row->begin_us;
    call->status = row->status;
    call->state = state_constant(row->state);
    call->ended_by = "";
    call->messages = row->messages;
    call->findings = row->findings;
    call->from_len = text_keep(call->from, sizeof(call->from), row->from);
    call->to_len = text_keep(call->to, sizeof(call->to), row->to);
    call->peer_lens[0] = (uint8_t)text_keep(call->peers[0], sizeof(call->peers[0]), row->peer_in);
    call->peer_lens[1] = (uint8_t)text_keep(call->peers[1], sizeof(call->peers[1]), row->peer_out);
    (void)text_keep(call->control, sizeof(call->control) - 1, row->control);
}
