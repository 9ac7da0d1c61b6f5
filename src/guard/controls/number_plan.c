/* CT-IDN-04: a caller's number that no country has. */
#include "guard/identity.h"
#include "guard/steps.h"

enum { REPEATED_MOST = 8 }; /* the same digit: nobody's number, IDN-07 */

static const struct {
    uint16_t first, last;
    uint8_t min, max;
} codes[] = {
#define COUNTRY_CODES(first, last, min, max) {first, last, min, max},
#include "guard/country_codes.def"
#undef COUNTRY_CODES
};

/* No code is the beginning of another, so that at most one length fits. */
static bool is_assigned(struct slice digits)
{
    uint64_t code = 0;

    for (size_t len = 1; len <= 3 && slice_number(slice_head(digits, len), 999, &code); len++) {
        for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
            if (code >= codes[i].first && code <= codes[i].last) {
                return digits.len >= codes[i].min && digits.len <= codes[i].max;
            }
        }
    }
    return false;
}

static bool repeats(struct slice digits)
{
    unsigned run = 0;

    for (size_t i = 0; i < digits.len; i++) {
        run = i > 0 && digits.at[i] == digits.at[i - 1] ? run + 1 : 1;
        if (run >= REPEATED_MOST) {
            return true;
        }
    }
    return false;
}

static bool is_possible(struct slice number)
{
    struct slice digits = slice_skip(number, 1);

    return digits.len > 0 && digits.at[0] != '0' && is_assigned(digits) && !repeats(digits);
}

/* What a network we trust does not assert, it only hands on: that is told.  Strangers' is doubted.
 */
static enum outcome impossible(struct inspection *inspection, const struct identity_cursor *cursor)
{
    struct slice evidence = sip_slice(&inspection->message, cursor->value->uri.whole);

    inspection_score(inspection, 2);
    if (!cursor->is_from) {
        inspection_strip_line(inspection, &inspection->message.headers[cursor->value->header]);
        return inspection_found(inspection, evidence, "IDN-07");
    }
    if (zone_class_is_trusted(inspection_zone(inspection)->class) &&
        !inspection_zone(inspection)->is_strict) {
        return inspection_found_as(inspection, evidence, "IDN-07", ACTION_PASS, 0);
    }
    return identity_doubted(inspection, evidence, "IDN-07");
}

/* Nobody's, or one that is only called: whoever is called back at it pays for it. */
static bool is_no_callers(const struct inspection *inspection, struct slice number)
{
    uint8_t class = lists_number(inspection->plan->known, number).class;

    return class == NUMBER_UNALLOCATED || class == NUMBER_PREMIUM || class == NUMBER_IRSF;
}

/* A route that names such a prefix says that these two dial alike. */
static bool is_agreed(const struct inspection *inspection)
{
    const struct policy_route *route =
        inspection->route == POLICY_NONE ? NULL : &inspection->policy->routes[inspection->route];

    return route != NULL && identity_has_prefix(&route->numbers, inspection->number);
}

static bool is_telephone(const struct sip_message *message, const struct sip_uri *uri)
{
    struct slice kind;

    return uri->scheme == SIP_SCHEME_TEL ||
           (sip_param_find(sip_slice(message, uri->params), SLICE("user"), &kind) &&
            slice_equal_nocase(kind, SLICE("phone")));
}

/* Said to be an international number, and none (RFC 3966 3). */
static bool is_no_number(const struct sip_message *message, const struct sip_value *from)
{
    char room[IDENTITY_DIGITS_MAX];
    struct slice user;

    if (from == NULL || !is_telephone(message, &from->uri)) {
        return false;
    }
    user = sip_slice(message, from->uri.user);
    return user.len > 0 && user.at[0] == '+' && identity_number(message, &from->uri, room).len == 0;
}

/* Between operators a number is called as it is called from everywhere (HYG-T01); what is said to
 * be dialled here is nobody's to dial from there. */
static bool is_called_local(const struct inspection *inspection)
{
    return is_telephone(&inspection->message, &inspection->message.uri) &&
           inspection->number.len > 0 && !is_agreed(inspection) &&
           !identity_is_global(inspection->number) &&
           !policy_is_emergency_number(inspection->policy, inspection->number);
}

enum outcome control_number_plan(struct inspection *inspection)
{
    struct identity_cursor cursor = {.value = NULL};
    enum outcome outcome = OUTCOME_PASSED;
    struct slice number;

    if (!identity_is_foreign(inspection) || !identity_is_judged(inspection)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    if (is_called_local(inspection)) {
        return inspection_found_as(inspection,
                                   sip_slice(&inspection->message, inspection->message.uri.whole),
                                   "HYG-T01", ACTION_REJECT, 484);
    }
    const struct sip_value *from = sip_value(&inspection->message, SIP_HEADER_FROM);
    if (is_no_number(&inspection->message, from)) {
        cursor = (struct identity_cursor){.value = from, .is_from = true};
        return impossible(inspection, &cursor);
    }
    while (identity_next_number(inspection, &cursor, &number)) {
        if ((identity_is_global(number) && !is_possible(number)) ||
            is_no_callers(inspection, number)) {
            outcome = impossible(inspection, &cursor);
        }
    }
    return outcome;
}
