/*
 * What only the whole of a policy can tell.
 */
#pragma once

#include "policy/draft.h"

void check_zones(struct draft *draft);
void check_peers(struct draft *draft);
void check_routes(struct draft *draft);

/* After the tables are made: routes that some other always takes first. */
void check_reach(struct draft *draft);

/* The first listener of a zone that can carry a transport to an address family; family NONE: to
 * any.  POLICY_NONE when there is none. */
uint16_t zone_listener(const struct policy *policy, uint16_t zone, enum transport transport,
                       enum address_family family);
