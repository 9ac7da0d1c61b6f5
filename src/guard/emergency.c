/*
 * Emergency requests (rules 2.10): known by the Request-URI alone, repaired where others are
 * refused.
 *
 * Nothing else in a message makes it one: what From, Priority or a Route says is the sender's wish.
 */
#include "guard/steps.h"

static enum emergency by_service(const struct sip_message *message)
{
    struct slice service = sip_slice(message, message->uri.user);

    if (message->uri.scheme != SIP_SCHEME_URN_SERVICE) {
        return EMERGENCY_NONE;
    }
    if (policy_is_emergency_test(service)) {
        return EMERGENCY_TEST;
    }
    return policy_is_emergency_service(service) ? EMERGENCY_CALL : EMERGENCY_NONE;
}

/* Short numbers mean an emergency only where users dial; between operators they mean nothing. */
static bool has_dialling_users(const struct inspection *inspection)
{
    enum zone_class class = inspection_zone(inspection)->class;

    return zone_class_is_access(class) || class == ZONE_ROAMING_VISITED;
}

static enum emergency by_number(struct inspection *inspection)
{
    if (!has_dialling_users(inspection) || sip_to_tag(&inspection->message).len > 0) {
        return EMERGENCY_NONE;
    }
    place_number(inspection);
    return inspection->number.len > 0 &&
                   policy_is_emergency_number(inspection->policy, inspection->number)
               ? EMERGENCY_CALL
               : EMERGENCY_NONE;
}

static enum emergency by_contact(const struct sip_message *message)
{
    const struct sip_value *contact = sip_value(message, SIP_HEADER_CONTACT);
    struct slice value;

    for (; contact != NULL; contact = sip_value_next(message, contact)) {
        if (sip_param_find(sip_slice(message, contact->uri.params), SLICE("sos"), &value) ||
            sip_param_find(sip_slice(message, contact->params), SLICE("sos"), &value)) {
            return EMERGENCY_REGISTRATION;
        }
    }
    return EMERGENCY_NONE;
}

void emergency_classify(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;

    if (!message->is_request) {
        return;
    }
    if (message->method == SIP_REGISTER) {
        inspection->emergency = by_contact(message);
        return;
    }
    inspection->emergency = by_service(message);
    if (inspection->emergency == EMERGENCY_NONE) {
        inspection->emergency = by_number(inspection);
    }
}

void emergency_classify_dialog(struct inspection *inspection)
{
    const struct match *match = &inspection->match;
    bool was_one = (match->dialog != NULL && match->dialog->is_emergency) ||
                   (match->exchange != NULL && match->exchange->is_emergency);

    if (was_one && match->kind != MATCH_DIALOG_PARTLY && inspection->emergency == EMERGENCY_NONE) {
        inspection->emergency = EMERGENCY_DIALOG;
    }
}

static bool is_privileged(struct inspection *inspection)
{
    if (inspection->emergency == EMERGENCY_NONE) {
        /* Only what came before may make it one: known a layer earlier than usual. */
        inspection_match(inspection);
    }
    return inspection->emergency != EMERGENCY_NONE && inspection->emergency != EMERGENCY_TEST;
}

/* What the relay cannot do without. */
static bool can_go_on(const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *via = sip_value(message, SIP_HEADER_VIA);
    const struct sip_value *from = sip_value(message, SIP_HEADER_FROM);
    const struct sip_value *to = sip_value(message, SIP_HEADER_TO);

    return via != NULL && via->via.host.len > 0 && via->tag.len > 0 && from != NULL &&
           from->tag.len > 0 && from->uri.scheme != SIP_SCHEME_NONE && to != NULL &&
           to->uri.scheme != SIP_SCHEME_NONE && message->call_id.len > 0 &&
           sip_has(message, SIP_HEADER_CSEQ) && !sip_is_odd(message, SIP_ODD_BAD_CSEQ) &&
           (!message->is_request || message->uri.scheme != SIP_SCHEME_NONE);
}

static bool is_within(struct slice part, struct slice whole)
{
    return part.at >= whole.at && part.at + part.len <= whole.at + whole.len;
}

static bool is_display_name(const struct sip_message *message, enum sip_header_name name,
                            struct slice evidence)
{
    const struct sip_value *value =
        sip_header_shape(name) == SIP_SHAPE_ADDRESS ? sip_value(message, name) : NULL;

    for (; value != NULL; value = sip_value_next(message, value)) {
        if (is_within(evidence, sip_slice(message, value->display))) {
            return true;
        }
    }
    return false;
}

/* Lines the relay reads rather than copies: without them there is no call. */
static bool is_needed(enum sip_header_name name)
{
    static const uint8_t needed[] = {SIP_HEADER_CALL_ID, SIP_HEADER_CSEQ,
                                     SIP_HEADER_FROM,    SIP_HEADER_TO,
                                     SIP_HEADER_CONTACT, SIP_HEADER_CONTENT_TYPE};

    for (size_t i = 0; i < sizeof(needed); i++) {
        if (needed[i] == name) {
            return true;
        }
    }
    return false;
}

static bool line_repair(struct inspection *inspection, const struct sip_header *line,
                        struct slice evidence)
{
    if (is_display_name(&inspection->message, line->id, evidence)) {
        inspection->strips_display_names = true;
        return true;
    }
    if (is_needed(line->id)) {
        return false;
    }
    inspection_strip_line(inspection, line);
    return true;
}

bool emergency_repair(struct inspection *inspection, struct slice evidence)
{
    const struct sip_message *message = &inspection->message;

    if (!inspection->is_read || inspection->reading != SIP_READ || !is_privileged(inspection) ||
        !can_go_on(inspection)) {
        return false;
    }
    const struct sip_header *line = inspection_line_at(inspection, evidence);
    if (line != NULL) {
        if (!line_repair(inspection, line, evidence)) {
            return false;
        }
    } else if (evidence.len > 0 &&
               is_within(evidence, slice_of(message->head, message->head_len))) {
        return false; /* the start line says where it goes */
    }
    inspection->is_repaired = true;
    return true;
}
