/*
 * The readers of single lines: v= o= c= b= t= m=.
 */
#include "base/must.h"
#include "wire/sdp/reader.h"
#include "wire/sip/chars.h"

static bool is_host_name(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char octet = name.at[i];

        if (!char_is_letter(octet) && !char_is_digit(octet) && octet != '-' && octet != '.') {
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

void sdp_target_note(struct sdp_reader *reader, const struct sdp_connection *target)
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
    const struct address *address = &target->address;

    if (reader->family != ADDRESS_NONE && reader->family != address->family) {
        sdp_note(reader->sdp, SDP_ODD_MIXED_FAMILIES, target->text.at,
                 (size_t)target->text.at + target->text.len);
    }
    reader->family = address->family;
    if (is_plain_target(address)) {
        return;
    }
    for (unsigned i = 0; i < ARRAY_COUNT(kinds); i++) {
        if (kinds[i].is(address)) {
            sdp_note(reader->sdp, kinds[i].oddity, target->text.at,
                     (size_t)target->text.at + target->text.len);
        }
    }
}

/* Most often c= has the address of o= again. */
static bool is_origin_again(const struct sdp_reader *reader, struct slice word, uint8_t family)
{
    const struct sdp_connection *origin = &reader->sdp->origin.connection;

    return origin->kind == SDP_CONNECTION_LITERAL && origin->address.family == family &&
           slice_equal(word, sdp_between(reader, origin->text.at,
                                         (size_t)origin->text.at + origin->text.len));
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

void sdp_connection_read(const struct sdp_reader *reader, size_t from,
                         struct sdp_connection *connection)
{
    static const char v4[] = "IN IP4 ", v6[] = "IN IP6 ";
    bool has_room = reader->end >= from + sizeof(v4) - 1;
    bool is_v4 = has_room && memcmp(reader->at + from, v4, sizeof(v4) - 1) == 0;

    *connection = (struct sdp_connection){.kind = SDP_CONNECTION_BAD};
    if (!is_v4 && !(has_room && memcmp(reader->at + from, v6, sizeof(v6) - 1) == 0)) {
        connection->text = sdp_span(from, reader->end);
        return;
    }
    size_t word = from + sizeof(v4) - 1, end = sdp_find(reader, word, '/');
    struct slice literal = sdp_between(reader, word, end);

    if (end < reader->end) {
        sdp_note(reader->sdp, SDP_ODD_CONNECTION_TTL, word, reader->end);
    }
    connection->text = sdp_span(word, end);
    if (read_literal(reader, literal, is_v4 ? ADDRESS_V4 : ADDRESS_V6, &connection->address)) {
        connection->kind = SDP_CONNECTION_LITERAL;
    } else if (is_host_name(literal)) {
        connection->kind = SDP_CONNECTION_NAME;
    }
}

bool sdp_version_read(struct sdp_reader *reader, size_t value)
{
    return (reader->end - value == 1 && reader->at[value] == '0') ||
           sdp_note_line(reader, SDP_ODD_BAD_VERSION);
}

bool sdp_digits_slow(const char *at, size_t from, uint32_t max, size_t *end, uint32_t *number)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < 9; i++) {
        value = value * 10 + (uint32_t)(at[from + i] - '0');
    }
    *number = value;
    *end = from + 9;
    return value <= max;
}

/* A number of up to 64 bits and the SP behind it. */
static bool read_id(const struct sdp_reader *reader, size_t *at, uint64_t *number)
{
    size_t from = *at, end = sdp_find(reader, from, ' ');

    *at = sdp_step(reader, end);
    return slice_number(sdp_between(reader, from, end), UINT64_MAX, number);
}

/* Of several o= and c= the first counts; the repetition was noted. */
bool sdp_origin_read(struct sdp_reader *reader, size_t value)
{
    struct sdp_origin *origin = &reader->sdp->origin;
    size_t at = sdp_find(reader, value, ' ');

    if ((reader->sdp->session.letters & sdp_letter_bit('o')) != 0) {
        return false;
    }
    origin->username = sdp_span(value, at);
    at = sdp_step(reader, at);
    bool has_ids = read_id(reader, &at, &origin->session_id);
    has_ids = read_id(reader, &at, &origin->session_version) && has_ids;
    sdp_connection_read(reader, at, &origin->connection);
    if (origin->username.len == 0 || !has_ids) {
        return sdp_note_line(reader, SDP_ODD_BAD_ORIGIN);
    }
    return origin->connection.kind != SDP_CONNECTION_BAD ||
           sdp_note_line(reader, SDP_ODD_BAD_ORIGIN_ADDRESS);
}

bool sdp_connection_line_read(struct sdp_reader *reader, size_t value)
{
    struct sdp_connection *connection = &reader->level->connection;

    if ((reader->level->letters & sdp_letter_bit('c')) != 0) {
        return false;
    }
    sdp_connection_read(reader, value, connection);
    if (connection->kind == SDP_CONNECTION_NAME) {
        sdp_note_line(reader, SDP_ODD_CONNECTION_NAME);
        return true;
    }
    if (connection->kind != SDP_CONNECTION_LITERAL) {
        return sdp_note_line(reader, SDP_ODD_BAD_CONNECTION);
    }
    sdp_target_note(reader, connection);
    return true;
}

