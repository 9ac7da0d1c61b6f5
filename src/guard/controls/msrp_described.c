/* CT-MSG-05: a session of messages anybody could guess, or that leads somewhere else. */
#include "guard/content.h"

enum {
    SESSION_ID_BITS = 80, /* RCS-08 */
    BITS_OF_LETTER = 4,   /* hexadecimal at least */
    PATH_URIS_MAX = 2,    /* the endpoint's, and one relay's */
};

struct path_uri {
    struct slice host, session_id;
};

/* "msrps://host:port/session-id;tcp" */
static bool path_uri_read(struct slice text, bool is_secure, struct path_uri *uri)
{
    struct slice authority;
    size_t slash;

    if (!slice_starts_nocase(text, is_secure ? SLICE("msrps://") : SLICE("msrp://"))) {
        return false;
    }
    text = slice_skip(text, is_secure ? 8 : 7);
    slash = slice_find(text, '/');
    authority = slice_head(text, slash);
    authority = slice_skip(authority, slice_find(authority, '@') == authority.len
                                          ? 0
                                          : slice_find(authority, '@') + 1);
    uri->host = authority.len > 0 && authority.at[0] == '['
                    ? slice_head(authority, slice_find(authority, ']') + 1)
                    : slice_head(authority, slice_find(authority, ':'));
    uri->session_id = slice_skip(text, slash + 1);
    uri->session_id = slice_head(uri->session_id, slice_find(uri->session_id, ';'));
    return uri->host.len > 0;
}

/* Who receives is the last of the path; what stands before it is a relay he chose. */
static bool last_of(struct slice path, bool is_secure, struct path_uri *last, unsigned *count)
{
    struct slice one;

    for (*count = 0; slice_cut(&path, ' ', &one); (*count)++) {
        if (one.len == 0 || !path_uri_read(one, is_secure, last)) {
            return false;
        }
    }
    return *count > 0;
}

/* A literal address of the path is that of the description; names are nobody's here to look up. */
static bool is_there(const struct sdp *sdp, const struct sdp_media *media, struct slice host)
{
    struct address described, address;

    if (!sdp_media_address(sdp, media, &described) || !address_read(&address, host)) {
        return true;
    }
    return address_is_unspecified(&described) || address_same_host(&address, &described);
}

static bool accepts(const struct sdp *sdp, const struct sdp_media *media)
{
    struct slice types = sdp_attribute_value(sdp, &media->level, SDP_ATTRIBUTE_ACCEPT_TYPES);

    return slice_trim(types).len > 0;
}

static enum outcome judge_media(struct inspection *inspection, const struct sdp *sdp,
                                const struct sdp_media *media)
{
    struct slice path = slice_trim(sdp_attribute_value(sdp, &media->level, SDP_ATTRIBUTE_PATH));
    struct path_uri last = {.session_id = SLICE_NONE};
    unsigned count = 0;

    if (!last_of(path, sdp_protocol_is_secure(media->protocol), &last, &count) ||
        count > PATH_URIS_MAX || last.session_id.len * BITS_OF_LETTER < SESSION_ID_BITS ||
        (count == 1 && !is_there(sdp, media, last.host)) || !accepts(sdp, media)) {
        struct slice line = sdp_line_text(sdp, &sdp->lines[media->level.first_line]);

        return body_found(inspection, path.len > 0 ? path : line, "RCS-08", 488);
    }
    return OUTCOME_PASSED;
}

enum outcome control_msrp_described(struct inspection *inspection)
{
    const struct sdp *sdp = inspection->message.body.len == 0 ? NULL : inspection_sdp(inspection);
    enum outcome outcome = OUTCOME_NOT_APPLICABLE;

    for (uint16_t i = 0; sdp != NULL && outcome != OUTCOME_FAILED && i < sdp->media_count; i++) {
        if (sdp->media[i].port != 0 &&
            sdp_protocol_carries(sdp->media[i].protocol) == SDP_CARRIES_MSRP) {
            outcome = judge_media(inspection, sdp, &sdp->media[i]);
        }
    }
    return outcome;
}
