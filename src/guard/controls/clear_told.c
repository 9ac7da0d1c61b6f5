/* CT-ENC-13: one side of a call is sealed and the other, outside of the core, is not: whoever talks
 * over the sealed one should not think that nobody listens. */
#include "guard/protection.h"

static bool is_outside(const struct inspection *inspection, uint16_t zone)
{
    return zone != POLICY_NONE && inspection->policy->zones[zone].class != ZONE_CORE;
}

/* What the answer says of its side, against what the asker's side became at its offer. */
static bool is_half_sealed(const struct inspection *inspection, const struct media_stream *stream,
                           const struct protection_claim *claim)
{
    unsigned side = inspection->match.side;
    bool is_sealed = claim->is_secure || claim->sdes_is_usable || claim->dtls_is_usable;
    bool was_sealed = stream->sides[side ^ 1].protection != MEDIA_CLEAR;
    uint16_t clear_zone = is_sealed ? stream->zones[side ^ 1] : stream->zones[side];

    return is_sealed != was_sealed && is_outside(inspection, clear_zone);
}

enum outcome control_clear_told(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sdp *sdp = NULL;
    struct protection_claim claim;
    unsigned next = 0;

    if (message->is_request || message->status < 200 || message->status > 299 ||
        inspection->match.dialog == NULL || !protection_matters(inspection)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    sdp = inspection_sdp(inspection);
    while (protection_next(inspection, sdp, &next, &claim)) {
        const struct media_stream *stream = protection_stream(inspection, sdp, claim.media);

        if (stream != NULL && is_half_sealed(inspection, stream, &claim)) {
            return inspection_found(inspection, protection_evidence(sdp, claim.media), "SRT-05");
        }
    }
    return OUTCOME_PASSED;
}
