/*
 * Messages out of a stream (RFC 3261 18.3), one octet or many at a time.
 *
 * The framer only finds where a message ends; what it says is judged like a datagram.  After a
 * framing fault the stream is never trusted again (HYG-F04).
 */
#pragma once

#include "base/slice.h"

enum sip_frame {
    SIP_FRAME_MORE,      /* nothing whole yet */
    SIP_FRAME_MESSAGE,   /* len octets at the front are one message */
    SIP_FRAME_PING,      /* CRLFCRLF: answer CRLF (RFC 5626 3.5.1); len octets */
    SIP_FRAME_PONG,      /* a single CRLF; len octets, no answer */
    SIP_FRAME_BROKEN,    /* missing, repeated or contradictory Content-Length, too large, a bare LF
                            ending the head, not SIP: judge what is there, answer at most once, close */
};

/* What the framer remembers between reads, so that octets are looked at once. */
struct sip_stream {
    uint32_t scanned;   /* octets of the current message already looked at */
    uint32_t total;     /* once the head is complete: octets of head and body; else 0 */
    uint8_t end_state;  /* how much of CRLFCRLF was seen */
    bool is_broken;
};

struct sip_stream_limits {
    uint32_t head_max, message_max;
};

/* buffered: all octets not yet consumed.  After MESSAGE, PING or PONG drop len octets and call
 * again. */
enum sip_frame sip_stream_frame(struct sip_stream *stream, struct slice buffered,
                                const struct sip_stream_limits *limits, size_t *len);
