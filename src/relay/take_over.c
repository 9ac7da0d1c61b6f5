/*
 * A former worker's records: carried on where they fit the policy of now, else let go and counted.
 *
 * State has looked whether they hold together; here is looked where they lead.  The gate goes on
 * meanwhile and is told what to keep.
 */
#include "guard/admission.h"
#include "guard/steps.h"
#include "relay/machine.h"
#include "relay/registrations.h"

/* Who it was, found by his stable id; somebody whose contract ended drains as a stranger. */
static uint16_t peer_now(const struct relay *relay, uint16_t zone, uint16_t peer, uint32_t id)
{
    const struct policy *policy = relay->policy;

    if (peer < policy->peer_count && policy->peers[peer].id == id) {
        return policy->peers[peer].zone == zone ? peer : POLICY_NONE;
    }
    for (uint32_t i = 0; peer != POLICY_NONE && i < policy->peer_count; i++) {
        if (policy->peers[i].id == id && policy->peers[i].zone == zone) {
            return (uint16_t)i;
        }
    }
    return POLICY_NONE;
}

static bool flow_fits(const struct relay *relay, uint16_t zone, const struct flow *flow)
{
    const struct policy *policy = relay->policy;

    return zone < policy->zone_count && flow->listener < policy->listener_count &&
           policy->listeners[flow->listener].zone == zone &&
           policy->listeners[flow->listener].transport == flow->transport;
}

static void streams_let_go(struct relay *relay, struct dialog *dialog)
{
    for (unsigned line = 0; line < dialog->stream_count; line++) {
        if (dialog->streams[line] != 0) {
            pool_give(&relay->state->streams,
                      pool_at(&relay->state->streams, dialog->streams[line]));
            dialog->streams[line] = 0;
        }
    }
}

/* What is left of a time that may be no longer than longest. */
static uint64_t left_of(const struct relay *relay, const struct wheel_timer *timer,
                        uint64_t longest)
{
    uint64_t left = timer->due_ms > relay->now_ms ? timer->due_ms - relay->now_ms : 0;

    return left < longest ? left : longest;
}

static void dialog_timers(struct relay *relay, struct dialog *dialog)
{
    if (!dialog->is_emergency) {
        dialog_set_timer(relay, dialog, DIALOG_EXPIRE,
                         left_of(relay, &dialog->timers[DIALOG_EXPIRE], RELAY_DIALOG_MAX_MS));
    }
    if (dialog->kind == DIALOG_CALL) {
        dialog_set_timer(relay, dialog, DIALOG_REFRESH,
                         left_of(relay, &dialog->timers[DIALOG_REFRESH],
                                 dialog->session_ms > 0 ? dialog->session_ms
                                                        : relay->policy->timers.refresh));
    }
}

static void dialog_take_over(struct relay *relay, struct dialog *dialog)
{
    for (unsigned side = 0; side < 2; side++) {
        struct dialog_side *leg = &dialog->sides[side];

        leg->peer = peer_now(relay, leg->zone, leg->peer, leg->peer_id);
        leg->flow.connection = 0; /* connections ended with their worker */
        if (leg->peer != POLICY_NONE && dialog->kind == DIALOG_CALL) {
            relay->peers[leg->peer].calls++;
        }
    }
    dialog_timers(relay, dialog);
}

static void dialogs_take_over(struct relay *relay)
{
    struct dialog *dialog = NULL;
    uint32_t index = 0;

    while ((dialog = pool_next(&relay->state->dialogs, &index)) != NULL) {
        if (flow_fits(relay, dialog->sides[0].zone, &dialog->sides[0].flow) &&
            flow_fits(relay, dialog->sides[1].zone, &dialog->sides[1].flow)) {
            dialog_take_over(relay, dialog);
            continue;
        }
        relay->state->dropped_records++;
        streams_let_go(relay, dialog);
        dialog_end(relay->state, dialog);
    }
}

/* Who is registered stays no stranger, though the standings of the former worker are gone. */
static void know_device(struct relay *relay, const struct registration *registration)
{
    struct slice aor = registration_text(relay->state, registration, REGISTRATION_AOR);

    if (relay->tallies != NULL && relay_zone(relay, registration->zone)->accepts_unknown) {
        admission_know(relay->tallies->admission, relay->state, registration->zone,
                       &registration->flow.remote, hash_bytes(&relay->state->key, aor),
                       relay->now_ms);
    }
}

static void registrations_take_over(struct relay *relay)
{
    struct registration *registration = NULL;
    uint32_t index = 0;

    while ((registration = pool_next(&relay->state->registrations, &index)) != NULL) {
        if (!flow_fits(relay, registration->zone, &registration->flow) ||
            registration->core_zone >= relay->policy->zone_count) {
            relay->state->dropped_records++;
            registration_end(relay->state, registration);
            continue;
        }
        registration->peer =
            peer_now(relay, registration->zone, registration->peer, registration->peer_id);
        if (registration->core_peer >= relay->policy->peer_count) {
            registration->core_peer = POLICY_NONE;
        }
        if (transport_is_stream(registration->flow.transport)) {
            registration->is_cut_off = true;
        }
        registration_set_timer(relay, registration);
        know_device(relay, registration);
    }
}

/* Two streams on one port would mix two calls: who comes later has lost it. */
static bool stream_holds(struct relay *relay, struct media_stream *stream)
{
    if (!media_ports_hold(relay->ports, &stream->sides[0].local)) {
        return false;
    }
    if (!media_ports_hold(relay->ports, &stream->sides[1].local)) {
        media_ports_give(relay->ports, &stream->sides[0].local, relay->now_ms);
        return false;
    }
    return true;
}

static void streams_take_over(struct relay *relay)
{
    struct media_stream *stream = NULL;
    uint32_t index = 0;

    while ((stream = pool_next(&relay->state->streams, &index)) != NULL) {
        struct dialog *dialog = pool_find(&relay->state->dialogs, stream->dialog);

        bool is_held = stream_holds(relay, stream);

        if (dialog != NULL && is_held) {
            continue;
        }
        if (is_held) {
            media_ports_give(relay->ports, &stream->sides[0].local, relay->now_ms);
            media_ports_give(relay->ports, &stream->sides[1].local, relay->now_ms);
        }
        if (dialog != NULL) {
            relay->state->dropped_records++;
            dialog->streams[stream->line] = 0;
        }
        pool_give(&relay->state->streams, stream);
    }
}

void relay_take_over(struct relay *relay)
{
    dialogs_take_over(relay);
    registrations_take_over(relay);
    streams_take_over(relay);
    streams_tell_all(relay, MEDIA_KEEP);
}
