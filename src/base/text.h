/*
 * Bytes being written, into room that somebody else owns.
 *
 * Running out of room is not an error at each step: the text notes it once (is_full), nothing is
 * written past max, and the caller asks at the end.
 */
#pragma once

#include "base/slice.h"

struct text {
    char *at;
    size_t len, max;
    bool is_full;
};

static inline void text_init(struct text *text, char *at, size_t max)
{
    *text = (struct text){.at = at, .max = max};
}

static inline void text_put(struct text *text, struct slice slice)
{
    if (__builtin_expect(slice.len > text->max - text->len, 0)) {
        text->is_full = true;
        return;
    }
    if (slice.len > 0) {
        memcpy(text->at + text->len, slice.at, slice.len);
        text->len += slice.len;
    }
}

static inline void text_put_octet(struct text *text, char octet)
{
    if (text->len == text->max) {
        text->is_full = true;
        return;
    }
    text->at[text->len++] = octet;
}

static inline struct slice text_slice(const struct text *text)
{
    return (struct slice){text->at, text->len};
}

void text_put_string(struct text *text, const char *string);
void text_put_number(struct text *text, uint64_t number);
void text_put_hex(struct text *text, struct slice bytes); /* lower case */

/* Decimal with a fixed count of digits, zeros in front. */
void text_put_padded(struct text *text, uint64_t number, unsigned digits);

/* A JSON string with its quotes; invalid UTF-8 and control octets are escaped (\u00XX). */
void text_put_json(struct text *text, struct slice slice);

/* For the operator's eyes: printable ASCII but the backslash as it is, all else as \xNN. */
void text_put_shown(struct text *text, struct slice slice);

/* Needs room for one octet more than it writes. */
void text_put_format(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
