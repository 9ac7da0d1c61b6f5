/*
 * What the gate answers itself: ICE checks (RFC 8445, as a lite agent) and the handshakes of
 * DTLS-SRTP.
 */
#pragma once

#include "io/media/judge.h"

/* A STUN message to a side that has ICE, from anybody: only who knows our password is answered, and
 * becomes the party when he says that this is the way (MED-03, MED-16).  The answer is in the
 * packet's room. */
enum media_reason gate_check_take(struct gate_side *side, const struct gate_packet *packet,
                                  struct gate_verdict *verdict);

/* A DTLS datagram from who may be the party; is_party: from just where it is expected. */
enum media_reason gate_dtls_take(struct gate_side *side, const struct gate_packet *packet,
                                 bool is_party, struct gate_verdict *verdict);

/* A handshake that is ours to begin, once it is known with whom.  mask is the stream's. */
void gate_dtls_begin(struct gate_side *side, const struct dtls_setup *setup, uint64_t mask,
                     uint64_t now_us);

/* What time brings: something lost is sent again, a handshake that leads nowhere is given up, one
 * that is over is let go of. */
void gate_dtls_wait(struct gate_side *side, uint64_t now_us);
