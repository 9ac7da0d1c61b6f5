/*
 * From notes to records: the calls that are going on, and what becomes of each.
 *
 * Both legs of a call are one: what was sent while a message was acted on has the call of that
 * message, under whatever Call-ID it left.  Every message becomes a record; a call's own record is
 * written when it is over, and its row in the table of calls whenever its state changes.
 *
 * Bounded: when as many calls go on as are followed, the one silent longest is written down as it
 * is and forgotten.
 */
#pragma once

#include "io/journal/journal.h"
#include "wire/call_note.h"

enum {
    LEDGER_CALLS_MAX = 32768,       /* followed at once; their memory is used as they come */
    LEDGER_LINGER_US = 4000000,     /* after the end: what the gate says of its streams */
    LEDGER_SILENT_S = 12 * 60 * 60, /* without any message: longer than any session timer */
    LEDGER_STREAMS_MAX = 4,         /* of one call; further ones are not summed */
    LEDGER_MEDIA_MAX = 192,         /* octets of their summary */
};

struct ledger;
struct journal_reader;

/* is_watching: the notes are of a capture, whose messages all were taken. */
struct ledger *ledger_new(bool is_watching);
void ledger_free(struct ledger *ledger);

/* Calls a former recorder left in the middle.  False at a fault; what was read counts. */
bool ledger_resume(struct ledger *ledger, struct journal_reader *reader, uint64_t now_us,
                   struct fault *fault);

/* source: a number of whoever wrote the note; its trips are his own. */
void ledger_note(struct ledger *ledger, struct journal *journal, uint32_t source,
                 const struct call_note *note);

/* Calls that are over for long enough are written down. */
void ledger_tick(struct ledger *ledger, struct journal *journal, uint64_t now_us);

/* All of them, as they are: a capture has ended. */
void ledger_end(struct ledger *ledger, struct journal *journal);

/* The Call-ID under which the journal keeps the call that has this one on either leg; call_id when
 * there is none.  Valid until the next note. */
struct slice ledger_call(const struct ledger *ledger, struct slice call_id);

uint32_t ledger_calls(const struct ledger *ledger);
uint64_t ledger_forgotten(const struct ledger *ledger);
