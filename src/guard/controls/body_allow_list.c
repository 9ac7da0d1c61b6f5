/* CT-FW-14: a body of a kind that does not cross between these zones, or not with this method. */
#include "guard/body_rules.h"

static enum zone_class class_of(const struct inspection *inspection, uint16_t zone)
{
    return inspection->policy->zones[zone].class;
}

static bool names_type(const struct policy_peer *peer, const struct media_type *type)
{
    for (uint32_t i = 0; peer != NULL && i < peer->bodies.count; i++) {
        if (media_type_is(type, peer->bodies.at[i])) {
            return true;
        }
    }
    return false;
}

/* What the operator agreed with whoever of the two is outside. */
static bool is_agreed(const struct inspection *inspection, const struct media_type *type)
{
    return names_type(inspection_peer(inspection), type) ||
           names_type(inspection_peer_out(inspection), type);
}

static bool may_cross(const struct inspection *inspection, const struct content *content,
                      const struct media_type *type)
{
    enum zone_class from = class_of(inspection, inspection->zone);
    enum zone_class to = inspection->zone_out == POLICY_NONE
                             ? ZONE_CORE
                             : class_of(inspection, inspection->zone_out);

    if (is_agreed(inspection, type)) {
        return true;
    }
    return content != NULL && content_crosses(content, from, to) &&
           content_is_of_method(content, inspection->message.method);
}

/* Left out where it may be, else the request is refused. */
static enum outcome unwanted(struct inspection *inspection, const struct body_part *part,
                             const char *rule, uint16_t status)
{
    return body_strip(inspection, part)
               ? inspection_found_as(inspection, part->type_value, rule, ACTION_STRIP, 0)
               : body_found(inspection, part->type_value, rule, status);
}

/* What a filter cannot read and an endpoint would follow goes, whatever its sender asked. */
static enum outcome never(struct inspection *inspection, struct body_part *part)
{
    part->is_optional = true;
    return unwanted(inspection, part, "HYG-B09", 415);
}

static bool is_sealed(const struct media_type *type)
{
    return media_type_is(type, SLICE("application/pkcs7-mime")) ||
           media_type_is(type, SLICE("multipart/encrypted"));
}

static bool needs_sdp(const struct sip_message *message)
{
    return message->method == SIP_INVITE || message->method == SIP_UPDATE ||
           message->method == SIP_PRACK;
}

/* What nobody behind us can mean, and what only pretends to be what it says. */
static enum outcome sound(struct inspection *inspection, struct body_part *part)
{
    struct slice at;

    switch (body_disposition(part)) {
    case DISPOSITION_KNOWN:
        break;
    case DISPOSITION_UNKNOWN:
        return unwanted(inspection, part, "NNI-40", 415);
    case DISPOSITION_NEVER:
        part->is_optional = true;
        return unwanted(inspection, part, "NNI-40", 415);
    }
    if (body_is_json(part) && !body_is_sound_json(part, &at)) {
        return unwanted(inspection, part, "HYG-B11", 400);
    }
    return body_is_isup(part) && !body_is_sound_isup(part)
               ? unwanted(inspection, part, "HYG-B01", 400)
               : OUTCOME_PASSED;
}

static enum outcome judge_part(struct inspection *inspection, struct body_part *part)
{
    const struct sip_message *message = &inspection->message;
    const struct content *content = content_find(&part->type);
    enum content_kind kind = content == NULL ? CONTENT_PLAIN : content_kind(content);

    if (content != NULL && kind == CONTENT_NEVER) {
        return never(inspection, part);
    }
    if (is_sealed(&part->type) && needs_sdp(message)) {
        return unwanted(inspection, part, "HYG-B06", 493);
    }
    if (kind == CONTENT_SIPFRAG && message->method != SIP_NOTIFY) {
        part->is_optional = true;
        return unwanted(inspection, part, "HYG-B08", 415);
    }
    if (kind == CONTENT_SDP && part->is_encoded) {
        return unwanted(inspection, part, "HYG-B03", 415);
    }
    if (!may_cross(inspection, content, &part->type)) {
        bool is_late = message->method == SIP_BYE || message->method == SIP_CANCEL ||
                       message->method == SIP_ACK;

        return unwanted(inspection, part, is_late ? "HYG-B07" : "HYG-B01", 415);
    }
    return sound(inspection, part);
}

