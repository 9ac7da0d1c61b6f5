/*
 * The judgement of one packet that came to a port of a stream: may it pass, and as what?
 *
 * Pure: the stream, the octets, the source and the time decide, nothing else.  Who sent it is asked
 * first, so that strangers cost least; then what it is, whether it is well formed, negotiated, in
 * order and within its rate; then it is written as the other side may see it.
 */
#pragma once

#include "io/media/strangers.h"
#include "io/media/stream.h"

enum { GATE_ROOM = 1536 }; /* for RTCP that is written anew: invented names may be longer */

struct gate_packet {
    char *at; /* divisible by four; may be rewritten in place */
    size_t len;
    size_t max;      /* octets there: what is sealed grows by CIPHER_TRAILER_MAX */
    bool is_cut;     /* it was longer than its room */
    bool is_control; /* it came to the RTCP port */
    struct address source;
    uint64_t now_us;
    char *room;                        /* GATE_ROOM octets, for a packet written anew */
    const struct strangers *strangers; /* who may not be learned; NULL: nobody */
    const struct dtls_setup *dtls;     /* for handshakes; NULL: there are none */
    uint64_t mask;                     /* of the stream, set by the judge */
};

struct gate_verdict {
    enum media_reason reason;
    struct slice bytes;          /* what is passed on, in the packet or in its room */
    const struct address *to;    /* where the other side receives it */
    bool is_control;             /* it leaves by the RTCP port */
    struct slice answer;         /* what goes back to its source, in its room; of HANDSHAKE */
    bool is_strange;             /* no party of the stream sent it (MED-04) */
    bool was_learned;            /* with this packet a port was learned (MED-02) */
    enum media_report_kind fast; /* FAST or RUNAWAY when the side just became it, else CLOSED */
};

void media_judge(struct gate_stream *stream, unsigned side, struct gate_packet *packet,
                 struct gate_verdict *verdict);
