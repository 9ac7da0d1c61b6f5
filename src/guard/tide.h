/*
 * Traffic over time: who calls whom how often, and what becomes of it (rules 6.5, 6.6).
 *
 * Fed with what happened, one event at a time; keeps figures of those who are active in bounded
 * tables (watches.def, features.def) and holds them against the thresholds of detectors.def.  Keys
 * are keyed hashes: nobody's number is kept.  Knows nothing of messages, so that a month of traffic
 * can be played to it in a second (tests/guard/test_detectors.c).
 */
#pragma once

#include "base/hash.h"

enum tide_watch {
#define WATCH(name, window, others, what) WATCH_##name,
#include "guard/watches.def"
#undef WATCH
    WATCH_COUNT,
};

enum feature {
#define FEATURE(name, what) FEATURE_##name,
#include "guard/features.def"
#undef FEATURE
    FEATURE_COUNT,
    FEATURE_DISTINCT = FEATURE_COUNT, /* different others, see watches.def */
};

enum detector {
#define DETECTOR(name, ...) DETECTOR_##name,
#include "guard/detectors.def"
#undef DETECTOR
    DETECTOR_COUNT,
};
_Static_assert(DETECTOR_COUNT <= 64, "a bit each");

enum tide_kind {
    TIDE_ATTEMPT,    /* a call was tried */
    TIDE_ANSWERED,   /* after wait_ms */
    TIDE_REFUSED,    /* with status */
    TIDE_GIVEN_UP,   /* by the caller, after wait_ms */
    TIDE_ENDED,      /* after talk_ms */
    TIDE_MESSAGE,    /* a message was sent */
    TIDE_REGISTERED, /* a user, from a source */
    TIDE_FAILED,     /* wrong credentials of a user, from a source */
    TIDE_STRANGER,   /* any request of a stranger, about a user */
};

struct tide_event {
    enum tide_kind kind;
    uint64_t now_ms;
    uint64_t caller, called;    /* keyed hashes of numbers or names; 0: not known */
    uint64_t peer_in, peer_out; /* of neighbours; 0: none */
    uint64_t source, user, zone;
    uint64_t number; /* the called digits as a number; 0: none */
    uint32_t wait_ms, talk_ms;
    uint16_t status;
    bool is_risky, is_abroad, is_forwarded, is_own, is_impossible, is_neighbour;
    bool is_emergency, has_rung;
};

/* Bits of enum detector. */
struct tide_alarms {
    uint64_t told;    /* reached their alarm level in this window, just now */
    uint64_t denied;  /* are beyond their deny level */
    uint32_t counted; /* by the last of them, within so many seconds */
    uint32_t window_s;
};

enum {
    TIDE_WAYS = 4,
    TIDE_PLACES = 16384, /* of those active in their windows; beyond, who is least active goes */
    TIDE_SEEN_LEAST = 3, /* times in ten minutes before a place is taken: most come once */
    TIDE_BAITS = 1024,
    TIDE_BAIT_MS = 72 * 3600 * 1000, /* FRD-02 */
    TIDE_TURN_MS = 600000,           /* of the sketch */
    TIDE_SEEN_DAY = 10,              /* calls in a day before it is looked at, FRD-09 */
    TIDE_SEEN_ABROAD = 2,            /* calls abroad, FRD-19 */
    TIDE_DAY_MS = 43200000,          /* of the sketch for days: two of them are one */
};

struct tide;

struct tide *tide_new(void);
void tide_free(struct tide *tide);

struct tide_alarms tide_note(struct tide *tide, const struct tide_event *event);

/* Bit per detector that a control tells. */
uint64_t tide_of_control(const struct tide *tide, uint16_t control);

/* Facts of the table. */
struct detector_row {
    const char *name, *rule, *what;
    uint16_t control; /* index in the table of controls */
    uint8_t watch, counts;
    uint32_t alarm, deny; /* deny 0: never */
};
const struct detector_row *detector_row(enum detector detector);
