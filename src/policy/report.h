/*
 * A policy in words, for people and for other programs: text out, nothing else.
 *
 * The verbs `check`, `diff`, `init` and the generated documents print these.  A text that is full
 * (text.is_full) was too small; POLICY_REPORT_MAX is enough for any policy an operator can read.
 */
#pragma once

#include "policy/policy.h"

enum { POLICY_REPORT_MAX = 8 << 20 };

/* How bad a finding about the policy itself is. */
enum posture_severity {
    POSTURE_NOTE,   /* worth knowing */
    POSTURE_LOW,    /* tidy it up */
    POSTURE_MEDIUM, /* a layer of protection is missing */
    POSTURE_HIGH,   /* somebody outside can make use of it */
    POSTURE_SEVERITY_COUNT,
};

struct posture {
    uint32_t counts[POSTURE_SEVERITY_COUNT];
};

/* `check`: findings by severity, then who may reach whom with which methods, numbers and domains.
 */
struct posture policy_check_write(struct text *text, const struct policy *policy,
                                  const struct policy_control_names *controls);

/* `diff`: who may do what that he might not before, who may no longer, and every setting that
 * changed.  Returns how many differences there are. */
uint32_t policy_diff_write(struct text *text, const struct policy *before,
                           const struct policy *after, const struct policy_control_names *controls);

/* JSON Schema, draft 2020-12, of a policy file. */
void policy_schema_write(struct text *text);

/* docs/policy.md */
void policy_manual_write(struct text *text);

/* `init --role`: a commented policy to start from, which reads without a complaint. */
enum policy_role { ROLE_INTERCONNECT, ROLE_ACCESS, ROLE_ENTERPRISE, ROLE_LAB, ROLE_COUNT };
bool policy_role_read(struct slice word, enum policy_role *role);
const char *policy_role_name(enum policy_role role);
void policy_example_write(struct text *text, enum policy_role role);
