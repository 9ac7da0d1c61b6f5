/*
 * What a payload type means: its rtpmap, or the codec that has it for its own (RFC 3551 6).
 */
#pragma once

#include "wire/sdp/sdp.h"

struct sdp_mapping {
    struct slice name; /* as spelled */
    uint32_t clock;    /* Hz */
    uint8_t channels;  /* 1 when not said */
    uint8_t type;
};

enum sdp_mapping_fault {
    SDP_MAPPING_GOOD,         /* or of a codec that the table does not know */
    SDP_MAPPING_BAD_TYPE,     /* a type below 96 that is not the codec's own */
    SDP_MAPPING_BAD_CLOCK,    /* a clock rate that the codec does not have */
    SDP_MAPPING_BAD_CHANNELS, /* more channels than the codec has */
};

/* Of a rtpmap line; false when it is odd. */
bool sdp_mapping_read(const struct sdp *sdp, const struct sdp_line *line,
                      struct sdp_mapping *mapping);

/* Of a payload type of that medium; false when nobody says what it means. */
bool sdp_mapping_find(const struct sdp *sdp, const struct sdp_media *media, unsigned type,
                      struct sdp_mapping *mapping);

/* Whether the table of codecs has it so (HYG-D07). */
enum sdp_mapping_fault sdp_mapping_check(const struct sdp_mapping *mapping);
