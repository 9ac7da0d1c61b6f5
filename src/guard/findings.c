/*
 * What a control may say and do.
 */
#include "guard/steps.h"

/* The operator's choice stands in for the row's, and for that of every rule that refuses as the row
 * does; a hard control may be made to refuse otherwise, never not to. */
static enum policy_action action_chosen(const struct inspection *inspection,
                                        enum policy_action action)
{
    const struct control *control = control_at(inspection->control);
    const struct policy *policy = inspection->policy;
    enum policy_action chosen = inspection->control < policy->control_count
                                    ? policy->controls[inspection->control].action
                                    : ACTION_DEFAULT;

    if (chosen == ACTION_DEFAULT || action_refuses(action) != action_refuses(control->action) ||
        (control->is_hard && !action_refuses(chosen))) {
        return action;
    }
    return chosen;
}

static void finding_add(struct inspection *inspection, const struct finding *finding)
{
    bool refuses =
        finding->mode == MODE_ENFORCE && !finding->is_spared && action_refuses(finding->action);
    bool decides = refuses && !inspection->is_stopped;

    inspection->is_stopped |= refuses;
    if (inspection->finding_count < INSPECTION_FINDINGS_MAX) {
        inspection->findings[inspection->finding_count++] = *finding;
        return;
    }
    inspection->finding_excess++;
    if (decides) {
        /* The refusal that decides is never the one that is not kept. */
        inspection->findings[INSPECTION_FINDINGS_MAX - 1] = *finding;
    }
}

/* CT-ENC-10: what shows a key of media ends where the key begins; events are read by many. */
static struct slice evidence_without_key(struct slice evidence)
{
    static const char word[] = "inline:";

    for (size_t i = 0; i + sizeof(word) - 1 <= evidence.len; i++) {
        if (slice_starts_nocase(slice_skip(evidence, i), SLICE(word))) {
            return slice_head(evidence, i + sizeof(word) - 1);
        }
    }
    return evidence;
}

enum outcome inspection_found_as(struct inspection *inspection, struct slice evidence,
                                 const char *detail, enum policy_action action, uint16_t status)
{
    const struct control *control = control_at(inspection->control);
    struct finding finding = {
        .control = inspection->control,
        .action = (uint8_t)action_chosen(inspection, action),
        .mode = inspection->mode,
        .status = status,
        .evidence = evidence_without_key(evidence),
        .detail = detail,
    };

    if (!action_refuses(finding.action)) {
        finding.status = 0;
    } else if (finding.status == 0 && finding.action == ACTION_REJECT) {
        finding.status = control->status != 0 ? control->status : 403;
    }
    if (action_refuses(finding.action) && control->spares_emergency &&
        finding.mode == MODE_ENFORCE) {
        finding.is_spared = emergency_repair(inspection, evidence);
    }
    finding_add(inspection, &finding);
    return OUTCOME_FAILED;
}

enum outcome inspection_found(struct inspection *inspection, struct slice evidence,
                              const char *detail)
{
    const struct control *control = control_at(inspection->control);
    uint16_t status = inspection->detail_status != 0 ? inspection->detail_status : control->status;

    inspection->detail_status = 0;
    return inspection_found_as(inspection, evidence, detail, control->action, status);
}

enum outcome inspection_found_status(struct inspection *inspection, struct slice evidence,
                                     const char *detail, uint16_t status)
{
    enum policy_action action = control_at(inspection->control)->action;

    return inspection_found_as(inspection, evidence, detail, action, status);
}

void inspection_score(struct inspection *inspection, unsigned points)
{
    unsigned sum = inspection->score + points;

    inspection->score = (uint16_t)(sum < UINT16_MAX ? sum : UINT16_MAX);
}

const struct match *inspection_match(struct inspection *inspection)
{
    if (!inspection->is_matched) {
        inspection->is_matched = true;
        state_match(inspection->state, &inspection->message, inspection->packet,
                    &inspection->match);
        emergency_classify_dialog(inspection);
    }
    return &inspection->match;
}

const struct sip_header *inspection_line_at(const struct inspection *inspection,
                                            struct slice evidence)
{
    const struct sip_message *message = &inspection->message;

