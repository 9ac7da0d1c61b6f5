/*
 * A session description written anew.
 *
 * Nothing is passed on that was not parsed: lines come out in the order of RFC 8866, ours where
 * they speak of addresses, filtered by attributes.def where they speak of the media.  The payload
 * of what stays (formats, rtpmap, fmtp) is copied octet for octet.
 */
#pragma once

#include "wire/sdp/sdp.h"

struct sdp_attribute_set {
    uint64_t bits[(SDP_ATTRIBUTE_COUNT + 63) / 64];
};

static inline void sdp_attribute_set_add(struct sdp_attribute_set *set,
                                         enum sdp_attribute attribute)
{
    set->bits[attribute / 64] |= UINT64_C(1) << (attribute % 64);
}

static inline bool sdp_attribute_set_has(const struct sdp_attribute_set *set,
                                         enum sdp_attribute attribute)
{
    return (set->bits[attribute / 64] >> (attribute % 64)) & 1;
}

/* One medium as it goes out when the media run through us. */
struct sdp_media_rewrite {
    struct address address;    /* ours, with the RTP port; port 0 refuses the medium */
    uint16_t rtcp_port;        /* 0: not said; written when it is not the RTP port + 1 */
    uint64_t dropped_types[2]; /* payload types left out, with their rtpmap, fmtp, rtcp-fb */
    uint32_t bandwidth_max;    /* kbit/s that b= may say; 0: no bound (HYG-D09) */
    bool has_protocol;         /* ours stands on the m= line in place of theirs */
    uint8_t protocol;          /* enum sdp_protocol, of the same carriage */
    struct sdp_attribute_set stripped; /* of this medium, beside those of the whole */
    struct slice added;                /* whole lines of ours behind it, each with its CRLF */
};

struct sdp_rewrite {
    struct address address; /* ours: o= and the session's c= */
    uint64_t session_id, session_version;

    /* As many as the description has, in its order.  NULL: the media do not run through us, their
     * addresses, ports and ICE stay, only o= is ours. */
    const struct sdp_media_rewrite *media;

    bool keeps_keys;                   /* crypto, fingerprint: the same keys on both sides */
    bool keeps_unknown;                /* attributes that the table does not know (zone CO) */
    struct sdp_attribute_set kept;     /* AGREED ones by agreement */
    struct sdp_attribute_set stripped; /* further ones that must not leave */
    struct slice added; /* whole lines of ours behind the session's, each with its CRLF */
};

/* False when it cannot be written whole: no medium, a m= line or (where the media pass us by) a c=
 * line that could not be read, more than the reader keeps, or text is full. */
bool sdp_write(struct text *text, const struct sdp *sdp, const struct sdp_rewrite *rewrite);
