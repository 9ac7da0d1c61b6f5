/*
 * One packet: what every source of bytes delivers, and all that the judgement may know of where
 * it came from.
 *
 * Socket, capture, HEP, audit probe, test scene: nobody below knows which.  All slices are
 * borrowed until the trip of this packet is over.
 */
#pragma once

#include "base/address.h"

enum transport { TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_TLS, TRANSPORT_WS, TRANSPORT_WSS };
enum { TRANSPORT_COUNT = TRANSPORT_WSS + 1 };

static inline bool transport_is_stream(enum transport transport)
{
    return transport != TRANSPORT_UDP;
}

static inline bool transport_is_secure(enum transport transport)
{
    return transport == TRANSPORT_TLS || transport == TRANSPORT_WSS;
}

const char *transport_name(enum transport transport);   /* "udp", as in a URI parameter */
struct slice transport_token(enum transport transport); /* "UDP", as in Via */
bool transport_read(struct slice name, enum transport *transport); /* any case */

/* Where a message came from, and how an answer gets back there.  A value; kept in records. */
struct flow {
    struct address remote;
    uint16_t listener; /* index in the policy; LISTENER_NONE for a capture */
    uint8_t transport; /* enum transport */
    uint8_t unused;
    uint32_t connection; /* 0 on UDP; of one worker and never reused while the worker lives */
};

enum { LISTENER_NONE = 0xFFFF };

struct packet {
    struct slice bytes;          /* one message, or what is left of a stream (see stream.h) */
    uint64_t when_us;            /* since 1970 in captures, monotonic on the wire */
    struct flow flow;            /* remote is the source */
    struct address local;        /* destination */
    struct slice certified_name; /* what TLS proved, empty otherwise */
    bool is_protected;           /* the kernel says that it came through a security association */
    uint32_t number;             /* of the frame in a capture, from 1; 0 live */
};
