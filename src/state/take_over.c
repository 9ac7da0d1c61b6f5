/*
 * What a former worker left: records that hold together are carried on, the others are given back
 * and counted.  Nothing in them is trusted that could lead outside our memory; what hangs on the
 * policy (zones, peers, listeners, ports) is for the relay to judge.
 */
#include "state/take_over.h"

#include "base/must.h"

enum { REGISTRATION_LONGEST_MS = 700000000 }; /* a little more than 600,000 s, REG-05 */

static bool text_is_terminated(const char *text, size_t max)
{
    return memchr(text, '\0', max) != NULL;
}

/* A bool in memory may hold anything; it is looked at as an octet before it is read as one. */
static bool truths_are_sound(const bool *const *truths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (*(const unsigned char *)truths[i] > 1) {
            return false;
        }
    }
    return true;
}

static bool dialog_truths_are_sound(const struct dialog *dialog)
{
    const struct dialog_side *sides = dialog->sides;
    const bool *truths[] = {
        &dialog->is_emergency,        &dialog->was_acknowledged,   &sides[0].has_pending_invite,
        &sides[1].has_pending_invite, &sides[0].has_pending_offer, &sides[1].has_pending_offer,
        &sides[0].supports_timer,     &sides[1].supports_timer,    &sides[0].supports_update,
        &sides[1].supports_update,    &sides[0].invite_offers,     &sides[1].invite_offers,
        &dialog->is_session_ours,     &dialog->is_ending,          &dialog->opens_early,
        &dialog->asks_preconditions,  &dialog->is_abroad,          &dialog->has_rung,
    };
    return truths_are_sound(truths, ARRAY_COUNT(truths));
}

static bool side_truths_are_sound(const struct media_side *side)
{
    const bool *truths[] = {
        &side->has_reduced_rtcp, &side->has_rtcp_mux,   &side->learns,  &side->has_asymmetric_port,
        &side->may_send,         &side->is_dtls_client, &side->has_ice, &side->hides,
        &side->bars_events,
    };
    return truths_are_sound(truths, ARRAY_COUNT(truths));
}

static bool registration_truths_are_sound(const struct registration *registration)
{
    const bool *truths[] = {&registration->is_confirmed, &registration->is_emergency,
                            &registration->is_asked_twice, &registration->is_cut_off,
                            &registration->is_by_path};
    return truths_are_sound(truths, ARRAY_COUNT(truths));
}

static bool flow_is_sound(const struct flow *flow)
{
    return flow->transport < TRANSPORT_COUNT && flow->remote.family <= ADDRESS_V6;
}

static bool leg_is_sound(const struct state *state, const struct dialog *dialog, unsigned side)
{
    const struct dialog_side *leg = &dialog->sides[side];

    return text_is_terminated(leg->local_tag, sizeof(leg->local_tag)) &&
           leg->local_tag[0] != '\0' && flow_is_sound(&leg->flow) &&
           dialog_text(state, dialog, side, DIALOG_CALL_ID).len > 0;
}

/* Only a call whose ACK was seen is promised to survive (design 2.7). */
static bool dialog_is_up(const struct dialog *dialog)
{
    return dialog->state == DIALOG_CONFIRMED && !dialog->is_ending &&
           (dialog->kind == DIALOG_SUBSCRIPTION ||
            (dialog->kind == DIALOG_CALL && dialog->was_acknowledged));
}

static bool dialog_is_sound(struct state *state, const struct dialog *dialog)
{
    if (dialog->stream_count > DIALOG_STREAMS_MAX || !leg_is_sound(state, dialog, 0) ||
        !leg_is_sound(state, dialog, 1) || !texts_mark(&state->texts, dialog->sides[0].texts)) {
        return false;
    }
    if (!texts_mark(&state->texts, dialog->sides[1].texts)) {
        texts_unmark_one(&state->texts, dialog->sides[0].texts);
        return false;
    }
    return true;
}

static void dialog_take_over(struct state *state, struct dialog *dialog)
{
    uint32_t index = pool_handle(&state->dialogs, dialog).index;

    for (unsigned side = 0; side < 2; side++) {
        struct slice tag = slice_string(dialog->sides[side].local_tag);

        must(table_add(&state->by_tag, hash_bytes(&state->key, tag), index));
        dialog->sides[side].has_pending_invite = false;
        dialog->sides[side].has_pending_offer = false;
        dialog->sides[side].token[0] = '\0'; /* what was kept is believed only from ourselves */
        if (!texts_mark(&state->texts, dialog->sides[side].sdp)) {
            dialog->sides[side].sdp = (struct text_handle){.size = 0};
        }
    }
    for (unsigned i = 0; i < COUNTED_COUNT; i++) {
        occupancy_enter(&state->calls, dialog->counted[i]);
    }
}

static void dialogs_take_over(struct state *state)
{
    struct dialog *dialog = NULL;
    uint32_t index = 0;

    while ((dialog = pool_next(&state->dialogs, &index)) != NULL) {
        /* When they were due is of use; that the former wheel held them is not. */
        for (unsigned i = 0; i < DIALOG_TIMER_COUNT; i++) {
            dialog->timers[i].next = NULL;
            dialog->timers[i].link = NULL;
        }
        if (!dialog_truths_are_sound(dialog)) {
            state->dropped_records++;
            pool_give(&state->dialogs, dialog);
        } else if (!dialog_is_up(dialog)) {
            state->given_back++;
            pool_give(&state->dialogs, dialog);
        } else if (!dialog_is_sound(state, dialog)) {
            state->dropped_records++;
            pool_give(&state->dialogs, dialog);
        } else {
            dialog_take_over(state, dialog);
        }
    }
}

