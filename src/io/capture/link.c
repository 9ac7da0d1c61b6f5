#include "io/capture/link.h"

#include "base/must.h"
#include "io/capture/octets.h"

enum {
    ETHERNET_HEAD = 14,
    COOKED_HEAD = 16,
    COOKED_2_HEAD = 20,
    FAMILY_HEAD = 4,
    TAG_LEN = 4,
    LABEL_LEN = 4,
    SESSION_HEAD = 6, /* PPPoE */
    SNAP_HEAD = 8,
    SHIMS_MAX = 16, /* tags and labels before IP: more is a loop or an attack */
};

enum ether_type {
    ETHER_LENGTH_MAX = 1500, /* up to here it is a length, and LLC follows */
    ETHER_IPV4 = 0x0800,
    ETHER_IPV6 = 0x86DD,
    ETHER_TAG = 0x8100,
    ETHER_TAG_PROVIDER = 0x88A8,
    ETHER_TAG_OLD = 0x9100,
    ETHER_TAG_OLDER = 0x9200,
    ETHER_LABEL = 0x8847,
    ETHER_LABEL_UPSTREAM = 0x8848,
    ETHER_SESSION = 0x8864,
    ETHER_BRIDGED = 0x6558,
    PPP_IPV4 = 0x0021,
    PPP_IPV6 = 0x0057,
};

/* One layer off: its protocol's successor, and what is left. */
struct layer {
    uint16_t type; /* enum ether_type */
    struct slice rest;
};

typedef enum link_reading layer_read(struct layer *layer);

static enum link_reading layer_take(struct layer *layer, size_t head, size_t type_at)
{
    if (layer->rest.len < head) {
        return LINK_SHORT;
    }
    layer->type = octets_u16(layer->rest.at + type_at);
    layer->rest = slice_skip(layer->rest, head);
    return LINK_OTHER;
}

/* By the version that every IP packet begins with. */
static enum link_reading read_raw(struct layer *layer)
{
    if (layer->rest.len < 1) {
        return LINK_SHORT;
    }
    unsigned version = octets_u8(layer->rest.at) >> 4;
    return version == 4 || version == 6 ? LINK_IP : LINK_OTHER;
}

static enum link_reading read_ethernet(struct layer *layer)
{
    return layer_take(layer, ETHERNET_HEAD, ETHERNET_HEAD - 2);
}

static enum link_reading read_cooked(struct layer *layer)
{
    return layer_take(layer, COOKED_HEAD, COOKED_HEAD - 2);
}

static enum link_reading read_cooked_2(struct layer *layer)
{
    return layer_take(layer, COOKED_2_HEAD, 0);
}

/* Address families differ between systems, and only IP is of interest: its version tells. */
static enum link_reading read_family(struct layer *layer)
{
    if (layer->rest.len < FAMILY_HEAD) {
        return LINK_SHORT;
    }
    layer->rest = slice_skip(layer->rest, FAMILY_HEAD);
    return read_raw(layer);
}

/* With or without address and control, with a protocol of one octet or two. */
static enum link_reading read_ppp(struct layer *layer)
{
    if (layer->rest.len >= 2 && octets_u16(layer->rest.at) == 0xFF03) {
        layer->rest = slice_skip(layer->rest, 2);
    }
    if (layer->rest.len < 2) {
        return LINK_SHORT;
    }
    bool is_short = (octets_u8(layer->rest.at) & 1) != 0;
    uint16_t protocol = is_short ? octets_u8(layer->rest.at) : octets_u16(layer->rest.at);
    layer->rest = slice_skip(layer->rest, is_short ? 1 : 2);
    return protocol == PPP_IPV4 || protocol == PPP_IPV6 ? read_raw(layer) : LINK_OTHER;
}

static enum link_reading read_tag(struct layer *layer)
{
    return layer_take(layer, TAG_LEN, 2);
}