bool sdp_bandwidth_read(struct sdp_reader *reader, size_t value)
{
    static const struct slice kinds[] = {SLICE_INIT("AS:"), SLICE_INIT("TIAS:"), SLICE_INIT("RS:"),
                                         SLICE_INIT("RR:"), SLICE_INIT("CT:")};

    for (unsigned i = 0; i < ARRAY_COUNT(kinds); i++) {
        uint32_t number;

        if (slice_starts(sdp_rest(reader, value), kinds[i])) {
            value += kinds[i].len;
            return (sdp_digits(reader, &value, UINT32_MAX, &number) && value == reader->end) ||
                   sdp_note_line(reader, SDP_ODD_BAD_BANDWIDTH);
        }
    }
    return sdp_note_line(reader, SDP_ODD_BAD_BANDWIDTH);
}

bool sdp_time_read(struct sdp_reader *reader, size_t value)
{
    uint64_t start, stop;

    return (read_id(reader, &value, &start) &&
            slice_number(sdp_rest(reader, value), UINT64_MAX, &stop)) ||
           sdp_note_line(reader, SDP_ODD_BAD_TIME);
}

/* "49170" or "49170/2"; an odd port is left 0: nothing is sent there. */
static bool read_port(struct sdp_reader *reader, size_t from, size_t end)
{
    struct sdp_media *media = reader->media;
    size_t at = from;
    uint32_t port, count = 1;
    bool is_number = sdp_digits(reader, &at, UINT16_MAX, &port);

    if (is_number && reader->at[at] == '/') {
        at++;
        is_number = sdp_digits(reader, &at, UINT16_MAX, &count);
    }
    if (!is_number || at != end) {
        return sdp_note(reader->sdp, SDP_ODD_BAD_PORT, from, end);
    }
    media->port = (uint16_t)port;
    media->port_count = (uint16_t)count;
    /* Who only connects says 9, the port of discard (RFC 4145 4.1). */
    if (port < SDP_PORT_MIN && port > 0 &&
        !(port == SDP_PORT_DISCARD && sdp_protocol_is_tcp((enum sdp_protocol)media->protocol))) {
        sdp_note(reader->sdp, SDP_ODD_LOW_PORT, from, end);
    }
    if (count != 1) {
        sdp_note(reader->sdp, SDP_ODD_PORT_COUNT, from, end);
    }
    return true;
}

/* Goes behind the word, whatever it is. */
static inline size_t read_payload_type(const struct sdp_reader *reader, size_t from)
{
    uint64_t *types = reader->media->payload_types, bit;
    size_t at = from;
    uint32_t type;

    if (!sdp_digits(reader, &at, SDP_PAYLOAD_TYPE_MAX, &type) ||
        (reader->at[at] != ' ' && at < reader->end)) {
        at = sdp_find(reader, at, ' ');
        sdp_note(reader->sdp, SDP_ODD_BAD_PAYLOAD_TYPE, from, at);
        return at;
    }
    bit = UINT64_C(1) << (type % 64);
    if ((types[type / 64] & bit) != 0) {
        sdp_note(reader->sdp, SDP_ODD_REPEATED_PAYLOAD_TYPE, from, at);
    }
    types[type / 64] |= bit;
    return at;
}

/* False when none is left to write. */
static bool read_formats(struct sdp_reader *reader, size_t at)
{
    struct sdp_media *media = reader->media;
    unsigned count = 0;

    media->formats = sdp_span(at, reader->end);
    if (at < reader->end && reader->at[reader->end - 1] == ' ') {
        sdp_note_line(reader, SDP_ODD_BAD_MEDIA);
    }
    for (; at < reader->end; at = sdp_step(reader, at)) {
        if (reader->at[at] == ' ') {
            sdp_note_line(reader, SDP_ODD_BAD_MEDIA);
            continue;
        }
        count++;
        at = reader->carries_rtp ? read_payload_type(reader, at) : sdp_find(reader, at, ' ');
    }
    media->format_count = (uint16_t)count;
    if (count > SDP_FORMATS_MAX) {
        sdp_note_line(reader, SDP_ODD_MANY_FORMATS);
    }
    if (count == 0) {
        return sdp_note_line(reader, SDP_ODD_NO_FORMATS);
    }
    return !reader->carries_rtp || (media->payload_types[0] | media->payload_types[1]) != 0;
}

/* Type, port, protocol, and the formats behind them, each one SP apart. */
bool sdp_media_line_read(struct sdp_reader *reader, size_t value)
{
    struct sdp_media *media = reader->media;
    size_t type_end = sdp_find(reader, value, ' ');
    size_t port = sdp_step(reader, type_end), port_end = sdp_find(reader, port, ' ');
    size_t protocol = sdp_step(reader, port_end), protocol_end = sdp_find(reader, protocol, ' ');

    media->type_text = sdp_span(value, type_end);
    media->type = (uint8_t)sdp_media_type_find(sdp_between(reader, value, type_end));
    media->protocol_text = sdp_span(protocol, protocol_end);
    media->protocol = (uint8_t)sdp_protocol_find(sdp_between(reader, protocol, protocol_end));
    reader->sdp->speaks_of_keys =
        reader->sdp->speaks_of_keys || sdp_protocol_is_secure((enum sdp_protocol)media->protocol);
    reader->carries_rtp =
        sdp_protocol_carries((enum sdp_protocol)media->protocol) == SDP_CARRIES_RTP;
    if (type_end == value || port_end == port || protocol_end == protocol) {
        return sdp_note_line(reader, SDP_ODD_BAD_MEDIA);
    }
    if (media->type == SDP_MEDIA_OTHER) {
        sdp_note_line(reader, SDP_ODD_UNKNOWN_MEDIA);
    }
    if (media->protocol == SDP_PROTOCOL_OTHER) {
        sdp_note_line(reader, SDP_ODD_UNKNOWN_PROTOCOL);
    }
    return read_port(reader, port, port_end) &&
           read_formats(reader, sdp_step(reader, protocol_end));
}
