/*
 * What a description says, once it was read.
 */
#include "wire/sdp/sdp.h"

struct slice sdp_line_name(const struct sdp *sdp, const struct sdp_line *line)
{
    struct slice name = slice_skip(sdp_line_text(sdp, line), sizeof("a=") - 1);

    return slice_head(name, slice_find(name, ':'));
}

const struct sdp_line *sdp_attribute_next(const struct sdp *sdp, const struct sdp_level *level,
                                          enum sdp_attribute attribute,
                                          const struct sdp_line *after)
{
    const struct sdp_line *end = &sdp->lines[level->first_line + level->line_count];

    if (!sdp_has(level, attribute)) {
        return NULL;
    }
    for (const struct sdp_line *line = after == NULL ? &sdp->lines[level->first_line] : after + 1;
         line < end; line++) {
        if (line->letter == 'a' && line->attribute == attribute) {
            return line;
        }
    }
    return NULL;
}

struct slice sdp_attribute_value(const struct sdp *sdp, const struct sdp_level *level,
                                 enum sdp_attribute attribute)
{
    const struct sdp_line *line = sdp_attribute_next(sdp, level, attribute, NULL);

    return line == NULL ? SLICE_NONE : sdp_line_value(sdp, line);
}

bool sdp_media_address(const struct sdp *sdp, const struct sdp_media *media,
                       struct address *address)
{
    const struct sdp_connection *connection = &media->level.connection;

    if (connection->kind == SDP_CONNECTION_NONE) {
        connection = &sdp->session.connection;
    }
    *address = connection->address;
    address->port = media->port;
    return connection->kind == SDP_CONNECTION_LITERAL;
}

bool sdp_media_rtcp_address(const struct sdp *sdp, const struct sdp_media *media,
                            struct address *address)
{
    bool is_known = sdp_media_address(sdp, media, address);

    if (sdp_has(&media->level, SDP_ATTRIBUTE_RTCP_MUX)) {
        return is_known;
    }
    if (media->rtcp.family != ADDRESS_NONE) {
        *address = media->rtcp;
        return true;
    }
    if (media->rtcp.port != 0) {
        address->port = media->rtcp.port;
    } else if (media->port == UINT16_MAX || media->port == 0) {
        return false;
    } else {
        address->port++;
    }
    return is_known;
}

enum sdp_direction sdp_media_direction(const struct sdp *sdp, const struct sdp_media *media)
{
    if (media->level.direction != SDP_DIRECTION_NONE) {
        return (enum sdp_direction)media->level.direction;
    }
    if (sdp->session.direction != SDP_DIRECTION_NONE) {
        return (enum sdp_direction)sdp->session.direction;
    }
    return SDP_SENDRECV;
}

bool sdp_media_is_held(const struct sdp *sdp, const struct sdp_media *media)
{
    enum sdp_direction direction = sdp_media_direction(sdp, media);
    struct address address;

    return direction == SDP_SENDONLY || direction == SDP_INACTIVE ||
           (sdp_media_address(sdp, media, &address) && address_is_unspecified(&address));
}

bool sdp_format_next(struct slice *rest, struct slice *format)
{
    while (slice_cut(rest, ' ', format)) {
        if (format->len > 0) {
            return true;
        }
    }
    return false;
}
