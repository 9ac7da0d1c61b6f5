/* CT-FW-02: more of something than the zone allows. */
#include "guard/inspect.h"

/* Rules 1.1 where no setting exists. */
enum {
    OPTION_TAGS_MAX = 32,          /* HYG-L24, Require, Proxy-Require and Supported each */
    CALLER_PREFERENCES_ACCESS = 8, /* HYG-L25, Accept-Contact and Reject-Contact together */
    CALLER_PREFERENCES_NETWORK = 16,
    INFORMATION_ACCESS = 5, /* HYG-L26, each: excess goes */
    INFORMATION_NETWORK = 10,
    PATHS_ACCESS = 4, /* HYG-L19, Path; Service-Route */
    SERVICE_ROUTES_ACCESS = 6,
    PATHS_NETWORK = 10,
    REDIRECTIONS_MAX = 5, /* HYG-L20, Contact of a 3xx */
    DEPTH_ACCESS = 2,     /* HYG-L30, multiparts in multiparts */
    DEPTH_NETWORK = 3,
    SDP_LINE_LIMIT = 1024,      /* HYG-L32, octets */
    SDP_FORMATS_LIMIT = 32,     /* HYG-L33, of one m= line */
    SDP_ATTRIBUTES_ACCESS = 96, /* of one medium */
    SDP_ATTRIBUTES_NETWORK = 128,
    SDP_SESSION_ATTRIBUTES_LIMIT = 64,
    SDP_CANDIDATES_ACCESS = 32, /* HYG-L34, of one medium: told */
    SDP_CANDIDATES_NETWORK = 16,
    SDP_KEYS_LIMIT = 8,
    IDENTITIES_MAX = 6, /* HYG-L23 */
    IDENTITY_OCTETS_MAX = 8192,
};

static uint32_t value_count(const struct sip_message *message, enum sip_header_name name)
{
    const struct sip_value *value = sip_value(message, name);
    uint32_t count = 0;

    for (; value != NULL; value = sip_value_next(message, value)) {
        count++;
    }
    return count;
}

static uint32_t octet_count(struct slice text, char octet)
{
    uint32_t count = 0;

    for (size_t at = slice_find(text, octet); at < text.len; at = slice_find(text, octet)) {
        text = slice_skip(text, at + 1);
        count++;
    }
    return count;
}

/* At most as many as there are commas and lines; some commas stand in quotes. */
static uint32_t item_count_most(const struct sip_message *message, enum sip_header_name name)
{
    const struct sip_header *line = sip_header(message, name);
    uint32_t most = 0;

    for (; line != NULL; line = sip_header_next(message, line)) {
        most += octet_count(sip_slice(message, line->value), ',') + 1;
    }
    return most;
}

static uint32_t item_count(const struct sip_message *message, enum sip_header_name name)
{
    struct sip_list list;
    struct slice item;
    uint32_t count = 0;

    sip_list_init(&list, message, name);
    while (sip_list_next(&list, message, &item)) {
        count++;
    }
    return count;
}

/* Counted only when there could be more. */
static bool has_more_items(const struct sip_message *message, enum sip_header_name name,
                           uint32_t limit)
{
    return sip_has(message, name) && item_count_most(message, name) > limit &&
           item_count(message, name) > limit;
}

static enum outcome too_many(struct inspection *inspection, enum sip_header_name name,
                             const char *rule)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_header *last = &message->headers[message->last_header[name] - 1];

    return inspection_found(inspection, sip_slice(message, last->value), rule);
}

static enum outcome lines(struct inspection *inspection, const struct policy_limits *limits)
{
    const struct sip_message *message = &inspection->message;

    if (message->header_count > limits->header_lines) {
        const struct sip_header *first = &message->headers[limits->header_lines];

        for (uint32_t i = limits->header_lines; i < message->header_count; i++) {
            inspection_strip_line(inspection, &message->headers[i]);
        }
        return inspection_found(inspection, sip_slice(message, first->name), "HYG-L09");
    }
    if (message->value_count > limits->values) {
        const struct sip_value *first = &message->values[limits->values];

        return inspection_found(inspection, sip_slice(message, first->text), "HYG-L10");
    }
    return OUTCOME_PASSED;
}

static enum outcome folds(struct inspection *inspection, const struct policy_limits *limits)
{
    const struct sip_message *message = &inspection->message;

    for (uint16_t i = 0; i < message->header_count; i++) {
        const struct sip_header *header = &message->headers[i];
        struct slice value = sip_slice(message, header->value);

        if (header->is_folded && octet_count(value, '\n') > limits->folds) {
            return inspection_found(inspection, value, "HYG-L11");
        }
    }
    return OUTCOME_PASSED;
}

static enum outcome parameters(struct inspection *inspection, const struct policy_limits *limits)
{
    const struct sip_message *message = &inspection->message;