    for (uint16_t i = 0; i < message->header_count; i++) {
        const struct sip_header *header = &message->headers[i];
        const char *end = message->head + header->value.at + header->value.len;

        if (evidence.at >= message->head + header->name.at && evidence.at <= end &&
            evidence.at != NULL) {
            return header;
        }
    }
    return NULL;
}

const struct multipart *inspection_multipart(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;

    if (!inspection->is_multipart_read) {
        struct slice type = sip_header_value(message, SIP_HEADER_CONTENT_TYPE);

        inspection->is_multipart_read = true;
        inspection->has_multipart = message->body.len > 0 &&
                                    slice_starts_nocase(type, SLICE("multipart/")) &&
                                    multipart_read(&inspection->multipart, type, message->body);
    }
    return inspection->has_multipart ? &inspection->multipart : NULL;
}

/* The whole body, or the part of it; what is encoded cannot be read as it stands. */
static struct slice sdp_of(struct inspection *inspection)
{
    static const struct slice name = SLICE_INIT("application/sdp");
    const struct sip_message *message = &inspection->message;
    const struct multipart *multipart = inspection_multipart(inspection);
    struct slice type = sip_header_value(message, SIP_HEADER_CONTENT_TYPE);

    if (multipart != NULL) {
        const struct multipart_part *part = multipart_find(multipart, name, NULL);

        return part != NULL && part->encoding_kind == MULTIPART_IDENTITY ? part->body : SLICE_NONE;
    }
    slice_cut(&(struct slice){type.at, type.len}, ';', &type);
    return slice_equal_nocase(slice_trim(type), name) ? message->body : SLICE_NONE;
}

/* Nearly all first offers are in the clear by agreement: whoever judges keys is not even asked. */
static void note_keys(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;

    if (!inspection->sdp.speaks_of_keys && message->method == SIP_INVITE && message->is_request &&
        sip_to_tag(message).len == 0 && inspection->zone != POLICY_NONE &&
        inspection_zone(inspection)->srtp != SRTP_REQUIRED) {
        inspection->interests =
            interests_without(&inspection->plan->interests, inspection->interests, OCCASION_KEYS);
    }
}

const struct sdp *inspection_sdp_first(struct inspection *inspection)
{
    inspection->is_sdp_read = true;
    inspection->sdp_text = inspection->message.body.len > 0 ? sdp_of(inspection) : SLICE_NONE;
    inspection->has_sdp = inspection->sdp_text.len > 0 &&
                          sdp_read(&inspection->sdp, inspection->sdp_text) == SDP_READ;
    if (!inspection->has_sdp) {
        return NULL;
    }
    note_keys(inspection);
    return &inspection->sdp;
}

static uint32_t line_index(const struct inspection *inspection, const struct sip_header *header)
{
    return (uint32_t)(header - inspection->message.headers);
}

void inspection_strip_line(struct inspection *inspection, const struct sip_header *header)
{
    uint32_t index = line_index(inspection, header);

    if (inspection->mode == MODE_ENFORCE) {
        inspection->stripped[index / 64] |= 1ULL << (index % 64);
    }
}

static bool names_header(const struct policy_peer *peer, struct slice name)
{
    if (peer == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < peer->extra_headers.count; i++) {
        if (slice_equal_nocase(peer->extra_headers.at[i], name)) {
            return true;
        }
    }
    return false;
}

/* The core passes everything: the far side decides. */
static bool knows_header(const struct inspection *inspection, uint16_t zone,
                         const struct policy_peer *peer, struct slice name)
{
    if (zone == POLICY_NONE) {
        return false;
    }
    return inspection->policy->zones[zone].class == ZONE_CORE || names_header(peer, name);
}

/* A private header is agreed with everybody outside who sends or gets it. */
bool inspection_passes_unknown(const struct inspection *inspection, const struct sip_header *header)
{
    struct slice name = sip_slice(&inspection->message, header->name);

    return knows_header(inspection, inspection->zone, inspection_peer(inspection), name) &&
           knows_header(inspection, inspection->zone_out, inspection_peer_out(inspection), name);
}
