/*
 * What the tables of this folder say, for its own files; sdp.h has what others need.
 */
#pragma once

#include "wire/octets.h"
#include "wire/sdp/sdp.h"

enum { SDP_NAME_ROOM = 24 }; /* three words: the longest name has 21 octets */

/* See attributes.def. */
enum sdp_treatment {
    SDP_TREATMENT_STRIP, /* also of what no table knows */
    SDP_TREATMENT_KEEP,
    SDP_TREATMENT_AGREED,
    SDP_TREATMENT_REWRITE,
    SDP_TREATMENT_KEYS,
    SDP_TREATMENT_ENDPOINT,
};

struct sdp_attribute_facts {
    char name[SDP_NAME_ROOM]; /* zeros behind it, so that whole words can be compared */
    uint8_t len;
    bool stands_once;
    uint8_t treatment;
};

extern const struct sdp_attribute_facts sdp_attributes[SDP_ATTRIBUTE_COUNT];

struct sdp_letter {
    uint8_t session_rank, media_rank; /* 0: no place there */
    bool stands_once;
};

/* All zero for what RFC 8866 does not know. */
extern const struct sdp_letter sdp_letters[26];

/* Where the names of each length begin; the table's test holds it. */
extern const uint8_t sdp_first_of_length[SDP_NAME_ROOM];

/* Whether the name of len octets, of which word has the first eight with zeros behind, is spelled
 * as the attribute's. */
static inline bool sdp_attribute_is(unsigned attribute, const char *name, size_t len, uint64_t word)
{
    const struct sdp_attribute_facts *facts = &sdp_attributes[attribute];

    return facts->len == len && octets_load(facts->name) == word &&
           (len <= sizeof word || memcmp(facts->name, name, len) == 0);
}

/* The same, asked of all attributes whose names have len octets. */
enum sdp_attribute sdp_attribute_spelled(const char *name, size_t len, uint64_t word);

/* By any case of letters. */
enum sdp_media_type sdp_media_type_find(struct slice name);
enum sdp_protocol sdp_protocol_find(struct slice name);
