#include "base/slice.h"

static unsigned char octet_lower(char octet)
{
    unsigned char value = (unsigned char)octet;

    return (unsigned char)(value - 'A') < 26 ? (unsigned char)(value | 0x20) : value;
}

static bool octets_equal_nocase(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (octet_lower(a[i]) != octet_lower(b[i])) {
            return false;
        }
    }
    return true;
}

bool slice_equal_nocase(struct slice a, struct slice b)
{
    return a.len == b.len && octets_equal_nocase(a.at, b.at, a.len);
}

bool slice_starts(struct slice slice, struct slice start)
{
    return slice.len >= start.len && slice_equal(slice_head(slice, start.len), start);
}

bool slice_starts_nocase(struct slice slice, struct slice start)
{
    return slice.len >= start.len && slice_equal_nocase(slice_head(slice, start.len), start);
}

bool slice_ends(struct slice slice, struct slice end)
{
    return slice.len >= end.len && slice_equal(slice_skip(slice, slice.len - end.len), end);
}

bool slice_ends_nocase(struct slice slice, struct slice end)
{
    return slice.len >= end.len && slice_equal_nocase(slice_skip(slice, slice.len - end.len), end);
}

size_t slice_find(struct slice slice, char octet)
{
    if (slice.len == 0) {
        return 0;
    }
    const char *found = memchr(slice.at, (unsigned char)octet, slice.len);
    return found == NULL ? slice.len : (size_t)(found - slice.at);
}

size_t slice_find_last(struct slice slice, char octet)
{
    for (size_t i = slice.len; i > 0; i--) {
        if (slice.at[i - 1] == octet) {
            return i - 1;
        }
    }
    return slice.len;
}

bool slice_has(struct slice slice, struct slice part)
{
    if (part.len == 0) {
        return true;
    }
    while (slice.len >= part.len) {
        struct slice starts = slice_head(slice, slice.len - part.len + 1);
        size_t at = slice_find(starts, part.at[0]);

        if (at == starts.len) {
            return false;
        }
        if (memcmp(slice.at + at, part.at, part.len) == 0) {
            return true;
        }
        slice = slice_skip(slice, at + 1);
    }
    return false;
}

static bool octet_is_blank(char octet)
{
    return octet == ' ' || octet == '\t' || octet == '\r' || octet == '\n';
}

struct slice slice_trim(struct slice slice)
{
    while (slice.len > 0 && octet_is_blank(slice.at[0])) {
        slice = slice_skip(slice, 1);
    }
    while (slice.len > 0 && octet_is_blank(slice.at[slice.len - 1])) {
        slice.len--;
    }
    return slice;
}

struct slice slice_skip(struct slice slice, size_t count)
{
    if (count > slice.len) {
        count = slice.len;
    }
    /* Nothing is added to the NULL of an empty slice: that would be undefined. */
    return count == 0 ? slice : slice_of(slice.at + count, slice.len - count);
}

struct slice slice_head(struct slice slice, size_t count)
{
    return slice_of(slice.at, count < slice.len ? count : slice.len);
}

bool slice_cut(struct slice *rest, char octet, struct slice *part)
{
    if (rest->len == 0) {
        *part = SLICE_NONE;
        return false;
    }
    size_t at = slice_find(*rest, octet);
    *part = slice_head(*rest, at);
    *rest = slice_skip(*rest, at + 1);
    return true;
}

bool slice_number(struct slice slice, uint64_t max, uint64_t *number)
{
    uint64_t value = 0;

    for (size_t i = 0; i < slice.len; i++) {
        unsigned digit = (unsigned)(unsigned char)slice.at[i] - '0';

        if (digit > 9 || __builtin_mul_overflow(value, 10U, &value) ||
            __builtin_add_overflow(value, digit, &value)) {
            return false;
        }
    }
    if (slice.len == 0 || value > max) {
        return false;
    }
    *number = value;
    return true;
}
