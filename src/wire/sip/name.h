/*
 * What is known of each header name, and how it is found.
 */
#pragma once

#include "wire/sip/message.h"
#include "wire/sip/name_slot.h"

enum { NAME_ROOM = 32 };
enum { SIP_NAME_SINGLE = 1, SIP_NAME_VERBATIM = 2, SIP_NAME_HOP = 4 };

struct sip_name {
    uint64_t ends; /* see name_slot.h */
    uint8_t len;
    uint8_t shape; /* enum sip_shape */
    uint8_t flags; /* SIP_NAME_* */
    uint8_t unused[5];
};

/* By enum sip_header_name. */
extern const struct sip_name sip_names[SIP_HEADER_COUNT];
extern const char sip_name_texts[SIP_HEADER_COUNT][NAME_ROOM];

/* Worked out by make_names.c. */
extern const uint64_t sip_name_factor;
extern const uint8_t sip_name_slots[NAME_SLOTS];
extern const uint8_t sip_name_letters[26];

/* Whether what stands between the four octets at both ends of two tokens is the same in any case:
 * up to 16 octets in one look that overlaps the ends. */
static inline bool name_middles_equal(const char *a, const char *b, size_t len)
{
    size_t from = (len - 8) / 2;

    if (len > 16) {
        return chars_equal(a, b, len);
    }
    return ((chars_load8(a + from) ^ chars_load8(b + from)) & ~UINT64_C(0x2020202020202020)) == 0;
}

/* token: len octets, all of tokens, at least two.  A hash finds the one candidate, which is then
 * compared whole: a name that was crafted to share a hash with another stays unknown. */
static inline enum sip_header_name name_find(const char *token, size_t len)
{
    uint64_t ends = name_ends(token, len);
    size_t id = sip_name_slots[name_slot(ends, len, sip_name_factor)];
    const struct sip_name *name = &sip_names[id];

    if (ends != name->ends || len != name->len ||
        (len > 8 && !name_middles_equal(token, sip_name_texts[id], len))) {
        return SIP_HEADER_UNKNOWN;
    }
    return (enum sip_header_name)id;
}