/* Below the labels is IP, or a wire of Ethernet whose control word begins with four zero bits (RFC
 * 4448); nothing says which, so it must show itself. */
static enum link_reading read_below_labels(struct layer *layer)
{
    enum link_reading reading = read_raw(layer);

    if (reading != LINK_OTHER || octets_u8(layer->rest.at) >> 4 != 0) {
        return reading;
    }
    if (layer->rest.len < LABEL_LEN) {
        return LINK_SHORT;
    }
    layer->rest = slice_skip(layer->rest, LABEL_LEN);
    return read_ethernet(layer);
}

/* Labels down to the bottom of the stack. */
static enum link_reading read_labels(struct layer *layer)
{
    for (unsigned i = 0; i < SHIMS_MAX; i++) {
        if (layer->rest.len < LABEL_LEN) {
            return LINK_SHORT;
        }
        bool is_bottom = (octets_u8(layer->rest.at + 2) & 1) != 0;
        layer->rest = slice_skip(layer->rest, LABEL_LEN);
        if (is_bottom) {
            return read_below_labels(layer);
        }
    }
    return LINK_OTHER;
}

static enum link_reading read_session(struct layer *layer)
{
    if (layer->rest.len < SESSION_HEAD) {
        return LINK_SHORT;
    }
    layer->rest = slice_skip(layer->rest, SESSION_HEAD);
    return read_ppp(layer);
}

static enum link_reading read_snap(struct layer *layer)
{
    struct slice snap = SLICE("\xAA\xAA\x03\0\0\0");

    return slice_starts(layer->rest, snap) ? layer_take(layer, SNAP_HEAD, SNAP_HEAD - 2)
                                           : LINK_OTHER;
}

static const struct shim {
    uint16_t type;
    layer_read *read;
} shims[] = {
    {ETHER_IPV4, read_raw},        {ETHER_IPV6, read_raw},
    {ETHER_TAG, read_tag},         {ETHER_TAG_PROVIDER, read_tag},
    {ETHER_TAG_OLD, read_tag},     {ETHER_TAG_OLDER, read_tag},
    {ETHER_LABEL, read_labels},    {ETHER_LABEL_UPSTREAM, read_labels},
    {ETHER_SESSION, read_session}, {ETHER_BRIDGED, read_ethernet},
};

static layer_read *shim_find(uint16_t type)
{
    if (type <= ETHER_LENGTH_MAX) {
        return read_snap;
    }
    for (size_t i = 0; i < ARRAY_COUNT(shims); i++) {
        if (shims[i].type == type) {
            return shims[i].read;
        }
    }
    return NULL;
}

static layer_read *link_find(uint32_t link)
{
    static const struct {
        uint32_t link;
        layer_read *read;
    } links[] = {
// clang-format off
#define LINK(number, layer) {number, read_##layer},
#include "io/capture/links.def"
#undef LINK
        // clang-format on
    };

    for (size_t i = 0; i < ARRAY_COUNT(links); i++) {
        if (links[i].link == link) {
            return links[i].read;
        }
    }
    return NULL;
}

static enum link_reading layers_read(layer_read *read, struct slice frame, struct slice *ip)
{
    struct layer layer = {.rest = frame};

    for (unsigned i = 0; read != NULL && i < SHIMS_MAX; i++) {
        layer.type = 0;
        enum link_reading reading = read(&layer);

        if (reading != LINK_OTHER) {
            *ip = layer.rest;
            return reading;
        }
        read = layer.type == 0 ? NULL : shim_find(layer.type);
    }
    return LINK_OTHER;
}

enum link_reading link_read(uint32_t link, struct slice frame, struct slice *ip)
{
    layer_read *read = link_find(link);

    return read == NULL ? LINK_UNKNOWN : layers_read(read, frame, ip);
}

enum link_reading link_read_type(uint16_t type, struct slice rest, struct slice *ip)
{
    return layers_read(shim_find(type), rest, ip);
}
