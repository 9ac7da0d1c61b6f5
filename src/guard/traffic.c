#include "guard/traffic.h"

#include "guard/admission.h"
#include "guard/identity.h"
#include "guard/steps.h"

enum {
    NEIGHBOUR_DIGITS = 6, /* FRD-18 */
    NUMBER_LEAST = 7,     /* shorter ones begin alike by chance */
    NUMBER_MOST = 15,     /* E.164 */
};

static struct tide *tide_of(const struct inspection *inspection)
{
    return inspection->tallies == NULL ? NULL : inspection->tallies->admission->tide;
}

/* Who calls: the asserted number that is still believed, else From. */
static struct slice caller_of(const struct inspection *inspection, struct identity_cursor *cursor)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *from = sip_value(message, SIP_HEADER_FROM);
    struct slice number;

    if (identity_next_number(inspection, cursor, &number)) {
        return number;
    }
    return from == NULL || identity_is_anonymous(message, &from->uri)
               ? SLICE_NONE
               : sip_slice(message, from->uri.user);
}

static struct slice called_of(struct inspection *inspection)
{
    place_number(inspection);
    return inspection->number.len > 0
               ? inspection->number
               : sip_slice(&inspection->message, inspection->message.uri.user);
}

static uint64_t key_of(const struct inspection *inspection, struct slice name)
{
    return name.len == 0 ? 0 : limit_subject(inspection, name);
}

static uint64_t peer_key(const struct inspection *inspection, uint16_t peer)
{
    return peer >= inspection->policy->peer_count
               ? 0
               : admission_peer_key(inspection->state, inspection->policy->peers[peer].id);
}

static struct slice plain(struct slice number)
{
    return slice_starts(number, SLICE("+")) ? slice_skip(number, 1) : number;
}

static uint64_t value_of(struct slice number)
{
    uint64_t value = 0;

    number = plain(number);
    return number.len <= NUMBER_MOST + 4 && slice_number(number, UINT64_MAX, &value) ? value : 0;
}

static bool are_neighbours(struct slice caller, struct slice called)
{
    caller = plain(caller);
    called = plain(called);
    return caller.len >= NUMBER_LEAST && caller.len == called.len && !slice_equal(caller, called) &&
           slice_equal(slice_head(caller, NEIGHBOUR_DIGITS), slice_head(called, NEIGHBOUR_DIGITS));
}

static void note(struct inspection *inspection, const struct tide_event *event)
{
    struct tide_alarms alarms = tide_note(tide_of(inspection), event);

    if ((alarms.told | alarms.denied) != 0) {
        alarms.told |= inspection->alarms.told;
        alarms.denied |= inspection->alarms.denied;
        inspection->alarms = alarms;
    }
}

static struct tide_event event_of(const struct inspection *inspection, enum tide_kind kind)
{
    return (struct tide_event){.kind = kind,
                               .now_ms = inspection->now_ms,
                               .source = inspection->source_key};
}

static void note_attempt(struct inspection *inspection)
{
    struct identity_cursor cursor = {.value = NULL};
    struct tide_event event = event_of(inspection, TIDE_ATTEMPT);
    struct slice caller = caller_of(inspection, &cursor);
    struct slice called = called_of(inspection);
    bool is_outside = identity_is_foreign(inspection);

    inspection->caller_key = key_of(inspection, caller);
    if (inspection->called_key == 0) {
        inspection->called_key = key_of(inspection, called);
    }
    event.caller = inspection->caller_key;
    event.called = inspection->called_key;
    event.peer_in = peer_key(inspection, inspection->peer);
    event.peer_out = peer_key(inspection, inspection->peer_out);
    event.number = value_of(inspection->number);
    event.is_risky = destination_is_risky(inspection->number);
    event.is_abroad = event.is_risky || destination_is_abroad(inspection->plan, inspection->number);
    event.is_forwarded = identity_is_diverted(inspection);
    event.is_own = is_outside && !event.is_forwarded && caller.len > 0 &&
                   inside_has_number(inspection->plan, caller);
    event.is_impossible =
        inspection->outcomes[CONTROL_INDEX_number_plan] == OUTCOME_FAILED && is_outside;
    event.is_neighbour = is_outside && are_neighbours(caller, inspection->number);
    event.is_emergency = inspection->emergency == EMERGENCY_CALL;
    inspection->is_abroad = event.is_abroad;
    note(inspection, &event);
}

static void note_message(struct inspection *inspection)
{
    struct identity_cursor cursor = {.value = NULL};
    struct tide_event event = event_of(inspection, TIDE_MESSAGE);

    event.caller = key_of(inspection, caller_of(inspection, &cursor));
    event.called = key_of(inspection, called_of(inspection));
    note(inspection, &event);
}

/* A stranger, about somebody: enumeration is who asks for one after the other. */
static void note_stranger(struct inspection *inspection)
{
    const struct sip_value *to = sip_value(&inspection->message, SIP_HEADER_TO);
    struct tide_event event = event_of(inspection, TIDE_STRANGER);

    if (inspection->source == NULL || inspection->peer != POLICY_NONE || inspection->user != NULL ||
        to == NULL) {
        return;
    }
    event.source =
        standing_is_shared(inspection->source) ? inspection->flow_key : inspection->source_key;
    event.user = key_of(inspection, sip_slice(&inspection->message, to->uri.user));
    note(inspection, &event);
}

