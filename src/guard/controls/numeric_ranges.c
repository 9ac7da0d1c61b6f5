/* CT-FW-05: a number that is not plain digits within its range. */
#include "guard/inspect.h"
#include "guard/least.h"

enum {
    RETRY_AFTER_MOST = 86400, /* seconds: later is never */
    WARNING_DIGITS = 3,
    PAYLOAD_TYPE_MOST = 127,
    RINGING_MOST = 180, /* seconds, NNI-32 */
};

static struct slice first_word(struct slice value)
{
    size_t len = 0;

    while (len < value.len && value.at[len] >= '0' && value.at[len] <= '9') {
        len++;
    }
    return slice_head(value, len);
}

/* The number before a parameter, a comment or a blank; false when it is none. */
static bool leading_number(struct slice value, uint64_t max, uint64_t *number)
{
    struct slice word = first_word(value);

    if (word.len < value.len && memchr("; \t(\r", value.at[word.len], 5) == NULL) {
        return false;
    }
    return word.len <= 10 && slice_number(word, max, number);
}

static enum outcome strip(struct inspection *inspection, enum sip_header_name name)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_header *line = sip_header(message, name);
    struct slice evidence = sip_slice(message, line->value);

    for (; line != NULL; line = sip_header_next(message, line)) {
        inspection_strip_line(inspection, line);
    }
    return inspection_found_as(inspection, evidence, "HYG-S05", ACTION_STRIP, 0);
}

/* The reader noted one odd number; which ones there are decides.  A default is better than a wrong
 * lifetime, but nothing may guess which response is acknowledged or how far a request may fork. */
static enum outcome bad_numbers(struct inspection *inspection)
{
    static const enum sip_header_name lifetimes[] = {SIP_HEADER_EXPIRES, SIP_HEADER_MIN_EXPIRES,
                                                     SIP_HEADER_FLOW_TIMER};
    const struct sip_message *message = &inspection->message;
    enum outcome outcome = OUTCOME_PASSED;
    uint32_t number;

    if ((sip_has(message, SIP_HEADER_RSEQ) && !sip_number(message, SIP_HEADER_RSEQ, &number)) ||
        (sip_has(message, SIP_HEADER_MAX_BREADTH) &&
         !sip_number(message, SIP_HEADER_MAX_BREADTH, &number))) {
        return inspection_found(inspection, sip_odd_slice(message, SIP_ODD_BAD_NUMBER), "HYG-S05");
    }
    for (size_t i = 0; i < sizeof(lifetimes) / sizeof(lifetimes[0]); i++) {
        if (sip_has(message, lifetimes[i]) && !sip_number(message, lifetimes[i], &number)) {
            outcome = strip(inspection, lifetimes[i]);
        }
    }
    return outcome;
}

static enum outcome zero_found(struct inspection *inspection, enum sip_header_name name)
{
    const struct sip_message *message = &inspection->message;
    uint32_t number = 0;

    if (sip_has(message, name) && sip_number(message, name, &number) && number == 0) {
        return inspection_found(inspection, sip_header_value(message, name), "HYG-S05");
    }
    return OUTCOME_PASSED;
}

static enum outcome session_interval(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    struct slice value = sip_header_value(message, SIP_HEADER_SESSION_EXPIRES);
    uint64_t seconds = 0;

    if (!sip_has(message, SIP_HEADER_SESSION_EXPIRES)) {
        return OUTCOME_PASSED;
    }
    if (!leading_number(value, UINT32_MAX, &seconds)) {
        return inspection_found(inspection, value, "HYG-S05");
    }
    if (seconds > SESSION_MOST) {
        if (inspection->mode == MODE_ENFORCE) {
            inspection->session_max = SESSION_MOST;
        }
        return inspection_found_as(inspection, value, "STA-54", ACTION_STRIP, 0);
    }
    /* Who does not know session timers did not ask for this one: a proxy on the way did. */
    if (seconds < session_least(inspection_zone(inspection)->class) && message->is_request &&
        sip_list_has(message, SIP_HEADER_SUPPORTED, SLICE("timer"))) {
        return inspection_found_status(inspection, value, "STA-51", 422);
    }
    return OUTCOME_PASSED;
}

/* Who lets it ring longer holds a call in set-up that nobody pays for (NNI-32). */
static enum outcome ringing(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    uint32_t seconds = 0;

    if (message->method != SIP_INVITE || !message->is_request ||
        !sip_number(message, SIP_HEADER_EXPIRES, &seconds) || seconds <= RINGING_MOST) {
        return OUTCOME_PASSED;
    }
    if (inspection->mode == MODE_ENFORCE) {
        inspection->expires_max = RINGING_MOST;
    }
    return inspection_found_as(inspection, sip_header_value(message, SIP_HEADER_EXPIRES), "NNI-32",
                               ACTION_STRIP, 0);
}

