/* CT-DOS-06: how many calls a user and a neighbour may have at the same time. */
#include "guard/admission.h"
#include "guard/identity.h"
#include "guard/steps.h"

enum { ABROAD_DIGITS = 7 }; /* DOS-24 */

static uint64_t peer_key(const struct inspection *inspection, uint16_t peer)
{
    return peer == POLICY_NONE
               ? 0
               : admission_peer_key(inspection->state, inspection->policy->peers[peer].id);
}

/* Where devices are: the user by his name, whatever device he calls from. */
static uint64_t user_key(const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *from = sip_value(message, SIP_HEADER_FROM);

    if (from == NULL || !zone_class_is_access(inspection_zone(inspection)->class)) {
        return 0;
    }
    return admission_user_key(inspection->state, inspection->zone,
                              sip_slice(message, from->uri.user));
}

static void note_keys(struct inspection *inspection)
{
    uint64_t *counted = inspection->counted;

    counted[COUNTED_USER] = user_key(inspection);
    counted[COUNTED_PEER_IN] = peer_key(inspection, inspection->peer);
    counted[COUNTED_PEER_OUT] = peer_key(inspection, inspection->peer_out);
    if (inspection->number.len > 0) {
        if (inspection->called_key == 0) {
            inspection->called_key = limit_subject(inspection, inspection->number);
        }
        counted[COUNTED_NUMBER] = limit_join(inspection->called_key, 2);
    }
    if (identity_is_global(inspection->number) && counted[COUNTED_USER] != 0) {
        struct slice front = slice_head(inspection->number, ABROAD_DIGITS + 1);

        counted[COUNTED_ABROAD] =
            limit_join(limit_subject(inspection, front), counted[COUNTED_USER]);
    }
}

static enum outcome refuse(struct inspection *inspection, enum limit limit, uint16_t status)
{
    inspection->tallies->admission->counts[limit].refused++;
    inspection->limit = (uint8_t)limit;
    return inspection_found_status(inspection, slice_string(limit_row(limit)->written),
                                   limit_row(limit)->rule, status);
}

/* OUTCOME_NONE: there is room. */
static enum outcome peer_is_full(struct inspection *inspection, uint16_t peer, uint64_t key)
{
    struct admission *admission = inspection->tallies->admission;
    struct limit_count *count = &admission->counts[LIMIT_calls_peer];
    uint32_t most = peer == POLICY_NONE ? 0 : inspection->policy->peers[peer].calls_max;

    if (most == 0) {
        return OUTCOME_NONE;
    }
    most = (most + admission->shares - 1) / admission->shares;
    uint32_t calls = occupancy_of(&inspection->state->calls, key);
    if (calls >= most) {
        return refuse(inspection, LIMIT_calls_peer, 503);
    }
    if ((uint64_t)calls * 100 >= (uint64_t)most * RATES_NEARLY &&
        inspection->now_ms >= count->told_ms) {
        count->told_ms = inspection->now_ms + LIMIT_TOLD_MS;
        count->nearly++;
        return inspection_found_as(inspection, inspection->policy->peers[peer].name, "DOS-23",
                                   ACTION_PASS, 0);
    }
    return OUTCOME_NONE;
}

enum outcome control_call_caps(struct inspection *inspection)
{
    uint64_t *counted = inspection->counted;
    bool is_emergency =
        inspection->emergency != EMERGENCY_NONE && inspection->emergency != EMERGENCY_TEST;

    if (inspection->message.method != SIP_INVITE || !inspection_is_new(inspection) ||
        inspection->tallies == NULL || is_emergency) {
        return OUTCOME_NOT_APPLICABLE;
    }
    note_keys(inspection);
    uint32_t most = inspection_zone(inspection)->user_calls_max;
    if (most != 0 && occupancy_of(&inspection->state->calls, counted[COUNTED_USER]) >= most) {
        return refuse(inspection, LIMIT_calls_user, 486);
    }
    enum outcome outcome = peer_is_full(inspection, inspection->peer, counted[COUNTED_PEER_IN]);
    if (outcome == OUTCOME_NONE) {
        outcome = peer_is_full(inspection, inspection->peer_out, counted[COUNTED_PEER_OUT]);
    }
    return outcome == OUTCOME_NONE ? OUTCOME_PASSED : outcome;
}
