/*
 * What the border tells the media gate, and what the gate tells back.
 *
 * The gate is a process of its own with pre-opened ports; which ports a stream uses is the
 * border's decision, so nothing is asked and nothing waits.  An order for a stream that is already
 * open replaces it: orders may be sent again after either side restarted.
 */
#pragma once

#include "wire/packet.h"

enum { MEDIA_PREFIXES_MAX = 4, MEDIA_ORDER_VERSION = 1 };

enum media_order_kind { MEDIA_OPEN, MEDIA_CLOSE, MEDIA_FORGET_WORKER };

enum media_kind { MEDIA_RTP, MEDIA_UDPTL }; /* what the gate expects to see */

/* One side of a stream: our port in that zone, and whom it talks to. */
struct media_side {
    struct address local;  /* our RTP address and port; RTCP is the next port */
    struct address remote; /* where SDP says; family NONE: nothing is sent or accepted yet */
    uint16_t remote_rtcp_port; /* 0: RTP port + 1, or the same with has_rtcp_mux */
    bool has_rtcp_mux;
    bool learns;            /* MED-02: the port may be learned, at learn_host only */
    bool has_asymmetric_port;
    bool may_send;          /* the direction of SDP lets this side send to us */
    uint8_t prefix_count;
    struct address learn_host; /* the signalling source; an IPv6 host stands for its /64 */
    struct prefix prefixes[MEDIA_PREFIXES_MAX]; /* declared media sources of a carrier (MED-01) */
    uint64_t payload_types[2]; /* bit per negotiated type; all zero: not checked */
    uint32_t packets_per_second, bytes_per_second; /* policing, 0: the gate's default */
};

struct media_order {
    uint16_t version;
    uint8_t kind;       /* enum media_order_kind */
    uint8_t media_kind; /* enum media_kind */
    uint32_t stream;    /* index of the border's record */
    uint32_t generation;
    uint32_t worker;
    bool is_emergency;
    struct media_side sides[2];
};

struct media_side_counts {
    uint64_t packets, octets;          /* accepted from this side */
    uint64_t wrong_source, wrong_form, wrong_type, too_fast, unlearned; /* dropped, by reason */
    uint32_t lost, reordered;          /* by sequence numbers */
    struct address learned;            /* family NONE when nothing was learned */
};

/* Sent when a stream closes, and once when it fell silent (MED-15). */
struct media_report {
    uint16_t version;
    bool is_silent; /* nothing came from either side for the inactivity time */
    bool is_closed;
    uint32_t stream, generation, worker;
    struct media_side_counts sides[2];
};
