/* CT-MSG-07: one message for more receivers, or for others, than its sender may reach. */
#include "guard/content.h"
#include "wire/xml/entries.h"

enum {
    RECEIVERS_MOST = 100,   /* RCS-07 */
    RECEIVERS_OF_USER = 50, /* of who is not trusted */
};

struct receivers {
    struct slice uris[RECEIVERS_MOST];
    unsigned count, depth;
};

static bool is_there_twice(const struct receivers *receivers, struct slice uri)
{
    for (unsigned i = 0; i < receivers->count; i++) {
        if (slice_equal(receivers->uris[i], uri)) {
            return true;
        }
    }
    return false;
}

/* As if the sender wrote to him alone. */
static bool may_reach(const struct inspection *inspection, struct slice text)
{
    struct sip_oddities oddities = {{0}};
    char room[64];
    struct sip_uri uri;
    size_t len = 0;

    if (text.len > SIP_URI_MAX || !sip_uri_read_text(text, &uri, &oddities) ||
        (uri.scheme != SIP_SCHEME_SIP && uri.scheme != SIP_SCHEME_SIPS &&
         uri.scheme != SIP_SCHEME_TEL)) {
        return false;
    }
    bool has_number = sip_uri_number(text.at, &uri, room, sizeof(room), &len);
    struct policy_call call = {
        .zone = inspection->zone,
        .peer = inspection->peer,
        .method = inspection->message.method,
        .domain = slice_of(text.at + uri.host.at, uri.host.len),
        .number = has_number ? slice_of(room, len) : SLICE_NONE,
    };

    return policy_route_find(inspection->policy, &call) != POLICY_NONE;
}

static unsigned most_of(const struct inspection *inspection)
{
    return zone_class_is_trusted(inspection_zone(inspection)->class) ? RECEIVERS_MOST
                                                                     : RECEIVERS_OF_USER;
}

static bool entry_take(const struct inspection *inspection, struct receivers *receivers,
                       const struct xml_entry *entry)
{
    switch (entry->kind) {
    case XML_LIST_BEGINS:
        return ++receivers->depth <= 1;
    case XML_LIST_ENDS:
        receivers->depth -= receivers->depth > 0;
        return true;
    case XML_ENTRY_FOREIGN:
        return false;
    case XML_ENTRY:
        break;
    }
    if (receivers->count == most_of(inspection) || is_there_twice(receivers, entry->uri) ||
        !may_reach(inspection, entry->uri)) {
        return false;
    }
    receivers->uris[receivers->count++] = entry->uri;
    return true;
}

static enum outcome judge_list(struct inspection *inspection, const struct body_part *part)
{
    struct receivers receivers = {.count = 0};
    struct slice rest = part->body;
    struct xml_entry entry;

    if (part->is_encoded) {
        return OUTCOME_NOT_APPLICABLE; /* CT-FW-15 has said so */
    }
    while (xml_entry_next(&rest, &entry)) {
        if (!entry_take(inspection, &receivers, &entry)) {
            return inspection_found(inspection, entry.uri.len > 0 ? entry.uri : part->type_value,
                                    "RCS-07");
        }
    }
    return OUTCOME_PASSED;
}

enum outcome control_recipient_lists(struct inspection *inspection)
{
    struct body_part part;
    uint16_t next = 0;

    if (inspection->message.body.len == 0 || inspection->emergency != EMERGENCY_NONE ||
        body_is_sdp(inspection)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    while (body_next(inspection, &next, &part)) {
        if (media_type_is(&part.type, SLICE("application/resource-lists+xml"))) {
            return judge_list(inspection, &part);
        }
    }
    return OUTCOME_NOT_APPLICABLE;
}
