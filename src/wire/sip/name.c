/*
 * Header names.
 *
 * A hash finds the one candidate, which is then compared whole: a name that was crafted to share a
 * hash with another stays unknown.
 */
#include "wire/sip/name.h"
#include "wire/sip/name_slot.h"

#include "sip_names.inc"

enum { NAME_ROOM = 32 };
enum { NONE = 0, SINGLE = SIP_NAME_SINGLE, VERBATIM = SIP_NAME_VERBATIM, HOP = SIP_NAME_HOP };

// clang-format off
static const char names[SIP_HEADER_COUNT][NAME_ROOM] = {
#define HEADER(name, spelling, compact, shape, flags) [SIP_HEADER_##name] = spelling,
#include "wire/sip/headers.def"
#undef HEADER
};

const struct sip_name_facts sip_name_facts[SIP_HEADER_COUNT] = {
    [SIP_HEADER_UNKNOWN] = {.shape = SIP_SHAPE_OPAQUE},
#define HEADER(name, spelling, compact, shape, flags) \
    [SIP_HEADER_##name] = {sizeof(spelling) - 1, SIP_SHAPE_##shape, flags, 0},
#include "wire/sip/headers.def"
#undef HEADER
};

#define HEADER(name, spelling, compact, shape, flags) \
    _Static_assert(sizeof(spelling) <= NAME_ROOM, "NAME_ROOM has no room for " spelling);
#include "wire/sip/headers.def"
#undef HEADER
// clang-format on

/* Whether what stands between the four octets at both ends of two tokens is the same in any case:
 * up to 16 octets in one look, overlapping the ends. */
static inline bool middles_equal(const char *a, const char *b, size_t len)
{
    uint64_t difference;
    size_t from = (len - 8) / 2;

    if (len > 16) {
        return chars_equal(a, b, len);
    }
    difference = chars_load8(a + from) ^ chars_load8(b + from);
    return (difference & ~UINT64_C(0x2020202020202020)) == 0;
}

enum sip_header_name sip_name_find(const char *token, size_t len)
{
    uint64_t ends = name_ends(token, len);
    size_t id = name_slots[name_slot(ends, len, name_factor)];

    if (ends != name_ends_of[id] || len != sip_name_facts[id].len ||
        (len > 8 && !middles_equal(token, names[id], len))) {
        return SIP_HEADER_UNKNOWN;
    }
    return (enum sip_header_name)id;
}

enum sip_header_name sip_name_compact(char letter)
{
    return char_is_letter(letter) ? (enum sip_header_name)name_letters[(letter | 0x20) - 'a']
                                  : SIP_HEADER_UNKNOWN;
}

enum sip_header_name sip_header_find(struct slice spelled)
{
    for (size_t i = 0; i < spelled.len; i++) {
        if (!char_is(spelled.at[i], CHAR_TOKEN)) {
            return SIP_HEADER_UNKNOWN;
        }
    }
    switch (spelled.len) {
    case 0:
        return SIP_HEADER_UNKNOWN;
    case 1:
        return sip_name_compact(*spelled.at);
    default:
        return sip_name_find(spelled.at, spelled.len);
    }
}

struct slice sip_header_spelling(enum sip_header_name name)
{
    return slice_of(names[name], sip_name_facts[name].len);
}

enum sip_shape sip_header_shape(enum sip_header_name name)
{
    return (enum sip_shape)sip_name_facts[name].shape;
}

bool sip_header_is_single(enum sip_header_name name)
{
    return (sip_name_facts[name].flags & SINGLE) != 0;
}

bool sip_header_is_verbatim(enum sip_header_name name)
{
    return (sip_name_facts[name].flags & VERBATIM) != 0;
}

bool sip_header_is_hop(enum sip_header_name name)
{
    return (sip_name_facts[name].flags & HOP) != 0;
}
