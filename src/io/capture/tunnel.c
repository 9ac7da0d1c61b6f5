#include "io/capture/tunnel.h"

#include "base/must.h"
#include "io/capture/octets.h"

enum {
    PORT_GTP = 2152,
    PORT_VXLAN = 4789,
    PORT_VXLAN_OLD = 8472, /* what Linux took before there was a number */
    PORT_VXLAN_GPE = 4790,
    GTP_HEAD = 8,
    GTP_MORE = 4, /* sequence number, N-PDU number, type of the next extension */
    GTP_USER_DATA = 255,
    GTP_EXTENSIONS_MAX = 8, /* TS 29.281 defines six */
    VXLAN_HEAD = 8,
    GRE_HEAD = 4,
    GRE_CHECKSUM = 0x8000,
    GRE_ROUTING = 0x4000,
    GRE_KEY = 0x2000,
    GRE_SEQUENCE = 0x1000,
    GRE_ACKNOWLEDGED = 0x0080,
    GRE_VERSION = 0x0007,
    ETHER_ERSPAN = 0x88BE,
    ETHER_ERSPAN_3 = 0x22EB,
    ETHER_PPP = 0x880B,
    ERSPAN_2_HEAD = 8,
    ERSPAN_3_HEAD = 12,
    ERSPAN_3_MORE = 8, /* specific to a platform */
    LINK_ETHERNET = 1,
    LINK_PPP = 9,
};

/*
 * UDP.
 */

/* Extension headers name each other: its length in units of four, the next one's type at its end.
 */
static bool gtp_extensions(struct slice *rest, unsigned next)
{
    for (unsigned i = 0; next != 0 && i < GTP_EXTENSIONS_MAX; i++) {
        size_t len = rest->len == 0 ? 0 : (size_t)octets_u8(rest->at) * 4;

        if (len == 0 || len > rest->len) {
            return false;
        }
        next = octets_u8(rest->at + len - 1);
        *rest = slice_skip(*rest, len);
    }
    return next == 0;
}

/* Version 1, protocol type GTP, a user's packet. */
static bool gtp_read(struct slice payload, struct slice *ip)
{
    if (payload.len < GTP_HEAD || (octets_u8(payload.at) & 0xF0) != 0x30 ||
        octets_u8(payload.at + 1) != GTP_USER_DATA) {
        return false;
    }
    unsigned flags = octets_u8(payload.at) & 7;
    struct slice rest = slice_head(slice_skip(payload, GTP_HEAD), octets_u16(payload.at + 2));
    if (flags != 0) {
        unsigned next = rest.len < GTP_MORE ? 0 : octets_u8(rest.at + 3);

        if (rest.len < GTP_MORE) {
            return false;
        }
        rest = slice_skip(rest, GTP_MORE);
        if ((flags & 4) != 0 && !gtp_extensions(&rest, next)) {
            return false;
        }
    }
    *ip = rest;
    return rest.len > 0 && (octets_u8(rest.at) >> 4 == 4 || octets_u8(rest.at) >> 4 == 6);
}

/* With a network identifier, and reserved octets that are. */
static bool vxlan_read(struct slice payload, struct slice *ip)
{
    return payload.len > VXLAN_HEAD && octets_u8(payload.at) == 0x08 &&
           octets_u8(payload.at + 7) == 0 &&
           link_read(LINK_ETHERNET, slice_skip(payload, VXLAN_HEAD), ip) == LINK_IP;
}

/* The generic one says what it carries. */
static bool vxlan_gpe_read(struct slice payload, struct slice *ip)
{
    enum { GPE_IPV4 = 1, GPE_IPV6 = 2, GPE_ETHERNET = 3 };

    if (payload.len <= VXLAN_HEAD || (octets_u8(payload.at) & 0x0C) != 0x0C) {
        return false;
    }
    unsigned carries = octets_u8(payload.at + 3);
    *ip = slice_skip(payload, VXLAN_HEAD);
    if (carries == GPE_ETHERNET) {
        return link_read(LINK_ETHERNET, *ip, ip) == LINK_IP;
    }
    return carries == GPE_IPV4 || carries == GPE_IPV6;
}

