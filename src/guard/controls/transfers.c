/* CT-FW-22: a transfer, or a call that takes the place of another, by who has no business with it.
 */
#include "guard/steps.h"

enum { REFERS_MAX = 3 }; /* of one dialog, STA-31 */

struct named {
    struct slice call_id, to_tag, from_tag;
};

static struct slice refer_to(const struct sip_message *message)
{
    return sip_header_value(message, SIP_HEADER_REFER_TO);
}

static bool may_refer_outside_dialogs(enum zone_class class)
{
    return class == ZONE_CORE || class == ZONE_ROAMING_VISITED;
}

static bool is_our_name(const struct inspection *inspection, struct slice host,
                        const struct sip_uri *uri)
{
    struct address address;

    if (sip_uri_host_address(inspection->message.head, uri, &address)) {
        return policy_is_own_address(inspection->policy, &address);
    }
    return slice_equal_nocase(host, inspection_zone(inspection)->host) ||
           policy_is_own_domain(inspection->policy, host);
}

/* By the name the referrer knows him by. */
static bool is_other_party(const struct inspection *inspection, struct slice host)
{
    const struct match *match = &inspection->match;
    struct slice known;

    if (match->dialog == NULL) {
        return false;
    }
    known = dialog_text(inspection->state, match->dialog, match->side, DIALOG_LOCAL_URI);
    return host.len > 0 && slice_has(known, host);
}

/* A peer may have calls sent to itself. */
static bool is_of_referrer(const struct inspection *inspection, struct slice host)
{
    const struct policy_peer *peer = inspection_peer(inspection);

    for (uint32_t i = 0; peer != NULL && i < peer->domains.count; i++) {
        if (slice_equal_nocase(peer->domains.at[i], host)) {
            return true;
        }
    }
    return false;
}

/* As if the referrer called there himself. */
static bool may_call(const struct inspection *inspection, const struct sip_uri *uri,
                     struct slice host)
{
    char room[64];
    size_t len = 0;
    bool has_number = sip_uri_number(inspection->message.head, uri, room, sizeof(room), &len);
    struct policy_call call = {
        .zone = inspection->zone,
        .peer = inspection->peer,
        .method = SIP_INVITE,
        .domain = host,
        .number = has_number ? slice_of(room, len) : SLICE_NONE,
    };

    return policy_route_find(inspection->policy, &call) != POLICY_NONE;
}

static enum outcome target(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *value = sip_value(message, SIP_HEADER_REFER_TO);
    struct slice host;

    if (value == NULL) {
        return OUTCOME_PASSED; /* CT-FW-03 has said so */
    }
    if (value->uri.scheme != SIP_SCHEME_SIP && value->uri.scheme != SIP_SCHEME_SIPS &&
        value->uri.scheme != SIP_SCHEME_TEL) {
        return inspection_found(inspection, refer_to(message), "STA-30");
    }
    host = sip_slice(message, value->uri.host);
    if (inspection_zone(inspection)->class == ZONE_CORE ||
        is_our_name(inspection, host, &value->uri) || is_other_party(inspection, host) ||
        is_of_referrer(inspection, host) || may_call(inspection, &value->uri, host)) {
        return OUTCOME_PASSED;
    }
    return inspection_found(inspection, refer_to(message), "STA-30");
}

static enum outcome refer(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct dialog *dialog = inspection->match.dialog;

    if (sip_list_has(message, SIP_HEADER_REQUIRE, SLICE("multiple-refer"))) {
        return inspection_found_status(inspection, sip_header_value(message, SIP_HEADER_REQUIRE),
                                       "STA-32", 420);
    }
    if (sip_to_tag(message).len == 0 &&
        !may_refer_outside_dialogs(inspection_zone(inspection)->class)) {
        return inspection_found(inspection, refer_to(message), "STA-30");
    }
    if (dialog != NULL && dialog->refers >= REFERS_MAX) {
        return inspection_found(inspection, refer_to(message), "STA-31");
    }
    return target(inspection);
}

static bool take_tag(struct slice params, struct slice name, struct slice *tag)
{
    struct slice found, value;
    unsigned count = 0;

    while (sip_param_next(&params, &found, &value)) {
        if (slice_equal_nocase(found, name)) {
            *tag = value;
            count++;
        }
    }
    return count == 1 && tag->len > 0;
}

static bool read_named(struct slice value, struct named *named)
{
    size_t semicolon = slice_find(value, ';');
    struct slice params = slice_skip(value, semicolon);

    named->call_id = slice_trim(slice_head(value, semicolon));
    return named->call_id.len > 0 && take_tag(params, SLICE("to-tag"), &named->to_tag) &&
           take_tag(params, SLICE("from-tag"), &named->from_tag);
}

/* side: the leg whose names these are. */
static const struct dialog *find_named(const struct inspection *inspection,
                                       const struct named *named, unsigned *side)
{
    const struct dialog *dialog =
        dialog_find(inspection->state, named->call_id, named->to_tag, named->from_tag, side);

    return dialog != NULL ? dialog
                          : dialog_find(inspection->state, named->call_id, named->from_tag,
                                        named->to_tag, side);
}

/* A leg's names are its own party's.  Whom a transfer told of the call has those of the second leg
 * (relay/identifiers.c); who merely overheard a user's has no use of them. */
static bool may_name(const struct inspection *inspection, const struct dialog *dialog,
                     unsigned side)
{
    const struct dialog_side *leg = &dialog->sides[side];
    const struct party party = {leg->zone, leg->peer, leg->peer_id, &leg->flow};

    return inspection_zone(inspection)->class == ZONE_CORE || (side == 1 && dialog->is_handed_on) ||
           is_from_party(inspection, &party);
}

static enum outcome takes_place_of(struct inspection *inspection, enum sip_header_name name)
{
    const struct sip_message *message = &inspection->message;
    struct slice value = sip_header_value(message, name);
    struct named named = {SLICE_NONE, SLICE_NONE, SLICE_NONE};
    const struct dialog *dialog = NULL;
    unsigned side = 0;

    if (message->method != SIP_INVITE || message->header_counts[name] > 1 ||
        slice_find(value, ',') < value.len || !read_named(value, &named)) {
        return inspection_found_status(inspection, value, "STA-33", 400);
    }
    if (inspection_zone(inspection)->class == ZONE_INTERCONNECT_OPEN) {
        return inspection_found(inspection, value, "STA-33");
    }
    if (inspection->is_watched) {
        return OUTCOME_NOT_APPLICABLE;
    }
    dialog = find_named(inspection, &named, &side);
    return dialog != NULL && dialog->state != DIALOG_ENDED && may_name(inspection, dialog, side)
               ? OUTCOME_PASSED
               : inspection_found_status(inspection, value, "STA-33", 481);
}

enum outcome control_transfers(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    bool has_replaces = sip_has(message, SIP_HEADER_REPLACES);
    bool has_join = sip_has(message, SIP_HEADER_JOIN);

    if (message->method == SIP_REFER) {
        return refer(inspection);
    }
    if (has_replaces && has_join) {
        return inspection_found_status(inspection, sip_header_value(message, SIP_HEADER_JOIN),
                                       "STA-33", 400);
    }
    if (has_replaces || has_join) {
        return takes_place_of(inspection, has_join ? SIP_HEADER_JOIN : SIP_HEADER_REPLACES);
    }
    return OUTCOME_NOT_APPLICABLE;
}
