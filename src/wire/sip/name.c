#include "wire/sip/name.h"

#include "sip_names.inc"

enum { NONE = 0, SINGLE = SIP_NAME_SINGLE, VERBATIM = SIP_NAME_VERBATIM, HOP = SIP_NAME_HOP };

// clang-format off
const char sip_name_texts[SIP_HEADER_COUNT][NAME_ROOM] = {
#define HEADER(name, spelling, compact, shape, flags) [SIP_HEADER_##name] = spelling,
#include "wire/sip/headers.def"
#undef HEADER
};

const struct sip_name sip_names[SIP_HEADER_COUNT] = {
    [SIP_HEADER_UNKNOWN] = {.shape = SIP_SHAPE_OPAQUE},
#define HEADER(name, spelling, compact, shape_, flags_) \
    [SIP_HEADER_##name] = {.ends = ENDS_##name, .id = SIP_HEADER_##name, .len = sizeof(spelling) - 1, \
                           .shape = SIP_SHAPE_##shape_, .flags = flags_},
#include "wire/sip/headers.def"
#undef HEADER
};

#define HEADER(name, spelling, compact, shape, flags) \
    _Static_assert(sizeof(spelling) <= NAME_ROOM, "NAME_ROOM has no room for " spelling);
#include "wire/sip/headers.def"
#undef HEADER
// clang-format on

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
        return char_is_letter(*spelled.at)
                   ? (enum sip_header_name)sip_name_letters[(*spelled.at | 0x20) - 'a']
                   : SIP_HEADER_UNKNOWN;
    default:
        return (enum sip_header_name)name_find(spelled.at, spelled.len)->id;
    }
}

struct slice sip_header_spelling(enum sip_header_name name)
{
    return slice_of(sip_name_texts[name], sip_names[name].len);
}

enum sip_shape sip_header_shape(enum sip_header_name name)
{
    return (enum sip_shape)sip_names[name].shape;
}

bool sip_header_is_single(enum sip_header_name name)
{
    return (sip_names[name].flags & SINGLE) != 0;
}

bool sip_header_is_verbatim(enum sip_header_name name)
{
    return (sip_names[name].flags & VERBATIM) != 0;
}

bool sip_header_is_hop(enum sip_header_name name)
{
    return (sip_names[name].flags & HOP) != 0;
}
