/*
 * The readers of single lines: o= c= b= t= m=.
 */
#include "base/must.h"
#include "wire/sdp/reader.h"

static bool is_host_name(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char octet = name.at[i];

        if (!((octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') ||
              (octet >= '0' && octet <= '9') || octet == '-' || octet == '.')) {
            return false;
        }
    }
    /* A last label of digits only would be an address that was not read as one. */
    size_t dot = slice_find_last(name, '.');
    uint64_t number;
    return name.len > 0 &&
           !slice_number(dot < name.len ? slice_skip(name, dot + 1) : name, UINT64_MAX, &number);
}

/* No address that these octets begin has anything to note, and nearly all addresses are such. */
static bool is_plain_target(const struct address *address)
{
    uint8_t first = address->bytes[0];

    return address->family == ADDRESS_V4 && first != 127 && first != 169 && first < 224;
}

void sdp_target_note(struct sdp_reader *reader, struct sip_span text, const struct address *address)
{
    static const struct {
        enum sdp_oddity oddity;
        bool (*is)(const struct address *address);
    } kinds[] = {
        {SDP_ODD_MULTICAST, address_is_multicast},
        {SDP_ODD_LOOPBACK, address_is_loopback},
        {SDP_ODD_LINK_LOCAL, address_is_link_local},
        {SDP_ODD_MAPPED, address_is_mapped},
    };

    if (reader->family != ADDRESS_NONE && reader->family != address->family) {
        sdp_note(reader->sdp, SDP_ODD_MIXED_FAMILIES, sdp_slice(reader->sdp, text));
    }
    reader->family = address->family;
    if (is_plain_target(address)) {
        return;
    }
    for (unsigned i = 0; i < ARRAY_COUNT(kinds); i++) {
        if (kinds[i].is(address)) {
            sdp_note(reader->sdp, kinds[i].oddity, sdp_slice(reader->sdp, text));
        }
    }
}

/* Most often c= has the address of o= again. */
static bool is_origin_again(const struct sdp_reader *reader, struct slice word, uint8_t family)
{
    const struct sdp_connection *origin = &reader->sdp->origin.connection;

    return origin->kind == SDP_CONNECTION_LITERAL && origin->address.family == family &&
           slice_equal(word, sdp_slice(reader->sdp, origin->text));
}

/* Brackets belong to URIs; here the grammar has none. */
static bool read_literal(const struct sdp_reader *reader, struct slice word, uint8_t family,
                         struct address *address)
{
    if (is_origin_again(reader, word, family)) {
        *address = reader->sdp->origin.connection.address;
        return true;
    }
    return word.len > 0 && word.at[0] != '[' && address_read(address, word) &&
           address->family == family;
}

void sdp_connection_read(const struct sdp_reader *reader, struct slice value,
                         struct sdp_connection *connection)
{
    bool is_v4 = slice_starts(value, SLICE("IN IP4 "));
    struct slice word = slice_skip(value, sizeof("IN IP4 ") - 1);

    *connection = (struct sdp_connection){.kind = SDP_CONNECTION_BAD};
    if (!is_v4 && !slice_starts(value, SLICE("IN IP6 "))) {
        connection->text = sdp_span(reader->sdp, value);
        return;
    }
    size_t slash = slice_find(word, '/');
    if (slash < word.len) {
        sdp_note(reader->sdp, SDP_ODD_CONNECTION_TTL, word);
        word.len = slash;
    }
    connection->text = sdp_span(reader->sdp, word);
    if (read_literal(reader, word, is_v4 ? ADDRESS_V4 : ADDRESS_V6, &connection->address)) {
        connection->kind = SDP_CONNECTION_LITERAL;
    } else if (is_host_name(word)) {
        connection->kind = SDP_CONNECTION_NAME;
    }
}

bool sdp_version_read(struct sdp_reader *reader, struct slice line, struct slice value)
{
    return slice_equal(value, SLICE("0")) || sdp_note(reader->sdp, SDP_ODD_BAD_VERSION, line);
}

/* Of several o= and c= the first counts; the repetition was noted. */
bool sdp_origin_read(struct sdp_reader *reader, struct slice line, struct slice value)
{
    struct sdp_origin *origin = &reader->sdp->origin;

    if ((reader->sdp->session.letters & sdp_letter_bit('o')) != 0) {
        return false;
    }
    struct slice username = sdp_word(&value);
    struct slice session_id = sdp_word(&value);
    struct slice session_version = sdp_word(&value);

    origin->username = sdp_span(reader->sdp, username);
    sdp_connection_read(reader, value, &origin->connection);
    if (username.len == 0 || !slice_number(session_id, UINT64_MAX, &origin->session_id) ||
        !slice_number(session_version, UINT64_MAX, &origin->session_version)) {
        return sdp_note(reader->sdp, SDP_ODD_BAD_ORIGIN, line);
    }
    return origin->connection.kind != SDP_CONNECTION_BAD ||
           sdp_note(reader->sdp, SDP_ODD_BAD_ORIGIN_ADDRESS, line);
}

bool sdp_connection_line_read(struct sdp_reader *reader, struct slice line, struct slice value)
{
    struct sdp_connection *connection = &reader->level->connection;

    if ((reader->level->letters & sdp_letter_bit('c')) != 0) {
        return false;
    }
    sdp_connection_read(reader, value, connection);
    if (connection->kind == SDP_CONNECTION_NAME) {
        sdp_note(reader->sdp, SDP_ODD_CONNECTION_NAME, line);
        return true;
    }
    if (connection->kind != SDP_CONNECTION_LITERAL) {
        return sdp_note(reader->sdp, SDP_ODD_BAD_CONNECTION, line);
    }
    sdp_target_note(reader, connection->text, &connection->address);
    return true;
}

