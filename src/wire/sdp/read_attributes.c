/*
 * The attributes that a border must understand.  All others are lines with a name.
 */
#include "base/must.h"
#include "wire/sdp/reader.h"
#include "wire/token.h"

/* False, and the oddity noted, when the line is not to be relied on. */
typedef bool (*read_function)(struct sdp_reader *reader, struct slice line, struct slice value);

/* The payload type in front of a rtpmap or fmtp; false when it is none of the m= line. */
static bool read_type(struct sdp_reader *reader, struct slice *value, uint32_t *type)
{
    return sdp_digits(value, SDP_PAYLOAD_TYPE_MAX, type) && reader->media != NULL &&
           sdp_media_has_payload_type(reader->media, *type);
}

/* " EVS/16000" or " opus/48000/2" */
static bool is_mapping(struct slice value)
{
    uint32_t number;
    size_t slash = slice_find(value, '/');
    struct slice rest = slice_skip(value, slash + 1);

    if (slash < 2 || value.at[0] != ' ' || value.at[1] == ' ' ||
        !sdp_digits(&rest, UINT32_MAX, &number)) {
        return false;
    }
    if (rest.len == 0) {
        return true;
    }
    bool has_channels = rest.at[0] == '/';
    rest = slice_skip(rest, 1);
    return has_channels && sdp_digits(&rest, UINT8_MAX, &number) && rest.len == 0;
}

static bool read_rtpmap(struct sdp_reader *reader, struct slice line, struct slice value)
{
    uint32_t type;
    bool is_ours = read_type(reader, &value, &type);

    if (!reader->carries_rtp) {
        return true;
    }
    if (!is_mapping(value)) {
        return sdp_note(reader->sdp, SDP_ODD_BAD_RTPMAP, line);
    }
    if (!is_ours) {
        return sdp_note(reader->sdp, SDP_ODD_STRAY_FORMAT, line);
    }
    uint64_t bit = UINT64_C(1) << (type % 64);
    if ((reader->media->mapped[type / 64] & bit) != 0) {
        return sdp_note(reader->sdp, SDP_ODD_REPEATED_RTPMAP, line);
    }
    reader->media->mapped[type / 64] |= bit;
    return true;
}

static bool read_fmtp(struct sdp_reader *reader, struct slice line, struct slice value)
{
    uint32_t type;

    if (reader->carries_rtp &&
        (!read_type(reader, &value, &type) || value.len == 0 || value.at[0] != ' ')) {
        return sdp_note(reader->sdp, SDP_ODD_STRAY_FORMAT, line);
    }
    return true;
}

/* "49171" or "49171 IN IP4 192.0.2.1", RFC 3605 */
static bool read_rtcp(struct sdp_reader *reader, struct slice line, struct slice value)
{
    struct sdp_connection connection = {.kind = SDP_CONNECTION_NONE};
    uint32_t port;
    bool is_port = sdp_digits(&value, UINT16_MAX, &port);

    if (is_port && value.len > 0 && value.at[0] == ' ') {
        sdp_connection_read(reader, slice_skip(value, 1), &connection);
    }
    if (!is_port || reader->media == NULL ||
        (value.len > 0 && connection.kind != SDP_CONNECTION_LITERAL)) {
        return sdp_note(reader->sdp, SDP_ODD_BAD_RTCP, line);
    }
    if (port > 0 && port < SDP_PORT_MIN) {
        sdp_note(reader->sdp, SDP_ODD_LOW_PORT, line);
    }
    if (connection.kind == SDP_CONNECTION_LITERAL) {
        sdp_target_note(reader, connection.text, &connection.address);
    }
    reader->media->rtcp = connection.address;
    reader->media->rtcp.port = (uint16_t)port;
    return true;
}

/* Milliseconds, perhaps with a fraction (RFC 8866 6.4), which is left off. */
static bool read_milliseconds(struct sdp_reader *reader, struct slice line, struct slice value,
                              uint16_t *milliseconds)
{
    uint32_t number, fraction;
    bool is_number = sdp_digits(&value, UINT16_MAX, &number);

    if (is_number && value.len > 0 && value.at[0] == '.') {
        value = slice_skip(value, 1);
        is_number = sdp_digits(&value, UINT32_MAX, &fraction);
    }
    if (!is_number || value.len > 0) {
        return sdp_note(reader->sdp, SDP_ODD_BAD_PTIME, line);
    }
    *milliseconds = (uint16_t)number;
    return true;
}

