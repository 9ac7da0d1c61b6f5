/*
 * What the parent read for TLS, on its way to who needs it: entries one behind the other.
 *
 * The border gets chains, roots and lists, the keeper secrets.  Owners are the ids of zones and
 * peers, which are the same in every policy that has their names.
 */
#pragma once

#include "base/text.h"

#include <stdint.h>

enum {
    TLS_BOOK_MAX = 8 << 20,  /* octets: a thousand owners of 8 kB */
    TLS_ENTRY_MAX = 1 << 20, /* octets of one file; a list of revoked certificates is the longest */
};

enum tls_entry_kind {
    TLS_ENTRY_CHAIN,   /* of a zone: PEM, leaf first */
    TLS_ENTRY_ROOTS,   /* of a zone or a peer: PEM */
    TLS_ENTRY_REVOKED, /* of a zone or a peer: PEM */
    TLS_ENTRY_TERMS,   /* of a zone: struct tls_terms */
    TLS_ENTRY_SECRET,  /* the name of a key, then PEM */
};

/* What a zone wants of those who come. */
struct tls_terms {
    uint32_t crl_grace; /* seconds */
    uint32_t clients;   /* enum tls_clients */
};

enum tls_clients { TLS_CLIENTS_REQUIRED, TLS_CLIENTS_OPTIONAL, TLS_CLIENTS_NONE };

struct tls_entry {
    uint32_t kind;
    uint32_t owner;
    struct slice octets;
};

void tls_book_put(struct text *book, const struct tls_entry *entry);

/* The next entry, taken off rest; false at the end, or where what is left is none. */
bool tls_book_next(struct slice *rest, struct tls_entry *entry);
