/*
 * Who we are over TLS and whom we believe, of every zone: made from a book (tls_book.h), used by
 * handshakes, replaced whole.  Connections that were made with it stay as they are.
 */
#pragma once

#include "base/fault.h"
#include "io/tls.h"
#include "io/tls_book.h"
#include "io/tls_signer.h"
#include "io/tls_tickets.h"

struct tls_roots {
    uint32_t owner; /* id of a zone or peer */
    X509_STORE *store;
    bool has_list; /* of what is revoked */
};

struct tls_zone {
    uint32_t owner;
    struct tls_terms terms;
    SSL_CTX *server, *client;
};

struct tls_credentials {
    struct tls_zone *zones;
    uint32_t zone_count;
    struct tls_roots *roots;
    uint32_t root_count;
};

/* NULL with a fault that says what is wrong with whose entry.  signer NULL: only to see whether it
 * could be used.  tickets NULL: nobody may resume. */
struct tls_credentials *tls_credentials_new(struct slice book, const struct tls_signer *signer,
                                            struct tls_tickets *tickets, struct fault *fault);
void tls_credentials_free(struct tls_credentials *credentials);

const struct tls_zone *tls_zone_find(const struct tls_credentials *credentials, uint32_t zone);
/* Of the peer, when it has its own, else of the zone; NULL when there are none. */
const struct tls_roots *tls_roots_find(const struct tls_credentials *credentials, uint32_t zone,
                                       uint32_t peer);

/* The first certificate of a PEM text; NULL when there is none. */
X509 *tls_read_certificate(struct slice pem);
