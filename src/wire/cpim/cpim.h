/*
 * A message as instant messaging wraps it (CPIM, RFC 3862), with what asks for notifications
 * (IMDN, RFC 5438).
 *
 * Read for what a border judges: who the wrapper says writes, what it wraps, and what is asked of
 * the receiver.  The reader is a witness: one pass, no copies, nothing refused.  The content is
 * nobody's business and is not looked at.
 */
#pragma once

#include "wire/media_type.h"

enum {
    CPIM_LINES_MAX = 32,  /* RCS-03, of both heads together */
    CPIM_LINE_MAX = 1024, /* RCS-03 */
    CPIM_PREFIX_MAX = 64, /* of a name in front of the dot */
};

enum cpim_oddity {
#define ODDITY(name, seen) CPIM_ODD_##name,
#include "wire/cpim/oddities.def"
#undef ODDITY
    CPIM_ODDITY_COUNT,
};

/* What a message asks for, as a bit set (RFC 5438 6.3, RFC 5365 for PROCESSING). */
enum {
    CPIM_ASKS_POSITIVE = 1,
    CPIM_ASKS_NEGATIVE = 2,
    CPIM_ASKS_DISPLAY = 4,
    CPIM_ASKS_PROCESSING = 8,
    CPIM_ASKS_INTERWORKING = 16,
};

struct cpim {
    uint32_t oddities; /* bit per enum cpim_oddity */
    struct slice odd_at[CPIM_ODDITY_COUNT];
    struct slice from, to;   /* the first ones' URIs, without < and > */
    struct slice message_id; /* imdn.Message-ID */
    uint8_t asks;            /* imdn.Disposition-Notification */
    uint16_t line_count;
    struct slice type_value; /* Content-Type of what is wrapped, as spelled; may be empty */
    struct media_type type;
    struct slice content;
};

void cpim_read(struct cpim *cpim, struct slice text);

static inline bool cpim_is_odd(const struct cpim *cpim, enum cpim_oddity oddity)
{
    return (cpim->oddities >> oddity) & 1;
}

const char *cpim_oddity_seen(enum cpim_oddity oddity);
