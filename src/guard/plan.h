/*
 * Which controls run for whom: compiled from the table and a policy at load.
 */
#pragma once

#include "guard/control.h"
#include "state/load.h"
#include "policy/lists.h"

struct plan;

/* NULL when memory ends. */
struct plan *plan_new(const struct policy *policy);
void plan_free(struct plan *plan);
const struct policy *plan_policy(const struct plan *plan);

/* The lists beside the policy, which outlive the plan; NULL: none.  False: their patterns are not
 * what this build can scan with. */
bool plan_use(struct plan *plan, const struct lists *lists);
const struct lists *plan_lists(const struct plan *plan);

/* What is added to the time of packets to become the calendar's; captures have it already. */
void plan_set_calendar(struct plan *plan, uint64_t ahead_us);

/* Whether a text that would go outside shows a host of the inside: its name, a name beside it, its
 * address, or any private one.  For what is copied, because nothing in it is ours to write. */
bool plan_shows_inside(const struct plan *plan, struct slice text);

/* passed, failed, not applicable: per control, and failed per control and peer. */
struct tallies;
struct tallies *tallies_new(uint32_t peers);
void tallies_free(struct tallies *tallies);
void tallies_count(struct tallies *tallies, uint32_t control, uint16_t peer, enum outcome outcome);
uint64_t tallies_of(const struct tallies *tallies, uint32_t control, enum outcome outcome);
uint64_t tallies_failed_by(const struct tallies *tallies, uint32_t control, uint16_t peer);

/* Limits (guard/admission.h).  Workers divide what is a peer's or a zone's. */
void tallies_share(struct tallies *tallies, uint32_t workers);
/* How long messages waited and how full the tables are, every LOAD_BEAT_MS; and what percent of the
 * new is turned away because of it. */
void tallies_load(struct tallies *tallies, const struct load_sample *sample);
uint32_t tallies_loss(const struct tallies *tallies);

struct tallied_limit {
    uint64_t refused, nearly;
};
uint32_t tallies_limits(void);
const char *tallies_limit_name(uint32_t limit);
struct tallied_limit tallies_limit(const struct tallies *tallies, uint32_t limit);
