/*
 * DTLS-SRTP of one side (RFC 5763, RFC 5764): datagrams go in, datagrams come out, and in the end
 * there are keys.
 *
 * Who sent a datagram was asked before.  The certificate of the party must have the fingerprint
 * that its description names; no other property of it matters.
 */
#pragma once

#include "base/slice.h"
#include "io/media/certificate.h"

enum {
    DTLS_DATAGRAM_MAX = 1200, /* what we send: it passes every path */
    DTLS_OWED_MAX = 12,       /* datagrams of one flight; ours has five with room to spare */
    DTLS_LONGEST_S = 10,      /* SRT-06: a handshake that takes longer is given up */
    DTLS_LINGER_S = 20,       /* then nobody asks for our last flight again */
};

enum dtls_state { DTLS_WORKING, DTLS_AGREED, DTLS_FAILED };

/* What the handshake brings: how we seal, and how the party does. */
struct dtls_keys {
    struct media_key send, receive;
};

struct dtls_setup;
struct dtls;

/* NULL when the library refuses; the certificate is copied.  The library reads its files and takes
 * its memory with a first handshake, which is made here, with ourselves: afterwards the process may
 * be confined. */
struct dtls_setup *dtls_setup_new(const struct media_certificate *certificate);
void dtls_setup_free(struct dtls_setup *setup);

struct dtls_wish {
    bool is_client;
    uint8_t suites; /* bit per enum media_suite that may be agreed on */
    struct media_fingerprint fingerprint;
    uint64_t cookie; /* that a client must have seen: a keyed hash of where it is */
};

/* NULL when memory ends.  A client has something to send at once. */
struct dtls *dtls_new(const struct dtls_setup *setup, const struct dtls_wish *wish);
void dtls_free(struct dtls *dtls);

/* Whether a datagram can begin a handshake: a whole ClientHello, not encrypted. */
bool dtls_is_hello(struct slice datagram);

/* One datagram of the party.  An alert that is not encrypted is not believed: anybody could end a
 * handshake with it. */
void dtls_take(struct dtls *dtls, struct slice datagram);
/* Time went by: what was lost is sent again. */
void dtls_wait(struct dtls *dtls);
/* The next datagram to be sent; it lives until the next call of anything.  False: that was all. */
bool dtls_next(struct dtls *dtls, struct slice *datagram);

enum dtls_state dtls_state(const struct dtls *dtls);
/* Once AGREED; they are handed out once and wiped. */
struct dtls_keys dtls_keys_take(struct dtls *dtls);
