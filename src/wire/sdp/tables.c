/*
 * The facts of the tables, by number and by name.  Names are compared whole.
 */
#include "wire/sdp/tables.h"

#include "base/must.h"
#include "wire/octets.h"

// clang-format off
const struct sdp_attribute_facts sdp_attributes[SDP_ATTRIBUTE_COUNT] = {
#define SDP_ATTRIBUTE(name, spelling, once, treatment)                                             \
    [SDP_ATTRIBUTE_##name] = {spelling, sizeof(spelling) - 1, once, SDP_TREATMENT_##treatment},
#include "wire/sdp/attributes.def"
#undef SDP_ATTRIBUTE
};

const struct sdp_letter sdp_letters[26] = {
#define LETTER(letter, session_rank, media_rank, once)                                             \
    [letter - 'a'] = {session_rank, media_rank, once},
#include "wire/sdp/letters.def"
#undef LETTER
};

const uint8_t sdp_first_of_length[SDP_NAME_ROOM] = {
    [0] = SDP_ATTRIBUTE_MID,                    [1] = SDP_ATTRIBUTE_MID,
    [2] = SDP_ATTRIBUTE_MID,                    [3] = SDP_ATTRIBUTE_MID,
    [4] = SDP_ATTRIBUTE_FMTP,                   [5] = SDP_ATTRIBUTE_PTIME,
    [6] = SDP_ATTRIBUTE_RTPMAP,                 [7] = SDP_ATTRIBUTE_RTCP_FB,
    [8] = SDP_ATTRIBUTE_SENDRECV,               [9] = SDP_ATTRIBUTE_CANDIDATE,
    [10] = SDP_ATTRIBUTE_CONNECTION,            [11] = SDP_ATTRIBUTE_FINGERPRINT,
    [12] = SDP_ATTRIBUTE_ACCEPT_TYPES,          [13] = SDP_ATTRIBUTE_T38_VERSION,
    [14] = SDP_ATTRIBUTE_T38_MAX_BUFFER,        [15] = SDP_ATTRIBUTE_T38_MAX_BUFFER,
    [16] = SDP_ATTRIBUTE_MAX_MESSAGE_SIZE,      [17] = SDP_ATTRIBUTE_END_OF_CANDIDATES,
    [18] = SDP_ATTRIBUTE_EXTMAP_ALLOW_MIXED,    [19] = SDP_ATTRIBUTE_T38_FEC_MAX_SPAN,
    [20] = SDP_ATTRIBUTE_ACCEPT_WRAPPED_TYPES,  [21] = SDP_ATTRIBUTE_T38_TRANSCODING_JBIG,
    [22] = SDP_ATTRIBUTE_COUNT,                 [23] = SDP_ATTRIBUTE_COUNT,
};

static const struct slice media_types[] = {
#define MEDIA(name, spelling) [SDP_##name] = SLICE_INIT(spelling),
#include "wire/sdp/media.def"
#undef MEDIA
};

enum { NONE = 0, TCP = 1, SECURE = 2 };

static const struct protocol {
    struct slice spelling;
    uint8_t carries, flags;
} protocols[] = {
#define PROTOCOL(name, spelling, carries, flags)                                                   \
    [SDP_##name] = {SLICE_INIT(spelling), SDP_CARRIES_##carries, flags},
#include "wire/sdp/protocols.def"
#undef PROTOCOL
};

static const char *const oddity_names[] = {
#define ODDITY(name, seen) #name,
#include "wire/sdp/oddities.def"
#undef ODDITY
};

static const char *const oddities_seen[] = {
#define ODDITY(name, seen) seen,
#include "wire/sdp/oddities.def"
#undef ODDITY
};
// clang-format on

static_assert(SDP_ODDITY_COUNT <= 64, "a bit of struct sdp's oddities each");

static const struct slice directions[] = {
    [SDP_DIRECTION_NONE] = SLICE_INIT(""),   [SDP_SENDRECV] = SLICE_INIT("sendrecv"),
    [SDP_SENDONLY] = SLICE_INIT("sendonly"), [SDP_RECVONLY] = SLICE_INIT("recvonly"),
    [SDP_INACTIVE] = SLICE_INIT("inactive"),
};

enum sdp_attribute sdp_attribute_spelled(const char *name, size_t len, uint64_t word)
{
    for (unsigned i = sdp_first_of_length[len]; i < sdp_first_of_length[len + 1]; i++) {
        if (sdp_attribute_is(i, name, len, word)) {
            return (enum sdp_attribute)i;
        }
    }
    return SDP_ATTRIBUTE_UNKNOWN;
}

enum sdp_attribute sdp_attribute_find(struct slice name, bool *is_exact)
{
    *is_exact = true;
    if (name.len == 0 || name.len + 1 >= SDP_NAME_ROOM) {
        return SDP_ATTRIBUTE_UNKNOWN;
    }
    for (unsigned i = sdp_first_of_length[name.len]; i < sdp_first_of_length[name.len + 1]; i++) {
        struct slice spelling = slice_of(sdp_attributes[i].name, name.len);

        if (slice_equal_nocase(spelling, name)) {
            *is_exact = slice_equal(spelling, name);
            return (enum sdp_attribute)i;
        }
    }
    return SDP_ATTRIBUTE_UNKNOWN;
}

struct slice sdp_attribute_spelling(enum sdp_attribute attribute)
{
    must(attribute < SDP_ATTRIBUTE_COUNT);
    return slice_of(sdp_attributes[attribute].name, sdp_attributes[attribute].len);
}

/* As they are spelled nearly always, then in any case. */
enum sdp_media_type sdp_media_type_find(struct slice name)
{
    if (slice_equal(media_types[SDP_AUDIO], name)) {
        return SDP_AUDIO;
    }
    for (unsigned i = 0; i < ARRAY_COUNT(media_types); i++) {
        if (slice_equal_nocase(media_types[i], name)) {
            return (enum sdp_media_type)i;
        }
    }
    return SDP_MEDIA_OTHER;
}

struct slice sdp_media_type_spelling(enum sdp_media_type type)
{
    return type < SDP_MEDIA_OTHER ? media_types[type] : SLICE_NONE;
}

enum sdp_protocol sdp_protocol_find(struct slice name)
{
    if (slice_equal(protocols[SDP_RTP_AVP].spelling, name)) {
        return SDP_RTP_AVP;
    }
    for (unsigned i = 0; i < ARRAY_COUNT(protocols); i++) {
        if (slice_equal_nocase(protocols[i].spelling, name)) {
            return (enum sdp_protocol)i;
        }
    }
    return SDP_PROTOCOL_OTHER;
}

struct slice sdp_protocol_spelling(enum sdp_protocol protocol)
{
    return protocol < SDP_PROTOCOL_OTHER ? protocols[protocol].spelling : SLICE_NONE;
}

enum sdp_carries sdp_protocol_carries(enum sdp_protocol protocol)
{
    return protocol < SDP_PROTOCOL_OTHER ? protocols[protocol].carries : SDP_CARRIES_OTHER;
}

bool sdp_protocol_is_tcp(enum sdp_protocol protocol)
{
    return protocol < SDP_PROTOCOL_OTHER && (protocols[protocol].flags & TCP) != 0;
}

bool sdp_protocol_is_secure(enum sdp_protocol protocol)
{
    return protocol < SDP_PROTOCOL_OTHER && (protocols[protocol].flags & SECURE) != 0;
}

struct slice sdp_direction_spelling(enum sdp_direction direction)
{
    must(direction < ARRAY_COUNT(directions));
    return directions[direction];
}

const char *sdp_oddity_seen(enum sdp_oddity oddity)
{
    must(oddity < SDP_ODDITY_COUNT);
    return oddities_seen[oddity];
}

const char *sdp_oddity_name(enum sdp_oddity oddity)
{
    must(oddity < SDP_ODDITY_COUNT);
    return oddity_names[oddity];
}
