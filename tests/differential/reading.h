/*
 * What somebody reads in a message: the parts that decide who is called, by whom, and where the
 * next message begins.
 */
#pragma once

#include "base/text.h"

/* No header of our readers: some names in them are peers' names too. */

enum { READING_TEXT = 512 };

enum reading_part {
    READING_TARGET, /* Request-URI */
    READING_FROM,
    READING_TO,
    READING_ASSERTED, /* the first P-Asserted-Identity */
    READING_CALL_ID,
    READING_BODY,   /* octets of it */
    READING_LENGTH, /* Content-Length: in a stream, where the next message begins */
    READING_PARTS,
};

/* A text each: "sip:user@host:port" with escapes taken away, a number, empty when absent.  What
 * begins with '?' its reader does not tell. */
struct reading {
    char parts[READING_PARTS][READING_TEXT];
};

extern const char *const reading_names[READING_PARTS];

/* user, host and port as they were read, in the form that is compared. */
void reading_set_uri(struct reading *reading, enum reading_part part, struct slice scheme,
                     struct slice user, struct slice host, struct slice port);
void reading_set(struct reading *reading, enum reading_part part, struct slice text);
void reading_set_number(struct reading *reading, enum reading_part part, unsigned long number);

/* What we read in a message of ours; is_short: URIs without scheme and port, for a peer that does
 * not tell them. */
bool reading_ours(struct slice bytes, bool is_short, struct reading *reading);

/* Somebody else's reader.  take is false when he refuses it: that is no disagreement. */
struct peer {
    const char *name;
    bool (*begin)(void); /* false: not here today */
    bool (*take)(struct slice bytes, struct reading *reading);
};
