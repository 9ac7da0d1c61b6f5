/*
 * Messages out of a stream (RFC 3261 18.3), one octet or many at a time.
 *
 * The framer only finds where a message ends; what it says is judged like a datagram.  It takes
 * nothing that two readers could cut differently: after a framing fault the stream is never
 * trusted again (HYG-F04).  However the octets are cut on their way, the frames are the same.
 */
#pragma once

#include "base/slice.h"

enum sip_frame {
    SIP_FRAME_MORE,    /* nothing whole yet */
    SIP_FRAME_MESSAGE, /* len octets at the front are one message */
    SIP_FRAME_PING,    /* CRLFCRLF: answer CRLF (RFC 5626 3.5.1); len octets */
    SIP_FRAME_PONG,    /* a single CRLF; len octets, no answer */
    SIP_FRAME_BROKEN,  /* see stream_faults.def: judge the first len octets (the head, when its end
                          was found), answer at most once, close */
};

enum sip_stream_fault {
#define FAULT(name, seen) SIP_STREAM_##name,
#include "wire/sip/stream_faults.def"
#undef FAULT
    SIP_STREAM_FAULT_COUNT,
};

/* What the framer remembers between reads, so that octets are looked at once.  Zeroed at start. */
struct sip_stream {
    uint32_t scanned;        /* octets of the current head already looked at */
    uint32_t line;           /* where its unfinished line begins */
    uint32_t total;          /* once the head is complete: octets of head and body; else 0 */
    uint32_t content_length; /* when has_length */
    uint32_t blanks;         /* octets of CRLF since the last message; the owner may set it back */
    uint8_t fault;           /* enum sip_stream_fault, the first one seen */
    bool is_broken;
    bool has_length;
    bool bars_continuation; /* the line before must not be continued */
    bool awaits_pong;       /* set by whoever sent CRLFCRLF: a single CRLF is the answer at once */
};

struct sip_stream_limits {
    uint32_t head_max, message_max;
};

/* buffered: all octets not yet consumed.  After MESSAGE, PING or PONG drop len octets and call
 * again.  A CRLF nobody asked for waits for what follows, since it may be half a ping. */
enum sip_frame sip_stream_frame(struct sip_stream *stream, struct slice buffered,
                                const struct sip_stream_limits *limits, size_t *len);

const char *sip_stream_fault_seen(enum sip_stream_fault fault);
const char *sip_stream_fault_name(enum sip_stream_fault fault);
