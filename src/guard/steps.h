/*
 * What a plan and the tallies are inside: for the trip alone.
 */
#pragma once

#include "base/pattern/pattern.h"
#include "guard/inspect.h"
#include "state/rates.h"

enum { OUTCOME_COUNT = OUTCOME_NONE };

struct plan_step {
    control_function *function;
    uint16_t control;
    uint8_t modes[2];   /* enum policy_mode: as the policy says, and for a peer it observes */
    uint64_t interests; /* it is called when the message has one of them */
};

/* The controls of one kind of message, in running order; those of a layer end at ends[layer]. */
struct plan_list {
    uint16_t ends[LAYER_COUNT];
    struct plan_step steps[CONTROL_INDEX_COUNT];
};

/* Names and addresses of the inside, which no outside message has a reason to say. */
struct plan_inside {
    struct slice *names; /* sorted */
    uint32_t name_count;
    struct prefixes *addresses;
    struct slice *numbers; /* prefixes of our users: what the core's peers may speak for */
    uint32_t number_count;
};

struct plan {
    const struct policy *policy;
    struct rate *rates; /* by zone and enum limit, made of the policy's figures */
    const struct lists *known;
    struct patterns *patterns; /* NULL: none to look for */
    uint64_t ahead_us;         /* of the calendar, before the time of packets */
    struct plan_inside inside;
    struct sip_oddities judged[CONTROL_INDEX_COUNT]; /* the oddities each control has rows for */
    struct interests interests;
    struct occasions consumed; /* headers the border itself is told: they go no further */
    struct plan_list lists[ZONE_CLASS_COUNT][2][2]; /* by class, is_request, is a stream */
};

struct tallies {
    uint32_t peers;
    uint64_t outcomes[CONTROL_INDEX_COUNT][OUTCOME_COUNT];
    uint64_t *failed;      /* per peer and control; nobody under contract comes last */
    struct recent *recent; /* recent.h */
    struct admission *admission;
    struct pattern_scratch *scratch;
    const struct patterns *scratch_for; /* the patterns it is enough for, ... */
    uint32_t scratch_version;           /* ... of that policy */
    uint64_t *emergency_due_ms; /* per peer: when its emergency lane is empty again (EMG-10) */
};

/* NULL when memory ends. */
struct rate *limit_rates_new(const struct policy *policy);

bool inside_init(struct plan_inside *inside, const struct policy *policy);
void inside_end(struct plan_inside *inside);
bool inside_has_name(const struct plan *plan, struct slice name);
bool inside_is_public(const struct policy *policy, struct slice name);
bool inside_has_number(const struct plan *plan, struct slice number);
bool inside_has_address(const struct plan *plan, const struct address *address);

/* Which oddities a control has rows for in violations.def. */
struct sip_oddities violations_of(uint32_t control);

/* Whether the packet comes from the party a record knows: the same peer, or of strangers the same
 * flow. */
struct party {
    uint16_t zone, peer;
    uint32_t peer_id;
    const struct flow *flow;
};
bool is_from_party(const struct inspection *inspection, const struct party *party);

/* The steps of the trip that are not controls. */
void place_sender(struct inspection *inspection);
/* OPTIONS that names the border and nobody behind it: answered here, never sent on. */
bool is_for_border(const struct inspection *inspection);
/* The called number, read once. */
void place_number(struct inspection *inspection);
void place_target(struct inspection *inspection);
void emergency_classify(struct inspection *inspection);
void emergency_classify_dialog(struct inspection *inspection);
/* Whether the refusal now found is spared an emergency request; takes out what cannot go on. */
bool emergency_repair(struct inspection *inspection, struct slice evidence);
void judge(struct inspection *inspection);

static inline uint32_t tallies_row(const struct tallies *tallies, uint16_t peer)
{
    return peer < tallies->peers ? peer : tallies->peers;
}
