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
    OCCASION_KEYS,        /* a body, until it is read and says nothing of how media are sealed */
    OCCASION_ALWAYS = 255,
};

enum { OCCASION_COUNT = OCCASION_ALWAYS + 1, OCCASION_WORDS = OCCASION_COUNT / 64 };

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

/* Those of a message; SIP_FOREIGN and SIP_PARTIAL have but ALWAYS. */
struct occasions occasions_of(const struct sip_message *message, enum sip_reading reading);

/* Those of the control with that index in the table. */
struct occasions occasions_wanted(uint32_t control);

/*
 * Few occasions are wanted by anybody: these have a bit of one word, so that asking whether
 * a control has its occasion is one AND.  When there are more than bits, the last one stands for
 * several, and a control may be called in vain.
 */
struct interests {
    struct occasions wanted;      /* by some control */
    uint8_t bits[OCCASION_COUNT]; /* by occasion */
    uint8_t count;
};

uint64_t interests_add(struct interests *interests, const struct occasions *occasions);
uint64_t interests_in(const struct interests *interests, const struct occasions *occasions);

/* An occasion that turned out to be none; while it shares its bit it stays. */
static inline uint64_t interests_without(const struct interests *interests, uint64_t found,
                                         enum occasion occasion)
{
    bool has_own_bit = occasion_is(&interests->wanted, occasion) && interests->bits[occasion] < 63;

    return has_own_bit ? found & ~(1ULL << interests->bits[occasion]) : found;
}
