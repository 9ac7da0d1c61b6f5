/*
 * A connection over TLS once its handshake is over: octets in, octets out.
 *
 * OpenSSL reads and writes the socket itself, never waiting.  The handshake was somebody else's
 * (tls_handshakes.h), on another thread; from then on the worker alone touches it.
 */
#pragma once

#include "base/slice.h"
#include "io/tls_names.h"

#include <openssl/ssl.h>
#include <sys/uio.h>

enum tls_reason {
    TLS_GOOD,
#define REASON(name, written, what) TLS_##name,
#include "io/tls_reasons.def"
#undef REASON
    TLS_REASON_COUNT,
};

const char *tls_reason_written(enum tls_reason reason);
const char *tls_reason_what(enum tls_reason reason);

/* What is expected of the other side while hands are shaken, and what was wrong with it. */
struct tls_expected {
    const struct slice *names; /* one of which its certificate must have; none: any */
    unsigned name_count;
    uint32_t crl_grace; /* seconds */
    enum tls_reason reason;
    char shown[TLS_NAME_MAX + 1]; /* the first name of its certificate */
};

enum { TLS_SUITE_MAX = 32 }; /* octets of the name of a suite, its end too */

struct tls {
    SSL *ssl;
    struct tls_expected *expected; /* NULL afterwards */
    size_t pending;                /* octets of a record begun and not yet taken by the socket */
    uint32_t peer, zone;           /* ids, of the handshake's job */
    bool is_broken; /* whoever is there did what nobody may: renegotiate, change keys for ever */
    uint8_t key_updates;
    char name[TLS_NAME_MAX + 1]; /* what the certificate proved; empty when there was none */
};

static inline struct slice tls_name(const struct tls *tls)
{
    return tls == NULL ? SLICE_NONE : slice_string(tls->name);
}

/* As recv and sendmsg do: octets, 0 at the end, -1 with errno; EAGAIN when it is to wait.  What a
 * write took in part is to be written again, the same octets first. */
ssize_t tls_read(struct tls *tls, char *room, size_t max);
ssize_t tls_write(struct tls *tls, const struct iovec *pieces, unsigned count);

/* Octets that came and were not yet read, which the socket will not tell of. */
bool tls_has_more(const struct tls *tls);

/* Says goodbye, if the socket takes it. */
void tls_finish(struct tls *tls);
void tls_free(struct tls *tls); /* the descriptor stays its owner's */
