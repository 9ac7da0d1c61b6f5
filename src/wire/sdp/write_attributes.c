/*
 * Which attributes go out, and how.
 */
#include "wire/sdp/tables.h"
#include "wire/sdp/writer.h"
#include "wire/token.h"

/* rtpmap, fmtp and rtcp-fb of a payload type that does not go out. */
static bool is_of_dropped_type(const struct sdp_writing *writing, enum sdp_attribute attribute,
                               struct slice value)
{
    uint64_t type;

    return (writing->dropped[0] | writing->dropped[1]) != 0 &&
           (attribute == SDP_ATTRIBUTE_RTPMAP || attribute == SDP_ATTRIBUTE_FMTP ||
            attribute == SDP_ATTRIBUTE_RTCP_FB) &&
           slice_number(slice_head(value, slice_find(value, ' ')), SDP_PAYLOAD_TYPE_MAX, &type) &&
           sdp_writing_drops(writing, type);
}

static bool is_unknown_kept(const struct sdp_writing *writing, const struct sdp_line *line)
{
    struct slice name = sdp_line_name(writing->sdp, line);

    return writing->rewrite->keeps_unknown && slice_is_token(name) &&
           !slice_starts_nocase(name, SLICE("X-"));
}

static bool is_attribute_kept(const struct sdp_writing *writing, const struct sdp_line *line)
{
    const struct sdp_rewrite *rewrite = writing->rewrite;
    enum sdp_attribute attribute = (enum sdp_attribute)line->attribute;

    if (attribute == SDP_ATTRIBUTE_UNKNOWN) {
        return is_unknown_kept(writing, line);
    }
    if (sdp_attribute_set_has(&rewrite->stripped, attribute) ||
        (writing->ours != NULL && sdp_attribute_set_has(&writing->ours->stripped, attribute))) {
        return false;
    }
    switch ((enum sdp_treatment)sdp_attributes[attribute].treatment) {
    case SDP_TREATMENT_KEEP:
        return true;
    case SDP_TREATMENT_AGREED:
        return sdp_attribute_set_has(&rewrite->kept, attribute);
    case SDP_TREATMENT_KEYS:
        return rewrite->keeps_keys;
    case SDP_TREATMENT_ENDPOINT:
        return rewrite->media == NULL;
    case SDP_TREATMENT_STRIP:
    case SDP_TREATMENT_REWRITE:
        return false;
    }
    return false;
}

static void write_attribute(const struct sdp_writing *writing, const struct sdp_line *line)
{
    struct slice value = sdp_line_value(writing->sdp, line);
    struct slice name = line->attribute == SDP_ATTRIBUTE_UNKNOWN
                            ? sdp_line_name(writing->sdp, line)
                            : sdp_attribute_spelling((enum sdp_attribute)line->attribute);

    text_put(writing->text, SLICE("a="));
    text_put(writing->text, name);
    if (value.len > 0) {
        text_put_octet(writing->text, ':');
        text_put(writing->text, value);
    }
    sdp_line_end(writing->text);
}

/* "msrp://host:port/session;tcp": of several URIs the last is the endpoint's own (RFC 4975 8.2).
 * Its session stays, so that the two sides of a path can be told by looking at them. */
static void write_our_path(const struct sdp_writing *writing, struct slice value)
{
    size_t blank = slice_find_last(value, ' ');
    struct slice uri = blank < value.len ? slice_skip(value, blank + 1) : value;
    bool is_secure = slice_starts_nocase(uri, SLICE("msrps://"));
    struct slice rest = slice_skip(uri, is_secure ? 8 : 7);
    size_t slash = slice_find(rest, '/');

    if ((!is_secure && !slice_starts_nocase(uri, SLICE("msrp://"))) || slash == rest.len) {
        return;
    }
    text_put(writing->text, is_secure ? SLICE("a=path:msrps://") : SLICE("a=path:msrp://"));
    address_write(writing->text, &writing->ours->address);
    text_put(writing->text, slice_skip(rest, slash));
    sdp_line_end(writing->text);
}

static void write_path(const struct sdp_writing *writing, const struct sdp_line *line)
{
    if (sdp_attribute_set_has(&writing->rewrite->stripped, SDP_ATTRIBUTE_PATH)) {
        return;
    }
    if (writing->rewrite->media == NULL) {
        write_attribute(writing, line);
    } else if (writing->ours != NULL) {
        write_our_path(writing, sdp_line_value(writing->sdp, line));
    }
}

void sdp_attributes_write(const struct sdp_writing *writing)
{
    for (const struct sdp_line *line = &writing->sdp->lines[writing->level->first_line];
         line < sdp_writing_end(writing); line++) {
        if (line->letter != 'a' || line->is_odd) {
            continue;
        }
        if (line->attribute == SDP_ATTRIBUTE_PATH) {
            write_path(writing, line);
        } else if (is_attribute_kept(writing, line) &&
                   !is_of_dropped_type(writing, (enum sdp_attribute)line->attribute,
                                       sdp_line_value(writing->sdp, line))) {
            write_attribute(writing, line);
        }
    }
}
