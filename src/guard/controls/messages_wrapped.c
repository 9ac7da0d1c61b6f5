/* CT-MSG-04: a wrapped message that names another writer than its sender, or asks too much. */
#include "guard/identity.h"
#include "guard/instant_message.h"
#include "guard/recent.h"

enum {
    DAY_S = 86400,
    REPEATS_MOST = 3,      /* of one message, RCS-04 */
    DISPOSITIONS_MOST = 3, /* about one message, RCS-05 */
};

static bool is_named(const struct inspection *inspection, enum sip_header_name name,
                     struct slice uri)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *value = sip_value(message, name);

    for (; value != NULL; value = sip_value_next(message, value)) {
        if (instant_message_is_of(message, value, uri)) {
            return true;
        }
    }
    return false;
}

/* The focus of a group hands on what its members write (RFC 4579). */
static bool is_of_group(const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *contact = sip_value(message, SIP_HEADER_CONTACT);
    struct slice value;

    return zone_class_is_trusted(inspection_zone(inspection)->class) && contact != NULL &&
           sip_param_find(sip_slice(message, contact->params), SLICE("isfocus"), &value);
}

static bool is_his(const struct inspection *inspection, struct slice from)
{
    return instant_message_is_anonymous(from) || is_named(inspection, SIP_HEADER_FROM, from) ||
           is_named(inspection, SIP_HEADER_P_ASSERTED_IDENTITY, from) ||
           is_named(inspection, SIP_HEADER_P_PREFERRED_IDENTITY, from) || is_of_group(inspection);
}

/* Between networks that trust each other the writer is the other one's to vouch for. */
static enum outcome foreign_writer(struct inspection *inspection, struct slice from)
{
    const struct policy_zone *zone = inspection_zone(inspection);

    inspection_score(inspection, 2);
    return zone_class_is_trusted(zone->class) && !zone->is_strict
               ? inspection_found_as(inspection, from, "RCS-03", ACTION_PASS, 0)
               : inspection_found(inspection, from, "RCS-03");
}

static struct slice sender_of(const struct inspection *inspection)
{
    const struct sip_value *from = sip_value(&inspection->message, SIP_HEADER_FROM);

    return from == NULL ? SLICE_NONE : sip_slice(&inspection->message, from->uri.whole);
}

/* Between these tags, with nothing in it but text. */
static struct slice element_of(struct slice body, struct slice begin)
{
    while (body.len > 0 && !slice_starts(body, begin)) {
        body = slice_skip(body, 1);
    }
    body = slice_skip(body, begin.len);
    return slice_trim(slice_head(body, slice_find(body, '<')));
}

/* What is told about a message is told once a state, and of messages that were sent. */
static enum outcome disposition(struct inspection *inspection, const struct cpim *cpim)
{
    struct slice about = element_of(cpim->content, SLICE("<message-id>"));
    struct recent_key key = {RECENT_DISPOSITION, sender_of(inspection), about};

    if (about.len == 0) {
        return inspection_found_status(inspection, cpim->type_value, "RCS-05", 400);
    }
    return recent_count(inspection, &key, DAY_S) > DISPOSITIONS_MOST
               ? inspection_found(inspection, about, "RCS-05")
               : OUTCOME_PASSED;
}

static enum outcome content(struct inspection *inspection, const struct cpim *cpim)
{
    struct recent_key key = {RECENT_MESSAGE_ID, sender_of(inspection), cpim->message_id};

    if (media_type_is(&cpim->type, SLICE("message/cpim"))) {
        return inspection_found_status(inspection, cpim->type_value, "RCS-03", 400);
    }
    if (media_type_is(&cpim->type, SLICE("message/imdn+xml"))) {
        return disposition(inspection, cpim);
    }
    return cpim->message_id.len > 0 && recent_count(inspection, &key, DAY_S) > REPEATS_MOST
               ? inspection_found(inspection, cpim->message_id, "RCS-04")
               : OUTCOME_PASSED;
}

static enum outcome structure(struct inspection *inspection, const struct cpim *cpim)
{
    for (unsigned i = 0; i < CPIM_ODDITY_COUNT; i++) {
        if (!cpim_is_odd(cpim, (enum cpim_oddity)i)) {
            continue;
        }
        if (i == CPIM_ODD_BAD_ASKING) {
            inspection_found_as(inspection, cpim->odd_at[i], "RCS-05", ACTION_PASS, 0);
            continue;
        }
        bool is_id = i == CPIM_ODD_BAD_MESSAGE_ID || i == CPIM_ODD_TWO_MESSAGE_IDS;

        return inspection_found_status(inspection, cpim->odd_at[i], is_id ? "RCS-04" : "RCS-03",
                                       400);
    }
    return OUTCOME_PASSED;
}

enum outcome control_messages_wrapped(struct inspection *inspection)
{
    struct body_part part;
    struct cpim cpim;

    if (inspection->emergency != EMERGENCY_NONE ||
        !instant_message_find(inspection, &part, &cpim)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    if (structure(inspection, &cpim) == OUTCOME_FAILED) {
        return OUTCOME_FAILED;
    }
    if (!is_his(inspection, cpim.from)) {
        return foreign_writer(inspection, cpim.from);
    }
    return content(inspection, &cpim);
}
