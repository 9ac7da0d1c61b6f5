/*
 * What a route lets through, after the method tables of both its ends.
 */
#pragma once

#include "policy/policy.h"

struct reach_methods {
    uint32_t anywhere;  /* bit per method: outside a dialog, too */
    uint32_t in_dialog; /* only within one */
};

/* Of what comes from zone (and peer, or POLICY_NONE) over a route. */
struct reach_methods route_methods(const struct policy *policy, uint16_t zone,
                                   const struct policy_route *route);

/* Methods, numbers, domains and hops of a route in one line each. */
void reach_write(struct text *text, const struct policy *policy);
