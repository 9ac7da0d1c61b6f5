/* CT-ENC-10: keys in a description that travelled in the clear: whoever read it has them. */
#include "guard/content.h"
#include "guard/protection.h"

enum outcome control_keys_private(struct inspection *inspection)
{
    const struct sdp *sdp = NULL;
    struct protection_claim claim;
    enum outcome outcome = OUTCOME_PASSED;
    unsigned next = 0;

    if (!protection_matters(inspection) || protection_hop_is_private(inspection)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    sdp = inspection_sdp(inspection);
    while (protection_next(inspection, sdp, &next, &claim)) {
        struct slice evidence = protection_evidence(sdp, claim.media);

        if (!claim.has_crypto) {
            continue;
        }
        if (claim.is_secure && !claim.dtls_is_usable) {
            return body_found(inspection, evidence, "SRT-01", 488);
        }
        /* Beside clear media, or DTLS, they are left unused and never passed on. */
        outcome = inspection_found_as(inspection, evidence, "SRT-01", ACTION_STRIP, 0);
    }
    return outcome;
}
