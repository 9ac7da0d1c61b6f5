/* CT-ENC-09: a call that was sealed and is to go on in the clear; an answer without the keys that
 * its offer asked for. */
#include "guard/content.h"
#include "guard/protection.h"

static const char *rule_of(const struct inspection *inspection, const struct media_stream *stream,
                           const struct protection_claim *claim)
{
    const struct media_agreement *agreement = &stream->agreements[inspection->match.side];
    bool has_keys = claim->sdes_is_usable || claim->dtls_is_usable;
    bool was_asked = agreement->offered != 0 && !agreement->is_opportunistic;

    if (has_keys) {
        return NULL;
    }
    if (agreement->latched != MEDIA_CLEAR) {
        return "SRT-09";
    }
    return !inspection->message.is_request && was_asked ? "SRT-04" : NULL;
}

enum outcome control_srtp_kept(struct inspection *inspection)
{
    const struct sdp *sdp = NULL;
    struct protection_claim claim;
    unsigned next = 0;

    if (!protection_matters(inspection) || inspection->match.dialog == NULL) {
        return OUTCOME_NOT_APPLICABLE;
    }
    sdp = inspection_sdp(inspection);
    while (protection_next(inspection, sdp, &next, &claim)) {
        const struct media_stream *stream = protection_stream(inspection, sdp, claim.media);
        const char *rule = stream == NULL ? NULL : rule_of(inspection, stream, &claim);

        if (rule != NULL) {
            return body_found(inspection, protection_evidence(sdp, claim.media), rule, 488);
        }
    }
    return OUTCOME_PASSED;
}
