#include "base/slice.h"

enum { WORD = 8 };

static unsigned char octet_lower(char octet)
{
    unsigned char value = (unsigned char)octet;

    return (unsigned char)(value - 'A') < 26 ? (unsigned char)(value | 0x20) : value;
}

/* Each octet that is a capital letter loses what makes it one.  Nothing carries from one octet to
 * the next: what is added to is below 0x80. */
static uint64_t word_lower(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101U, tops = 0x80 * ones;
    uint64_t low = word & ~tops;
    uint64_t from_a = low + (0x80 - 'A') * ones;
    uint64_t behind_z = low + (0x80 - 'Z' - 1) * ones;
    uint64_t capitals = from_a & ~behind_z & ~word & tops;

    return word | capitals >> 2;
}

static uint64_t word_lower_at(const char *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof(word));
    return word_lower(word);
}

bool octets_equal_nocase(const char *a, const char *b, size_t len)
{
    if (len < WORD) {
        for (size_t i = 0; i < len; i++) {
            if (octet_lower(a[i]) != octet_lower(b[i])) {
                return false;
            }
        }
        return true;
    }
    for (size_t i = 0; i < len - WORD; i += WORD) {
        if (word_lower_at(a + i) != word_lower_at(b + i)) {
            return false;
        }
    }
    return word_lower_at(a + len - WORD) == word_lower_at(b + len - WORD);
}

bool slice_ends(struct slice slice, struct slice end)
{
    return slice.len >= end.len && slice_equal(slice_skip(slice, slice.len - end.len), end);
}

bool slice_ends_nocase(struct slice slice, struct slice end)
{
    return slice.len >= end.len && slice_equal_nocase(slice_skip(slice, slice.len - end.len), end);
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
