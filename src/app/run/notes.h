/*
 * What a worker tells the recorder of calls: a note for each message of one, many notes a message.
 *
 * Nothing waits: notes are gathered in the turn and handed to the link at its end; what the link
 * does not take is lost.  Every so often the recorder hears how many events and notes there were in
 * all, so it knows what it never got, and says so in the journal.
 */
#pragma once

#include "app/journal/note.h"
#include "io/ipc.h"

enum {
    NOTES_PER_SECOND = 20000, /* of one worker: a thousand calls a second, each with its messages */
};

struct notes {
    bool is_wanted; /* the policy keeps calls in a journal */
    uint32_t trip, noted;
    uint64_t second;
    uint32_t in_second, gathered;
    uint64_t taken, withheld, lost; /* by the link */
    uint64_t epoch;                 /* of this worker's life */
    struct text text;
    char room[IPC_TEXT_MAX];
    struct note_room texts;
};

/* epoch: no other worker of this store ever had it. */
void notes_init(struct notes *notes, uint64_t epoch);

void notes_follow_policy(struct notes *notes, const struct policy *policy);

/* Before and after the relay acts on a message: what left before is a timer's. */
void notes_before(struct notes *notes, struct ipc_link *link, const struct policy *policy,
                  const struct outbox *outbox, uint64_t wall_us);
void notes_after(struct notes *notes, struct ipc_link *link, const struct inspection *inspection,
                 const struct outbox *outbox, uint64_t wall_us);

/* Of a stream that opens, and of one that is over. */
void notes_stream(struct notes *notes, struct ipc_link *link, struct slice call_id,
                  const struct media_order *order, uint64_t wall_us);
void notes_media(struct notes *notes, struct ipc_link *link, const struct media_report *report,
                 uint64_t wall_us);

/* The turn is over: the outbox is empty, what was gathered goes. */
void notes_flush(struct notes *notes, struct ipc_link *link);

/* How many events and notes there were. */
void notes_tally(struct notes *notes, struct ipc_link *link, uint32_t worker, uint64_t events);
