/*
 * Notes for the journal, taken from what the trip learned and from what is sent.
 */
#pragma once

#include "guard/inspect.h"
#include "wire/call_note.h"
#include "wire/outbox.h"

/* Where the texts of a note are put together. */
struct note_room {
    char start[CALL_NOTE_TEXT_MAX], from[CALL_NOTE_TEXT_MAX], to[CALL_NOTE_TEXT_MAX];
    char findings[CALL_NOTE_TEXT_MAX], stripped[CALL_NOTE_TEXT_MAX], call_id[CALL_NOTE_TEXT_MAX];
};

/* A message of a call or of a registration that is worth a line: not what a stranger was refused,
 * for of that there may be any amount. */
bool note_is_wanted(const struct inspection *inspection);

/* The texts live in the room, the inspection and the policy. */
void note_taken(struct call_note *note, struct note_room *room, const struct inspection *inspection,
                uint64_t when_us);

/* False when what leaves belongs to no call and no registration. */
bool note_sent(struct call_note *note, struct note_room *room, const struct policy *policy,
               const struct outgoing *sent, uint64_t when_us);
