/*
 * The attributes that a border must understand.  All others are lines with a name.
 */
#include "base/must.h"
#include "wire/sdp/attributes.h"
#include "wire/token.h"

/* " EVS/16000" or " opus/48000/2" */
static inline bool is_mapping(const struct sdp_reader *reader, size_t at)
{
    size_t slash, clock;
    uint32_t number;

    if (reader->at[at] != ' ' || reader->at[at + 1] == ' ') {
        return false;
    }
    slash = sdp_find(reader, at + 1, '/');
    clock = slash + 1;
    if (slash == at + 1 || slash == reader->end ||
        !sdp_digits(reader, &clock, UINT32_MAX, &number)) {
        return false;
    }
    if (clock == reader->end) {
        return true;
    }
    at = clock + 1;
    return reader->at[clock] == '/' && sdp_digits(reader, &at, UINT8_MAX, &number) &&
           at == reader->end;
}

static bool is_on_media_line(const struct sdp_reader *reader, uint32_t type)
{
    return reader->media != NULL && sdp_media_has_payload_type(reader->media, type);
}

static bool read_rtpmap(struct sdp_reader *reader, size_t value)
{
    uint32_t type;

    if (!reader->carries_rtp) {
        return true;
    }
    if (!sdp_digits(reader, &value, SDP_PAYLOAD_TYPE_MAX, &type) || !is_mapping(reader, value)) {
        return sdp_note_line(reader, SDP_ODD_BAD_RTPMAP);
    }
    if (!is_on_media_line(reader, type)) {
        return sdp_note_line(reader, SDP_ODD_STRAY_FORMAT);
    }
    uint64_t bit = UINT64_C(1) << (type % 64), *mapped = &reader->media->mapped[type / 64];
    if ((*mapped & bit) != 0) {
        return sdp_note_line(reader, SDP_ODD_REPEATED_RTPMAP);
    }
    *mapped |= bit;
    return true;
}

static bool read_fmtp(struct sdp_reader *reader, size_t value)
{
    uint32_t type;

    if (!reader->carries_rtp) {
        return true;
    }
    if (!sdp_digits(reader, &value, SDP_PAYLOAD_TYPE_MAX, &type) || reader->at[value] != ' ') {
        return sdp_note_line(reader, SDP_ODD_BAD_FMTP);
    }
    return is_on_media_line(reader, type) || sdp_note_line(reader, SDP_ODD_STRAY_FORMAT);
}

/* "49171" or "49171 IN IP4 192.0.2.1", RFC 3605 */
static bool read_rtcp(struct sdp_reader *reader, size_t value)
{
    struct sdp_connection target = {.kind = SDP_CONNECTION_NONE};
    uint32_t port;
    bool is_port = sdp_digits(reader, &value, UINT16_MAX, &port);

    if (is_port && reader->at[value] == ' ') {
        sdp_connection_read(reader, value + 1, &target);
    }
    if (!is_port || reader->media == NULL ||
        (value < reader->end && target.kind != SDP_CONNECTION_LITERAL)) {
        return sdp_note_line(reader, SDP_ODD_BAD_RTCP);
    }
    if (port > 0 && port < SDP_PORT_MIN) {
        sdp_note_line(reader, SDP_ODD_LOW_PORT);
    }
    if (target.kind == SDP_CONNECTION_LITERAL) {
        sdp_target_note(reader, &target);
    }
    reader->media->rtcp = target.address;
    reader->media->rtcp.port = (uint16_t)port;
    return true;
}

/* Milliseconds, perhaps with a fraction (RFC 8866 6.4), which is left off. */
static bool read_milliseconds(struct sdp_reader *reader, size_t value, uint16_t *milliseconds)
{
    uint32_t number, fraction;
    bool is_number = sdp_digits(reader, &value, UINT16_MAX, &number);

    if (is_number && reader->at[value] == '.') {
        value++;
        is_number = sdp_digits(reader, &value, UINT32_MAX, &fraction);
    }
    if (!is_number || value < reader->end) {
        return sdp_note_line(reader, SDP_ODD_BAD_PTIME);
    }
    *milliseconds = (uint16_t)number;
    return true;
}

static bool read_ptime(struct sdp_reader *reader, size_t value)
{
    return read_milliseconds(reader, value, &reader->level->ptime);
}

static bool read_max_ptime(struct sdp_reader *reader, size_t value)
{
    return read_milliseconds(reader, value, &reader->level->max_ptime);
}

/* Of two the first counts: RFC 3264 has no answer to two, and ours must be the same each time. */
static bool set_direction(struct sdp_reader *reader, enum sdp_direction direction)
{
    if (reader->level->direction != SDP_DIRECTION_NONE) {
        return sdp_note_line(reader, SDP_ODD_TWO_DIRECTIONS);
    }
    reader->level->direction = (uint8_t)direction;
    return true;
}

static bool read_sendrecv(struct sdp_reader *reader, size_t value)
{
    (void)value;
    return set_direction(reader, SDP_SENDRECV);
}

static bool read_sendonly(struct sdp_reader *reader, size_t value)
{
    (void)value;
    return set_direction(reader, SDP_SENDONLY);
}

static bool read_recvonly(struct sdp_reader *reader, size_t value)
{
    (void)value;
    return set_direction(reader, SDP_RECVONLY);
}

