/* CT-IDN-12: credentials that say more than a user may, or prove less than they should. */
#include "guard/identity.h"

static const struct slice algorithms[] = {
    SLICE_INIT("MD5"),           SLICE_INIT("MD5-sess"),    SLICE_INIT("SHA-256"),
    SLICE_INIT("SHA-256-sess"),  SLICE_INIT("SHA-512-256"), SLICE_INIT("SHA-512-256-sess"),
    SLICE_INIT("AKAv1-MD5"),     SLICE_INIT("AKAv2-MD5"),   SLICE_INIT("AKAv1-SHA-256"),
    SLICE_INIT("AKAv2-SHA-256"),
};

static bool is_algorithm(struct slice name)
{
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        if (slice_equal_nocase(algorithms[i], name)) {
            return true;
        }
    }
    return name.len == 0;
}

/* "integrity-protected=yes" makes a registrar believe without asking.  The relay never writes it.
 */
static bool claims_protection(struct slice credentials)
{
    struct slice rest = slice_skip(credentials, slice_find(credentials, ' ') + 1), part;

    while (identity_credential_next(&rest, &part)) {
        if (identity_is_core_credential(part)) {
            return true;
        }
    }
    return false;
}

/* With a quality of protection there is a count and a nonce of the client's (RFC 7616 3.4). */
static bool is_complete(struct slice credentials)
{
    struct slice qop, count, nonce;

    return !identity_credential(credentials, SLICE("qop"), &qop) ||
           (identity_credential(credentials, SLICE("nc"), &count) && count.len == 8 &&
            identity_credential(credentials, SLICE("cnonce"), &nonce) && nonce.len > 0);
}

static enum outcome look_at(struct inspection *inspection, const struct sip_header *line)
{
    struct slice credentials = slice_trim(sip_slice(&inspection->message, line->value));
    struct slice algorithm;

    if (!slice_starts_nocase(credentials, SLICE("Digest "))) {
        return OUTCOME_PASSED;
    }
    if (claims_protection(credentials)) {
        inspection_score(inspection, 3);
        return inspection_found(inspection, credentials, "REG-08");
    }
    identity_credential(credentials, SLICE("algorithm"), &algorithm);
    if (!is_algorithm(algorithm) || !is_complete(credentials)) {
        return inspection_found_as(inspection, credentials, "REG-07", ACTION_PASS, 0);
    }
    return OUTCOME_PASSED;
}

enum outcome control_digest_profile(struct inspection *inspection)
{
    static const enum sip_header_name names[] = {SIP_HEADER_AUTHORIZATION,
                                                 SIP_HEADER_PROXY_AUTHORIZATION};
    enum outcome outcome = OUTCOME_NOT_APPLICABLE;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct sip_header *line = sip_header(&inspection->message, names[i]);

        for (; line != NULL; line = sip_header_next(&inspection->message, line)) {
            enum outcome one = look_at(inspection, line);

            outcome = outcome == OUTCOME_FAILED ? outcome : one;
        }
    }
    return outcome;
}
