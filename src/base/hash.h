/*
 * Keyed hashing (SipHash-1-3), for tables whose keys an attacker may choose.
 *
 * A hash finds a candidate, never the answer: whoever looks up compares the key itself.
 */
#pragma once

#include "base/slice.h"

struct hash_key {
    uint64_t k0, k1;
};

uint64_t hash_bytes(const struct hash_key *key, struct slice bytes);

/* Of two slices as one key; ("ab","c") and ("a","bc") differ. */
uint64_t hash_pair(const struct hash_key *key, struct slice a, struct slice b);
