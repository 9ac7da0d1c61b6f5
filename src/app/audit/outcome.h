/*
 * What a test came to.
 *
 * Rules of the harness (G1 to G8): drop and refusal are equal unless the test says otherwise; a
 * hostile element has passed when it is seen behind the box; the box must serve good calls after a
 * test as before it; what over-blocks fails.
 */
#pragma once

#include "guard/control.h"

enum audit_verdict {
    VERDICT_NOT_RUN, /* no probe exists for it, or what it needs is missing: never a pass */
    VERDICT_NOT_APPLICABLE,
    VERDICT_PASS,
    VERDICT_INCONCLUSIVE, /* what would decide it was not to be seen from here */
    VERDICT_WEAK,
    VERDICT_FAIL, /* the worst of a test's variants counts: this order */
    VERDICT_COUNT,
};

const char *verdict_name(enum audit_verdict verdict);

enum {
    OUTCOME_REASON_MAX = 200,
    OUTCOME_VARIANTS_MAX = 64, /* kept with their own verdict; more are counted */
};

struct variant_outcome {
    char name[64];
    uint8_t transport; /* enum transport */
    uint8_t verdict;   /* enum audit_verdict */
    uint16_t status;   /* what was answered last; 0: nothing */
    char reason[OUTCOME_REASON_MAX];
};

struct test_outcome {
    enum audit_verdict verdict;
    enum audit_verdict at_worst;     /* what the row's rule allows a variant to come to; 0: FAIL */
    enum severity severity;          /* G1 and G7 override the row's */
    char reason[OUTCOME_REASON_MAX]; /* of the worst */
    uint32_t tried, count;
    uint64_t begun_us, ended_us;
    struct variant_outcome variants[OUTCOME_VARIANTS_MAX];
};

void outcome_add(struct test_outcome *outcome, const char *name, uint8_t transport,
                 enum audit_verdict verdict, uint16_t status, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
