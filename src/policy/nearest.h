/*
 * "Did you mean": the candidate that is fewest slips of the finger away.
 */
#pragma once

#include "base/slice.h"

enum { NEAREST_WORD_MAX = 64 };

struct nearest {
    struct slice word;
    struct slice best;
    unsigned slips;
};

void nearest_init(struct nearest *nearest, struct slice word);
void nearest_try(struct nearest *nearest, struct slice candidate);

/* " (did you mean 'x'?)", or "" when nothing is near. */
struct suggestion {
    char text[NEAREST_WORD_MAX + 24];
};
struct suggestion nearest_suggest(const struct nearest *nearest);
