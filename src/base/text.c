#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

static const char hex_digits[] = "0123456789abcdef";

enum { DECIMAL_MAX = 20 }; /* digits of UINT64_MAX */

void text_put_string(struct text *text, const char *string)
{
    text_put(text, slice_string(string));
}

/* Writes backwards from end; gives the first digit's place. */
static char *digits_write(char *end, uint64_t number)
{
    do {
        *--end = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return end;
}

static unsigned digits_count(uint64_t number)
{
    unsigned count = 1;

    for (uint64_t limit = 10; number >= limit && count < DECIMAL_MAX; limit *= 10) {
        count++;
        if (limit > UINT64_MAX / 10) {
            return DECIMAL_MAX; /* the limit of twenty digits is no number of 64 bits */
        }
    }
    return count;
}

void text_put_number(struct text *text, uint64_t number)
{
    unsigned digits = digits_count(number);

    if (digits > text->max - text->len) {
        text->is_full = true;
        return;
    }
    text->len += digits;
    (void)digits_write(text->at + text->len, number);
}

void text_put_padded(struct text *text, uint64_t number, unsigned digits)
{
    char written[DECIMAL_MAX];
    char *end = written + sizeof(written);
    struct slice number_digits = slice_between(digits_write(end, number), end);

    for (size_t len = number_digits.len; len < digits; len++) {
        text_put_octet(text, '0');
    }
    text_put(text, number_digits);
}

void text_put_hex(struct text *text, struct slice bytes)
{
    if (bytes.len > (text->max - text->len) / 2) {
        text->is_full = true;
        return;
    }
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char octet = (unsigned char)bytes.at[i];

        text->at[text->len++] = hex_digits[octet >> 4];
        text->at[text->len++] = hex_digits[octet & 15];
    }
}

/* What may follow a first octet, Unicode table 3-7: no overlong forms, no surrogates, nothing
 * above U+10FFFF. */
static bool utf8_second_fits(unsigned char first, unsigned char second)
{
    switch (first) {
    case 0xe0:
        return second >= 0xa0 && second <= 0xbf;
    case 0xed:
        return second >= 0x80 && second <= 0x9f;
    case 0xf0:
        return second >= 0x90 && second <= 0xbf;
    case 0xf4:
        return second >= 0x80 && second <= 0x8f;
    default:
        return (second & 0xc0) == 0x80;
    }
}

static size_t utf8_len(unsigned char first)
{
    if (first >= 0xc2 && first <= 0xdf) {
        return 2;
    }
    if (first >= 0xe0 && first <= 0xef) {
        return 3;
    }
    return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* The length of the valid sequence of two to four octets at the front of slice, or 0. */
static size_t utf8_read(struct slice slice)
{
    const unsigned char *octets = (const unsigned char *)slice.at;
    size_t len = utf8_len(octets[0]);

    if (len == 0 || len > slice.len || !utf8_second_fits(octets[0], octets[1])) {
        return 0;
    }
    for (size_t i = 2; i < len; i++) {
        if ((octets[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return len;
}

static bool octet_is_printable(unsigned char octet)
{
    return octet >= 0x20 && octet < 0x7f;
}

static void json_escape(struct text *text, char octet)
{
    if (octet == '"' || octet == '\\') {
        text_put_octet(text, '\\');
        text_put_octet(text, octet);
        return;
    }
    text_put(text, SLICE("\\u00"));
    text_put_hex(text, slice_of(&octet, 1));
}

void text_put_json(struct text *text, struct slice slice)
{
    text_put_octet(text, '"');
    while (slice.len > 0) {
        unsigned char octet = (unsigned char)slice.at[0];
        size_t plain = octet < 0x80 ? 0 : utf8_read(slice);

        if (octet_is_printable(octet) && octet != '"' && octet != '\\') {
            plain = 1;
        }
        if (plain > 0) {
            text_put(text, slice_head(slice, plain));
        } else {
            json_escape(text, slice.at[0]);
        }
        slice = slice_skip(slice, plain > 0 ? plain : 1);
    }
    text_put_octet(text, '"');
}

void text_put_shown(struct text *text, struct slice slice)
{
    for (size_t i = 0; i < slice.len; i++) {
        /* The backslash too: otherwise a sender could write "\x00" himself. */
        if (octet_is_printable((unsigned char)slice.at[i]) && slice.at[i] != '\\') {
            text_put_octet(text, slice.at[i]);
        } else {
            text_put(text, SLICE("\\x"));
            text_put_hex(text, slice_of(slice.at + i, 1));
        }
    }
}

void text_put_format(struct text *text, const char *format, ...)
{
    size_t room = text->max - text->len;
    va_list arguments;

    va_start(arguments, format);
    int len = vsnprintf(room > 0 ? text->at + text->len : NULL, room, format, arguments);
    va_end(arguments);
    if (len < 0 || (size_t)len >= room) {
        text->is_full = true;
        return;
    }
    text->len += (size_t)len;
}
