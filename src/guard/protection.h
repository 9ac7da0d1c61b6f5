/*
 * How the media of a description are protected, held against what their zone asks for (rules 4.4).
 */
#pragma once

#include "guard/inspect.h"
#include "wire/sdp/keys.h"

/* What one RTP medium says, as far as its sender's zone may use it. */
struct protection_claim {
    const struct sdp_media *media;
    bool is_secure;  /* the m= line says so */
    bool has_crypto; /* lines with keys stand there */
    bool has_fingerprint, has_setup;
    bool sdes_is_usable; /* of a suite the zone knows; wherever it travelled */
    bool dtls_is_usable; /* of a hash that is believed, with its part */
};

/* Of the RTP medium behind *next (start with 0) that is not refused.  False: that was all. */
bool protection_next(struct inspection *inspection, const struct sdp *sdp, unsigned *next,
                     struct protection_claim *claim);

/* A call of which a side is sealed, or was offered to be. */
bool protection_is_of_call(const struct inspection *inspection);

/* Whether anything can be found at all: a description with a word about protection, or in a zone
 * or a call that has one.  Asked first: nearly all calls are in the clear by agreement. */
static inline bool protection_matters(struct inspection *inspection)
{
    const struct sdp *sdp = inspection_sdp(inspection);

    return sdp != NULL &&
           (sdp->speaks_of_keys || inspection_zone(inspection)->srtp == SRTP_REQUIRED ||
            (inspection->match.dialog != NULL && protection_is_of_call(inspection)));
}

/* The hop the packet came over hides what it says (SRT-01), or the zone does without. */
bool protection_hop_is_private(const struct inspection *inspection);

/* The stream of a m= line in the packet's dialog; NULL when there is none yet. */
const struct media_stream *protection_stream(const struct inspection *inspection,
                                             const struct sdp *sdp, const struct sdp_media *media);

/* The m= line, for evidence: it has no keys in it. */
struct slice protection_evidence(const struct sdp *sdp, const struct sdp_media *media);
