/* CT-MSG-06: somebody who writes to more people than a person does. */
#include "guard/inspect.h"
#include "guard/recent.h"

enum {
    MINUTE_S = 60,
    RECEIVERS_MOST = 30,  /* different ones a minute */
    SAME_TEXT_MOST = 100, /* messages with one text a minute, of one side */
    SAME_TEXT_LEAST = 24, /* octets: shorter ones are greetings */
};

static bool is_telling(const struct sip_message *message)
{
    struct slice type = sip_header_value(message, SIP_HEADER_CONTENT_TYPE);

    return slice_starts_nocase(type, SLICE("application/im-iscomposing")) ||
           slice_starts_nocase(type, SLICE("message/imdn"));
}

static enum outcome receivers(struct inspection *inspection, struct slice sender)
{
    struct slice receiver = sip_slice(&inspection->message, inspection->message.uri.whole);
    struct recent_key one = {RECENT_RECEIVER, sender, receiver};
    struct recent_key all = {RECENT_RECEIVERS, sender, SLICE_NONE};

    uint32_t count = recent_count(inspection, &one, MINUTE_S) != 1
                         ? 0
                         : recent_count(inspection, &all, MINUTE_S);

    if (count <= RECEIVERS_MOST) {
        return OUTCOME_PASSED;
    }
    if (inspection->peer != POLICY_NONE) {
        /* Behind a contract there are services too, which do nothing else: once a minute it is
         * told. */
        return count == RECEIVERS_MOST + 1
                   ? inspection_found_as(inspection, receiver, "RCS-21", ACTION_PASS, 0)
                   : OUTCOME_PASSED;
    }
    inspection_score(inspection, 1);
    return inspection_found(inspection, receiver, "RCS-21");
}

/* Machines behind one neighbour that all say the same: told, an alarm of an operator says it too.
 */
static enum outcome same_text(struct inspection *inspection)
{
    struct slice body = inspection->message.body;
    struct recent_key key = {RECENT_SAME_TEXT, inspection_zone(inspection)->name, body};

    if (body.len < SAME_TEXT_LEAST ||
        recent_count(inspection, &key, MINUTE_S) != SAME_TEXT_MOST + 1) {
        return OUTCOME_PASSED;
    }
    return inspection_found_as(inspection,
                               sip_header_value(&inspection->message, SIP_HEADER_CONTENT_TYPE),
                               "RCS-21", ACTION_PASS, 0);
}

enum outcome control_message_flood(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *from = sip_value(message, SIP_HEADER_FROM);

    if (message->method != SIP_MESSAGE || !inspection_is_new(inspection) || from == NULL ||
        inspection->emergency != EMERGENCY_NONE || is_telling(message)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    enum outcome outcome = same_text(inspection);
    return receivers(inspection, sip_slice(message, from->uri.whole)) == OUTCOME_FAILED
               ? OUTCOME_FAILED
               : outcome;
}
