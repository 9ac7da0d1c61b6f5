/*
 * What is known of each header name, and how it is found.
 */
#pragma once

#include "wire/sip/message.h"
#include "wire/sip/name_slot.h"

enum { NAME_ROOM = 32 };
enum { SIP_NAME_SINGLE = 1, SIP_NAME_VERBATIM = 2, SIP_NAME_HOP = 4 };

struct sip_name {
    struct name_ends ends;
    uint8_t id; /* enum sip_header_name */
    uint8_t len;
    uint8_t shape;      /* enum sip_shape */
    uint8_t flags;      /* SIP_NAME_* */
    uint8_t unused[12]; /* 32 octets in all: cheap to find by index */
};

/* By enum sip_header_name. */
extern const struct sip_name sip_names[SIP_HEADER_COUNT];
extern const char sip_name_texts[SIP_HEADER_COUNT][NAME_ROOM];

/* Worked out by make_names.c. */
extern const uint64_t sip_name_factor;
extern const uint8_t sip_name_slots[NAME_SLOTS];
extern const uint8_t sip_name_letters[26];

/* Whether what stands between the eight octets at both ends of two tokens is the same in any case.
 */
static inline bool name_middles_equal(const char *a, const char *b, size_t len)
{
    uint64_t difference = 0;

    for (size_t i = 8; i + 8 < len; i += 8) {
        difference |= chars_load8(a + i) ^ chars_load8(b + i);
    }
    return (difference & ~UINT64_C(0x2020202020202020)) == 0;
}

/* token: len octets, all of tokens, at least two.  A hash finds the one candidate, which is then
 * compared whole: a name that was crafted to share a hash with another stays unknown. */
static inline const struct sip_name *name_find(const char *token, size_t len)
{
    struct name_ends ends = name_ends(token, len);
    size_t id = sip_name_slots[name_slot(ends, len, sip_name_factor)];
    const struct sip_name *name = &sip_names[id];

    if (ends.first != name->ends.first || ends.last != name->ends.last || len != name->len ||
        (len > 16 && !name_middles_equal(token, sip_name_texts[id], len))) {
        return &sip_names[SIP_HEADER_UNKNOWN];
    }
    return name;
}
