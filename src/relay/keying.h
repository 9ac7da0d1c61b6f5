/*
 * How the two sides of a stream are protected, each on its own (rules 4.4).
 *
 * A side is offered what its zone asks for, and answered in the kind it offered; keys are ours
 * towards each.  What a zone forbids was refused by the guard before; where it only told, or spared
 * an emergency call, the best that is possible is done.
 */
#pragma once

#include "relay/machine.h"
#include "wire/sdp/keys.h"
#include "wire/sdp/write.h"

/* A description on its way from one side of a call to the other. */
struct keying {
    struct relay *relay;
    const struct sdp *sdp;
    const struct dialog *dialog;
    unsigned from; /* the side that describes itself */
    bool is_offer; /* else it answers our offer */
};

/* What the party says of this medium, taken into the stream, and what the other is to be told. */
void keying_hear(const struct keying *keying, const struct sdp_media *media,
                 struct media_stream *stream);

/* The other side cannot be offered what its zone asks for (CT-ENC-10). */
bool keying_is_possible(const struct keying *keying, const struct media_stream *stream);

/* The m= line and the lines of ours towards the other side; lines has room for them. */
void keying_write(const struct keying *keying, const struct sdp_media *media,
                  const struct media_stream *stream, struct sdp_media_rewrite *rewrite,
                  struct text *lines);
