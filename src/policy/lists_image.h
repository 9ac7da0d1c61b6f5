/*
 * How the block of lists lies in memory: for who builds it and who looks into it.
 */
#pragma once

#include "base/digits.h"
#include "policy/lists.h"

enum { LISTS_MARK = 0x5157A112, LISTS_ALIGN = 64 };

/* So many elements from an offset. */
struct lists_part {
    uint64_t at;
    uint64_t count;
};

struct lists_range { /* of addresses, both ends in it */
    uint8_t low[16], high[16];
    uint8_t family;
    uint8_t feed;
    uint8_t unused[6];
};

struct lists_agent {
    uint32_t at, len; /* in the texts */
    uint32_t feed;
};

struct lists {
    uint32_t mark, kind_count;
    uint64_t octets;                 /* of the whole */
    struct lists_part global, local; /* struct digits_node */
    struct lists_part bad_global, bad_local;
    struct lists_part ranges; /* struct lists_range, sorted, none within another */
    struct lists_part agents; /* struct lists_agent, sorted by text */
    struct lists_part texts;  /* octets */
    struct lists_part databases[POLICY_PATTERN_FIELDS_MAX];
    struct lists_part notes[POLICY_FEEDS_MAX];
    uint32_t database_count;
    uint32_t unused;
    struct number_kind kinds[LISTS_KINDS_MAX]; /* by value; 0 is none */
};
