/*
 * Who sent a packet, as far as addresses tell (MED-01), and who may become the party by what it
 * sends (MED-02, RFC 7362: restricted learning).
 */
#pragma once

#include "io/media/stream.h"

enum gate_sender {
    SENDER_PARTY,
    SENDER_CANDIDATE, /* at the signalling host, while the port may be learned */
    SENDER_ELSEWHERE, /* at the party's host, but not where it said */
    SENDER_EARLY,     /* nobody is described yet */
    SENDER_STRANGER,
};

enum gate_sender gate_sender_of_media(const struct gate_side *side, const struct address *source,
                                      uint64_t now_us);
enum gate_sender gate_sender_of_control(const struct gate_side *side, const struct address *source,
                                        uint64_t now_us);

/* A good packet of a candidate.  True when it was the fourth in a row: its source is the party now
 * and stays so until the next offer or answer (MED-03). */
bool gate_side_learn(struct gate_side *side, const struct address *source, uint32_t ssrc,
                     uint16_t sequence);

/* A packet that was proven to be the party's by its key: one is enough (MED-02). */
void gate_side_learn_proven(struct gate_side *side, const struct address *source);

/* A good packet of the party itself: it needs no learning any more, and holds its place among
 * declared sources. */
void gate_side_confirm(struct gate_side *side, const struct address *source, uint64_t now_us);

/* An RTCP packet of a candidate, by the port and a source that RTP proved before. */
void gate_side_learn_control(struct gate_side *side, const struct address *source);
