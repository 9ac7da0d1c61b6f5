/*
 * Occasions: what a message is and has, one bit each, so that a control which looks at nothing but
 * a header, a body or a method is not even called for messages without.
 *
 * The first bits are the header names.  A control with rows in occasions.def runs when the message
 * has one of them; one without runs always.
 */
#pragma once

#include "wire/sip/message.h"

enum occasion {
    OCCASION_METHODS = 192, /* a request's method, from here on */
    OCCASION_BODY = 240,
    OCCASION_CHALLENGE,   /* 401 and 407 */
    OCCASION_REDIRECTION, /* 3xx */
    OCCASION_ALWAYS = 255,
};

enum { OCCASION_WORDS = 4 };

struct occasions {
    uint64_t bits[OCCASION_WORDS];
};

static inline void occasion_add(struct occasions *occasions, unsigned occasion)
{
    occasions->bits[occasion / 64] |= 1ULL << (occasion % 64);
}

static inline bool occasion_is(const struct occasions *occasions, unsigned occasion)
{
    return (occasions->bits[occasion / 64] >> (occasion % 64)) & 1;
}

static inline bool occasions_meet(const struct occasions *a, const struct occasions *b)
{
    return ((a->bits[0] & b->bits[0]) | (a->bits[1] & b->bits[1]) | (a->bits[2] & b->bits[2]) |
            (a->bits[3] & b->bits[3])) != 0;
}

/* Those of a message; SIP_FOREIGN and SIP_PARTIAL have but ALWAYS. */
struct occasions occasions_of(const struct sip_message *message, enum sip_reading reading);

/* Those of the control with that index in the table. */
struct occasions occasions_wanted(uint32_t control);
