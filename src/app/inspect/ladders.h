/*
 * The calls of a capture in which something was found, message by message, in memory of one size.
 *
 * Every call is followed a while, for what is found in it may come late; when there is no room the
 * one silent longest is forgotten.  Those with findings stay, as many as are shown.
 */
#pragma once

#include "guard/inspect.h"

enum {
    LADDERS_FOLLOWED = 2048, /* calls at once, in search of findings */
    LADDERS_SHOWN = 40,      /* calls on one page: a person reads no more */
    LADDER_STEPS = 48,       /* messages of one call that are shown */
    LADDER_LABEL = 48,
    LADDER_REMARK = 120,
    LADDER_NAME = 120,
};

struct ladder_step {
    uint64_t when_us;
    uint32_t frame;
    uint8_t label_len, remark_len;
    bool is_back;    /* from the callee's side */
    bool is_refused; /* the verdict would have stopped it */
    char label[LADDER_LABEL];
    char remark[LADDER_REMARK];
};

struct ladders;

struct ladder_shown {
    struct slice name; /* Call-ID, shown */
    struct address ends[2];
    const struct ladder_step *steps;
    unsigned count;
    uint64_t more; /* messages behind the last that is kept */
    uint32_t findings;
};

struct ladders *ladders_new(void);
void ladders_free(struct ladders *ladders);
void ladders_add(struct ladders *ladders, const struct inspection *inspection);

/* Those with findings, in the order they were found; false behind the last. */
bool ladders_at(const struct ladders *ladders, unsigned index, struct ladder_shown *shown);

/* Calls with findings for which there was no room. */
uint64_t ladders_left_out(const struct ladders *ladders);
