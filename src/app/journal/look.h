/*
 * What the verbs that read a journal share: where it is, what is looked for, how it is shown.
 */
#pragma once

#include "io/journal/read.h"

#include <stdio.h>

enum look_verb {
    LOOK_EVENTS = 1,
    LOOK_CALLS = 2,
    LOOK_CALL = 4,
    LOOK_TOP = 8,
    LOOK_WATCH = 16,
};

struct look {
    enum look_verb verb;
    const char *store; /* a file or a folder; NULL: what the running store says */
    const char *state;
    struct journal_filter filter;
    bool is_json, is_coloured;
    bool verifies, is_manual, is_markdown; /* events */
    uint8_t expected[JOURNAL_CHAIN_LEN];   /* events --verify --head */
    bool has_expected;
    uint32_t interval_ms;    /* top */
    uint64_t count, seconds; /* top, watch: until then; 0: for ever */
    struct journal_reader *reader;
};

/* False at a word that is none of the verb's.  *operand: the one that is left, or NULL. */
bool look_options(struct look *look, enum look_verb verb, int argc, char **argv,
                  const char **operand);

/* False, after saying why. */
bool look_open(struct look *look);
void look_close(struct look *look);

/* The exit status of a question that was asked. */
int look_end(struct look *look, bool is_done, const struct fault *fault);

uint64_t look_now_us(void);

/* "2026-11-25 16:04:05.678901"; len of it: 23 leaves milliseconds. */
enum { LOOK_TIME_MAX = 32 };
const char *look_time(char room[LOOK_TIME_MAX], uint64_t when_us, unsigned len);

/* Colours of a terminal that wants them, or nothing. */
const char *look_bad(const struct look *look);
const char *look_weak(const struct look *look);
const char *look_plain(const struct look *look);

/* Text of a record for a terminal: what could move its cursor is shown, not done. */
void look_put(FILE *out, const char *text, int width);
void look_put_slice(FILE *out, struct slice text);

void look_row_json(FILE *out, const struct journal_row *row);
void look_call_json(FILE *out, const struct journal_call *call);
