/*
 * Chance, handed in.
 *
 * A generator of unpredictable octets (AES-256-CTR over a seed).  The node seeds it from the
 * kernel, the simulator from a number, so that every run can be replayed.
 */
#pragma once

#include "base/slice.h"

enum { RANDOM_SEED_LEN = 48, RANDOM_BLOCK = 4096 };

struct random;

/* NULL when memory ends. */
struct random *random_new(const uint8_t seed[RANDOM_SEED_LEN]);
void random_free(struct random *random);

void random_bytes(struct random *random, void *at, size_t len);
uint64_t random_number(struct random *random);
uint32_t random_below(struct random *random, uint32_t limit); /* 0 .. limit-1, unbiased */

/* letters octets of [a-z0-9], about 5.1 bits each: tags, branches, Call-IDs. */
void random_letters(struct random *random, char *at, size_t letters);