    for (uint16_t i = 0; i < message->value_count; i++) {
        struct slice params = sip_slice(message, message->values[i].params);

        /* ";x" is the shortest. */
        if (params.len >= 2 * (size_t)limits->params &&
            octet_count(params, ';') >= limits->params) {
            return inspection_found(inspection, params, "HYG-L12");
        }
    }
    return OUTCOME_PASSED;
}

static uint32_t contacts_max(const struct sip_message *message, const struct policy_limits *limits)
{
    if (message->cseq_method == SIP_REGISTER) {
        return limits->contacts;
    }
    return !message->is_request && message->status / 100 == 3 ? REDIRECTIONS_MAX : 1;
}

static enum outcome values(struct inspection *inspection, const struct policy_limits *limits)
{
    const struct sip_message *message = &inspection->message;
    bool is_access = zone_class_is_access(inspection_zone(inspection)->class);
    const struct {
        enum sip_header_name name;
        uint32_t max;
        const char *rule;
    } rows[] = {
        {SIP_HEADER_VIA, limits->vias, "HYG-L18"},
        {SIP_HEADER_ROUTE, limits->routes, "HYG-L19"},
        {SIP_HEADER_RECORD_ROUTE, limits->record_routes, "HYG-L19"},
        {SIP_HEADER_PATH, is_access ? PATHS_ACCESS : PATHS_NETWORK, "HYG-L19"},
        {SIP_HEADER_SERVICE_ROUTE, is_access ? SERVICE_ROUTES_ACCESS : PATHS_NETWORK, "HYG-L19"},
        {SIP_HEADER_CONTACT, contacts_max(message, limits), "HYG-L20"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (message->first_value[rows[i].name] != message->last_value[rows[i].name] &&
            value_count(message, rows[i].name) > rows[i].max) {
            return too_many(inspection, rows[i].name, rows[i].rule);
        }
    }
    return OUTCOME_PASSED;
}

static enum outcome options(struct inspection *inspection)
{
    static const enum sip_header_name lists[] = {SIP_HEADER_REQUIRE, SIP_HEADER_PROXY_REQUIRE,
                                                 SIP_HEADER_SUPPORTED};
    const struct sip_message *message = &inspection->message;
    bool is_access = zone_class_is_access(inspection_zone(inspection)->class);

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (has_more_items(message, lists[i], OPTION_TAGS_MAX)) {
            return too_many(inspection, lists[i], "HYG-L24");
        }
    }
    uint32_t max = is_access ? CALLER_PREFERENCES_ACCESS : CALLER_PREFERENCES_NETWORK;
    if (item_count_most(message, SIP_HEADER_ACCEPT_CONTACT) +
                item_count_most(message, SIP_HEADER_REJECT_CONTACT) >
            max &&
        item_count(message, SIP_HEADER_ACCEPT_CONTACT) +
                item_count(message, SIP_HEADER_REJECT_CONTACT) >
            max) {
        return inspection_found(inspection, SLICE_NONE, "HYG-L25");
    }
    return OUTCOME_PASSED;
}

/* Signed identities cost a verification each; those beyond are nobody's to verify (HYG-L23). */
static enum outcome identities(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_header *line = sip_header(message, SIP_HEADER_IDENTITY);
    enum outcome outcome = OUTCOME_PASSED;
    unsigned count = 0;

    for (; line != NULL; line = sip_header_next(message, line)) {
        if (++count > IDENTITIES_MAX || line->value.len > IDENTITY_OCTETS_MAX) {
            inspection_strip_line(inspection, line);
            outcome = inspection_found_as(inspection, sip_slice(message, line->name), "HYG-L23",
                                          ACTION_STRIP, 0);
        }
    }
    return outcome;
}

/* What only informs is cut short, not refused. */
static enum outcome information(struct inspection *inspection)
{
    static const enum sip_header_name lists[] = {SIP_HEADER_WARNING, SIP_HEADER_REASON,
                                                 SIP_HEADER_FEATURE_CAPS, SIP_HEADER_CALL_INFO,
                                                 SIP_HEADER_ALERT_INFO};
    const struct sip_message *message = &inspection->message;
    bool is_access = zone_class_is_access(inspection_zone(inspection)->class);
    uint32_t max = is_access ? INFORMATION_ACCESS : INFORMATION_NETWORK;
    enum outcome outcome = identities(inspection);

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (!has_more_items(message, lists[i], max)) {
            continue;
        }
        const struct sip_header *line = sip_header(message, lists[i]);
        outcome = inspection_found_as(inspection, sip_slice(message, line->value), "HYG-L26",
                                      ACTION_STRIP, 0);
        for (; line != NULL; line = sip_header_next(message, line)) {
            inspection_strip_line(inspection, line);
        }
    }
    return outcome;
}

