/*
 * Header names: the tables of headers.def, and how a name is found in them.
 */
#pragma once

#include "wire/sip/chars.h"
#include "wire/sip/message.h"

enum { NAME_SLOTS = 1024, NAME_ROOM = 32 };

enum { SIP_NAME_SINGLE = 1, SIP_NAME_VERBATIM = 2, SIP_NAME_HOP = 4 };

struct sip_name_facts {
    uint8_t len;
    uint8_t shape; /* enum sip_shape */
    uint8_t flags; /* SIP_NAME_* */
    uint8_t unused;
};

/* By enum sip_header_name.  Texts are filled up with NUL. */
extern const struct sip_name_facts sip_name_facts[SIP_HEADER_COUNT];
extern const char sip_name_texts[SIP_HEADER_COUNT][NAME_ROOM];

/* Worked out by make_names.c: a factor for which no two names share a slot, the slots, and the
 * compact forms by letter. */
extern const uint64_t sip_name_factor;
extern const uint8_t sip_name_slots[NAME_SLOTS];
extern const uint8_t sip_name_letters[26];

/* The slot of a name of two octets or more: its first and its last octets in any case. */
static inline unsigned name_slot(const char *at, unsigned len, uint64_t factor)
{
    uint64_t octets = len < 4 ? chars_load2(at) | (uint64_t)chars_load2(at + len - 2) << 32
                              : chars_load4(at) | (uint64_t)chars_load4(at + len - 4) << 32;

    return (unsigned)((((octets | UINT64_C(0x2020202020202020)) + len) * factor) >> 54);
}

/* len octets, all of tokens, at least one.  The slot only finds the one candidate; it is compared
 * whole, so a name that was crafted to share its slot stays unknown. */
static inline enum sip_header_name name_find(const char *token, unsigned len)
{
    unsigned id;

    if (len == 1) {
        return char_is_letter(*token)
                   ? (enum sip_header_name)sip_name_letters[(*token | 0x20) - 'a']
                   : SIP_HEADER_UNKNOWN;
    }
    id = sip_name_slots[name_slot(token, len, sip_name_factor)];
    return sip_name_facts[id].len == len && chars_equal(token, sip_name_texts[id], len)
               ? (enum sip_header_name)id
               : SIP_HEADER_UNKNOWN;
}
