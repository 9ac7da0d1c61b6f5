/* CT-IDN-07: the headers of one call name different people. */
#include "guard/content.h"
#include "guard/identity.h"
#include "wire/isup/isup.h"

/* The caller who is the called opens mailboxes that trust the caller's number. */
static bool calls_himself(const struct inspection *inspection, struct slice number)
{
    return identity_is_global(number) && slice_equal(number, inspection->number);
}

/* From may differ from what is asserted by agreement: worth knowing, not worth a call. */
static enum outcome compare_from(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *from = sip_value(message, SIP_HEADER_FROM);
    struct identity_cursor cursor = {.value = NULL};
    char room[IDENTITY_DIGITS_MAX];
    struct slice claimed = from == NULL ? SLICE_NONE : identity_number(message, &from->uri, room);
    struct slice number;
    bool is_asserted = false;

    while (identity_next_number(inspection, &cursor, &number) && !cursor.is_from) {
        if (slice_equal(number, claimed)) {
            return OUTCOME_PASSED;
        }
        is_asserted |= identity_is_global(number);
    }
    if (!is_asserted || !identity_is_global(claimed)) {
        return OUTCOME_PASSED;
    }
    return inspection_found_as(inspection, sip_slice(message, from->uri.whole), "IDN-04",
                               ACTION_PASS, 0);
}

static bool names_caller(struct inspection *inspection, struct slice number)
{
    struct identity_cursor cursor = {.value = NULL};
    struct slice said;

    while (identity_next_number(inspection, &cursor, &said)) {
        if (slice_equal(said, number)) {
            return true;
        }
    }
    return false;
}

/* Within SIP-I the telephone network's own message says it again, and the switch behind us reads
 * that one. */
static enum outcome compare_switched(struct inspection *inspection)
{
    struct body_part part;
    struct isup isup;
    uint16_t next = 0;

    while (inspection->message.body.len > 0 && body_next(inspection, &next, &part)) {
        if (!media_type_is(&part.type, SLICE("application/isup")) || part.is_encoded ||
            !isup_read(&isup, part.body) || isup.kind != ISUP_SETUP) {
            continue;
        }
        struct slice calling = isup_number_slice(&isup.calling);
        struct slice called = isup_number_slice(&isup.called);

        if ((identity_is_global(calling) && !isup.calling.is_withheld &&
             !names_caller(inspection, calling)) ||
            (identity_is_global(called) && identity_is_global(inspection->number) &&
             !slice_equal(called, inspection->number))) {
            return inspection_found_as(inspection, part.type_value, "IDN-04", ACTION_PASS, 0);
        }
    }
    return OUTCOME_PASSED;
}

enum outcome control_identities_agree(struct inspection *inspection)
{
    struct identity_cursor cursor = {.value = NULL};
    struct slice number;

    if (!identity_is_foreign(inspection) || !identity_is_judged(inspection) ||
        identity_is_diverted(inspection)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    while (identity_next_number(inspection, &cursor, &number)) {
        if (calls_himself(inspection, number)) {
            inspection_score(inspection, 2);
            return identity_doubted(inspection,
                                    sip_slice(&inspection->message, cursor.value->uri.whole),
                                    "IDN-10");
        }
    }
    enum outcome outcome = compare_from(inspection);
    return body_is_sdp(inspection) || compare_switched(inspection) == OUTCOME_PASSED
               ? outcome
               : OUTCOME_FAILED;
}
