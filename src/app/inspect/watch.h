/*
 * A policy that watches: what the store would have said to every message of a capture.
 *
 * The state is the store's, filled by following.  Time is the capture's; where it steps back by
 * more than its frames can have been mixed up, another story begins and the state starts anew.
 */
#pragma once

#include "app/file.h"
#include "app/lists.h"
#include "base/fault.h"
#include "guard/inspect.h"

enum {
    WATCH_STEP_BACK_US = 60000000, /* buffers of capturing machines hold seconds, not minutes */
    WATCH_RESTARTS_MAX = 256,      /* files on one command line; a clock gone wild costs no more */
};

struct watch {
    struct policy_file file;
    const struct policy *policy; /* of the file, or the observer's */
    struct plan *plan;
    struct lists *lists; /* beside the policy */
    struct tallies *tallies;
    void *memory; /* of the state */
    struct state *state;
    struct inspection *inspection; /* of the last packet */
    struct state_capacity capacity;
    uint64_t clock_us;
    uint32_t restarts;
    bool has_policy; /* the operator's, not the observer's */
};

/* Complaints about the policy are printed on standard error, one a line.  path NULL: the observer's
 * policy. */
bool watch_open(struct watch *watch, const char *path, struct fault *fault);
void watch_close(struct watch *watch);

/* Judges and follows; the answer is in watch->inspection until the next call. */
void watch_judge(struct watch *watch, const struct packet *packet);
