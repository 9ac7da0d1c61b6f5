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

/* 0 to 15, or -1. */
static inline int char_hex(char octet)
{
    if (char_is_digit(octet)) {
        return octet - '0';
    }
    octet |= 0x20;
    return octet >= 'a' && octet <= 'f' ? octet - 'a' + 10 : -1;
}
