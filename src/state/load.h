/*
 * Overload (rules 6.8): how much of what is new is turned away, from how long what came had to
 * wait.  Measured by others and handed in; steered here, slowly, towards a wait that harms nobody.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    LOAD_TARGET_US = 100000, /* OVL-03: the wait we steer for */
    LOAD_BEAT_MS = 250,      /* OVL-03: how often */
    LOAD_HYSTERESIS = 5,     /* percent: less than that is not shed */
    LOAD_TABLE_FULL = 80,    /* percent of a table from which it counts, DOS-26 */
    LOAD_LOSS_MAX = 100,
};

/* What is given up first (EMG-07, CT-DOS-11).  A kind is shed whole before the next is touched, but
 * for one's own share of it. */
enum load_kind {
    LOAD_PROBE,    /* OPTIONS, SUBSCRIBE, PUBLISH, MESSAGE outside calls */
    LOAD_REGISTER, /* of who is not known yet */
    LOAD_CALL,     /* INVITE and whatever else is new */
    LOAD_KEPT,     /* within calls, refreshes, emergencies: never */
};

/* One measurement. */
struct load_sample {
    uint32_t wait_us;       /* of a message between the wire and its turn */
    uint32_t table_percent; /* the fullest table of the worker */
};

struct load {
    int32_t integral; /* of the controller, in thousandths of a percent */
    uint32_t loss;    /* percent of what is new that is turned away now */
    uint64_t shed[3]; /* by kind */
    uint32_t dice;    /* spreads the refusals evenly over what comes */
};

/* Steers: to be told every LOAD_BEAT_MS. */
void load_tell(struct load *load, const struct load_sample *sample);

/* Whether this one is turned away. */
bool load_sheds(struct load *load, enum load_kind kind);
