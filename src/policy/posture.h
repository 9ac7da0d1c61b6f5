/*
 * What is worth knowing about a policy: the rows of posture.def, looked for one severity at a time,
 * so that the worst stands first and nothing need be kept.
 */
#pragma once

#include "policy/reach.h"
#include "policy/report.h"

enum posture_name {
#define POSTURE(name, severity, control, what, remedy) POSTURE_OF_##name,
#include "policy/posture.def"
#undef POSTURE
    POSTURE_NAME_COUNT,
};

struct review {
    struct text *text;
    const struct policy *policy;
    const struct policy_control_names *controls;
    enum posture_severity severity; /* findings of others are passed over */
    uint32_t count;
};

/* A finding in a line of the policy file (0: of the whole); format says where, in its own words. */
void review_find(struct review *review, enum posture_name name, uint32_t line, const char *format,
                 ...) __attribute__((format(printf, 4, 5)));

/* Everything worth knowing about zones, peers, routes and the rest. */
void review_zones(struct review *review);
void review_peers(struct review *review);
void review_routes(struct review *review);
void review_rest(struct review *review);

/* Whether an address can be reached from the Internet. */
bool address_is_public(const struct address *address);
