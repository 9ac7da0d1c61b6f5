/* CT-FW-04: what stands once, twice. */
#include "guard/inspect.h"

enum {
    ASSERTED_MAX = 2,    /* one of sip, sips, tel, or one sip(s) and one tel: RFC 3325 9.1 */
    CREDENTIALS_MAX = 4, /* lines each, HYG-S02 */
};

static bool is_telephone(const struct sip_value *value)
{
    return value->uri.scheme == SIP_SCHEME_TEL;
}

/* Which of the asserted identities is meant must not be left to the reader (HYG-L21). */
static enum outcome asserted_identities(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *first = sip_value(message, SIP_HEADER_P_ASSERTED_IDENTITY);
    const struct sip_value *second = first == NULL ? NULL : sip_value_next(message, first);

    if (second == NULL || (is_telephone(first) != is_telephone(second) && second->next == 0)) {
        return OUTCOME_PASSED;
    }
    struct slice evidence = sip_slice(message, second->text);
    if (zone_class_is_trusted(inspection_zone(inspection)->class)) {
        return inspection_found(inspection, evidence, "HYG-L21");
    }
    /* From the untrusted no asserted identity goes on anyway. */
    const struct sip_header *line = sip_header(message, SIP_HEADER_P_ASSERTED_IDENTITY);
    for (; line != NULL; line = sip_header_next(message, line)) {
        inspection_strip_line(inspection, line);
    }
    return inspection_found_as(inspection, evidence, "HYG-L21", ACTION_STRIP, 0);
}

static enum outcome credentials(struct inspection *inspection)
{
    static const enum sip_header_name lines[] = {SIP_HEADER_AUTHORIZATION,
                                                 SIP_HEADER_PROXY_AUTHORIZATION,
                                                 SIP_HEADER_WWW_AUTHENTICATE,
                                                 SIP_HEADER_PROXY_AUTHENTICATE};
    const struct sip_message *message = &inspection->message;

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (message->header_counts[lines[i]] > CREDENTIALS_MAX) {
            return inspection_found(inspection, sip_header_value(message, lines[i]), "HYG-S02");
        }
    }
    return OUTCOME_PASSED;
}

enum outcome control_repeated_headers(struct inspection *inspection)
{
    enum outcome outcome = inspection_violations(inspection);

    if (outcome == OUTCOME_PASSED) {
        outcome = asserted_identities(inspection);
    }
    return outcome == OUTCOME_PASSED ? credentials(inspection) : outcome;
}