static bool is_identity(struct slice encoding)
{
    return encoding.len == 0 || slice_equal_nocase(slice_trim(encoding), SLICE("identity"));
}

static enum outcome encoding(struct inspection *inspection)
{
    struct slice value = sip_header_value(&inspection->message, SIP_HEADER_CONTENT_ENCODING);

    return is_identity(value) ? OUTCOME_PASSED : body_found(inspection, value, "HYG-B02", 415);
}

static enum outcome odd_multipart(struct inspection *inspection, const struct multipart *multipart)
{
    static const enum multipart_oddity hiding[] = {
        MULTIPART_ODD_NO_BOUNDARY,   MULTIPART_ODD_BAD_BOUNDARY,    MULTIPART_ODD_REUSED_BOUNDARY,
        MULTIPART_ODD_NO_DELIMITER,  MULTIPART_ODD_NO_CLOSE,        MULTIPART_ODD_LOOSE_DELIMITER,
        MULTIPART_ODD_NO_HEADER_END, MULTIPART_ODD_REPEATED_HEADER, MULTIPART_ODD_BAD_TYPE,
        MULTIPART_ODD_BAD_HEADER,    MULTIPART_ODD_CONTROL_OCTET,
    };

    for (size_t i = 0; i < sizeof(hiding) / sizeof(hiding[0]); i++) {
        if (multipart_is_odd(multipart, hiding[i])) {
            return body_found(inspection, multipart->odd_at[hiding[i]], "HYG-B04", 400);
        }
    }
    return OUTCOME_PASSED;
}

static enum outcome whole_multipart(struct inspection *inspection,
                                    const struct multipart *multipart)
{
    static const struct slice sdp = SLICE_INIT("application/sdp");
    const struct multipart_part *part = multipart_find(multipart, sdp, NULL);

    if (odd_multipart(inspection, multipart) == OUTCOME_FAILED) {
        return OUTCOME_FAILED;
    }
    if (part != NULL && multipart_find(multipart, sdp, part) != NULL) {
        return body_found(inspection, multipart_find(multipart, sdp, part)->head, "HYG-B05", 400);
    }
    for (uint16_t i = 0; i < multipart->count; i++) {
        if (multipart->parts[i].encoding_kind == MULTIPART_ENCODING_OTHER) {
            return body_found(inspection, multipart->parts[i].encoding, "HYG-B03", 415);
        }
    }
    return OUTCOME_PASSED;
}

/* Only asked of a body that says more than application/sdp. */
static enum outcome judge_parts(struct inspection *inspection)
{
    enum outcome outcome = OUTCOME_PASSED;
    struct body_part part;
    uint16_t next = 0;

    while (body_next(inspection, &next, &part)) {
        if (judge_part(inspection, &part) == OUTCOME_FAILED) {
            outcome = OUTCOME_FAILED;
        }
    }
    return outcome;
}

/* Nine bodies in ten: a session description and nothing else, in a call. */
static bool is_plain_sdp(struct inspection *inspection)
{
    return needs_sdp(&inspection->message) && body_is_sdp(inspection);
}

enum outcome control_body_allow_list(struct inspection *inspection)
{
    const struct multipart *multipart = NULL;

    if (inspection->message.body.len == 0) {
        return OUTCOME_NOT_APPLICABLE;
    }
    if (encoding(inspection) == OUTCOME_FAILED) {
        return OUTCOME_FAILED;
    }
    if (is_plain_sdp(inspection)) {
        return OUTCOME_PASSED;
    }
    multipart = inspection_multipart(inspection);
    if (multipart != NULL && whole_multipart(inspection, multipart) == OUTCOME_FAILED) {
        return OUTCOME_FAILED;
    }
    return judge_parts(inspection);
}
