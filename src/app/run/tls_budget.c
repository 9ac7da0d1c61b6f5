#include "app/run/tls_budget.h"

enum { V4_OCTETS = 4, V6_OCTETS = 8 /* a customer's network */ };

void tls_budget_init(struct tls_budget *budget, const struct hash_key *key, uint64_t now_us)
{
    budget->key = *key;
    bucket_init(&budget->strangers, TLS_BUDGET_STRANGERS, 2 * TLS_BUDGET_STRANGERS, now_us);
    for (unsigned i = 0; i < TLS_BUDGET_BUCKETS; i++) {
        bucket_init(&budget->of_stranger[i], TLS_BUDGET_STRANGER, 2 * TLS_BUDGET_STRANGER, now_us);
        bucket_init(&budget->of_peer[i], TLS_BUDGET_PEER, 2 * TLS_BUDGET_PEER, now_us);
    }
}

static struct bucket *bucket_of(struct tls_budget *budget, const struct address *source,
                                bool is_peer)
{
    size_t len = source->family == ADDRESS_V6 ? V6_OCTETS : V4_OCTETS;
    uint64_t hash = hash_bytes(&budget->key, slice_of((const char *)source->bytes, len));

    return is_peer ? &budget->of_peer[hash % TLS_BUDGET_BUCKETS]
                   : &budget->of_stranger[hash % TLS_BUDGET_BUCKETS];
}

bool tls_budget_take(struct tls_budget *budget, const struct address *source, bool is_peer,
                     uint64_t now_us)
{
    struct bucket *own = bucket_of(budget, source, is_peer);

    bucket_fill(own, now_us);
    bucket_fill(&budget->strangers, now_us);
    if (!bucket_has(own, 1) || (!is_peer && !bucket_has(&budget->strangers, 1))) {
        return false;
    }
    bucket_take(own, 1);
    if (!is_peer) {
        bucket_take(&budget->strangers, 1);
    }
    return true;
}
