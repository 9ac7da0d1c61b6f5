/*
 * Header names and what is known about them.
 *
 * A name is compared whole, in any case, with the one candidate its hash finds.  A crafted name
 * that shares a hash with a real one stays unknown.
 */
#include "wire/sip/name_hash.h"
#include "wire/sip/reader.h"

#include "sip_names.inc"

enum { NONE = 0, SINGLE = 1, VERBATIM = 2, HOP = 4 };

struct name {
    char text[NAME_ROOM];
    uint8_t len, shape, flags;
};

// clang-format off
static const struct name names[SIP_HEADER_COUNT] = {
    [SIP_HEADER_UNKNOWN] = {"", 0, SIP_SHAPE_OPAQUE, NONE},
#define HEADER(name, spelling, compact, shape, flags) \
    [SIP_HEADER_##name] = {spelling, sizeof(spelling) - 1, SIP_SHAPE_##shape, flags},
#include "wire/sip/headers.def"
#undef HEADER
};

#define HEADER(name, spelling, compact, shape, flags) \
    _Static_assert(sizeof(spelling) <= NAME_ROOM, "NAME_ROOM has no room for " spelling);
#include "wire/sip/headers.def"
#undef HEADER
// clang-format on

static inline uint64_t load8(const char *at)
{
    uint64_t octets;

    memcpy(&octets, at, sizeof(octets));
    return octets;
}

static inline uint32_t load4(const char *at)
{
    uint32_t octets;

    memcpy(&octets, at, sizeof(octets));
    return octets;
}

static inline uint16_t load2(const char *at)
{
    uint16_t octets;

    memcpy(&octets, at, sizeof(octets));
    return octets;
}

/* Bits in which two tokens of the same length, at least two octets, differ. */
static inline uint64_t token_difference(const char *a, const char *b, unsigned len)
{
    uint64_t difference = 0;

    if (len < 4) {
        return (uint64_t)((load2(a) ^ load2(b)) | (load2(a + len - 2) ^ load2(b + len - 2)));
    }
    if (len < 8) {
        return (load4(a) ^ load4(b)) | (load4(a + len - 4) ^ load4(b + len - 4));
    }
    for (unsigned i = 0; i + 8 < len; i += 8) {
        difference |= load8(a + i) ^ load8(b + i);
    }
    return difference | (load8(a + len - 8) ^ load8(b + len - 8));
}

/* Among the octets of tokens only the two cases of a letter differ in 0x20 alone. */
enum sip_header_name sip_name_find(const char *token, unsigned len)
{
    unsigned id;

    if (len == 1) {
        return char_is_letter(*token) ? (enum sip_header_name)name_letters[(*token | 0x20) - 'a']
                                      : SIP_HEADER_UNKNOWN;
    }
    id = name_slots[name_hash(token, len, name_factor)];
    if (names[id].len != len) {
        return SIP_HEADER_UNKNOWN;
    }
    if ((token_difference(token, names[id].text, len) & ~UINT64_C(0x2020202020202020)) != 0) {
        return SIP_HEADER_UNKNOWN;
    }
    return (enum sip_header_name)id;
}

enum sip_header_name sip_header_find(struct slice spelled)
{
    for (size_t i = 0; i < spelled.len; i++) {
        if (!char_is(spelled.at[i], CHAR_TOKEN)) {
            return SIP_HEADER_UNKNOWN;
        }
    }
    if (spelled.len == 0 || spelled.len >= NAME_ROOM) {
        return SIP_HEADER_UNKNOWN;
    }
    return sip_name_find(spelled.at, (unsigned)spelled.len);
}

struct slice sip_header_spelling(enum sip_header_name name)
{
    return slice_of(names[name].text, names[name].len);
}

enum sip_shape sip_header_shape(enum sip_header_name name)
{
    return (enum sip_shape)names[name].shape;
}

bool sip_header_is_single(enum sip_header_name name)
{
    return (names[name].flags & SINGLE) != 0;
}

bool sip_header_is_verbatim(enum sip_header_name name)
{
    return (names[name].flags & VERBATIM) != 0;
}

bool sip_header_is_hop(enum sip_header_name name)
{
    return (names[name].flags & HOP) != 0;
}
