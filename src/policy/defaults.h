/*
 * What follows from the class of a zone.
 */
#pragma once

#include "policy/policy.h"

struct class_default {
    enum zone_layer layer;
    bool accepts_unknown, is_nat, hides;
    uint32_t rate, calls, user_calls;
    const char *rule;
};

const struct class_default *class_default(enum zone_class class);

/* Fills what nobody has written yet. */
void zone_become(struct policy_zone *zone, enum zone_class class);
void peer_become(struct policy_peer *peer, enum zone_class class);
