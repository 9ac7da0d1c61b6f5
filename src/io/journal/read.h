/*
 * The journal, read: by whoever may read its file, while it is written or long after.
 *
 * Every question is one short look at the database: the writer is never held up, and what it adds
 * meanwhile is seen by the next question.
 */
#pragma once

#include "io/journal/journal.h"

struct journal_reader;

/* A file, or a folder with journal.db in it.  NULL at a fault. */
struct journal_reader *journal_read_open(const char *path, struct fault *fault);
void journal_read_close(struct journal_reader *reader);

/* What is looked for.  Zero and empty: everything. */
struct journal_filter {
    uint64_t since_us, until_us;
    uint64_t after; /* number: newer ones only */
    const char *kind;
    struct slice call, peer, control;
    uint32_t limit;  /* the newest so many; 0: all */
    bool is_forward; /* the oldest so many instead */
};

struct journal_row {
    uint64_t number;
    struct journal_record record; /* texts live until the next row */
};

/* Both call each for every answer, oldest first, until it says false.  False at a fault. */
typedef bool journal_each(void *owner, const struct journal_row *row);
typedef bool journal_each_call(void *owner, const struct journal_call *call);
bool journal_read_records(struct journal_reader *reader, const struct journal_filter *filter,
                          journal_each *each, void *owner, struct fault *fault);

/* call: of either leg; control: that found something in it. */
bool journal_read_calls(struct journal_reader *reader, const struct journal_filter *filter,
                        journal_each_call *each, void *owner, struct fault *fault);

/* The newest number; 0: nothing yet. */
bool journal_read_newest(struct journal_reader *reader, uint64_t *number, struct fault *fault);

/*
 * Proof that nothing was altered, taken out or put in.
 */
enum { JOURNAL_BREAKS_MAX = 16 }; /* told; further ones are counted */

struct journal_break {
    uint64_t number;    /* of the record that does not follow from the one before */
    uint64_t missing;   /* records that are not there before it */
    uint64_t when_us;   /* its time */
    bool is_out_of_row; /* the number itself is wrong: something is missing, or was put in */
};

struct journal_proof {
    uint64_t records;     /* looked at */
    uint64_t first, last; /* their numbers */
    uint64_t first_us, last_us;
    uint64_t removed; /* before the first, by age or size: the chain begins behind them */
    uint64_t break_count;
    struct journal_break breaks[JOURNAL_BREAKS_MAX];
    uint8_t head[JOURNAL_CHAIN_LEN]; /* chain of the last record */
    bool has_expected;               /* the expected head was met */
};

/* expected: a head noted earlier, elsewhere; its record must still be there with that chain.  NULL:
 * none. */
bool journal_verify(struct journal_reader *reader, const uint8_t *expected,
                    struct journal_proof *proof, struct fault *fault);
