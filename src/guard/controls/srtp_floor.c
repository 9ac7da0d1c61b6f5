/* CT-ENC-08: media in the clear where they must not be, sealed where they must not be, or sealed so
 * that it is worth nothing. */
#include "guard/content.h"
#include "guard/protection.h"

/* NULL when the zone wants it so. */
static const char *rule_of(const struct policy_zone *zone, const struct protection_claim *claim)
{
    bool has_keys = claim->sdes_is_usable || claim->dtls_is_usable;

    if (claim->is_secure && zone->srtp == SRTP_FORBIDDEN) {
        return "4.4";
    }
    if (claim->is_secure && !has_keys) {
        return claim->has_crypto || claim->has_fingerprint ? "SRT-02" : "SRT-04";
    }
    return !claim->is_secure && !has_keys && zone->srtp == SRTP_REQUIRED ? "4.4" : NULL;
}

enum outcome control_srtp_floor(struct inspection *inspection)
{
    const struct sdp *sdp = NULL;
    struct protection_claim claim;
    unsigned next = 0;

    if (!protection_matters(inspection)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    sdp = inspection_sdp(inspection);
    while (protection_next(inspection, sdp, &next, &claim)) {
        const char *rule = rule_of(inspection_zone(inspection), &claim);

        if (rule != NULL) {
            return body_found(inspection, protection_evidence(sdp, claim.media), rule, 488);
        }
    }
    return OUTCOME_PASSED;
}