static bool read_ptime(struct sdp_reader *reader, struct slice line, struct slice value)
{
    return read_milliseconds(reader, line, value, &reader->level->ptime);
}

static bool read_max_ptime(struct sdp_reader *reader, struct slice line, struct slice value)
{
    return read_milliseconds(reader, line, value, &reader->level->max_ptime);
}

/* Of two the first counts: RFC 3264 has no answer to two, and ours must be the same each time. */
static bool set_direction(struct sdp_reader *reader, struct slice line,
                          enum sdp_direction direction)
{
    if (reader->level->direction != SDP_DIRECTION_NONE) {
        return sdp_note(reader->sdp, SDP_ODD_TWO_DIRECTIONS, line);
    }
    reader->level->direction = (uint8_t)direction;
    return true;
}

static const struct slice setup_roles[] = {
    [SDP_SETUP_NONE] = SLICE_INIT(""),
    [SDP_SETUP_ACTIVE] = SLICE_INIT("active"),
    [SDP_SETUP_PASSIVE] = SLICE_INIT("passive"),
    [SDP_SETUP_ACTPASS] = SLICE_INIT("actpass"),
    [SDP_SETUP_HOLDCONN] = SLICE_INIT("holdconn"),
};

static bool read_sendrecv(struct sdp_reader *reader, struct slice line, struct slice value)
{
    (void)value;
    return set_direction(reader, line, SDP_SENDRECV);
}

static bool read_sendonly(struct sdp_reader *reader, struct slice line, struct slice value)
{
    (void)value;
    return set_direction(reader, line, SDP_SENDONLY);
}

static bool read_recvonly(struct sdp_reader *reader, struct slice line, struct slice value)
{
    (void)value;
    return set_direction(reader, line, SDP_RECVONLY);
}

static bool read_inactive(struct sdp_reader *reader, struct slice line, struct slice value)
{
    (void)value;
    return set_direction(reader, line, SDP_INACTIVE);
}

static bool read_setup(struct sdp_reader *reader, struct slice line, struct slice value)
{
    for (unsigned role = SDP_SETUP_ACTIVE; role < ARRAY_COUNT(setup_roles); role++) {
        if (slice_equal_nocase(value, setup_roles[role])) {
            reader->level->setup = (uint8_t)role;
            return true;
        }
    }
    return sdp_note(reader->sdp, SDP_ODD_BAD_SETUP, line);
}

static bool is_hex(char octet)
{
    return (octet >= '0' && octet <= '9') || (octet >= 'a' && octet <= 'f') ||
           (octet >= 'A' && octet <= 'F');
}

/* "4A:AD:B9", RFC 8122 5 */
static bool is_hex_pairs(struct slice pairs)
{
    for (size_t i = 0; i < pairs.len; i++) {
        if (i % 3 == 2 ? pairs.at[i] != ':' : !is_hex(pairs.at[i])) {
            return false;
        }
    }
    return pairs.len % 3 == 2;
}

static bool read_fingerprint(struct sdp_reader *reader, struct slice line, struct slice value)
{
    struct slice hash = sdp_word(&value);

    reader->level->fingerprint_count++;
    if (!slice_is_token(hash) || !is_hex_pairs(value)) {
        return sdp_note(reader->sdp, SDP_ODD_BAD_FINGERPRINT, line);
    }
    return true;
}

/* "1 AES_CM_128_HMAC_SHA1_80 inline:..." with a tag of at most nine digits, RFC 4568 9.2 */
static bool read_crypto(struct sdp_reader *reader, struct slice line, struct slice value)
{
    struct slice tag = sdp_word(&value);
    struct slice suite = sdp_word(&value);
    uint64_t number;

    if (++reader->level->crypto_count > SDP_CRYPTO_MAX) {
        sdp_note(reader->sdp, SDP_ODD_MANY_CRYPTO, line);
    }
    if (tag.len > 9 || !slice_number(tag, UINT32_MAX, &number) || !slice_is_token(suite) ||
        !slice_starts_nocase(value, SLICE("inline:"))) {
        return sdp_note(reader->sdp, SDP_ODD_BAD_CRYPTO, line);
    }
    return true;
}

