/*
 * A policy written back as a file: what `diff` compares, and what shows that nothing is lost
 * between a file and the value it becomes.
 */
#pragma once

#include "policy/policy.h"

/* A scalar, in quotes when it must be. */
void scalar_write(struct text *text, struct slice value);

/* A list in brackets, nothing at all when it stays empty. */
struct list_text {
    struct text *text;
    uint32_t count;
};
void list_begin(struct list_text *list, struct text *text);
struct text *list_next(struct list_text *list);
void list_end(struct list_text *list);

const char *zone_layer_written(enum zone_layer layer);
const char *policy_mode_written(enum policy_mode mode);
const char *policy_action_written(enum policy_action action);

void methods_write(struct text *text, uint32_t methods);
void prefix_write(struct text *text, const struct prefix *prefix);
void hop_write(struct text *text, const struct policy_hop *hop);

/* Zones or peers of a route's two ends, as in "from" and "to". */
void route_from_write(struct text *text, const struct policy *policy,
                      const struct policy_route *route);
void route_to_write(struct text *text, const struct policy *policy,
                    const struct policy_route *route);

/* The whole policy as a file that reads as the same policy. */
void policy_write(struct text *text, const struct policy *policy,
                  const struct policy_control_names *controls);