static struct tide_event event_of_dialog(const struct inspection *inspection,
                                         const struct dialog *dialog, enum tide_kind kind)
{
    struct tide_event event = event_of(inspection, kind);

    event.caller = dialog->caller_key;
    event.called = dialog->called_key;
    event.peer_in = dialog->counted[COUNTED_PEER_IN];
    event.peer_out = dialog->counted[COUNTED_PEER_OUT];
    event.is_abroad = dialog->is_abroad;
    event.has_rung = dialog->has_rung;
    event.wait_ms = (uint32_t)(inspection->now_ms - dialog->created_ms);
    return event;
}

static void note_response(struct inspection *inspection, struct dialog *dialog)
{
    unsigned status = inspection->message.status;
    struct tide_event event = event_of_dialog(inspection, dialog, TIDE_ANSWERED);

    if (status < 200) {
        dialog->has_rung = dialog->has_rung || status > 100;
        return;
    }
    if (status < 300) {
        dialog->answered_ms = inspection->now_ms;
    } else {
        event.kind = TIDE_REFUSED;
        event.status = (uint16_t)status;
    }
    note(inspection, &event);
}

static void note_ended(struct inspection *inspection, struct dialog *dialog)
{
    struct tide_event event = event_of_dialog(inspection, dialog, TIDE_ENDED);

    event.talk_ms = (uint32_t)(inspection->now_ms - dialog->answered_ms);
    dialog->answered_ms = 0;
    note(inspection, &event);
}

/* Of a call in set-up; NULL for everything else. */
static struct dialog *dialog_in_setup(struct inspection *inspection)
{
    const struct exchange *exchange = inspection->match.exchange;
    struct dialog *dialog =
        exchange == NULL || exchange->method != SIP_INVITE || !exchange->begins_dialog
            ? NULL
            : pool_find(&inspection->state->dialogs, exchange->dialog);

    return dialog == NULL || dialog->answered_ms != 0 || dialog->state != DIALOG_EARLY ? NULL
                                                                                       : dialog;
}

static void note_request(struct inspection *inspection)
{
    const struct match *match = &inspection->match;
    enum sip_method method = inspection->message.method;
    struct dialog *dialog = NULL;

    if (match->kind == MATCH_CANCEL) {
        dialog = dialog_in_setup(inspection);
        if (dialog != NULL && !match->exchange->is_cancelled) {
            struct tide_event event = event_of_dialog(inspection, dialog, TIDE_GIVEN_UP);

            note(inspection, &event);
        }
        return;
    }
    if (match->kind == MATCH_DIALOG && method == SIP_BYE && match->dialog->answered_ms != 0) {
        note_ended(inspection, match->dialog);
        return;
    }
    if (!inspection_is_new(inspection) || inspection->is_for_us) {
        return;
    }
    note_stranger(inspection);
    if (method == SIP_INVITE) {
        note_attempt(inspection);
    } else if (method == SIP_MESSAGE) {
        note_message(inspection);
    }
}

static void see(struct inspection *inspection)
{
    struct dialog *dialog = NULL;

    if (inspection->message.is_request) {
        note_request(inspection);
        return;
    }
    if (inspection->match.kind == MATCH_RESPONSE && inspection->message.cseq_method == SIP_INVITE) {
        dialog = dialog_in_setup(inspection);
        if (dialog != NULL) {
            note_response(inspection, dialog);
        }
    }
}

void traffic_registered(struct inspection *inspection, uint64_t user, uint64_t source)
{
    struct tide_event event = event_of(inspection, TIDE_REGISTERED);

    event.user = user;
    event.source = source;
    note(inspection, &event);
}

void traffic_failed(struct inspection *inspection, uint64_t user, uint64_t source, uint16_t zone)
{
    struct tide_event event = event_of(inspection, TIDE_FAILED);

    event.user = user;
    event.source = source;
    event.zone = zone + 1U;
    note(inspection, &event);
}

/*
 * Findings.
 */

static struct slice explain(struct inspection *inspection, const struct detector_row *row)
{
    struct text text;

    text_init(&text, inspection->alarm_room, sizeof(inspection->alarm_room));
    text_put_format(&text, "%s: %u in %u s; alarm %u, deny %u", row->name,
                    inspection->alarms.counted, inspection->alarms.window_s, row->alarm, row->deny);
    return text_slice(&text);
}

static enum outcome found(struct inspection *inspection, enum detector detector, bool is_denied)
{
    const struct detector_row *row = detector_row(detector);
    struct slice evidence = explain(inspection, row);
    enum outcome outcome = OUTCOME_FAILED;
    uint8_t mode = inspection->mode;

    /* At its alarm level a detector only tells, whatever the policy does beyond the deny level. */
    if (!is_denied || !inspection->message.is_request || inspection->emergency != EMERGENCY_NONE) {
        inspection->mode = MODE_OBSERVE;
    }
    outcome = inspection_found(inspection, evidence, row->rule);
    inspection->mode = mode;
    return outcome;
}

enum outcome traffic_found(struct inspection *inspection)
{
    uint64_t bits = 0;

    if (tide_of(inspection) == NULL || inspection->is_stopped) {
        return OUTCOME_NOT_APPLICABLE;
    }
    if (!inspection->is_traffic_noted) {
        inspection->is_traffic_noted = true;
        see(inspection);
    }
    bits = inspection->alarms.told | inspection->alarms.denied;
    if (bits == 0) {
        return OUTCOME_PASSED;
    }
    bits &= tide_of_control(tide_of(inspection), inspection->control);
    if (bits == 0) {
        return OUTCOME_PASSED;
    }
    uint64_t denied = bits & inspection->alarms.denied;
    return found(inspection, (enum detector)__builtin_ctzll(denied != 0 ? denied : bits),
                 denied != 0);
}