/* "foundation component transport priority address port typ type ...", RFC 8839 5.1 */
static bool read_candidate(struct sdp_reader *reader, struct slice line, struct slice value)
{
    struct slice words[8];
    uint64_t component, priority, port;

    if (++reader->level->candidate_count > SDP_CANDIDATES_MAX) {
        sdp_note(reader->sdp, SDP_ODD_MANY_CANDIDATES, line);
    }
    for (unsigned i = 0; i < ARRAY_COUNT(words); i++) {
        words[i] = sdp_word(&value);
    }
    if (words[0].len == 0 || !slice_number(words[1], 256, &component) ||
        !slice_is_token(words[2]) || !slice_number(words[3], UINT32_MAX, &priority) ||
        words[4].len == 0 || !slice_number(words[5], UINT16_MAX, &port) ||
        !slice_equal_nocase(words[6], SLICE("typ")) || !slice_is_token(words[7])) {
        return sdp_note(reader->sdp, SDP_ODD_BAD_CANDIDATE, line);
    }
    return true;
}

static const read_function readers[SDP_ATTRIBUTE_COUNT] = {
    [SDP_ATTRIBUTE_RTPMAP] = read_rtpmap,       [SDP_ATTRIBUTE_FMTP] = read_fmtp,
    [SDP_ATTRIBUTE_RTCP] = read_rtcp,           [SDP_ATTRIBUTE_PTIME] = read_ptime,
    [SDP_ATTRIBUTE_MAXPTIME] = read_max_ptime,  [SDP_ATTRIBUTE_SENDRECV] = read_sendrecv,
    [SDP_ATTRIBUTE_SENDONLY] = read_sendonly,   [SDP_ATTRIBUTE_RECVONLY] = read_recvonly,
    [SDP_ATTRIBUTE_INACTIVE] = read_inactive,   [SDP_ATTRIBUTE_SETUP] = read_setup,
    [SDP_ATTRIBUTE_CRYPTO] = read_crypto,       [SDP_ATTRIBUTE_FINGERPRINT] = read_fingerprint,
    [SDP_ATTRIBUTE_CANDIDATE] = read_candidate,
};

/* A name that is not spelled as the table has it, or not in it. */
static enum sdp_attribute find_odd_name(struct sdp_reader *reader, struct slice name,
                                        struct slice line)
{
    bool is_exact;
    enum sdp_attribute attribute = sdp_attribute_find(name, &is_exact);

    if (attribute != SDP_ATTRIBUTE_UNKNOWN) {
        sdp_note(reader->sdp, SDP_ODD_ATTRIBUTE_CASE, line);
    } else if (!slice_is_token(name)) {
        sdp_note(reader->sdp, SDP_ODD_BAD_ATTRIBUTE, line);
    }
    return attribute;
}

/* False when it stands once and stood there already. */
static bool count_attribute(struct sdp_reader *reader, enum sdp_attribute attribute,
                            struct slice line)
{
    struct sdp_level *level = reader->level;
    uint64_t *seen = &level->seen[attribute / 64], bit = UINT64_C(1) << (attribute % 64);
    uint16_t max = reader->media != NULL ? SDP_MEDIA_ATTRIBUTES_MAX : SDP_SESSION_ATTRIBUTES_MAX;

    if (++level->attribute_count > max) {
        sdp_note(reader->sdp, SDP_ODD_MANY_ATTRIBUTES, line);
    }
    if ((*seen & bit) != 0 && sdp_attributes[attribute].stands_once) {
        return sdp_note(reader->sdp, SDP_ODD_REPEATED_ATTRIBUTE, line);
    }
    *seen |= bit;
    return true;
}

/* A name ends where its token does; only of an odd one the colon must be looked for. */
static unsigned name_end(const struct sdp_reader *reader, unsigned from, unsigned end)
{
    unsigned stop = scan_next(reader->scan->stop, from);

    if (stop >= end) {
        return end;
    }
    return stop + (unsigned)slice_find(slice_of(reader->sdp->base + stop, end - stop), ':');
}

bool sdp_attribute_read(struct sdp_reader *reader, struct sdp_line *line, unsigned from,
                        unsigned end)
{
    const char *base = reader->sdp->base;
    struct slice text = slice_of(base + from, end - from);
    unsigned name = from + 2, stop = name_end(reader, name, end);
    unsigned value = stop < end ? stop + 1 : end;
    enum sdp_attribute attribute =
        sdp_attribute_spelled(base + name, stop - name, reader->scan->len - name);

    if (attribute == SDP_ATTRIBUTE_UNKNOWN) {
        attribute = find_odd_name(reader, slice_of(base + name, stop - name), text);
    }
    line->attribute = (uint8_t)attribute;
    line->value_at = (uint16_t)value;
    return count_attribute(reader, attribute, text) &&
           (readers[attribute] == NULL ||
            readers[attribute](reader, text, slice_of(base + value, end - value)));
}
