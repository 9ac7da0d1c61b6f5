/* CT-IDN-06: a caller's number that never calls: an emergency number, or one too short. */
#include "guard/identity.h"
#include "guard/steps.h"

enum { SHORT_MOST = 6 }; /* digits of services, 116xxx the longest; IDN-09 */

/* A short user of a foreign domain is an extension there; said to be a telephone number, it is
 * one of ours to dial. */
static bool is_service(const struct inspection *inspection, const struct sip_uri *uri,
                       struct slice number)
{
    const struct sip_message *message = &inspection->message;
    struct slice kind;

    if (identity_is_global(number) || number.len > SHORT_MOST) {
        return false;
    }
    return uri->scheme == SIP_SCHEME_TEL ||
           (sip_param_find(sip_slice(message, uri->params), SLICE("user"), &kind) &&
            slice_equal_nocase(kind, SLICE("phone")));
}

/* What the operator's files say of it: a short number, or one whose owner only receives. */
static bool never_calls(const struct inspection *inspection, struct slice number)
{
    uint8_t class = lists_number(inspection->plan->known, number).class;

    return class == NUMBER_DO_NOT_ORIGINATE || class == NUMBER_SHORT_CODE;
}

enum outcome control_do_not_originate(struct inspection *inspection)
{
    struct identity_cursor cursor = {.value = NULL};
    struct slice number;

    if (!identity_is_foreign(inspection) || !identity_is_judged(inspection)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    while (identity_next_number(inspection, &cursor, &number)) {
        if (never_calls(inspection, number)) {
            inspection_score(inspection, 5);
            return identity_doubted(inspection,
                                    sip_slice(&inspection->message, cursor.value->uri.whole),
                                    "IDN-08");
        }
        if (policy_is_emergency_number(inspection->policy, number) ||
            is_service(inspection, &cursor.value->uri, number)) {
            inspection_score(inspection, 5);
            return identity_doubted(inspection,
                                    sip_slice(&inspection->message, cursor.value->uri.whole),
                                    "IDN-09");
        }
    }
    return OUTCOME_PASSED;
}
