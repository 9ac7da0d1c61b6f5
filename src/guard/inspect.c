#include "guard/admission.h"
#include "guard/steps.h"

static void note_occasions(struct inspection *inspection)
{
    inspection->occasions = occasions_of(&inspection->message, inspection->reading);
    inspection->interests = interests_in(&inspection->plan->interests, &inspection->occasions);
}

static void inspection_init(struct inspection *inspection, const struct plan *plan,
                            struct state *state, const struct packet *packet,
                            struct tallies *tallies)
{
    inspection->packet = packet;
    inspection->reading = SIP_FOREIGN;
    inspection->is_read = false;
    inspection->policy = plan->policy;
    inspection->plan = plan;
    inspection->state = state;
    inspection->tallies = tallies;
    inspection->now_ms = packet->when_us / 1000;
    inspection->zone_out = POLICY_NONE;
    inspection->peer_out = POLICY_NONE;
    inspection->route = POLICY_NONE;
    inspection->emergency = EMERGENCY_NONE;
    inspection->is_watched = packet->flow.listener == LISTENER_NONE;
    inspection->is_outgoing = false;
    inspection->is_for_us = false;
    inspection->is_matched = false;
    inspection->match = (struct match){.kind = MATCH_NONE};
    inspection->number = SLICE_NONE;
    inspection->is_peer_observed = false;
    inspection->is_stopped = false;
    memset(inspection->outcomes, OUTCOME_NONE, sizeof(inspection->outcomes));
    inspection->has_sdp = false;
    inspection->is_sdp_read = false;
    inspection->sdp_text = SLICE_NONE;
    inspection->has_multipart = false;
    inspection->is_multipart_read = false;
    inspection->stripped_parts = 0;
    note_occasions(inspection);
    memset(&inspection->passing, 0, sizeof(inspection->passing));
    memset(inspection->stripped, 0, sizeof(inspection->stripped));
    inspection->strips_body = false;
    inspection->refused_media = 0;
    inspection->strips_display_names = false;
    inspection->withholds_identity = false;
    inspection->claimed = SLICE_NONE;
    inspection->asserted = SLICE_NONE;
    inspection->expires_max = 0;
    inspection->session_max = 0;
    inspection->answers_as = 0;
    inspection->finding_count = 0;
    inspection->finding_excess = 0;
    inspection->asks = 0;
    inspection->called_key = inspection->caller_key = 0;
    inspection->is_abroad = inspection->is_traffic_noted = false;
    inspection->alarms = (struct tide_alarms){0, 0, 0, 0};
    memset(inspection->counted, 0, sizeof(inspection->counted));
    inspection->limit = LIMIT_COUNT;
    inspection->score = 0;
    inspection->detail_status = 0;
    inspection->is_repaired = false;
    inspection->verdict = (struct verdict){ACTION_PASS, 0, (uint16_t)control_count()};
}

static const struct plan_list *list_of(const struct inspection *inspection)
{
    unsigned class = inspection->zone == POLICY_NONE ? ZONE_INTERCONNECT_OPEN
                                                     : inspection_zone(inspection)->class;
    bool is_request = !inspection->is_read || inspection->message.is_request;

    return &inspection->plan
                ->lists[class][is_request][transport_is_stream(inspection->packet->flow.transport)];
}

/* False when the trip ends here.  A layer is looked at whole, so that all it found is told. */
static bool check(struct inspection *inspection, const struct plan_list *list,
                  enum control_layer layer)
{
    struct tallies *tallies = inspection->tallies;
    const struct plan_step *step = &list->steps[layer == 0 ? 0 : list->ends[layer - 1]];
    const struct plan_step *end = &list->steps[list->ends[layer]];

    for (; step < end; step++) {
        enum outcome outcome = OUTCOME_NOT_APPLICABLE;

        if ((inspection->interests & step->interests) != 0) {
            inspection->control = step->control;
            inspection->mode = step->modes[inspection->is_peer_observed];
            outcome = step->function(inspection);
        }
        inspection->outcomes[step->control] = (uint8_t)outcome;
        if (tallies == NULL) {
            continue;
        }
        tallies->outcomes[step->control][outcome]++;
        if (__builtin_expect(outcome == OUTCOME_FAILED, 0)) {
            tallies->failed[(size_t)tallies_row(tallies, inspection->peer) * CONTROL_INDEX_COUNT +
                            step->control]++;
        }
    }
    return !inspection->is_stopped;
}

/* Of a request that the border consumes itself, nothing goes on: it is not compared with what may.
 */
static bool is_consumed(const struct inspection *inspection)
{
    return inspection->match.kind == MATCH_RETRANSMISSION || inspection->match.kind == MATCH_ACK;
}

static void check_message(struct inspection *inspection)
{
    const struct plan_list *list = list_of(inspection);

    if (!check(inspection, list, LAYER_FRAMING) || inspection->reading != SIP_READ) {
        return;
    }
    emergency_classify(inspection);
    if (!check(inspection, list, LAYER_LEXICAL) || !check(inspection, list, LAYER_GRAMMAR)) {
        return;
    }
    inspection_match(inspection);
    if (!check(inspection, list, LAYER_MATCHING) || is_consumed(inspection)) {
        return;
    }
    place_target(inspection);
    for (unsigned layer = LAYER_PROFILE; layer < LAYER_COUNT; layer++) {
        if (!check(inspection, list, layer)) {
            return;
        }
    }
}

void inspect(struct inspection *inspection, const struct plan *plan, struct state *state,
             const struct packet *packet, struct tallies *tallies)
{
    bool is_stream =
        packet->flow.transport == TRANSPORT_TCP || packet->flow.transport == TRANSPORT_TLS;

    inspection_init(inspection, plan, state, packet, tallies);
    place_sender(inspection);
    admission_place(inspection);
    if (!inspection->is_outgoing && !check(inspection, list_of(inspection), LAYER_ADMISSION)) {
        judge(inspection);
        return; /* of what nobody read, nothing is learnt */
    }
    inspection->reading = sip_read(&inspection->message, packet->bytes, is_stream);
    inspection->is_read = true;
    note_occasions(inspection);
    if (!inspection->is_outgoing) {
        check_message(inspection);
    } else if (inspection->reading == SIP_READ) {
        inspection_match(inspection);
    }
    judge(inspection);
    admission_note(inspection);
}

void inspect_policy(struct inspection *inspection, const struct plan *plan)
{
    static const struct packet nothing = {.flow = {.listener = LISTENER_NONE}};

    inspection_init(inspection, plan, NULL, &nothing, NULL);
    inspection->zone = POLICY_NONE;
    inspection->peer = POLICY_NONE;
    for (uint32_t i = 0; i < control_count(); i++) {
        const struct control *control = control_at(i);
        enum policy_mode mode =
            i < plan->policy->control_count ? plan->policy->controls[i].mode : MODE_ENFORCE;

        if ((control->looks_at & LOOKS_AT_POLICY) == 0 || mode == MODE_OFF) {
            continue;
        }
        inspection->control = (uint16_t)i;
        inspection->mode = (uint8_t)mode;
        inspection->outcomes[i] = (uint8_t)control->function(inspection);
    }
}
