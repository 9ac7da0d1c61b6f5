/*
 * How fast sources may begin handshakes: asked before anything is done for them (TLS-12).
 *
 * Sources share buckets by a keyed hash: nobody can choose whom he shares with, and however many
 * there are the table stays as it is.
 */
#pragma once

#include "base/address.h"
#include "base/hash.h"
#include "io/media/bucket.h"

enum {
    TLS_BUDGET_BUCKETS = 1024,
    TLS_BUDGET_STRANGER = 20,   /* a second, of one source; twice that at once */
    TLS_BUDGET_PEER = 200,      /* its proxies may all have been restarted */
    TLS_BUDGET_STRANGERS = 200, /* a second, of all strangers together */
};

struct tls_budget {
    struct bucket strangers;
    struct bucket of_stranger[TLS_BUDGET_BUCKETS], of_peer[TLS_BUDGET_BUCKETS];
    struct hash_key key;
};

void tls_budget_init(struct tls_budget *budget, const struct hash_key *key, uint64_t now_us);

/* False when it is used up. */
bool tls_budget_take(struct tls_budget *budget, const struct address *source, bool is_peer,
                     uint64_t now_us);
