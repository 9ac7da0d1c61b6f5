/* CT-FW-25: words that make a telephone answer by itself. */
#include "guard/inspect.h"

static bool is_towards_devices(const struct inspection *inspection)
{
    return inspection->zone_out != POLICY_NONE &&
           zone_class_is_access(inspection->policy->zones[inspection->zone_out].class);
}

/* From outside nobody has a say; from the core what goes to devices is looked at. */
static bool is_looked_at(const struct inspection *inspection)
{
    return inspection_zone(inspection)->class != ZONE_CORE || is_towards_devices(inspection);
}

static bool has_word(struct slice value, struct slice word)
{
    for (size_t i = 0; i + word.len <= value.len; i++) {
        if (slice_starts_nocase(slice_skip(value, i), word)) {
            return true;
        }
    }
    return false;
}

static bool names_auto_answer(struct slice value)
{
    static const struct slice words[] = {SLICE_INIT("autoanswer"),  SLICE_INIT("auto-answer"),
                                         SLICE_INIT("auto answer"), SLICE_INIT("ring answer"),
                                         SLICE_INIT("ring-answer"), SLICE_INIT("answer-after")};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (has_word(value, words[i])) {
            return true;
        }
    }
    return false;
}

static bool is_auto_answer(const struct sip_message *message, const struct sip_header *line)
{
    if (line->id == SIP_HEADER_ANSWER_MODE || line->id == SIP_HEADER_PRIV_ANSWER_MODE) {
        return !slice_starts_nocase(sip_slice(message, line->value), SLICE("Manual"));
    }
    return names_auto_answer(
        sip_slice(message, line->id == SIP_HEADER_UNKNOWN ? line->name : line->value));
}

enum outcome control_auto_answer(struct inspection *inspection)
{
    static const enum sip_header_name names[] = {SIP_HEADER_ANSWER_MODE,
                                                 SIP_HEADER_PRIV_ANSWER_MODE, SIP_HEADER_ALERT_INFO,
                                                 SIP_HEADER_CALL_INFO, SIP_HEADER_UNKNOWN};
    const struct sip_message *message = &inspection->message;
    enum outcome outcome = OUTCOME_PASSED;

    if (message->method != SIP_INVITE || !is_looked_at(inspection)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct sip_header *line = sip_header(message, names[i]);

        for (; line != NULL; line = sip_header_next(message, line)) {
            if (is_auto_answer(message, line)) {
                inspection_strip_line(inspection, line);
                outcome = inspection_found(inspection, sip_slice(message, line->value), "HDR-18");
            }
        }
    }
    return outcome;
}
