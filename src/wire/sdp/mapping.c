#include "wire/sdp/mapping.h"

#include "base/must.h"

enum { NONE = 0xFF, TYPE_DYNAMIC_MIN = 96 };

/* Clock rates as a set. */
enum {
    K1 = 1 << 0,
    K8 = 1 << 1,
    K16 = 1 << 2,
    K32 = 1 << 3,
    K48 = 1 << 4,
    K90 = 1 << 5,
    ANY = 0xFF,
};

static const uint32_t clocks[] = {1000, 8000, 16000, 32000, 48000, 90000};

static const struct codec {
    struct slice name;
    uint8_t type, clocks, channels;
} codecs[] = {
// clang-format off
#define CODEC(spelling, type, clocks, channels) {SLICE_INIT(spelling), type, clocks, channels},
#include "wire/sdp/codecs.def"
#undef CODEC
    // clang-format on
};

/* "101 telephone-event/8000" or "111 opus/48000/2": its form was seen to be right. */
bool sdp_mapping_read(const struct sdp *sdp, const struct sdp_line *line,
                      struct sdp_mapping *mapping)
{
    struct slice value = sdp_line_value(sdp, line), type_text, clock_text;
    uint64_t type, clock, channels = 1;

    if (line->is_odd || line->attribute != SDP_ATTRIBUTE_RTPMAP ||
        !slice_cut(&value, ' ', &type_text) || !slice_cut(&value, '/', &mapping->name) ||
        !slice_cut(&value, '/', &clock_text) ||
        !slice_number(type_text, SDP_PAYLOAD_TYPE_MAX, &type) ||
        !slice_number(clock_text, UINT32_MAX, &clock) ||
        (value.len > 0 && !slice_number(value, UINT8_MAX, &channels))) {
        return false;
    }
    mapping->type = (uint8_t)type;
    mapping->clock = (uint32_t)clock;
    mapping->channels = (uint8_t)channels;
    return true;
}

/* The lowest rate of a set is that of the payload type of one's own. */
static uint32_t own_clock(const struct codec *codec)
{
    static const struct {
        uint8_t type;
        uint32_t clock;
    } others[] = {{10, 44100}, {11, 44100}, {16, 11025}, {17, 22050}};

    for (unsigned i = 0; i < ARRAY_COUNT(others); i++) {
        if (codec->type == others[i].type) {
            return others[i].clock;
        }
    }
    return clocks[__builtin_ctz(codec->clocks)];
}

static bool find_own(unsigned type, struct sdp_mapping *mapping)
{
    for (unsigned i = 0; i < ARRAY_COUNT(codecs); i++) {
        if (codecs[i].type == type && type < TYPE_DYNAMIC_MIN) {
            *mapping = (struct sdp_mapping){.name = codecs[i].name,
                                            .clock = own_clock(&codecs[i]),
                                            .channels = type == 10 ? 2 : 1,
                                            .type = (uint8_t)type};
            return true;
        }
    }
    return false;
}

bool sdp_mapping_find(const struct sdp *sdp, const struct sdp_media *media, unsigned type,
                      struct sdp_mapping *mapping)
{
    const struct sdp_line *line = NULL;

    if (!sdp_media_has_payload_type(media, type)) {
        return false;
    }
    while ((line = sdp_attribute_next(sdp, &media->level, SDP_ATTRIBUTE_RTPMAP, line)) != NULL) {
        if (sdp_mapping_read(sdp, line, mapping) && mapping->type == type) {
            return true;
        }
    }
    return find_own(type, mapping);
}

static bool has_clock(const struct codec *codec, uint32_t clock)
{
    for (unsigned i = 0; i < ARRAY_COUNT(clocks); i++) {
        if (clocks[i] == clock && (codec->clocks >> i & 1) != 0) {
            return true;
        }
    }
    return codec->clocks == ANY;
}

/* A codec with several rows is good when one of them is. */
enum sdp_mapping_fault sdp_mapping_check(const struct sdp_mapping *mapping)
{
    bool is_static = mapping->type < TYPE_DYNAMIC_MIN, is_own = !is_static;
    enum sdp_mapping_fault fault = SDP_MAPPING_GOOD;

    for (unsigned i = 0; i < ARRAY_COUNT(codecs); i++) {
        if (!slice_equal_nocase(codecs[i].name, mapping->name) ||
            (is_static && codecs[i].type != mapping->type)) {
            continue;
        }
        is_own = true;
        if (!has_clock(&codecs[i], mapping->clock)) {
            fault = SDP_MAPPING_BAD_CLOCK;
        } else if (mapping->channels > codecs[i].channels || mapping->channels == 0) {
            fault = SDP_MAPPING_BAD_CHANNELS;
        } else {
            return SDP_MAPPING_GOOD;
        }
    }
    return is_own ? fault : SDP_MAPPING_BAD_TYPE;
}
