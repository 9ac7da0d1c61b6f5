#include "guard/steps.h"

#include "base/must.h"

/* When a row is a finding. */
enum when { ALWAYS, STRICT, TOLD };

struct violation {
    uint8_t oddity;  /* enum sip_oddity */
    uint8_t control; /* enum control_index */
    uint8_t action;  /* enum policy_action */
    uint8_t when;
    uint16_t status;
    uint8_t score;
    const char *rule;
};

// clang-format off
static const struct violation violations[] = {
#define VIOLATION(oddity, control, rule, action, status, score, when) \
    {SIP_ODD_##oddity, CONTROL_INDEX_##control, ACTION_##action, when, status, score, rule},
#include "guard/violations.def"
#undef VIOLATION
};
// clang-format on

struct sip_oddities violations_of(uint32_t control)
{
    struct sip_oddities oddities = {{0, 0}};

    for (size_t i = 0; i < ARRAY_COUNT(violations); i++) {
        unsigned oddity = violations[i].oddity;

        if (violations[i].control == control) {
            oddities.bits[oddity / 64] |= 1ULL << (oddity % 64);
        }
    }
    return oddities;
}

static enum outcome violation_told(struct inspection *inspection, const struct violation *violation)
{
    return inspection_found_as(inspection, sip_odd_slice(&inspection->message, violation->oddity),
                               violation->rule, violation->action, violation->status);
}

static enum outcome violation_found(struct inspection *inspection,
                                    const struct violation *violation)
{
    uint8_t mode = inspection->mode;

    inspection_score(inspection, violation->score);
    if (violation->when == ALWAYS || inspection_zone(inspection)->is_strict) {
        return violation_told(inspection, violation);
    }
    if (violation->when == TOLD) {
        inspection->mode = MODE_OBSERVE;
        violation_told(inspection, violation);
        inspection->mode = mode;
    }
    return OUTCOME_PASSED;
}

static enum outcome violations_found(struct inspection *inspection)
{
    enum outcome outcome = OUTCOME_PASSED;

    for (size_t i = 0; i < ARRAY_COUNT(violations); i++) {
        const struct violation *violation = &violations[i];

        if (violation->control == inspection->control &&
            sip_is_odd(&inspection->message, violation->oddity) &&
            violation_found(inspection, violation) == OUTCOME_FAILED) {
            outcome = OUTCOME_FAILED;
        }
    }
    return outcome;
}

enum outcome inspection_violations(struct inspection *inspection)
{
    const uint64_t *judged = inspection->plan->judged[inspection->control].bits;
    const uint64_t *seen = inspection->message.oddities.bits;

    if (__builtin_expect(((seen[0] & judged[0]) | (seen[1] & judged[1])) == 0, 1)) {
        return OUTCOME_PASSED;
    }
    return violations_found(inspection);
}

enum outcome inspection_found_odd(struct inspection *inspection, enum sip_oddity oddity)
{
    for (size_t i = 0; i < ARRAY_COUNT(violations); i++) {
        if (violations[i].oddity == oddity) {
            inspection_score(inspection, violations[i].score);
            return inspection_found_as(inspection, sip_odd_slice(&inspection->message, oddity),
                                       violations[i].rule, violations[i].action,
                                       violations[i].status);
        }
    }
    return inspection_found(inspection, sip_odd_slice(&inspection->message, oddity),
                            sip_oddity_name(oddity));
}
