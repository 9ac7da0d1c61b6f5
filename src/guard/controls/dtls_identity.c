/* CT-ENC-11: DTLS whose end cannot be known: no fingerprint, a broken hash, no part in the
 * handshake. */
#include "guard/content.h"
#include "guard/protection.h"

static bool is_dtls(const struct sdp_media *media)
{
    return media->protocol == SDP_DTLS_RTP_SAVP || media->protocol == SDP_DTLS_RTP_SAVPF;
}

enum outcome control_dtls_identity(struct inspection *inspection)
{
    const struct sdp *sdp = NULL;
    struct protection_claim claim;
    unsigned next = 0;

    if (!protection_matters(inspection)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    sdp = inspection_sdp(inspection);
    while (protection_next(inspection, sdp, &next, &claim)) {
        if (is_dtls(claim.media) && !claim.dtls_is_usable) {
            return body_found(inspection, protection_evidence(sdp, claim.media), "SRT-06", 488);
        }
    }
    return OUTCOME_PASSED;
}
