/* CT-FW-01: longer than the zone allows. */
#include "guard/inspect.h"

enum { WORDS_MAX = 256 }; /* octets, HYG-L27 */

enum {
    /* RFC 3428: a pager-mode message on UDP is not congestion controlled (HYG-L29). */
    DATAGRAM_MESSAGE_BODY_MAX = 1300,
    /* HYG-L13, octets of one parameter's name and value. */
    PARAM_NAME_MAX = 64,
    PARAM_VALUE_ACCESS = 512,
    PARAM_VALUE_NETWORK = 1024,
};

static enum outcome whole(struct inspection *inspection, const struct policy_limits *limits)
{
    const struct sip_message *message = &inspection->message;
    bool is_stream = transport_is_stream(inspection->packet->flow.transport);
    uint32_t limit = is_stream ? limits->stream_message : limits->datagram;

    if (message->bytes.len + message->trailing.len > limit) {
        inspection_score(inspection, 1);
        return inspection_found_as(inspection, SLICE_NONE, is_stream ? "HYG-L02" : "HYG-L01",
                                   ACTION_CLOSE, 513);
    }
    if (message->head_len > limits->head) {
        return inspection_found_as(inspection, SLICE_NONE, "HYG-L03", ACTION_CLOSE, 513);
    }
    return OUTCOME_PASSED;
}

static enum outcome body(struct inspection *inspection, const struct policy_limits *limits)
{
    const struct sip_message *message = &inspection->message;
    bool is_access = zone_class_is_access(inspection_zone(inspection)->class);
    bool is_stream = transport_is_stream(inspection->packet->flow.transport);
    uint32_t limit = limits->message_body;

    if (message->body.len > limits->body) {
        return inspection_found_status(inspection, SLICE_NONE, "HYG-L28", 413);
    }
    if (!message->is_request || message->method != SIP_MESSAGE) {
        return OUTCOME_PASSED;
    }
    if (is_access && !is_stream && limit > DATAGRAM_MESSAGE_BODY_MAX) {
        limit = DATAGRAM_MESSAGE_BODY_MAX;
    }
    if (message->body.len > limit) {
        return inspection_found_status(inspection, SLICE_NONE, "HYG-L29", 413);
    }
    return OUTCOME_PASSED;
}

static enum outcome start_line(struct inspection *inspection, const struct policy_limits *limits)
{
    const struct sip_message *message = &inspection->message;
    uint32_t len = message->header_count > 0 ? message->headers[0].name.at : message->head_len;

    if (message->is_request && message->uri.whole.len > limits->request_uri) {
        return inspection_found_status(inspection, sip_slice(message, message->uri.whole),
                                       "HYG-L05", 414);
    }
    if (len > limits->start_line) {
        return inspection_found(inspection, slice_of(message->head, len), "HYG-L04");
    }
    return OUTCOME_PASSED;
}

static enum outcome lines(struct inspection *inspection, const struct policy_limits *limits)
{
    const struct sip_message *message = &inspection->message;

    for (uint16_t i = 0; i < message->header_count; i++) {
        const struct sip_header *header = &message->headers[i];

        if ((uint32_t)(header->value.at - header->name.at) + header->value.len > limits->line) {
            return inspection_found(inspection, sip_slice(message, header->value), "HYG-L07");
        }
    }
    return OUTCOME_PASSED;
}

static enum outcome name_found(struct inspection *inspection, struct sip_span name, uint32_t limit,
                               const char *rule)
{
    if (name.len > limit) {
        return inspection_found(inspection, sip_slice(&inspection->message, name), rule);
    }
    return OUTCOME_PASSED;
}

/* In all parameters together shorter than one value may be, only a name could be too long:
 * harmless, since names are compared whole. */
static enum outcome params(struct inspection *inspection, struct sip_span span, uint32_t max)
{
    struct slice rest = sip_slice(&inspection->message, span);
    struct slice name;
    struct slice value;

    while (rest.len > max && sip_param_next(&rest, &name, &value)) {
        if (name.len > PARAM_NAME_MAX || value.len > max) {
            return inspection_found(inspection, name, "HYG-L13");
        }
    }
    return OUTCOME_PASSED;
}

/* Tags and branches are names of records: ours, and those of everybody behind us. */
static enum outcome names(struct inspection *inspection, const struct policy_limits *limits)
{
    const struct sip_message *message = &inspection->message;
    bool is_access = zone_class_is_access(inspection_zone(inspection)->class);
    uint32_t params_max = is_access ? PARAM_VALUE_ACCESS : PARAM_VALUE_NETWORK;
    enum outcome outcome = name_found(inspection, message->call_id, limits->call_id, "HYG-L15");

    for (uint16_t i = 0; i < message->value_count && outcome == OUTCOME_PASSED; i++) {
        const struct sip_value *value = &message->values[i];

        if (value->params.len > params_max &&
            params(inspection, value->params, params_max) == OUTCOME_FAILED) {
            return OUTCOME_FAILED;
        }
        if (message->headers[value->header].id == SIP_HEADER_VIA) {
            outcome = name_found(inspection, value->tag, limits->branch, "HYG-L16");
            continue;
        }
        outcome = name_found(inspection, value->tag, limits->tag, "HYG-L16");
        if (outcome == OUTCOME_PASSED) {
            outcome = name_found(inspection, value->uri.whole, limits->uri, "HYG-L06");
        }
        if (value->display.len > limits->display_name) {
            inspection->strips_display_names |= inspection->mode == MODE_ENFORCE;
            outcome = inspection_found_as(inspection, sip_slice(message, value->display), "HYG-L17",
                                          ACTION_STRIP, 0);
        }
    }
    return outcome;
}

/* Words for people: a longer one fills a screen, a log or somebody's room of fixed size. */
static enum outcome words(struct inspection *inspection)
{
    static const enum sip_header_name names[] = {SIP_HEADER_USER_AGENT, SIP_HEADER_SERVER,
                                                 SIP_HEADER_ORGANIZATION, SIP_HEADER_SUBJECT};
    const struct sip_message *message = &inspection->message;
    enum outcome outcome = OUTCOME_PASSED;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct sip_header *line = sip_header(message, names[i]);

        if (line != NULL && line->value.len > WORDS_MAX) {
            inspection_strip_line(inspection, line);
            outcome = inspection_found_as(inspection, sip_slice(message, line->name), "HYG-L27",
                                          ACTION_STRIP, 0);
        }
    }
    return outcome;
}

enum outcome control_size_budget(struct inspection *inspection)
{
    const struct policy_limits *limits = &inspection_zone(inspection)->limits;
    enum outcome outcome = whole(inspection, limits);

    if (outcome == OUTCOME_PASSED) {
        outcome = body(inspection, limits);
    }
    if (outcome == OUTCOME_PASSED) {
        outcome = start_line(inspection, limits);
    }
    /* In a head no longer than one line may be, no line is longer. */
    if (outcome == OUTCOME_PASSED && inspection->message.head_len > limits->line) {
        outcome = lines(inspection, limits);
    }
    if (outcome == OUTCOME_PASSED) {
        outcome = names(inspection, limits);
    }
    return outcome == OUTCOME_PASSED && inspection->message.head_len > WORDS_MAX ? words(inspection)
                                                                                 : outcome;
}
