/*
 * Limits that hold one request: collected, then taken of all or of none (rules 6.2).
 */
#include "guard/admission.h"
#include "guard/steps.h"

#include <stdlib.h>

// clang-format off
static const struct limit_row rows[LIMIT_COUNT] = {
#define RATE(name, setting, access, network, burst, rule, what)                                    \
    [LIMIT_##name] = {setting, rule, what, offsetof(struct policy_rates, name), access, network, burst},
#include "policy/rates.def"
#undef RATE
    [LIMIT_calls_user] = {"calls-per-user", "DOS-22", "calls of one user at the same time", 0, 0, 0, 0},
    [LIMIT_calls_peer] = {"calls", "DOS-23", "calls of one peer at the same time", 0, 0, 0, 0},
    [LIMIT_peer] = {"rate", "DOS-15", "requests of a peer beside its contract", 0, 0, 0, 0},
};
// clang-format on

const struct limit_row *limit_row(enum limit limit)
{
    return &rows[limit];
}

uint32_t limit_cost(enum sip_method method)
{
    switch (method) {
    case SIP_MESSAGE:
        return RATES_WHOLE / 2;
    case SIP_OPTIONS:
        return 1;
    case SIP_INVITE:
    case SIP_ACK:
    case SIP_BYE:
    case SIP_CANCEL:
    case SIP_REGISTER:
    case SIP_PRACK:
    case SIP_SUBSCRIBE:
    case SIP_NOTIFY:
    case SIP_PUBLISH:
    case SIP_INFO:
    case SIP_REFER:
    case SIP_UPDATE:
    case SIP_METHOD_COUNT:
        break;
    }
    return RATES_WHOLE;
}

bool limit_applies(const struct inspection *inspection)
{
    bool is_emergency =
        inspection->emergency != EMERGENCY_NONE && inspection->emergency != EMERGENCY_TEST;

    return admission_of(inspection) != NULL && inspection_is_new(inspection) && !is_emergency &&
           !inspection->is_for_us && !inspection->is_stopped;
}

void limit_begin(struct limit_check *check, struct inspection *inspection, uint32_t quarters)
{
    check->admission = admission_of(inspection);
    check->now_us = inspection->packet->when_us;
    check->quarters = quarters;
    check->count = 0;
}

static void hold(struct limit_check *check, enum limit limit, struct bucket *bucket,
                 struct rate rate, bool is_shared)
{
    if (rate.token_us == 0 || check->count == LIMIT_CHECKS_MAX) {
        return;
    }
    if (is_shared) {
        rate.token_us *= check->admission->shares; /* the burst is whole for each worker */
    }
    check->held[check->count].bucket = bucket;
    check->held[check->count].rate = rate;
    check->held[check->count].limit = (uint8_t)limit;
    check->held[check->count].is_shared = is_shared;
    check->count++;
}

static struct rate zone_rate(const struct policy_zone *zone, enum limit limit)
{
    const struct limit_row *row = &rows[limit];
    uint32_t per_minute = 0;

    memcpy(&per_minute, (const char *)&zone->rates + row->at, sizeof(per_minute));
    return rate_of(per_minute, zone_class_is_access(zone->class) ? row->access : row->network,
                   row->burst);
}

struct rate *limit_rates_new(const struct policy *policy)
{
    struct rate *rates = calloc((size_t)policy->zone_count * LIMIT_COUNT, sizeof(*rates));

    for (uint32_t i = 0; rates != NULL && i < policy->zone_count; i++) {
        for (unsigned limit = 0; limit < LIMIT_OF_COUNT; limit++) {
            rates[i * LIMIT_COUNT + limit] = zone_rate(&policy->zones[i], (enum limit)limit);
        }
    }
    return rates;
}

static struct rate rate_here(const struct inspection *inspection, enum limit limit)
{
    return inspection->plan->rates[(size_t)inspection->zone * LIMIT_COUNT + limit];
}

static struct bucket *bucket_of(struct limit_check *check, const struct inspection *inspection,
                                enum limit limit, uint64_t subject)
{
    uint64_t key = limit_join(subject, (uint64_t)limit << 32 | (inspection->zone + 1U));

    return rates_at(&check->admission->rates, key, check->now_us);
}

void limit_hold(struct limit_check *check, const struct inspection *inspection, enum limit limit,
                uint64_t subject)
{
    struct rate rate = rate_here(inspection, limit);

    if (rate.token_us != 0) {
        hold(check, limit, bucket_of(check, inspection, limit, subject), rate, false);
    }
}

void limit_hold_zone(struct limit_check *check, const struct inspection *inspection,
                     enum limit limit)
{
    struct rate rate = rate_here(inspection, limit);

    if (rate.token_us != 0) {
        hold(check, limit, bucket_of(check, inspection, limit, inspection->state->key.k0), rate,
             true);
    }
}

void limit_hold_peer(struct limit_check *check, const struct inspection *inspection)
{
    const struct policy_peer *peer = inspection_peer(inspection);
    struct admission *admission = check->admission;

    if (peer == NULL || peer->rate == 0 || inspection->peer >= admission->peer_count) {
        return;
    }
    struct rate rate = {.token_us = (1000000 + peer->rate - 1) / peer->rate, .burst = peer->burst};
    hold(check, LIMIT_peer, &admission->peer_rates[inspection->peer][0], rate, true);
}

enum limit limit_take(struct limit_check *check)
{
    for (uint32_t i = 0; i < check->count; i++) {
        if (!bucket_has(check->held[i].bucket, check->held[i].rate, check->quarters,
                        check->now_us)) {
            check->admission->counts[check->held[i].limit].refused++;
            return (enum limit)check->held[i].limit;
        }
    }
    for (uint32_t i = 0; i < check->count; i++) {
        bucket_take(check->held[i].bucket, check->held[i].rate, check->quarters, check->now_us);
    }
    return LIMIT_COUNT;
}

static enum limit nearly(struct limit_check *check)
{
    uint64_t now_ms = check->now_us / 1000;

    for (uint32_t i = 0; i < check->count; i++) {
        struct limit_count *count = &check->admission->counts[check->held[i].limit];

        if (check->held[i].is_shared && now_ms >= count->told_ms &&
            bucket_percent(check->held[i].bucket, check->held[i].rate, check->now_us) >=
                RATES_NEARLY) {
            count->told_ms = now_ms + LIMIT_TOLD_MS;
            count->nearly++;
            return (enum limit)check->held[i].limit;
        }
    }
    return LIMIT_COUNT;
}

enum outcome limit_tell(struct inspection *inspection, struct limit_check *check)
{
    enum limit limit = nearly(check);

    if (limit == LIMIT_COUNT) {
        return OUTCOME_PASSED;
    }
    return inspection_found_as(inspection, slice_string(rows[limit].written), rows[limit].rule,
                               ACTION_PASS, 0);
}

enum outcome limit_found(struct inspection *inspection, struct limit_check *check,
                         struct slice evidence, enum policy_action action, uint16_t status)
{
    enum limit limit = limit_take(check);

    if (limit != LIMIT_COUNT) {
        inspection->limit = (uint8_t)limit;
        return inspection_found_as(inspection, evidence, rows[limit].rule, action, status);
    }
    return limit_tell(inspection, check);
}
