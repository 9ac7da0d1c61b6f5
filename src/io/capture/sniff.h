/*
 * What octets look like, before anybody reads them.
 *
 * SIP is known by its start line, not by its port: signalling on odd ports is found and media is
 * passed over after one octet.  Generous where a message begins for certain (a datagram, a new
 * connection): what only resembles a start line is for the controls to judge.  Strict where the
 * beginning is guessed (the middle of a stream).
 */
#pragma once

#include "base/slice.h"

enum sniffed {
    SNIFF_SIP,
    SNIFF_MORE, /* could become SIP: of streams only */
    SNIFF_KEEPALIVE,
    SNIFF_RTP,
    SNIFF_STUN,
    SNIFF_DTLS,
    SNIFF_SIGCOMP,
    SNIFF_HEP,
    SNIFF_TLS,
    SNIFF_HTTP,
    SNIFF_OTHER,
};

enum sniffed sniff_datagram(struct slice bytes);

/* The first octets of a connection: SNIFF_SIP, SNIFF_MORE, SNIFF_KEEPALIVE, SNIFF_TLS, SNIFF_HTTP
 * or SNIFF_OTHER. */
enum sniffed sniff_connection(struct slice bytes);

/* Whether a message begins in this line, in the middle of a stream: a start line that names SIP/2.0
 * and a header behind it.  A body that ended without an end of line stands right before it, so it
 * may begin within the line: *at.  SNIFF_SIP, SNIFF_MORE or SNIFF_OTHER. */
enum sniffed sniff_message(struct slice bytes, size_t *at);
