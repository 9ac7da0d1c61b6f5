/* A build without vectorscan: nothing is ever found, and whoever wants patterns is told so. */
#include "base/pattern/pattern.h"

bool patterns_are_built_in(void)
{
    return false;
}

struct patterns *patterns_open(const struct slice *databases, uint32_t count)
{
    (void)databases;
    (void)count;
    return NULL;
}

void patterns_close(struct patterns *patterns)
{
    (void)patterns;
}

bool pattern_scratch_make(const struct patterns *patterns, struct pattern_scratch **scratch)
{
    (void)patterns;
    (void)scratch;
    return false;
}

void pattern_scratch_free(struct pattern_scratch *scratch)
{
    (void)scratch;
}

void patterns_scan(const struct patterns *patterns, uint32_t field, struct pattern_scratch *scratch,
                   struct slice text, pattern_found *found, void *owner)
{
    (void)patterns;
    (void)field;
    (void)scratch;
    (void)text;
    (void)found;
    (void)owner;
}
