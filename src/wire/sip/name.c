/*
 * Header names and what is known about them.
 *
 * A name is compared whole, in any case, with the one candidate its hash finds.  A crafted name
 * that shares a hash with a real one stays unknown.
 */
#include "wire/sip/reader.h"

enum { NONE = 0, SINGLE = SIP_NAME_SINGLE, VERBATIM = SIP_NAME_VERBATIM, HOP = SIP_NAME_HOP };

// clang-format off
const char sip_name_texts[SIP_HEADER_COUNT][NAME_ROOM] = {
#define HEADER(name, spelling, compact, shape, flags) [SIP_HEADER_##name] = spelling,
#include "wire/sip/headers.def"
#undef HEADER
};

const struct sip_name_facts sip_name_facts[SIP_HEADER_COUNT] = {
    [SIP_HEADER_UNKNOWN] = {0, SIP_SHAPE_OPAQUE, NONE},
#define HEADER(name, spelling, compact, shape, flags) \
    [SIP_HEADER_##name] = {sizeof(spelling) - 1, SIP_SHAPE_##shape, flags},
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
    if (spelled.len == 0 || spelled.len > UINT16_MAX) {
        return SIP_HEADER_UNKNOWN;
    }
    return name_find(spelled.at, (unsigned)spelled.len);
}

struct slice sip_header_spelling(enum sip_header_name name)
{
    return slice_of(sip_name_texts[name], sip_name_facts[name].len);
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
