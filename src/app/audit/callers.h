/*
 * The legitimate caller and the core that answers it: good calls all the while.
 *
 * They prove that the box lives (G1), and how fast (G2).  A call may be held up for a test that
 * attacks it.
 */
#pragma once

#include "app/audit/draft.h"
#include "app/audit/ground.h"
#include "app/audit/talk.h"

enum {
    CALLERS_MAX = 16,
    CALLERS_PATIENCE_MS = 4000,
    CALLERS_REPEAT_MS = 500,
    CALLERS_GROUP = 5, /* good calls after a test that lost the first of them */
    CALLERS_BASELINE = 5,
    CORE_MEDIA_PORT = 41000, /* of the core that answers a good call */
};

enum call_state { CALL_FREE, CALL_ASKED, CALL_UP, CALL_ENDING, CALL_ENDED, CALL_LOST };

struct good_call {
    enum call_state state;
    bool is_held;
    char call_id[48];
    char invite[4096];
    size_t invite_len;
    uint64_t begun_us, due_ms, over_ms;
    unsigned repeats;
    uint32_t setup_us;
    struct talk caller, core;                /* both ends, when up */
    struct address caller_media, core_media; /* where each is told to send */
};

struct callers {
    struct ground *ground;
    const struct scope *scope;
    struct chance chance;
    struct draft draft;
    struct good_call calls[CALLERS_MAX];
    char letters[48];
    bool is_registering;
    uint64_t begun, ended, lost, repeated;
    uint64_t core_requests[SIP_METHOD_COUNT + 1]; /* in the caller's name, as the core heard them */
    uint32_t baseline_us;                         /* of the middle one; 0: not yet */
};

bool callers_open(struct callers *callers, struct ground *ground, const struct scope *scope,
                  uint64_t seed);
void callers_close(struct callers *callers);

/* Whether a message is the callers' own, and taken care of. */
bool callers_hear(struct callers *callers, const struct heard *heard,
                  const struct sip_message *message);

/* count good calls at once, to their end; how many were lost.  middle_us: their setup. */
unsigned callers_group(struct callers *callers, unsigned count, uint32_t *middle_us);

/* A call that stays up; NULL when it did not come up. */
struct good_call *callers_hold(struct callers *callers);
/* It ends as calls do; false when the box no longer knew it. */
bool callers_end(struct callers *callers, struct good_call *call);

/* One more call in the background, if there is room. */
void callers_more(struct callers *callers);
/* Timers. */
void callers_turn(struct callers *callers);
