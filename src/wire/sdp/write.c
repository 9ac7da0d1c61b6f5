/*
 * The canonical writer of descriptions.
 */
#include "wire/sdp/writer.h"
#include "wire/token.h"

static void write_address(struct text *text, const struct address *address)
{
    text_put(text, address->family == ADDRESS_V6 ? SLICE("IN IP6 ") : SLICE("IN IP4 "));
    address_write_host(text, address, false);
}

static void write_origin(const struct sdp_writing *writing)
{
    struct text *text = writing->text;

    text_put(text, SLICE("v=0\r\no=- "));
    text_put_number(text, writing->rewrite->session_id);
    text_put_octet(text, ' ');
    text_put_number(text, writing->rewrite->session_version);
    text_put_octet(text, ' ');
    write_address(text, &writing->rewrite->address);
    text_put(text, SLICE("\r\ns=-\r\n"));
}

static void write_our_connection(struct text *text, const struct address *address)
{
    text_put(text, SLICE("c="));
    write_address(text, address);
    sdp_line_end(text);
}

/* Where the media pass us by.  A name stays a name; what could not be read was refused before. */
static void write_their_connection(const struct sdp_writing *writing)
{
    const struct sdp_connection *connection = &writing->level->connection;
    const struct sdp_line *line = &writing->sdp->lines[writing->level->first_line];

    if (connection->kind == SDP_CONNECTION_LITERAL) {
        write_our_connection(writing->text, &connection->address);
    } else if (connection->kind == SDP_CONNECTION_NAME) {
        while (line->letter != 'c') {
            line++;
        }
        text_put(writing->text,
                 slice_head(sdp_line_text(writing->sdp, line), sizeof("c=IN IP4 ") - 1));
        text_put(writing->text, sdp_slice(writing->sdp, connection->text));
        sdp_line_end(writing->text);
    }
}

/* A hold by address stays one: with ours in its place the far side would start to send. */
static void write_media_connection(const struct sdp_writing *writing)
{
    const struct address *ours = &writing->ours->address;
    struct address theirs;

    if (sdp_media_address(writing->sdp, writing->media, &theirs) &&
        address_is_unspecified(&theirs)) {
        struct address hold = {.family = ours->family};

        write_our_connection(writing->text, &hold);
    } else if (!address_same_host(ours, &writing->rewrite->address)) {
        write_our_connection(writing->text, ours);
    }
}

/* AS counts kbit/s, the others bit/s (RFC 3556, RFC 3890). */
static void write_bandwidth(const struct sdp_writing *writing, struct slice value)
{
    static const struct {
        struct slice kind;
        uint32_t per_kilobit;
    } kinds[] = {
        {SLICE_INIT("AS:"), 1},
        {SLICE_INIT("TIAS:"), 1000},
        {SLICE_INIT("RS:"), 1000},
        {SLICE_INIT("RR:"), 1000},
    };
    uint64_t number, max = UINT32_MAX;

    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!slice_starts(value, kinds[i].kind) ||
            !slice_number(slice_skip(value, kinds[i].kind.len), UINT32_MAX, &number)) {
            continue;
        }
        if (writing->ours != NULL && writing->ours->bandwidth_max != 0) {
            max = (uint64_t)writing->ours->bandwidth_max * kinds[i].per_kilobit;
        }
        text_put(writing->text, SLICE("b="));
        text_put(writing->text, kinds[i].kind);
        text_put_number(writing->text, number < max ? number : max);
        sdp_line_end(writing->text);
    }
}

static void write_bandwidths(const struct sdp_writing *writing)
{
    for (const struct sdp_line *line = &writing->sdp->lines[writing->level->first_line];
         line < sdp_writing_end(writing); line++) {
        if (line->letter == 'b' && !line->is_odd) {
            write_bandwidth(writing, sdp_line_value(writing->sdp, line));
        }
    }
}

static void write_times(const struct sdp_writing *writing)
{
    bool is_written = false;

    for (const struct sdp_line *line = writing->sdp->lines; line < sdp_writing_end(writing);
         line++) {
        if (line->letter == 't' && !line->is_odd) {
            text_put(writing->text, sdp_line_text(writing->sdp, line));
            sdp_line_end(writing->text);
            is_written = true;
        }
    }
    if (!is_written) {
        text_put(writing->text, SLICE("t=0 0\r\n"));
    }
}

/* RFC 3605: said only when it is not the next port, or the same port of rtcp-mux. */
static void write_rtcp(const struct sdp_writing *writing, uint16_t port)
{
    const struct address *theirs = &writing->media->rtcp;
    uint32_t rtcp = writing->ours != NULL ? writing->ours->rtcp_port : theirs->port;

    if (rtcp == 0 || port == 0 || rtcp == port + 1U || rtcp == port) {
        return;
    }
    text_put(writing->text, SLICE("a=rtcp:"));
    text_put_number(writing->text, rtcp);
    if (writing->ours == NULL && theirs->family != ADDRESS_NONE) {
        text_put_octet(writing->text, ' ');
        write_address(writing->text, theirs);
    }
    sdp_line_end(writing->text);
}

static bool is_rtp(const struct sdp_media *media)
{
    return sdp_protocol_carries((enum sdp_protocol)media->protocol) == SDP_CARRIES_RTP;
}

