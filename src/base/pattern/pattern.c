#include "base/pattern/pattern.h"

#include <hs/hs_runtime.h>
#include <stdlib.h>

struct patterns {
    uint32_t count;
    hs_database_t *databases[]; /* NULL: none in that field */
};

struct scan {
    pattern_found *found;
    void *owner;
};

bool patterns_are_built_in(void)
{
    return hs_valid_platform() == HS_SUCCESS;
}

struct patterns *patterns_open(const struct slice *databases, uint32_t count)
{
    struct patterns *patterns = calloc(1, sizeof(*patterns) + count * sizeof(hs_database_t *));

    if (patterns == NULL) {
        return NULL;
    }
    patterns->count = count;
    for (uint32_t i = 0; i < count; i++) {
        if (databases[i].len > 0 &&
            hs_deserialize_database(databases[i].at, databases[i].len, &patterns->databases[i]) !=
                HS_SUCCESS) {
            patterns_close(patterns);
            return NULL;
        }
    }
    return patterns;
}

void patterns_close(struct patterns *patterns)
{
    for (uint32_t i = 0; patterns != NULL && i < patterns->count; i++) {
        (void)hs_free_database(patterns->databases[i]);
    }
    free(patterns);
}

bool pattern_scratch_make(const struct patterns *patterns, struct pattern_scratch **scratch)
{
    hs_scratch_t *room = (hs_scratch_t *)*scratch;
    bool is_made = true;

    for (uint32_t i = 0; i < patterns->count; i++) {
        if (patterns->databases[i] != NULL) {
            is_made = is_made && hs_alloc_scratch(patterns->databases[i], &room) == HS_SUCCESS;
        }
    }
    *scratch = (struct pattern_scratch *)room;
    return is_made;
}

void pattern_scratch_free(struct pattern_scratch *scratch)
{
    (void)hs_free_scratch((hs_scratch_t *)scratch);
}

static int on_match(unsigned int number, unsigned long long from, unsigned long long to,
                    unsigned int flags, void *context)
{
    const struct scan *scan = context;

    (void)from;
    (void)flags;
    return scan->found(scan->owner, number, (size_t)to) ? 0 : 1;
}

void patterns_scan(const struct patterns *patterns, uint32_t field, struct pattern_scratch *scratch,
                   struct slice text, pattern_found *found, void *owner)
{
    struct scan scan = {.found = found, .owner = owner};

    if (field < patterns->count && patterns->databases[field] != NULL && text.len > 0) {
        (void)hs_scan(patterns->databases[field], text.at, (unsigned int)text.len, 0,
                      (hs_scratch_t *)scratch, on_match, &scan);
    }
}
