/*
 * What the border tells the media gate, and what the gate tells back.
 *
 * The gate is a process of its own with pre-opened ports; which ports a stream uses is the
 * border's decision, so nothing is asked and nothing waits.  An order for a stream that is already
 * open replaces it: orders may be sent again after either side restarted, and an order that says
 * nothing new changes nothing (what was learned stays learned, no packet is lost).
 *
 * A stream is named by worker, index and generation.  Each order and each report is one message of
 * a SOCK_SEQPACKET connection between a worker and the gate.
 */
#pragma once

#include "wire/media_keys.h"
#include "wire/packet.h"

enum {
    MEDIA_PREFIXES_MAX = 4,
    MEDIA_ORDER_VERSION = 3,
    MEDIA_POOLS_MAX = 128, /* two families of 64 zones */
    MEDIA_DSCP_AUDIO = 46, /* EF; what a side with dscp 0 gets */
    MEDIA_DSCP_VIDEO = 34, /* AF41 */
};

/* The ports of one zone and family: even ones for RTP, each with the next for RTCP. */
struct media_pool {
    struct address address; /* ours; the port is not used */
    uint16_t zone;
    uint16_t port_min, port_max; /* both count; an odd rim is left out */
};

static inline uint32_t media_pool_first(const struct media_pool *pool)
{
    return (pool->port_min + 1U) & ~1U;
}

/* Whole pairs: both ports lie within. */
static inline uint32_t media_pool_pairs(const struct media_pool *pool)
{
    uint32_t first = media_pool_first(pool);

    return pool->port_max > first ? (pool->port_max + 1U - first) / 2 : 0;
}

enum media_order_kind {
    MEDIA_OPEN,          /* opens a stream, or replaces what is open */
    MEDIA_CLOSE,         /* reported, unless the stream is not known */
    MEDIA_FORGET_WORKER, /* closes every stream of the worker; nothing is reported */
    MEDIA_KEEP,          /* a worker started anew still wants this stream, just as it is */
    MEDIA_SETTLED,       /* ... and this was all: what it neither opened nor kept is closed */
};
enum { MEDIA_ORDER_KIND_COUNT = MEDIA_SETTLED + 1 };

enum media_kind { MEDIA_RTP, MEDIA_UDPTL }; /* what the gate expects to see */
enum { MEDIA_KIND_COUNT = MEDIA_UDPTL + 1 };

/* One side of a stream: our port in that zone, whom it talks to, and what it may send us. */
struct media_side {
    struct address local;      /* our RTP address and port; RTCP is the next port */
    struct address remote;     /* where SDP says; family NONE: nothing is sent or accepted yet */
    uint16_t remote_rtcp_port; /* 0: RTP port + 1, or the same with has_rtcp_mux */
    bool has_rtcp_mux;
    bool has_reduced_rtcp; /* RFC 5506: feedback without a report in front */
    bool learns;           /* MED-02: the port may be learned, at learn_host only */
    bool has_asymmetric_port;
    bool may_send;      /* the direction of SDP lets this side send to us */
    bool hides;         /* SSRC, CSRC and CNAME of the other side are not shown to this one */
    bool bars_events;   /* telephone events of this side are dropped (before answer, MED-13) */
    uint8_t event_type; /* payload type of telephone-event, 0: none */
    uint8_t dscp;       /* of what we send to this side; 0: MEDIA_DSCP_AUDIO */
    uint8_t prefix_count;
    struct address learn_host; /* the signalling source; an IPv6 host stands for its /64 */
    struct prefix prefixes[MEDIA_PREFIXES_MAX]; /* declared media sources of a carrier (MED-01) */
    uint64_t payload_types[2];                  /* bit per negotiated type; all zero: not checked */
    uint16_t extensions;  /* bit per negotiated header extension 1..14; others are stripped */
    uint16_t payload_max; /* octets of the longest negotiated payload; 0: up to 1,400 in all */
    uint32_t clock_rate;  /* of the negotiated codec, 0: jumps of time are not counted */
    /* Nominal rates of what was negotiated; MED-10's tolerance is added by the gate.  Octets with
     * UDP and IP headers.  0: the gate's default, G.711 at 10 ms. */
    uint32_t packets_per_second, bytes_per_second;

