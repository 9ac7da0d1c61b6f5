/* CT-SEG-09: a header the zone pair does not list. */
#include "base/must.h"
#include "guard/steps.h"

enum { SESSION_ID_DIGITS = 32 };

/* 32 hexadecimal digits, and as many of the other side (RFC 7989): anything else is a channel. */
static bool is_session_id(struct slice value)
{
    struct slice id = slice_trim(slice_head(value, slice_find(value, ';')));
    struct slice remote;

    for (size_t i = 0; i < id.len; i++) {
        if ((id.at[i] < '0' || id.at[i] > '9') && (id.at[i] < 'a' || id.at[i] > 'f')) {
            return false;
        }
    }
    return id.len == SESSION_ID_DIGITS &&
           (id.len == value.len ||
            !sip_param_find(slice_skip(value, id.len), SLICE("remote"), &remote) ||
            remote.len == SESSION_ID_DIGITS);
}

static enum outcome session(struct inspection *inspection)
{
    const struct sip_header *line = sip_header(&inspection->message, SIP_HEADER_SESSION_ID);
    struct slice value = sip_header_value(&inspection->message, SIP_HEADER_SESSION_ID);

    if (line == NULL || is_session_id(value)) {
        return OUTCOME_PASSED;
    }
    inspection_strip_line(inspection, line);
    return inspection_found(inspection, value, "HDR-16");
}

/* Nearly always: no name is outside the set, and nothing was taken out before. */
static bool all_pass(const struct inspection *inspection)
{
    const struct occasions *headers = &inspection->occasions;
    uint64_t rest = 0;

    for (unsigned i = 0; i < OCCASION_METHODS / 64; i++) {
        rest |=
            headers->bits[i] & ~inspection->passing.bits[i] & ~inspection->plan->consumed.bits[i];
    }
    for (unsigned i = 0; i < ARRAY_COUNT(inspection->stripped); i++) {
        rest |= inspection->stripped[i];
    }
    return rest == 0;
}

enum outcome control_header_allow_list(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_header *unlisted = NULL;
    const struct sip_header *unknown = NULL;

    if (inspection->zone_out == POLICY_NONE) {
        return OUTCOME_NOT_APPLICABLE;
    }
    if (all_pass(inspection)) {
        return session(inspection);
    }
    /* From the last to the first, so that the first of each is told. */
    for (uint16_t i = message->header_count; i > 0; i--) {
        const struct sip_header *line = &message->headers[i - 1];

        if (occasion_is(&inspection->plan->consumed, line->id) ||
            inspection_passes(inspection, line)) {
            continue;
        }
        if (line->id == SIP_HEADER_UNKNOWN) {
            unknown = line;
        } else {
            unlisted = line;
        }
    }
    if (unlisted != NULL) {
        inspection_found(inspection, sip_slice(message, unlisted->name), "NNI-12");
    }
    if (unknown != NULL) {
        inspection_found(inspection, sip_slice(message, unknown->name), "HDR-19");
    }
    enum outcome outcome = session(inspection);
    return unlisted == NULL && unknown == NULL ? outcome : OUTCOME_FAILED;
}
