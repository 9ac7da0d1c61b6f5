/*
 * The journal: what a store saw and did, in one SQLite file with a write-ahead log.
 *
 * Records are added and never changed.  Each is chained to the one before by SHA-256, so that what
 * was altered, taken out or put in later is found and located; only the oldest are ever removed, by
 * age and by size, and where the chain begins then is kept.  Beside them stands a table of calls,
 * worked out of the records, for whoever looks for one.
 *
 * One process writes, in batches; any number may read meanwhile without holding it up.  A disk that
 * is full and a file that is broken are answers, never the end of the process.
 */
#pragma once

#include "base/fault.h"
#include "base/slice.h"

enum {
    JOURNAL_CHAIN_LEN = 32, /* SHA-256 */
    JOURNAL_VERSION = 1,    /* of the tables */
};

/* "journal.db", in the folder of the policy's `journal`. */
extern const char journal_name[];

enum journal_kind {
#define JOURNAL_KIND(name, written, what) JOURNAL_##name,
#include "io/journal/kinds.def"
#undef JOURNAL_KIND
    JOURNAL_KIND_COUNT,
};

const char *journal_kind_name(enum journal_kind kind);
const char *journal_kind_what(enum journal_kind kind);

/* One record.  Texts other than the body are what it can be found by; empty: none. */
struct journal_record {
    uint64_t when_us; /* since 1970 */
    enum journal_kind kind;
    struct slice call;    /* Call-ID of the call's first leg */
    struct slice peer;    /* under contract, by name */
    struct slice control; /* that decided */
    struct slice action;  /* what was done */
    struct slice source;  /* address and port it came from */
    struct slice body;    /* a JSON object */
};

/* A call as far as it is known; a later one of the same id and beginning replaces it. */
struct journal_call {
    struct slice id, other;                           /* Call-IDs of the two legs */
    uint64_t begin_us, ringing_us, answer_us, end_us; /* 0: not yet */
    struct slice state;                               /* "ringing", "up", "ended", "failed" ... */
    uint16_t status;                                  /* of the final response */
    struct slice peer_in, peer_out;
    struct slice from, to;
    struct slice ended_by; /* "caller", "callee", "border" */
    struct slice control;  /* the first that found something */
    uint32_t messages, findings;
    struct slice media;
};

struct journal_limits {
    uint64_t quota;   /* octets of the file; 0: none */
    uint64_t keep_us; /* age of a record; 0: for ever */
};

struct journal_counts {
    uint64_t records; /* that are kept now */
    uint64_t removed; /* by age and size, since it was opened */
    uint64_t octets;  /* of the file */
};

struct journal;

/* Made when it is not there.  NULL at a fault; *is_broken: because the file is not a journal, or no
 * longer one. */
struct journal *journal_open(const char *path, const struct journal_limits *limits, bool *is_broken,
                             struct fault *fault);
void journal_close(struct journal *journal); /* what was not committed is lost */

/* Limits of a later policy. */
void journal_limit(struct journal *journal, const struct journal_limits *limits);

/* False when it was refused: then nothing of the batch will be kept, and commit says so. */
bool journal_put(struct journal *journal, const struct journal_record *record);
bool journal_put_call(struct journal *journal, const struct journal_call *call);

/* What was put since the last commit stays from now on, all of it or (false) nothing.  now_us is
 * what age is measured by. */
bool journal_commit(struct journal *journal, uint64_t now_us, struct fault *fault);

/* The file is no longer a database: it is to be set aside. */
bool journal_is_broken(const struct journal *journal);

/* Of the newest committed record. */
void journal_head(const struct journal *journal, uint8_t chain[JOURNAL_CHAIN_LEN]);
struct journal_counts journal_counts(const struct journal *journal);

/* Gives a file that is no journal another name, path with ".broken" behind; the write-ahead log
 * goes. */
void journal_set_aside(const char *path);