static bool sdp_is_cut(const struct sdp *sdp)
{
    return sdp_is_odd(sdp, SDP_ODD_LONG_BODY) || sdp_is_odd(sdp, SDP_ODD_MANY_LINES) ||
           sdp_is_odd(sdp, SDP_ODD_LONG_LINE) || sdp->lines[sdp->longest_line].len > SDP_LINE_LIMIT;
}

static bool has_crowded_media(const struct sdp *sdp, uint32_t attributes_max)
{
    for (uint16_t i = 0; i < sdp->media_count; i++) {
        if (sdp->media[i].format_count > SDP_FORMATS_LIMIT ||
            sdp->media[i].level.attribute_count > attributes_max) {
            return true;
        }
    }
    return sdp->session.attribute_count > SDP_SESSION_ATTRIBUTES_LIMIT;
}

static enum outcome sdp(struct inspection *inspection, const struct policy_limits *limits)
{
    const struct sdp *sdp = inspection_sdp(inspection);
    bool is_access = zone_class_is_access(inspection_zone(inspection)->class);

    if (sdp == NULL) {
        return OUTCOME_PASSED;
    }
    if (inspection->sdp_text.len > limits->sdp || sdp->line_count > limits->sdp_lines ||
        sdp_is_cut(sdp)) {
        return inspection_found_status(inspection, SLICE_NONE, "HYG-L32", 488);
    }
    if (sdp->media_count > limits->sdp_media || sdp_is_odd(sdp, SDP_ODD_MANY_MEDIA) ||
        sdp_is_odd(sdp, SDP_ODD_MANY_FORMATS) || sdp_is_odd(sdp, SDP_ODD_MANY_ATTRIBUTES) ||
        has_crowded_media(sdp, is_access ? SDP_ATTRIBUTES_ACCESS : SDP_ATTRIBUTES_NETWORK)) {
        return inspection_found_status(inspection, SLICE_NONE, "HYG-L33", 488);
    }
    for (uint16_t i = 0; i < sdp->media_count; i++) {
        const struct sdp_level *level = &sdp->media[i].level;

        /* Where the media run through us none of them goes on. */
        if (level->candidate_count > (is_access ? SDP_CANDIDATES_ACCESS : SDP_CANDIDATES_NETWORK) ||
            level->crypto_count > SDP_KEYS_LIMIT) {
            return inspection_found_as(inspection,
                                       sdp_line_text(sdp, &sdp->lines[level->first_line]),
                                       "HYG-L34", ACTION_PASS, 0);
        }
    }
    return OUTCOME_PASSED;
}

/* What stands too deep or too far behind is what a filter does not reach and a phone does. */
static enum outcome parts(struct inspection *inspection, const struct multipart *multipart,
                          const struct policy_limits *limits)
{
    bool is_access = zone_class_is_access(inspection_zone(inspection)->class);
    unsigned depth_max = is_access ? DEPTH_ACCESS : DEPTH_NETWORK;
    unsigned depth = 0;

    for (uint16_t i = 0; i < multipart->count; i++) {
        depth = multipart->parts[i].depth > depth ? multipart->parts[i].depth : depth;
    }
    if (multipart->count > limits->parts || depth > depth_max ||
        multipart_is_odd(multipart, MULTIPART_ODD_MANY_PARTS) ||
        multipart_is_odd(multipart, MULTIPART_ODD_DEEP)) {
        return inspection_found(inspection, SLICE_NONE, "HYG-L30");
    }
    return OUTCOME_PASSED;
}

static enum outcome body(struct inspection *inspection, const struct policy_limits *limits)
{
    const struct multipart *multipart = NULL;

    if (inspection->message.body.len == 0) {
        return OUTCOME_PASSED;
    }
    multipart = inspection_multipart(inspection);
    if (multipart != NULL && parts(inspection, multipart, limits) == OUTCOME_FAILED) {
        return OUTCOME_FAILED;
    }
    return sdp(inspection, limits);
}

enum outcome control_count_budget(struct inspection *inspection)
{
    const struct policy_limits *limits = &inspection_zone(inspection)->limits;
    enum outcome outcome = lines(inspection, limits);

    if (outcome == OUTCOME_PASSED && sip_is_odd(&inspection->message, SIP_ODD_FOLDED)) {
        outcome = folds(inspection, limits);
    }
    if (outcome == OUTCOME_PASSED) {
        outcome = parameters(inspection, limits);
    }
    if (outcome == OUTCOME_PASSED) {
        outcome = values(inspection, limits);
    }
    if (outcome == OUTCOME_PASSED) {
        outcome = options(inspection);
    }
    if (outcome == OUTCOME_PASSED) {
        outcome = body(inspection, limits);
    }
    return outcome == OUTCOME_PASSED ? information(inspection) : outcome;
}
