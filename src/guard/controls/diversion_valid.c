/* CT-IDN-11: a call said to be diverted by somebody who cannot have diverted it. */
#include "guard/identity.h"
#include "guard/steps.h"

enum { ENTRIES_MOST = 10 }; /* HDR-08 */

/* "1", "1.2", "1.2.1" */
static bool is_index(struct slice index)
{
    struct slice part;
    uint64_t number;

    if (index.len == 0 || index.at[index.len - 1] == '.') {
        return false;
    }
    while (slice_cut(&index, '.', &part)) {
        if (part.len > 3 || !slice_number(part, 999, &number)) {
            return false;
        }
    }
    return true;
}

/* The whole history is in order, or none of it is. */
static bool is_in_order(const struct sip_message *message)
{
    const struct sip_value *value = sip_value(message, SIP_HEADER_HISTORY_INFO);
    unsigned count = 0;
    struct slice index;

    for (; value != NULL; value = sip_value_next(message, value)) {
        if (++count > ENTRIES_MOST ||
            !sip_param_find(sip_slice(message, value->params), SLICE("index"), &index) ||
            !is_index(index)) {
            return false;
        }
    }
    return true;
}

/* The last one who diverted: the top of Diversion, the last but one of History-Info. */
static const struct sip_value *last_diverting(const struct sip_message *message,
                                              enum sip_header_name name)
{
    const struct sip_value *value = sip_value(message, name);
    const struct sip_value *before = NULL;

    if (name == SIP_HEADER_DIVERSION) {
        return value;
    }
    for (; value != NULL && value->next != 0; value = sip_value_next(message, value)) {
        before = value;
    }
    return before;
}

/* Only its own users, or ours who sent the call there, can have diverted what a peer sends. */
static bool can_divert(const struct inspection *inspection, const struct sip_value *value)
{
    const struct policy_peer *peer = inspection_peer(inspection);
    char room[IDENTITY_DIGITS_MAX];
    struct slice number = identity_number(&inspection->message, &value->uri, room);

    return peer == NULL || peer->numbers.count == 0 || !identity_is_global(number) ||
           identity_has_prefix(&peer->numbers, number) ||
           inside_has_number(inspection->plan, number);
}

static enum outcome take_out(struct inspection *inspection, enum sip_header_name name,
                             struct slice evidence, const char *rule)
{
    const struct sip_header *line = sip_header(&inspection->message, name);

    inspection_score(inspection, 2);
    for (; line != NULL; line = sip_header_next(&inspection->message, line)) {
        inspection_strip_line(inspection, line);
    }
    return inspection_found(inspection, evidence, rule);
}

static enum outcome look_at(struct inspection *inspection, enum sip_header_name name)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *value = sip_value(message, name);

    if (value == NULL || !inspection_passes(inspection, &message->headers[value->header])) {
        return OUTCOME_PASSED;
    }
    if (name == SIP_HEADER_HISTORY_INFO && !is_in_order(message)) {
        return take_out(inspection, name, sip_slice(message, value->text), "HDR-08");
    }
    value = last_diverting(message, name);
    return value == NULL || can_divert(inspection, value)
               ? OUTCOME_PASSED
               : take_out(inspection, name, sip_slice(message, value->uri.whole), "IDN-16");
}

enum outcome control_diversion_valid(struct inspection *inspection)
{
    if (!identity_is_foreign(inspection) || !identity_is_judged(inspection)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    enum outcome diversion = look_at(inspection, SIP_HEADER_DIVERSION);
    enum outcome history = look_at(inspection, SIP_HEADER_HISTORY_INFO);
    return diversion == OUTCOME_FAILED ? diversion : history;
}
