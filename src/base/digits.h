/*
 * Prefixes of digits, and what they mean: the longest one of a number is found.
 *
 * A tree of ten ways in one array, eight octets a node: a node says which digits go on behind it,
 * and the nodes behind it lie side by side, so that one addition finds the next.  Ten thousand
 * prefixes are about two hundred kilobytes.  The array names nothing by address, so it can be
 * mapped wherever somebody wants it.
 */
#pragma once

#include "base/slice.h"

enum { DIGITS_MAX = 15 }; /* E.164; longer prefixes are no numbers' */

struct digits_node {
    uint32_t first;    /* index of the first node behind */
    uint16_t children; /* bit per digit that goes on */
    uint16_t value;    /* 0: none ends here */
};

struct digits_entry {
    uint64_t key; /* four bits a digit, the first one highest */
    uint16_t value;
    uint8_t len;
};

/* False: something else than digits, none, or too many.  value is not 0. */
bool digits_entry_read(struct digits_entry *entry, struct slice digits, uint16_t value);

/* Digit by digit, a shorter one before what it begins. */
void digits_sort(struct digits_entry *entries, uint32_t count);

/* So many nodes are enough for them. */
size_t digits_nodes_most(const struct digits_entry *entries, uint32_t count);

/* Over sorted entries, none twice; how many nodes were written.  rooms has as many places as nodes:
 * what is needed while building. */
struct digits_room {
    uint32_t begin, end;
    uint8_t depth;
};
uint32_t digits_build(const struct digits_entry *entries, uint32_t count, struct digits_node *nodes,
                      struct digits_room *rooms);

/* The value of the longest prefix, 0 when there is none.  Stops at what is no digit. */
static inline uint16_t digits_find(const struct digits_node *nodes, struct slice number)
{
    const struct digits_node *node = nodes;
    uint16_t value = node->value;

    for (size_t i = 0; i < number.len; i++) {
        unsigned digit = (unsigned)(unsigned char)number.at[i] - '0';

        if (digit > 9 || (node->children >> digit & 1) == 0) {
            break;
        }
        unsigned before = node->children & ((1U << digit) - 1);
        node = &nodes[node->first + (uint32_t)__builtin_popcount(before)];
        value = node->value != 0 ? node->value : value;
    }
    return value;
}
