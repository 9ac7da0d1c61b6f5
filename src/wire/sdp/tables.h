/*
 * What the tables of this folder say, for its own files; sdp.h has what others need.
 */
#pragma once

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

/* The attribute spelled just so in the len octets at name, of which room may be looked at. */
enum sdp_attribute sdp_attribute_spelled(const char *name, size_t len, size_t room);

/* By any case of letters. */
enum sdp_media_type sdp_media_type_find(struct slice name);
enum sdp_protocol sdp_protocol_find(struct slice name);
