/* CT-ENC-07: what an offer of IPsec would come to. */
#include "guard/inspect.h"

enum offer { OFFER_GOOD, OFFER_UNENCRYPTED, OFFER_BAD, OFFER_OTHER };

static bool is_one_of(struct slice word, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (slice_equal_nocase(word, slice_string(*names))) {
            return true;
        }
    }
    return false;
}

/* TS 33.203 annex H: integrity always, encryption unless it is null. */
static enum offer offer_of(struct slice item)
{
    static const char *const integrity[] = {"hmac-sha-1-96", "hmac-sha-256-128", "aes-gmac", "null",
                                            NULL};
    static const char *const encryption[] = {"aes-cbc", "aes-gcm", NULL};
    size_t semicolon = slice_find(item, ';');
    struct slice params = slice_skip(item, semicolon);
    struct slice alg = SLICE_NONE, ealg = SLICE_NONE;

    if (!slice_equal_nocase(slice_trim(slice_head(item, semicolon)), SLICE("ipsec-3gpp"))) {
        return OFFER_OTHER;
    }
    (void)sip_param_find(params, SLICE("ealg"), &ealg);
    if (!sip_param_find(params, SLICE("alg"), &alg) || !is_one_of(alg, integrity)) {
        return OFFER_BAD;
    }
    /* AES-GCM has its integrity in itself, and only it may go without another (annex H). */
    if (slice_equal_nocase(alg, SLICE("null")) && !slice_equal_nocase(ealg, SLICE("aes-gcm"))) {
        return OFFER_BAD;
    }
    if (slice_is_empty(ealg) || slice_equal_nocase(ealg, SLICE("null"))) {
        return OFFER_UNENCRYPTED;
    }
    return is_one_of(ealg, encryption) ? OFFER_GOOD : OFFER_BAD;
}

enum outcome control_ipsec_algorithms(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    struct slice whole = sip_header_value(message, SIP_HEADER_SECURITY_CLIENT);
    unsigned counts[OFFER_OTHER + 1] = {0};
    struct sip_list list;
    struct slice item;

    sip_list_init(&list, message, SIP_HEADER_SECURITY_CLIENT);
    while (sip_list_next(&list, message, &item)) {
        counts[offer_of(item)]++;
    }
    if (counts[OFFER_GOOD] + counts[OFFER_UNENCRYPTED] + counts[OFFER_BAD] == 0) {
        return OUTCOME_NOT_APPLICABLE;
    }
    if (counts[OFFER_GOOD] == 0 && counts[OFFER_OTHER] == 0) {
        return inspection_found(inspection, whole, "TLS-25");
    }
    if (counts[OFFER_UNENCRYPTED] + counts[OFFER_BAD] > 0) {
        return inspection_found_as(inspection, whole, "TLS-25", ACTION_PASS, 0);
    }
    return OUTCOME_PASSED;
}
