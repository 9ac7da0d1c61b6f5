/* CT-DOS-01: how often a source, a device, a neighbour may ask, and a number be asked for. */
#include "guard/admission.h"
#include "guard/steps.h"

enum { PREFIX_DIGITS = 6 }; /* DOS-21 */

static bool begins_something(enum sip_method method)
{
    return method == SIP_INVITE || method == SIP_SUBSCRIBE || method == SIP_REFER;
}

/* Where many users share an address each is held to his own (DOS-08). */
static uint64_t stranger_key(const struct inspection *inspection)
{
    return standing_is_shared(inspection->source) ? inspection->flow_key : inspection->source_key;
}

static void hold_stranger(struct limit_check *check, const struct inspection *inspection)
{
    enum sip_method method = inspection->message.method;
    uint64_t key = stranger_key(inspection);

    limit_hold(check, inspection, LIMIT_unknown_requests, key);
    if (method == SIP_INVITE) {
        limit_hold(check, inspection, LIMIT_unknown_calls, key);
    } else if (method == SIP_REGISTER) {
        limit_hold(check, inspection, LIMIT_unknown_registers, key);
    }
}

static void hold_device(struct limit_check *check, const struct inspection *inspection)
{
    limit_hold(check, inspection, LIMIT_user_requests, inspection->flow_key);
    if (begins_something(inspection->message.method)) {
        limit_hold(check, inspection, LIMIT_user_calls, inspection->flow_key);
    }
}

static void hold_neighbour(struct limit_check *check, const struct inspection *inspection)
{
    enum sip_method method = inspection->message.method;
    uint64_t key = inspection_peer(inspection)->id;

    limit_hold_peer(check, inspection);
    if (method == SIP_MESSAGE) {
        limit_hold(check, inspection, LIMIT_peer_messages, key);
    } else if (method == SIP_OPTIONS || method == SIP_SUBSCRIBE) {
        limit_hold(check, inspection, LIMIT_peer_probes, key);
    }
}

/* Whoever calls: one number, and what begins like it, is not called by everybody at once. */
static void hold_called(struct limit_check *check, struct inspection *inspection)
{
    if (inspection->message.method != SIP_INVITE) {
        return;
    }
    place_number(inspection);
    if (inspection->number.len == 0) {
        return;
    }
    inspection->called_key = limit_subject(inspection, inspection->number);
    limit_hold(check, inspection, LIMIT_called_number, inspection->called_key);
    if (inspection->peer != POLICY_NONE && inspection->number.len > PREFIX_DIGITS) {
        struct slice prefix = slice_head(inspection->number, PREFIX_DIGITS + 1);

        limit_hold(check, inspection, LIMIT_called_prefix,
                   limit_join(limit_subject(inspection, prefix), inspection_peer(inspection)->id));
    }
}

/* What a refusal is, when it is not what the row says: strangers learn nothing from it. */
static const struct {
    uint8_t action;
    uint16_t status;
} refusals[LIMIT_COUNT] = {
    [LIMIT_unknown_requests] = {ACTION_DROP, 0},  [LIMIT_unknown_calls] = {ACTION_DROP, 0},
    [LIMIT_unknown_registers] = {ACTION_DROP, 0}, [LIMIT_user_requests] = {ACTION_DROP, 0},
    [LIMIT_user_calls] = {ACTION_REJECT, 480},    [LIMIT_called_number] = {ACTION_REJECT, 480},
};

/* EMG-06: beyond what ever happens on a bad day somebody should know; nobody is refused. */
static enum outcome emergencies(struct inspection *inspection)
{
    struct slice evidence = sip_slice(&inspection->message, inspection->message.uri.whole);
    struct limit_check check;

    limit_begin(&check, inspection, RATES_WHOLE);
    limit_hold_zone(&check, inspection, LIMIT_emergency);
    return limit_take(&check) == LIMIT_COUNT
               ? OUTCOME_PASSED
               : inspection_found_as(inspection, evidence, "EMG-06", ACTION_PASS, 0);
}

enum outcome control_request_rates(struct inspection *inspection)
{
    struct slice evidence = sip_slice(&inspection->message, inspection->message.uri.whole);
    struct limit_check check;

    if (inspection->emergency == EMERGENCY_CALL && inspection_is_new(inspection) &&
        admission_of(inspection) != NULL) {
        return emergencies(inspection);
    }
    if (!limit_applies(inspection)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    limit_begin(&check, inspection, limit_cost(inspection->message.method));
    if (inspection->peer != POLICY_NONE) {
        hold_neighbour(&check, inspection);
    } else if (inspection->user != NULL) {
        hold_device(&check, inspection);
    } else if (inspection->source != NULL) {
        hold_stranger(&check, inspection);
    }
    hold_called(&check, inspection);
    enum limit limit = limit_take(&check);
    if (limit == LIMIT_COUNT) {
        return limit_tell(inspection, &check);
    }
    inspection->limit = (uint8_t)limit;
    if (refusals[limit].action == ACTION_DEFAULT) {
        return inspection_found(inspection, evidence, limit_row(limit)->rule);
    }
    return inspection_found_as(inspection, evidence, limit_row(limit)->rule,
                               (enum policy_action)refusals[limit].action, refusals[limit].status);
}