static bool read_inactive(struct sdp_reader *reader, size_t value)
{
    (void)value;
    return set_direction(reader, SDP_INACTIVE);
}

static bool read_setup(struct sdp_reader *reader, size_t value)
{
    static const struct slice roles[] = {
        [SDP_SETUP_NONE] = SLICE_INIT(""),
        [SDP_SETUP_ACTIVE] = SLICE_INIT("active"),
        [SDP_SETUP_PASSIVE] = SLICE_INIT("passive"),
        [SDP_SETUP_ACTPASS] = SLICE_INIT("actpass"),
        [SDP_SETUP_HOLDCONN] = SLICE_INIT("holdconn"),
    };

    for (unsigned role = SDP_SETUP_ACTIVE; role < ARRAY_COUNT(roles); role++) {
        if (slice_equal_nocase(sdp_rest(reader, value), roles[role])) {
            reader->level->setup = (uint8_t)role;
            return true;
        }
    }
    return sdp_note_line(reader, SDP_ODD_BAD_SETUP);
}

/* "4A:AD:B9", RFC 8122 5 */
static bool is_hex_pairs(struct slice pairs)
{
    for (size_t i = 0; i < pairs.len; i++) {
        if (i % 3 == 2 ? pairs.at[i] != ':' : char_hex(pairs.at[i]) < 0) {
            return false;
        }
    }
    return pairs.len % 3 == 2;
}

static bool read_fingerprint(struct sdp_reader *reader, size_t value)
{
    struct slice rest = sdp_rest(reader, value), hash;

    reader->level->fingerprint_count++;
    reader->sdp->speaks_of_keys = true;
    slice_cut(&rest, ' ', &hash);
    return (slice_is_token(hash) && is_hex_pairs(rest)) ||
           sdp_note_line(reader, SDP_ODD_BAD_FINGERPRINT);
}

/* "1 AES_CM_128_HMAC_SHA1_80 inline:..." with a tag of at most nine digits, RFC 4568 9.2 */
static bool read_crypto(struct sdp_reader *reader, size_t value)
{
    struct slice rest = sdp_rest(reader, value), tag, suite;
    uint64_t number;

    reader->sdp->speaks_of_keys = true;
    if (++reader->level->crypto_count > SDP_CRYPTO_MAX) {
        sdp_note_line(reader, SDP_ODD_MANY_CRYPTO);
    }
    slice_cut(&rest, ' ', &tag);
    slice_cut(&rest, ' ', &suite);
    return (tag.len <= 9 && slice_number(tag, UINT32_MAX, &number) && slice_is_token(suite) &&
            slice_starts_nocase(rest, SLICE("inline:"))) ||
           sdp_note_line(reader, SDP_ODD_BAD_CRYPTO);
}

/* "foundation component transport priority address port typ type ...", RFC 8839 5.1 */
static bool read_candidate(struct sdp_reader *reader, size_t value)
{
    struct slice rest = sdp_rest(reader, value), words[8];
    uint64_t component, priority, port;

    if (++reader->level->candidate_count > SDP_CANDIDATES_MAX) {
        sdp_note_line(reader, SDP_ODD_MANY_CANDIDATES);
    }
    for (unsigned i = 0; i < ARRAY_COUNT(words); i++) {
        slice_cut(&rest, ' ', &words[i]);
    }
    return (words[0].len > 0 && slice_number(words[1], 256, &component) &&
            slice_is_token(words[2]) && slice_number(words[3], UINT32_MAX, &priority) &&
            words[4].len > 0 && slice_number(words[5], UINT16_MAX, &port) &&
            slice_equal_nocase(words[6], SLICE("typ")) && slice_is_token(words[7])) ||
           sdp_note_line(reader, SDP_ODD_BAD_CANDIDATE);
}

sdp_value_function *const sdp_attribute_readers[SDP_ATTRIBUTE_COUNT] = {
    [SDP_ATTRIBUTE_RTPMAP] = read_rtpmap,       [SDP_ATTRIBUTE_FMTP] = read_fmtp,
    [SDP_ATTRIBUTE_RTCP] = read_rtcp,           [SDP_ATTRIBUTE_PTIME] = read_ptime,
    [SDP_ATTRIBUTE_MAXPTIME] = read_max_ptime,  [SDP_ATTRIBUTE_SENDRECV] = read_sendrecv,
    [SDP_ATTRIBUTE_SENDONLY] = read_sendonly,   [SDP_ATTRIBUTE_RECVONLY] = read_recvonly,
    [SDP_ATTRIBUTE_INACTIVE] = read_inactive,   [SDP_ATTRIBUTE_SETUP] = read_setup,
    [SDP_ATTRIBUTE_CRYPTO] = read_crypto,       [SDP_ATTRIBUTE_FINGERPRINT] = read_fingerprint,
    [SDP_ATTRIBUTE_CANDIDATE] = read_candidate,
};

enum sdp_attribute sdp_odd_name_find(struct sdp_reader *reader, struct slice name)
{
    bool is_exact;
    enum sdp_attribute attribute = sdp_attribute_find(name, &is_exact);

    if (attribute == SDP_ATTRIBUTE_UNKNOWN && !slice_is_token(name)) {
        sdp_note_line(reader, SDP_ODD_BAD_ATTRIBUTE);
    }
    if (!is_exact) {
        sdp_note_line(reader, SDP_ODD_ATTRIBUTE_CASE);
    }
    return attribute;
}
