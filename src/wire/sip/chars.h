/*
 * Which octet may stand where (RFC 3261 25.1, RFC 3966).
 */
#pragma once

#include "base/slice.h"

enum {
    CHAR_TOKEN = 0x01,
    CHAR_USER = 0x02,   /* user and password of a sip URI; '%' apart */
    CHAR_PARAM = 0x04,  /* parameters of a URI; ';', '=' and '%' apart */
    CHAR_HEADER = 0x08, /* headers of a URI, their '&' and '=' included; '%' apart */
    CHAR_WORD = 0x10,   /* Call-ID */
    CHAR_URI = 0x20,    /* URIs of other schemes, '%' included */
    CHAR_BLANK = 0x40,  /* SP, HTAB, and CR and LF: inside a value they can only be a fold */
    CHAR_HEX = 0x80,    /* hex digits */
};

extern const uint8_t sip_chars[256];

static inline bool char_is(char octet, unsigned kinds)
{
    return (sip_chars[(unsigned char)octet] & kinds) != 0;
}

static inline bool char_is_digit(char octet)
{
    return (unsigned char)(octet - '0') < 10;
}

static inline bool char_is_letter(char octet)
{
    return (unsigned char)((octet | 0x20) - 'a') < 26;
}

static inline bool char_is_blank(char octet)
{
    return (unsigned char)octet <= ' ' && char_is(octet, CHAR_BLANK);
}

/* 0 to 15, or -1. */
static inline int char_hex(char octet)
{
    if (char_is_digit(octet)) {
        return octet - '0';
    }
    octet |= 0x20;
    return octet >= 'a' && octet <= 'f' ? octet - 'a' + 10 : -1;
}

/* Octets as a number, the first one lowest whatever the machine. */
static inline uint32_t chars_load2(const char *at)
{
    return (uint32_t)(unsigned char)at[0] | (uint32_t)(unsigned char)at[1] << 8;
}

static inline uint32_t chars_load4(const char *at)
{
    return chars_load2(at) | chars_load2(at + 2) << 16;
}

static inline uint64_t chars_load8(const char *at)
{
    return chars_load4(at) | (uint64_t)chars_load4(at + 4) << 32;
}

/* Whether two texts of the same length, two octets at least, are equal in any case.  Both must be
 * tokens, or one of them letters only: then octets that differ in 0x20 alone are the two cases of a
 * letter.  Wide loads overlap instead of reading past the end. */
static inline bool chars_equal(const char *a, const char *b, size_t len)
{
    uint64_t difference = 0;

    if (len < 4) {
        difference = (chars_load2(a) ^ chars_load2(b)) |
                     (chars_load2(&a[len - 2]) ^ chars_load2(&b[len - 2]));
    } else if (len < 8) {
        difference = (chars_load4(a) ^ chars_load4(b)) |
                     (chars_load4(&a[len - 4]) ^ chars_load4(&b[len - 4]));
    } else {
        for (size_t i = 0; i + 8 < len; i += 8) {
            difference |= chars_load8(a + i) ^ chars_load8(b + i);
        }
        difference |= chars_load8(&a[len - 8]) ^ chars_load8(&b[len - 8]);
    }
    return (difference & ~UINT64_C(0x2020202020202020)) == 0;
}
