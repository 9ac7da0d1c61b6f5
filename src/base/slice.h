/*
 * Borrowed bytes.
 *
 * A slice never owns what it shows and is never terminated.  To outlive the bytes it borrows, it
 * is kept (text_keep, arena_keep, bytes of a record).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const char *at;
    size_t len;
};

// clang-format off
#define SLICE(text)      ((struct slice){(text), sizeof(text) - 1})
#define SLICE_INIT(text) {(text), sizeof(text) - 1}
#define SLICE_NONE       ((struct slice){NULL, 0})
// clang-format on

static inline struct slice slice_of(const char *at, size_t len)
{
    return (struct slice){at, len};
}

static inline struct slice slice_between(const char *from, const char *to)
{
    return (struct slice){from, (size_t)(to - from)};
}

static inline struct slice slice_string(const char *string)
{
    return (struct slice){string, strlen(string)};
}

static inline bool slice_is_empty(struct slice slice)
{
    return slice.len == 0;
}

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* ASCII letters only; octets above 0x7F are compared as they are. */
bool octets_equal_nocase(const char *a, const char *b, size_t len);

/* Most that are not the same differ in the length or the first octet. */
static inline bool slice_equal_nocase(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || (((a.at[0] ^ b.at[0]) & ~0x20) == 0 &&
                                             octets_equal_nocase(a.at, b.at, a.len)));
}

static inline bool slice_starts(struct slice slice, struct slice start)
{
    return slice.len >= start.len && slice_equal(slice_of(slice.at, start.len), start);
}

static inline bool slice_starts_nocase(struct slice slice, struct slice start)
{
    return slice.len >= start.len && octets_equal_nocase(slice.at, start.at, start.len);
}

bool slice_ends(struct slice slice, struct slice end);
bool slice_ends_nocase(struct slice slice, struct slice end);

/* The first place of octet in slice, or slice.len. */
static inline size_t slice_find(struct slice slice, char octet)
{
    const char *found = slice.len == 0 ? NULL : memchr(slice.at, (unsigned char)octet, slice.len);

    return found == NULL ? slice.len : (size_t)(found - slice.at);
}

size_t slice_find_last(struct slice slice, char octet);
bool slice_has(struct slice slice, struct slice part);

/* Past the end gives an empty slice. */
static inline struct slice slice_skip(struct slice slice, size_t count)
{
    if (count > slice.len) {
        count = slice.len;
    }
    /* Nothing is added to the NULL of an empty slice: that would be undefined. */
    return count == 0 ? slice : slice_of(slice.at + count, slice.len - count);
}

static inline struct slice slice_head(struct slice slice, size_t count)
{
    return slice_of(slice.at, count < slice.len ? count : slice.len);
}

/* Without leading and trailing SP, HTAB, CR, LF. */
struct slice slice_trim(struct slice slice);

/* Takes what stands before the first octet (or all) off the front of rest; false when rest is
 * empty. */
bool slice_cut(struct slice *rest, char octet, struct slice *part);

/* Decimal digits only, no sign, no blanks, at most max: false otherwise. */
bool slice_number(struct slice slice, uint64_t max, uint64_t *number);
