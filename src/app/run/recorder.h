/*
 * The recorder from inside: lines for whoever reads along, the journal for whoever asks later.
 */
#pragma once

#include "app/journal/ledger.h"
#include "app/run/page.h"
#include "io/ipc.h"
#include "io/journal/journal.h"

struct policy;

enum { LINES_BUFFER = 256 * 1024 }; /* written at once */

struct lines {
    struct loop *loop;
    struct recorder_page *page;
    int folder; /* -1: to standard output */
    int file;
    uint64_t file_len, file_opened_ms;
    bool has_told; /* that the disk refuses; once until it takes again */
    size_t len;
    char buffer[LINES_BUFFER];
};

void lines_init(struct lines *lines, struct loop *loop, struct recorder_page *page, int folder);
void lines_put(struct lines *lines, struct slice event);
void lines_flush(struct lines *lines);

/* What came since the last commit, by worker, and what is known to be lost and not yet said. */
struct shelf_pending {
    uint64_t events, notes, events_lost, notes_lost;
};

/* The journal, open or not; everything put on it is committed together. */
struct shelf {
    struct journal *journal; /* NULL: none was asked for, or it cannot be opened now */
    struct ledger *ledger;
    struct recorder_page *page;
    struct journal_limits limits;
    bool is_wanted, has_told;
    uint32_t pending; /* records of the batch */
    struct shelf_pending of[PAGE_RECORDED_MAX];
    const char *lost_why;
};

enum { SHELF_BATCH = 4096 }; /* records committed together at most */

/* In the folder the process is in. */
void shelf_open(struct shelf *shelf, struct recorder_page *page);
void shelf_limit(struct shelf *shelf, const struct policy *policy);
void shelf_event(struct shelf *shelf, uint32_t worker, struct slice event);
void shelf_notes(struct shelf *shelf, uint32_t worker, struct slice notes);

/* How much there was to tell; true when some of it never came: *loss says what, as an event. */
bool shelf_tally(struct shelf *shelf, const struct ipc_tally *tally, struct text *loss);
void shelf_commit(struct shelf *shelf);
void shelf_close(struct shelf *shelf);
