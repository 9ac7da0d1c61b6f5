/*
 * Handshakes under way, of one thread that does nothing else.
 *
 * A connection is given here with its descriptor and comes back as a struct tls or with the reason
 * why not.  Nothing waits but for the signature of our own certificate, which is asked of another
 * process.  Everything is bounded: how many at once, how long, how many octets.
 */
#pragma once

#include "base/address.h"
#include "io/loop.h"
#include "io/tls_credentials.h"

enum {
    TLS_HANDSHAKE_MS = 10000,         /* TLS-12 */
    TLS_HANDSHAKE_OCTETS = 64 * 1024, /* received: 16 kB of hello and 16 kB of chain, and room */
    TLS_EXPECTED_MAX = 64,            /* names of one peer, settings.def */
    TLS_EXPECTED_OCTETS = TLS_EXPECTED_MAX * (TLS_NAME_MAX + 1),
};

struct tls_job {
    uint32_t connection, worker; /* the owner's */
    uint32_t zone, peer;         /* ids; peer 0: a stranger */
    int fd;                      /* for a client, connected or connecting */
    bool is_client;
    struct address remote, local;
    struct slice names; /* one of which the other side must prove, each ended by an octet zero */
};

struct tls_outcome {
    uint32_t connection, worker, zone, peer;
    int fd;
    bool is_client, is_resumed;
    struct tls *tls; /* NULL: it came to nothing, and the descriptor is to be closed */
    enum tls_reason reason;
    struct address remote, local;
    uint16_t version; /* as on the wire, 0x0304: TLS 1.3; 0 when it is not known */
    int64_t until_s;  /* when its certificate ends, since 1970; 0: none was shown */
    char suite[TLS_SUITE_MAX];
    char shown[TLS_NAME_MAX + 1]; /* the first name of the certificate that came */
};

struct tls_handshakes_owner {
    /* tls and descriptor become the owner's. */
    void (*done)(void *owner, const struct tls_outcome *outcome);
    void *owner;
};

struct tls_handshakes;

struct tls_handshakes *tls_handshakes_new(struct loop *loop, uint32_t max,
                                          const struct tls_handshakes_owner *owner);
/* Ends them all, without a word to their owner; the loop must turn before it is freed. */
void tls_handshakes_close(struct tls_handshakes *handshakes);
void tls_handshakes_free(struct tls_handshakes *handshakes);

/* For those that begin from now on; the former ones are freed. */
void tls_handshakes_use(struct tls_handshakes *handshakes, struct tls_credentials *credentials);

/* Comes to an outcome in any case, perhaps at once. */
void tls_handshakes_begin(struct tls_handshakes *handshakes, const struct tls_job *job);