/* RAck: response number, CSeq number, method. */
static enum outcome acknowledged(struct inspection *inspection)
{
    struct slice value = sip_header_value(&inspection->message, SIP_HEADER_RACK);
    struct slice rest = value;
    uint64_t number = 0;

    if (!sip_has(&inspection->message, SIP_HEADER_RACK)) {
        return OUTCOME_PASSED;
    }
    for (unsigned i = 0; i < 2; i++) {
        struct slice word = first_word(rest);

        rest = slice_trim(slice_skip(rest, word.len));
        if (word.len > 10 || !slice_number(word, UINT32_MAX, &number) || (i == 0 && number == 0)) {
            return inspection_found(inspection, value, "HYG-S05");
        }
    }
    return rest.len > 0 ? OUTCOME_PASSED : inspection_found(inspection, value, "HYG-S05");
}

static bool warnings_are_good(const struct sip_message *message)
{
    struct sip_list list;
    struct slice item;

    sip_list_init(&list, message, SIP_HEADER_WARNING);
    while (sip_list_next(&list, message, &item)) {
        if (first_word(item).len != WARNING_DIGITS) {
            return false;
        }
    }
    return true;
}

static enum outcome advice(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    enum outcome outcome = OUTCOME_PASSED;
    uint64_t seconds = 0;

    if (sip_has(message, SIP_HEADER_RETRY_AFTER) &&
        !leading_number(sip_header_value(message, SIP_HEADER_RETRY_AFTER), RETRY_AFTER_MOST,
                        &seconds)) {
        outcome = strip(inspection, SIP_HEADER_RETRY_AFTER);
    }
    if (sip_has(message, SIP_HEADER_WARNING) && !warnings_are_good(message)) {
        outcome = strip(inspection, SIP_HEADER_WARNING);
    }
    return outcome;
}

/* A payload type is an index into somebody's table (CVE-2018-1000098). */
static bool has_wild_rtpmap(const struct sdp *sdp)
{
    struct slice line = sdp_odd_slice(sdp, SDP_ODD_BAD_RTPMAP);
    uint64_t type = 0;

    return sdp_is_odd(sdp, SDP_ODD_BAD_RTPMAP) &&
           !leading_number(slice_skip(line, slice_find(line, ':') + 1), PAYLOAD_TYPE_MOST, &type);
}

static enum outcome media_numbers(struct inspection *inspection)
{
    const struct sdp *sdp = inspection_sdp(inspection);

    if (sdp == NULL) {
        return OUTCOME_PASSED;
    }
    if (sdp_is_odd(sdp, SDP_ODD_BAD_PAYLOAD_TYPE)) {
        return inspection_found_status(inspection, sdp_odd_slice(sdp, SDP_ODD_BAD_PAYLOAD_TYPE),
                                       "HYG-D07", 488);
    }
    if (has_wild_rtpmap(sdp)) {
        return inspection_found_status(inspection, sdp_odd_slice(sdp, SDP_ODD_BAD_RTPMAP),
                                       "HYG-D07", 488);
    }
    if (sdp_is_odd(sdp, SDP_ODD_BAD_PORT)) {
        return inspection_found_status(inspection, sdp_odd_slice(sdp, SDP_ODD_BAD_PORT), "HYG-D03",
                                       488);
    }
    return OUTCOME_PASSED;
}

enum outcome control_numeric_ranges(struct inspection *inspection)
{
    enum outcome outcome = inspection_violations(inspection);

    if (outcome == OUTCOME_PASSED && sip_is_odd(&inspection->message, SIP_ODD_BAD_NUMBER)) {
        outcome = bad_numbers(inspection);
    }
    if (outcome == OUTCOME_PASSED) {
        outcome = zero_found(inspection, SIP_HEADER_MAX_BREADTH);
    }
    if (outcome == OUTCOME_PASSED) {
        outcome = zero_found(inspection, SIP_HEADER_RSEQ);
    }
    if (outcome == OUTCOME_PASSED) {
        outcome = session_interval(inspection);
    }
    if (outcome == OUTCOME_PASSED) {
        outcome = acknowledged(inspection);
    }
    if (outcome == OUTCOME_PASSED && inspection->message.body.len > 0) {
        outcome = media_numbers(inspection);
    }
    if (outcome == OUTCOME_PASSED) {
        outcome = ringing(inspection);
    }
    return outcome == OUTCOME_PASSED ? advice(inspection) : outcome;
}