bool sdp_bandwidth_read(struct sdp_reader *reader, struct slice line, struct slice value)
{
    static const struct slice kinds[] = {SLICE_INIT("AS"), SLICE_INIT("TIAS"), SLICE_INIT("RS"),
                                         SLICE_INIT("RR"), SLICE_INIT("CT")};
    size_t colon = slice_find(value, ':');
    struct slice kind = slice_head(value, colon);
    struct slice number = slice_skip(value, colon + 1);
    uint32_t kilobits;

    if (!sdp_digits(&number, UINT32_MAX, &kilobits) || number.len > 0) {
        return sdp_note(reader->sdp, SDP_ODD_BAD_BANDWIDTH, line);
    }
    for (unsigned i = 0; i < ARRAY_COUNT(kinds); i++) {
        if (slice_equal(kind, kinds[i])) {
            return true;
        }
    }
    return sdp_note(reader->sdp, SDP_ODD_BAD_BANDWIDTH, line);
}

bool sdp_time_read(struct sdp_reader *reader, struct slice line, struct slice value)
{
    struct slice start = sdp_word(&value);
    uint64_t number;

    return (slice_number(start, UINT64_MAX, &number) && slice_number(value, UINT64_MAX, &number)) ||
           sdp_note(reader->sdp, SDP_ODD_BAD_TIME, line);
}

/* "49170" or "49170/2"; an odd port is left 0: nothing is sent there. */
static bool read_port(struct sdp *sdp, struct sdp_media *media, struct slice word)
{
    bool is_tcp = sdp_protocol_is_tcp((enum sdp_protocol)media->protocol);
    struct slice rest = word;
    uint32_t port, count = 1;
    bool is_number = sdp_digits(&rest, UINT16_MAX, &port);

    if (is_number && rest.len > 0 && rest.at[0] == '/') {
        rest = slice_skip(rest, 1);
        is_number = sdp_digits(&rest, UINT16_MAX, &count);
    }
    if (!is_number || rest.len > 0) {
        return sdp_note(sdp, SDP_ODD_BAD_PORT, word);
    }
    media->port = (uint16_t)port;
    media->port_count = (uint16_t)count;
    /* Who only connects says 9, the port of discard (RFC 4145 4.1). */
    if (port > 0 && port < SDP_PORT_MIN && !(is_tcp && port == SDP_PORT_DISCARD)) {
        sdp_note(sdp, SDP_ODD_LOW_PORT, word);
    }
    if (count != 1) {
        sdp_note(sdp, SDP_ODD_PORT_COUNT, word);
    }
    return true;
}

static void read_payload_type(struct sdp *sdp, struct sdp_media *media, struct slice format)
{
    struct slice rest = format;
    uint32_t type;

    if (!sdp_digits(&rest, SDP_PAYLOAD_TYPE_MAX, &type) || rest.len > 0) {
        sdp_note(sdp, SDP_ODD_BAD_PAYLOAD_TYPE, format);
        return;
    }
    if (sdp_media_has_payload_type(media, type)) {
        sdp_note(sdp, SDP_ODD_REPEATED_PAYLOAD_TYPE, format);
    }
    media->payload_types[type / 64] |= UINT64_C(1) << (type % 64);
}

/* False when none is left to write. */
static bool read_formats(const struct sdp_reader *reader, struct slice line, struct slice formats)
{
    struct sdp *sdp = reader->sdp;
    struct sdp_media *media = reader->media;

    media->formats = sdp_span(sdp, formats);
    if (formats.len > 0 && formats.at[formats.len - 1] == ' ') {
        sdp_note(sdp, SDP_ODD_BAD_MEDIA, line);
    }
    while (formats.len > 0) {
        struct slice format = sdp_word(&formats);

        if (format.len == 0) {
            sdp_note(sdp, SDP_ODD_BAD_MEDIA, line);
            continue;
        }
        media->format_count++;
        if (reader->carries_rtp) {
            read_payload_type(sdp, media, format);
        }
    }
    if (media->format_count > SDP_FORMATS_MAX) {
        sdp_note(sdp, SDP_ODD_MANY_FORMATS, line);
    }
    if (media->format_count == 0) {
        return sdp_note(sdp, SDP_ODD_NO_FORMATS, line);
    }
    return !reader->carries_rtp || (media->payload_types[0] | media->payload_types[1]) != 0;
}

bool sdp_media_line_read(struct sdp_reader *reader, struct slice line, struct slice value)
{
    struct sdp *sdp = reader->sdp;
    struct sdp_media *media = reader->media;
    struct slice type = sdp_word(&value);
    struct slice port = sdp_word(&value);
    struct slice protocol = sdp_word(&value);

    media->type_text = sdp_span(sdp, type);
    media->type = (uint8_t)sdp_media_type_find(type);
    media->protocol_text = sdp_span(sdp, protocol);
    media->protocol = (uint8_t)sdp_protocol_find(protocol);
    reader->carries_rtp =
        sdp_protocol_carries((enum sdp_protocol)media->protocol) == SDP_CARRIES_RTP;
    if (type.len == 0 || port.len == 0 || protocol.len == 0) {
        return sdp_note(sdp, SDP_ODD_BAD_MEDIA, line);
    }
    if (media->type == SDP_MEDIA_OTHER) {
        sdp_note(sdp, SDP_ODD_UNKNOWN_MEDIA, line);
    }
    if (media->protocol == SDP_PROTOCOL_OTHER) {
        sdp_note(sdp, SDP_ODD_UNKNOWN_PROTOCOL, line);
    }
    return read_port(sdp, media, port) && read_formats(reader, line, value);
}
