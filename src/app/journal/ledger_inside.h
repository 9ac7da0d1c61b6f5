/*
 * Between the files of the ledger.
 */
#pragma once

#include "app/journal/ledger.h"
#include "base/hash.h"
#include "base/pool.h"
#include "base/table.h"
#include "io/capture/recent.h"

enum { LEDGER_SOURCES = 64, LEDGER_PEER_MAX = 64 };
#define STREAM_SPREAD UINT64_C(0x9E3779B97F4A7C15)

struct ledger_call {
    struct pool_slot slot;
    struct recent_link link; /* among those that go on, or those that are over */
    uint64_t begin_us, ringing_us, answer_us, end_us, active_us;
    uint64_t streams[LEDGER_STREAMS_MAX];
    uint32_t cseq; /* of the first INVITE */
    uint32_t messages, findings;
    uint16_t status;
    uint8_t stream_count;
    bool is_emergency, was_answered_by_callee, was_refused;
    const char *state, *ended_by; /* constants */
    struct address caller;        /* where the first INVITE came from */
    uint16_t name_lens[2], from_len, to_len, media_len;
    uint8_t peer_lens[2];
    char names[2][CALL_NOTE_TEXT_MAX];
    char peers[2][LEDGER_PEER_MAX];
    char from[CALL_NOTE_TEXT_MAX], to[CALL_NOTE_TEXT_MAX];
    char control[16]; /* the first that found something */
    char media[LEDGER_MEDIA_MAX];
};

/* What a source is in the middle of. */
struct ledger_trip {
    uint32_t number;
    uint16_t name_len;
    struct handle call;
    char name[CALL_NOTE_TEXT_MAX];
};

struct ledger {
    struct pool calls;
    struct table names, streams;
    struct recent open, over;
    struct hash_key key;
    bool is_watching;
    uint64_t forgotten;
    struct ledger_trip trips[LEDGER_SOURCES];
};

static inline struct slice call_name(const struct ledger_call *call, unsigned leg)
{
    return slice_of(call->names[leg], call->name_lens[leg]);
}

static inline bool note_opens_call(const struct call_note *note)
{
    return note->status == 0 && note->texts[CALL_NOTE_FROM].len > 0 &&
           slice_starts(note->texts[CALL_NOTE_START], SLICE("INVITE ")) &&
           (note->flags & CALL_NOTE_IS_IN_DIALOG) == 0;
}

void ledger_call_ends(struct ledger *ledger, struct ledger_call *call, const char *state,
                      const char *by, uint64_t when_us);

/* follow.c: what a message does to a call; true when its row is another now. */
bool call_follow(struct ledger *ledger, struct ledger_call *call, const struct call_note *note);
unsigned call_leg(const struct ledger_call *call, const struct call_note *note);
void call_media(struct ledger_call *call, unsigned stream, const struct call_note *note);

struct journal_call;
void call_restore(struct ledger_call *call, const struct journal_call *row);

/* records.c */
void record_message(struct journal *journal, struct slice name, const struct ledger_call *call,
                    const struct call_note *note);
void record_call(struct journal *journal, const struct ledger_call *call);
void row_call(struct journal *journal, const struct ledger_call *call);
