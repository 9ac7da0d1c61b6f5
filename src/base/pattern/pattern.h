/*
 * Many patterns looked for in one go, with vectorscan (Hyperscan's successor).
 *
 * Compiling is somebody else's job (io/patterns.h): a worker is handed what came of it, and links
 * the part that scans, which is small, allocates nothing and knows no files.  Where the build has
 * no vectorscan nothing is ever found, and the policy says so.
 */
#pragma once

#include "base/slice.h"

/* One to compile. */
struct pattern_expression {
    struct slice text;
    bool is_regex, ignores_case;
    uint32_t number; /* by which it is told */
};

struct patterns;        /* databases, one a field */
struct pattern_scratch; /* what one thread needs while it scans */

bool patterns_are_built_in(void);

/* NULL: not what this build can scan with, or memory.  Empty databases are fields without any. */
struct patterns *patterns_open(const struct slice *databases, uint32_t count);
void patterns_close(struct patterns *patterns);

/* Enough for these patterns; what was there before is used again.  False: memory. */
bool pattern_scratch_make(const struct patterns *patterns, struct pattern_scratch **scratch);
void pattern_scratch_free(struct pattern_scratch *scratch);

/* Calls found once for each pattern that is in the text; its return of false ends the scan. */
typedef bool pattern_found(void *owner, uint32_t number, size_t end);
void patterns_scan(const struct patterns *patterns, uint32_t field, struct pattern_scratch *scratch,
                   struct slice text, pattern_found *found, void *owner);