static bool registration_is_sound(struct state *state, const struct registration *registration)
{
    return registration_text(state, registration, REGISTRATION_AOR).len > 0 &&
           flow_is_sound(&registration->flow) && texts_mark(&state->texts, registration->texts);
}

static void registration_take_over(struct state *state, struct registration *registration,
                                   uint64_t now_ms)
{
    uint32_t index = pool_handle(&state->registrations, registration).index;
    uint32_t token = registration->token;
    struct slice aor = registration_text(state, registration, REGISTRATION_AOR);

    registration->asked = (struct handle){.index = 0};
    if (registration->expires_ms - now_ms > REGISTRATION_LONGEST_MS) {
        registration->expires_ms = now_ms + REGISTRATION_LONGEST_MS;
    }
    must(table_add(&state->by_aor, hash_bytes(&state->key, aor), index));
    must(table_add(&state->by_contact,
                   hash_bytes(&state->key, slice_of((const char *)&token, sizeof(token))), index));
}

static void registrations_take_over(struct state *state, uint64_t now_ms)
{
    struct registration *registration = NULL;
    uint32_t index = 0;

    while ((registration = pool_next(&state->registrations, &index)) != NULL) {
        memset(&registration->expiry, 0, sizeof(registration->expiry));
        /* Connections ended with their worker; nothing is found by one. */
        registration->flow.connection = 0;
        registration->next_there = registration->former_there = 0;
        if (!registration_truths_are_sound(registration)) {
            state->dropped_records++;
            pool_give(&state->registrations, registration);
        } else if (!registration->is_confirmed || registration->expires_ms <= now_ms) {
            state->given_back++;
            pool_give(&state->registrations, registration);
        } else if (!registration_is_sound(state, registration)) {
            state->dropped_records++;
            pool_give(&state->registrations, registration);
        } else {
            registration_take_over(state, registration, now_ms);
        }
    }
}

/* The dialog whose m= line the stream is. */
static bool stream_belongs(const struct state *state, const struct media_stream *stream)
{
    const struct dialog *dialog = pool_find(&state->dialogs, stream->dialog);

    return dialog != NULL && stream->line < dialog->stream_count &&
           dialog->streams[stream->line] == pool_handle(&state->streams, stream).index;
}

static bool agreement_is_sound(const struct media_agreement *agreement)
{
    const bool *truths[] = {&agreement->is_opportunistic, &agreement->offers_mux,
                            &agreement->offers_ice};

    for (unsigned suite = 0; suite < MEDIA_SUITE_COUNT; suite++) {
        if (agreement->own[suite].suite != MEDIA_SUITE_NONE &&
            agreement->own[suite].suite != suite) {
            return false;
        }
    }
    return truths_are_sound(truths, ARRAY_COUNT(truths)) &&
           agreement->latched < MEDIA_PROTECTION_COUNT;
}

static bool stream_is_sound(const struct state *state, const struct media_stream *stream)
{
    for (unsigned side = 0; side < 2; side++) {
        const struct media_side *party = &stream->sides[side];

        if (party->local.family > ADDRESS_V6 || party->remote.family > ADDRESS_V6 ||
            party->learn_host.family > ADDRESS_V6 || party->prefix_count > MEDIA_PREFIXES_MAX ||
            !side_truths_are_sound(party) || !media_protection_is_sane(party) ||
            !agreement_is_sound(&stream->agreements[side])) {
            return false;
        }
    }
    return stream->media_kind < MEDIA_KIND_COUNT && stream_belongs(state, stream);
}

static void streams_take_over(struct state *state)
{
    struct media_stream *stream = NULL;
    uint32_t index = 0;

    while ((stream = pool_next(&state->streams, &index)) != NULL) {
        memset(&stream->is_owed, 0, sizeof(stream->is_owed)); /* the gate is told of all */
        /* One without a call is the relay's to end: its ports rest before they are used again. */
        if (!stream_is_sound(state, stream)) {
            state->given_back++;
            stream->dialog = (struct handle){.index = 0};
        }
    }
}

/* A dialog names only streams that are its own. */
static void dialogs_let_go_streams(struct state *state)
{
    struct dialog *dialog = NULL;
    uint32_t index = 0;

    while ((dialog = pool_next(&state->dialogs, &index)) != NULL) {
        for (unsigned line = 0; line < dialog->stream_count; line++) {
            const struct media_stream *stream =
                dialog->streams[line] == 0 || dialog->streams[line] >= state->streams.count
                    ? NULL
                    : pool_at(&state->streams, dialog->streams[line]);

            if (stream == NULL || (stream->slot.generation & 1) == 0 || stream->line != line ||
                !stream_belongs(state, stream) ||
                pool_find(&state->dialogs, stream->dialog) != dialog) {
                dialog->streams[line] = 0;
            }
        }
    }
}

static void exchanges_give_back(struct state *state)
{
    struct exchange *exchange = NULL;
    uint32_t index = 0;

    while ((exchange = pool_next(&state->exchanges, &index)) != NULL) {
        state->given_back++;
        pool_give(&state->exchanges, exchange);
    }
}

void state_take_over(struct state *state, uint64_t now_ms)
{
    texts_unmark(&state->texts);
    exchanges_give_back(state);
    dialogs_take_over(state);
    registrations_take_over(state, now_ms);
    streams_take_over(state);
    dialogs_let_go_streams(state);
    texts_sweep(&state->texts);
}