static const struct {
    uint16_t port;
    bool (*read)(struct slice payload, struct slice *ip);
    enum capture_count count;
} udp_tunnels[] = {
    {PORT_GTP, gtp_read, CAPTURE_TUNNEL_GTP},
    {PORT_VXLAN, vxlan_read, CAPTURE_TUNNEL_VXLAN},
    {PORT_VXLAN_OLD, vxlan_read, CAPTURE_TUNNEL_VXLAN},
    {PORT_VXLAN_GPE, vxlan_gpe_read, CAPTURE_TUNNEL_VXLAN},
};

bool tunnel_udp(uint16_t from, uint16_t to, struct slice payload, struct slice *ip,
                enum capture_count *count)
{
    for (size_t i = 0; i < ARRAY_COUNT(udp_tunnels); i++) {
        uint16_t port = udp_tunnels[i].port;

        if ((to == port || (from == port && port == PORT_GTP)) &&
            udp_tunnels[i].read(payload, ip)) {
            *count = udp_tunnels[i].count;
            return true;
        }
    }
    return false;
}

/*
 * GRE.
 */

/* I has no head of its own and no sequence number; II has both. */
static enum link_reading erspan_read(struct slice rest, bool has_sequence, struct slice *ip)
{
    size_t head = has_sequence ? ERSPAN_2_HEAD : 0;

    return rest.len < head ? LINK_SHORT : link_read(LINK_ETHERNET, slice_skip(rest, head), ip);
}

/* The last bit of the head says whether more follows. */
static enum link_reading erspan_3_read(struct slice rest, struct slice *ip)
{
    if (rest.len < ERSPAN_3_HEAD) {
        return LINK_SHORT;
    }
    size_t head =
        ERSPAN_3_HEAD + ((octets_u8(rest.at + ERSPAN_3_HEAD - 1) & 1) != 0 ? ERSPAN_3_MORE : 0);
    return rest.len < head ? LINK_SHORT : link_read(LINK_ETHERNET, slice_skip(rest, head), ip);
}

/* Version 1: PPP in GRE (RFC 2637). */
static enum link_reading pptp_read(struct slice payload, unsigned flags, struct slice *ip)
{
    size_t head = GRE_HEAD + 4 + ((flags & GRE_SEQUENCE) != 0 ? 4U : 0) +
                  ((flags & GRE_ACKNOWLEDGED) != 0 ? 4U : 0);

    if (octets_u16(payload.at + 2) != ETHER_PPP) {
        return LINK_OTHER;
    }
    return payload.len < head ? LINK_SHORT : link_read(LINK_PPP, slice_skip(payload, head), ip);
}

enum link_reading tunnel_gre(struct slice payload, struct slice *ip, enum capture_count *count)
{
    *count = CAPTURE_TUNNEL_GRE;
    if (payload.len < GRE_HEAD) {
        return LINK_SHORT;
    }
    unsigned flags = octets_u16(payload.at);
    uint16_t type = octets_u16(payload.at + 2);
    if ((flags & GRE_VERSION) == 1) {
        return pptp_read(payload, flags, ip);
    }
    if ((flags & GRE_VERSION) != 0 || (flags & GRE_ROUTING) != 0) {
        return LINK_OTHER; /* source routes were abolished (RFC 2784) */
    }
    bool has_sequence = (flags & GRE_SEQUENCE) != 0;
    size_t head = GRE_HEAD + ((flags & GRE_CHECKSUM) != 0 ? 4U : 0) +
                  ((flags & GRE_KEY) != 0 ? 4U : 0) + (has_sequence ? 4U : 0);
    if (payload.len < head) {
        return LINK_SHORT;
    }
    struct slice rest = slice_skip(payload, head);
    if (type == ETHER_ERSPAN || type == ETHER_ERSPAN_3) {
        *count = CAPTURE_TUNNEL_ERSPAN;
        return type == ETHER_ERSPAN ? erspan_read(rest, has_sequence, ip) : erspan_3_read(rest, ip);
    }
    return link_read_type(type, rest, ip);
}
