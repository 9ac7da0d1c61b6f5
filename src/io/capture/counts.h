/*
 * What a capture held: told by app, counted here.
 */
#pragma once

#include <stdint.h>

enum capture_count {
// clang-format off
#define COUNT(name, group, text) CAPTURE_##name,
#include "io/capture/counts.def"
#undef COUNT
    // clang-format on
    CAPTURE_COUNT_COUNT,
};

enum capture_count_group { CAPTURE_SEEN, CAPTURE_IGNORED, CAPTURE_NOTED };

struct capture_counts {
    uint64_t of[CAPTURE_COUNT_COUNT]; /* by enum capture_count */
    uint32_t unknown_link;            /* the first LINKTYPE_ that is not read */
};

enum capture_count_group capture_count_group(enum capture_count count);
const char *capture_count_name(enum capture_count count); /* "TCP_GAPS" */
const char *capture_count_text(enum capture_count count); /* "gaps passed over" */

static inline void capture_counted(struct capture_counts *counts, enum capture_count count)
{
    counts->of[count]++;
}
