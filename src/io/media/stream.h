/*
 * A stream as the gate keeps it: what the border ordered, and what was seen since.
 *
 * Pure: time is handed in, no socket is known, and nothing is allocated but the ciphers of a side
 * that is protected.  Orders change a stream here, packets change it in judge.h.
 */
#pragma once

#include "io/media/bucket.h"
#include "io/media/gate.h"
#include "io/media/secrets.h"

enum {
    GATE_PACKET_MAX = 1400,    /* MED-07, MED-14: octets of any packet */
    GATE_SSRCS_MAX = 4,        /* MED-08: the first and three changes */
    GATE_LEARN_PACKETS = 4,    /* MED-02: in a row, from one source */
    GATE_HOLD_US = 1000000,    /* a gateway may move within its prefixes after this silence */
    GATE_FAST_S = 5,           /* MED-10: alarm */
    GATE_RUNAWAY_S = 10,       /* MED-10: release */
    GATE_BURST_PACKETS = 25,   /* MED-10 */
    GATE_CONTROL_RATE = 5,     /* MED-11: RTCP packets per second */
    GATE_CONTROL_BURST = 10,   /* MED-11 */
    GATE_CONTROL_OCTETS = 250, /* MED-11: the floor of 2 kbit/s, in octets per second */
    GATE_CONTROL_BURST_OCTETS = 4000, /* two full compounds and some: reports come in flocks */
};

/* Rules 4.6: G.711 at 10 ms with UDP and IPv6 headers, what MED-10 polices when the order is
 * silent; T.38 by MED-14. */
enum {
    GATE_USUAL_PACKETS = 100,
    GATE_USUAL_OCTETS = 14000,
    GATE_FAX_PACKETS = 100,
    GATE_FAX_OCTETS = 16000,
    GATE_RATE_MAX = 10000000, /* octets or packets per second no order can exceed: 80 Mbit/s */
};

/* One synchronisation source of a side. */
struct gate_ssrc {
    uint32_t ssrc;
    uint32_t shown; /* what a side that hides is shown instead */
    uint32_t timestamp;
    uint64_t when_us;      /* the highest came */
    uint16_t sequence;     /* the highest seen */
    uint16_t bad_sequence; /* RFC 3550 A.1: where a leap would go on */
    uint16_t shift;        /* what is added to its numbers towards a side that is sealed */
    bool has_leapt;        /* bad_sequence means something */
};

/* The telephone event in progress (MED-13). */
struct gate_event {
    uint32_t timestamp;
    uint16_t duration;
    uint8_t ends;
    bool is_known;
};

/* Packets in a row from a source that may be learned. */
struct gate_candidate {
    struct address source;
    uint32_t ssrc;
    uint16_t sequence;
    uint8_t packets;
};

struct gate_side {
    struct media_side told; /* its keys are wiped */
    struct gate_secrets secrets;
    struct address from, control_from; /* RTP and RTCP are taken from here; NONE: nobody yet */
    struct address to, control_to;     /* this side receives here; NONE: not known yet */
    bool is_wide;                      /* sources beside from are declared (MED-01) */
    bool is_locked;                    /* from is learned, or was proven right */
    bool is_control_locked;
    uint64_t learns_until_us;
    struct gate_candidate candidate;
    struct address held; /* wide: who sends now; another may take over after GATE_HOLD_US */
    uint64_t held_us;

    struct gate_ssrc ssrcs[GATE_SSRCS_MAX]; /* the latest in use first */
    uint8_t ssrc_count;
    struct gate_ssrc probation; /* seen once; its next packet makes it a source */
    bool has_probation;
    struct gate_event event;
    uint16_t fax_sequence;

    struct bucket packets, octets, control_packets, control_octets;
    uint64_t second_us; /* of the watch over excess */
    uint32_t second_packets, second_octets, fast_seconds;

    struct media_side_counts counts;
};

struct gate_stream {
    bool is_open;
    bool is_emergency, is_silent;
    uint8_t media_kind;
    uint32_t index, generation, worker, epoch;
    uint32_t settled; /* the worker's connection that last wanted it */
    uint64_t opened_us, heard_us, silence_us;
    uint64_t mask;    /* chance of this stream: hides what must not be shown */
    uint32_t port[2]; /* the gate's number of each side's RTP port */
    struct gate_side sides[2];
};

enum gate_ordered {
    GATE_TAKEN,
    GATE_STALE,   /* of a generation that is over */
    GATE_REFUSED, /* makes no sense */
};

/* Whether this order can be carried out on this stream, open or not. */
enum gate_ordered gate_stream_check(const struct gate_stream *stream,
                                    const struct media_order *order);

/* Opens the stream or changes it, once checked.  What the order repeats stays as it is; what is new
 * begins anew.  mask is chance, used when the stream is opened. */
void gate_stream_open(struct gate_stream *stream, const struct media_order *order,
                      const struct media_limits *limits, uint64_t mask, uint64_t now_us);

/* Lets go of its ciphers; it is open no more. */
void gate_stream_end(struct gate_stream *stream);

/* MED-02: the signalling source, for IPv6 its /64. */
bool gate_host_may_be_learned(const struct media_side *told, const struct address *source);

/* Where a side receives and whom it is taken from, after from, control_from or the order changed.
 */
void gate_side_aim(struct gate_side *side);

void gate_report_write(struct media_report *report, const struct gate_stream *stream,
                       enum media_report_kind kind);
