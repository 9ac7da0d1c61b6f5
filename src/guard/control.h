/*
 * Controls: the rules that can find something.  The product's specification is controls.def.
 *
 * One row in controls.def, one file controls/<name>.c, one vector file tests/controls/<ID>.sip.
 */
#pragma once

#include "policy/policy.h"

struct inspection;

enum outcome {
    OUTCOME_NOT_APPLICABLE, /* never had the occasion */
    OUTCOME_PASSED,
    OUTCOME_FAILED,
    OUTCOME_WAITING, /* for a question, see inspection_ask; offline: not applicable */
    OUTCOME_NONE,    /* did not run: switched off, of another layer, or the trip ended before */
};

/* When a control runs: rules 0.4.  Rows of the table are in this order. */
enum control_layer {
    LAYER_ADMISSION, /* socket, zone, peer */
    LAYER_FRAMING,   /* one message */
    LAYER_LEXICAL,   /* octets, lines, names */
    LAYER_GRAMMAR,   /* counts, singles, numbers, URIs */
    LAYER_MATCHING,  /* transaction, dialog */
    LAYER_PROFILE,   /* methods, routes, headers, bodies of the zone pair */
    LAYER_IDENTITY,
    LAYER_HIDING, /* what the relay will rewrite */
    LAYER_COUNT,
};

enum control_area {
    AREA_SEGMENTATION,
    AREA_ENCRYPTION,
    AREA_VALIDATION,
    AREA_IDENTITY,
    AREA_PRIVACY,
    AREA_FRAUD,
    AREA_MESSAGING,
    AREA_FLOODING,
    AREA_OPERATOR,
    AREA_COUNT,
};

enum severity { SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_CRITICAL, SEVERITY_COUNT };

/* What a control looks at, as a bit set.  Those of LAYER_ADMISSION look at both kinds of message:
 * they run before anything is read. */
enum {
    LOOKS_AT_REQUESTS = 1,
    LOOKS_AT_RESPONSES = 2,
    LOOKS_AT_STREAMS = 4, /* only on stream transports */
    LOOKS_AT_POLICY = 8,  /* no packet at all */
};

typedef enum outcome control_function(struct inspection *inspection);

/* Ends the sender's hope of being served: anything milder leaves the message on its way. */
static inline bool action_refuses(unsigned action)
{
    return action >= ACTION_REJECT;
}

struct control {
    control_function *function;
    const char *id;
    enum control_area area;
    enum control_layer layer;
    enum severity severity;
    enum policy_action action;
    uint16_t status; /* of a rejection, unless the control says another */
    uint32_t zones;  /* bit per enum zone_class of the zone the message comes from */
    uint8_t looks_at;
    bool is_hard;          /* structure: always enforced, no mode (rules 0.3) */
    bool spares_emergency; /* repaired or ignored for emergency requests (EMG-02, EMG-04) */
    const char *finds, *why, *rules, *reference;
};

/* The index of each control in the table, and its function. */
enum control_index {
#define CONTROL(function, ...) CONTROL_INDEX_##function,
#include "guard/controls.def"
#undef CONTROL
    CONTROL_INDEX_COUNT,
};

// clang-format off
#define CONTROL(function, ...) control_function control_##function;
#include "guard/controls.def"
#undef CONTROL
// clang-format on

uint32_t control_count(void);
const struct control *control_at(uint32_t index);
uint32_t control_find(struct slice id); /* control_count() when there is none */
const struct policy_control_names *control_names(void);
const char *control_area_name(enum control_area area);
const char *control_layer_name(enum control_layer layer);
const char *severity_name(enum severity severity);
const char *policy_action_name(enum policy_action action);