    uint8_t protection;       /* enum media_protection, between this side and us */
    bool is_dtls_client;      /* DTLS: we begin the handshake */
    uint8_t suites;           /* DTLS: bit per enum media_suite that may be agreed on */
    bool has_ice;             /* we are an ICE lite agent to this side (MED-16) */
    struct media_key send;    /* SDES: what we seal with; NONE: nothing is agreed, nothing passes */
    struct media_key receive; /* ... and what this side seals with */
    struct media_fingerprint fingerprint; /* DTLS: of this side's certificate; NONE: not known */
    char ice_ufrag[MEDIA_UFRAG_LETTERS], ice_password[MEDIA_PASSWORD_LETTERS]; /* ours */
};

struct media_order {
    uint16_t version;
    uint8_t kind;       /* enum media_order_kind */
    uint8_t media_kind; /* enum media_kind */
    uint32_t stream;    /* index of the border's record */
    uint32_t generation;
    uint32_t worker;
    uint32_t epoch;     /* raise it at each offer and each answer: ports may be learned again */
    bool is_emergency;  /* EMG-09: silence is told after an hour only */
    uint16_t silence_s; /* MED-15; 0: the gate's default */
    struct media_side sides[2];
};

/* Why a packet was not passed on. */
enum media_reason {
    MEDIA_PASSED,
#define MEDIA_REASON(name, written, rule, what) MEDIA_##name,
#include "wire/media_reasons.def"
#undef MEDIA_REASON
    MEDIA_REASON_COUNT,
};

struct media_side_counts {
    uint64_t packets, octets; /* accepted from this side, RTCP and others included */
    uint64_t dropped[MEDIA_REASON_COUNT];
    uint64_t control_packets; /* RTCP among them */
    uint32_t lost, reordered; /* by sequence numbers */
    uint32_t jitter_us;       /* RFC 3550 6.4.1, of the source in use, at the last packet */
    uint32_t ssrc_changes;
    uint32_t time_jumps;        /* timestamps that leapt over 10 s without a marker (MED-09) */
    uint32_t first_ms, last_ms; /* of the accepted packets, since the stream was opened */
    struct address learned;     /* family NONE when nothing was learned */
};

enum media_report_kind {
    MEDIA_REPORT_CLOSED,  /* the last of a stream: by order, or because its worker stayed away */
    MEDIA_REPORT_SILENT,  /* nothing came from either side for the time agreed (MED-15) */
    MEDIA_REPORT_HEARD,   /* ... and now something did */
    MEDIA_REPORT_FAST,    /* a side sends twice its rate for 5 s: alarm (MED-10) */
    MEDIA_REPORT_RUNAWAY, /* ... for 10 s: release the call */
    MEDIA_REPORT_UNKNOWN, /* an order named a stream that is not open, or is another by now */
    MEDIA_REPORT_REFUSED, /* an order was wrong in itself; the stream is as before */
    MEDIA_REPORT_BLOCKED, /* source is blocked for media (MED-04): stream, sides mean nothing */
    MEDIA_REPORT_MISSING, /* the pair at source was not to be had: it must not be given out */
    MEDIA_REPORT_STARTED, /* the gate is new and knows no stream: send all orders again */
};

struct media_report {
    uint16_t version;
    uint8_t kind; /* enum media_report_kind */
    uint8_t side; /* of FAST and RUNAWAY */
    uint32_t stream, generation, worker;
    struct address source; /* of BLOCKED and MISSING */
    struct media_side_counts sides[2];
};

/* The order of one message: false when it is not one.  Whatever the message holds, what is read is
 * within its ranges; the sense of it is for the gate to judge. */
bool media_order_read(struct media_order *order, struct slice message);

/* How a side is protected, within the ranges of its fields: of a record or an order of somebody
 * else. */
bool media_protection_is_sane(const struct media_side *side);

/* Keys are where they are used and nowhere else; of an order in the clear nothing is touched. */
void media_order_wipe(struct media_order *order);

/* As written in reports and metrics, and the rule behind it. */
const char *media_reason_name(enum media_reason reason);
const char *media_reason_rule(enum media_reason reason);
