/*
 * What a vendor claims, and what the tests say of it.
 *
 * A claim file is a list: control or threat, yes, no or partial, and the vendor's words.  CSV with
 * the same three columns is read as well: a questionnaire, exported.
 */
#pragma once

#include "app/audit/audit.h"

enum { CLAIMS_MAX = 512, CLAIMS_FILE_MAX = 1 << 20 };

enum claim_says { CLAIM_YES, CLAIM_PARTIAL, CLAIM_NO };

enum claim_verdict {
    CLAIM_UPHELD,
    CLAIM_BROKEN,
    CLAIM_NOT_DEMONSTRATED, /* tests exist, none decided */
    CLAIM_NOT_TESTABLE,     /* no test from here */
    CLAIM_VERDICT_COUNT,
};

struct claim {
    struct slice id, words;
    enum claim_says says;
};

struct claims {
    struct memory memory;
    struct claim list[CLAIMS_MAX];
    uint32_t count;
};

/* False with at least one complaint.  text outlives the claims. */
bool claims_read(struct claims *claims, struct slice text, struct slice file,
                 struct policy_complaints *complaints);
void claims_free(struct claims *claims);

/* Of the tests that verify it; broken_by: the first that does not hold, TEST_COUNT when none. */
enum claim_verdict claim_judge(const struct claim *claim, const struct audit *audit,
                               uint32_t *broken_by);
const char *claim_verdict_name(enum claim_verdict verdict);

/* The tests a claim wants. */
bool claim_wants(const struct claim *claim, uint32_t test);
