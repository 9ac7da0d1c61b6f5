/*
 * Messages with something changed in them, the same for the same seed.
 */
#pragma once

#include "base/slice.h"

enum { MUTANT_MAX = 65536 };

struct mutator {
    uint64_t chance; /* not 0 */
    const struct slice *seeds;
    unsigned seed_count;
};

/* The next one, in room. */
struct slice mutate(struct mutator *mutator, char room[MUTANT_MAX]);