/* Payload types as plain numbers, each once, without those that are dropped. */
static void write_payload_types(const struct sdp_writing *writing)
{
    struct slice rest = sdp_slice(writing->sdp, writing->media->formats), format;
    uint64_t written[2] = {0, 0}, type;

    while (sdp_format_next(&rest, &format)) {
        if (!slice_number(format, SDP_PAYLOAD_TYPE_MAX, &type) ||
            sdp_writing_drops(writing, type) || ((written[type / 64] >> (type % 64)) & 1) != 0) {
            continue;
        }
        written[type / 64] |= UINT64_C(1) << (type % 64);
        text_put_octet(writing->text, ' ');
        text_put_number(writing->text, type);
    }
}

static void write_formats(const struct sdp_writing *writing)
{
    struct slice rest = sdp_slice(writing->sdp, writing->media->formats), format;

    while (sdp_format_next(&rest, &format)) {
        text_put_octet(writing->text, ' ');
        text_put(writing->text, format);
    }
}

static void write_media_line(const struct sdp_writing *writing, uint16_t port)
{
    const struct sdp_media *media = writing->media;
    bool is_ours = writing->ours != NULL && writing->ours->has_protocol;
    uint8_t protocol = is_ours ? writing->ours->protocol : media->protocol;
    struct text *text = writing->text;

    text_put(text, SLICE("m="));
    text_put(text, media->type == SDP_MEDIA_OTHER
                       ? sdp_slice(writing->sdp, media->type_text)
                       : sdp_media_type_spelling((enum sdp_media_type)media->type));
    text_put_octet(text, ' ');
    text_put_number(text, port);
    text_put_octet(text, ' ');
    text_put(text, protocol == SDP_PROTOCOL_OTHER
                       ? sdp_slice(writing->sdp, media->protocol_text)
                       : sdp_protocol_spelling((enum sdp_protocol)protocol));
    if (is_rtp(media)) {
        write_payload_types(writing);
    } else {
        write_formats(writing);
    }
    sdp_line_end(text);
}

/* A medium of which no payload type is left is refused, and says what it had (RFC 3264 6). */
static uint16_t choose_port(struct sdp_writing *writing)
{
    const struct sdp_media *media = writing->media;
    const struct sdp_media_rewrite *ours = writing->ours;

    if (ours == NULL || sdp_media_is_refused(media)) {
        return media->port;
    }
    bool has_types = !is_rtp(media) || (media->payload_types[0] & ~ours->dropped_types[0]) != 0 ||
                     (media->payload_types[1] & ~ours->dropped_types[1]) != 0;
    if (!has_types) {
        return 0;
    }
    writing->dropped[0] = ours->dropped_types[0];
    writing->dropped[1] = ours->dropped_types[1];
    return ours->address.port;
}

static void write_media(struct sdp_writing writing, unsigned index)
{
    const struct sdp_rewrite *rewrite = writing.rewrite;

    writing.media = &writing.sdp->media[index];
    writing.level = &writing.media->level;
    writing.ours = rewrite->media != NULL ? &rewrite->media[index] : NULL;
    uint16_t port = choose_port(&writing);

    write_media_line(&writing, port);
    if (writing.ours != NULL) {
        write_media_connection(&writing);
    } else {
        write_their_connection(&writing);
    }
    write_bandwidths(&writing);
    sdp_attributes_write(&writing);
    write_rtcp(&writing, port);
    if (writing.ours != NULL && port != 0) {
        text_put(writing.text, writing.ours->added);
    }
}

static void write_session(const struct sdp_writing *writing)
{
    write_origin(writing);
    if (writing->rewrite->media != NULL) {
        write_our_connection(writing->text, &writing->rewrite->address);
    } else {
        write_their_connection(writing);
    }
    write_bandwidths(writing);
    write_times(writing);
    sdp_attributes_write(writing);
    text_put(writing->text, writing->rewrite->added);
}

static bool is_protocol(struct slice name)
{
    struct slice part;

    if (slice_ends(name, SLICE("/"))) {
        return false;
    }
    while (slice_cut(&name, '/', &part)) {
        if (!slice_is_token(part)) {
            return false;
        }
    }
    return true;
}

static bool is_media_writable(const struct sdp *sdp, const struct sdp_media *media,
                              const struct sdp_rewrite *rewrite)
{
    return !sdp->lines[media->level.first_line].is_odd &&
           slice_is_token(sdp_slice(sdp, media->type_text)) &&
           is_protocol(sdp_slice(sdp, media->protocol_text)) &&
           (rewrite->media != NULL || media->level.connection.kind != SDP_CONNECTION_BAD);
}

static bool is_writable(const struct sdp *sdp, const struct sdp_rewrite *rewrite)
{
    if (sdp->media_count == 0 || sdp_is_odd(sdp, SDP_ODD_LONG_BODY) ||
        sdp_is_odd(sdp, SDP_ODD_MANY_LINES) || sdp_is_odd(sdp, SDP_ODD_MANY_MEDIA) ||
        (rewrite->media == NULL && sdp->session.connection.kind == SDP_CONNECTION_BAD)) {
        return false;
    }
    for (unsigned i = 0; i < sdp->media_count; i++) {
        if (!is_media_writable(sdp, &sdp->media[i], rewrite)) {
            return false;
        }
    }
    return true;
}

bool sdp_write(struct text *text, const struct sdp *sdp, const struct sdp_rewrite *rewrite)
{
    struct sdp_writing writing = {
        .text = text, .sdp = sdp, .rewrite = rewrite, .level = &sdp->session};

    if (!is_writable(sdp, rewrite)) {
        return false;
    }
    write_session(&writing);
    for (unsigned i = 0; i < sdp->media_count; i++) {
        write_media(writing, i);
    }
    return !text->is_full;
}
