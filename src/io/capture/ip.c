#include "io/capture/ip.h"

#include "io/capture/octets.h"

enum {
    V4_HEAD = 20,
    V4_MORE = 0x2000,
    V4_AT_MASK = 0x1FFF,
    V6_HEAD = 40,
    V6_FRAGMENT_HEAD = 8,
    EXTENSIONS_MAX = 8, /* RFC 8200 4.1 names seven, each once but for one */
};

static void address_take(struct address *address, enum address_family family, const char *at)
{
    *address = (struct address){.family = (uint8_t)family};
    memcpy(address->bytes, at, family == ADDRESS_V4 ? 4 : 16);
}

/* What the head promises, or as much of it as the frame holds.  Padding of short frames falls away;
 * a length of 0 was left to the sender's hardware. */
static void payload_take(struct ip_packet *packet, struct slice rest, size_t promised)
{
    packet->payload = slice_head(rest, promised);
    packet->missing = promised - packet->payload.len;
}

static bool v4_read(struct ip_packet *packet, struct slice bytes)
{
    if (bytes.len < V4_HEAD) {
        return false;
    }
    size_t head = (size_t)(octets_u8(bytes.at) & 0x0F) * 4;
    size_t total = octets_u16(bytes.at + 2);
    unsigned fragment = octets_u16(bytes.at + 6);
    if (total == 0) {
        total = bytes.len;
    }
    if (head < V4_HEAD || head > bytes.len || head > total) {
        return false;
    }
    packet->fragment_id = octets_u16(bytes.at + 4);
    packet->has_more = (fragment & V4_MORE) != 0;
    packet->fragment_at = (fragment & V4_AT_MASK) * 8;
    packet->is_fragment = packet->has_more || packet->fragment_at != 0;
    packet->protocol = octets_u8(bytes.at + 9);
    address_take(&packet->from, ADDRESS_V4, bytes.at + 12);
    address_take(&packet->to, ADDRESS_V4, bytes.at + 16);
    payload_take(packet, slice_skip(bytes, head), total - head);
    return true;
}

static bool is_extension(unsigned protocol)
{
    return protocol == IP_HOP_BY_HOP || protocol == IP_ROUTING || protocol == IP_DESTINATION ||
           protocol == IP_AUTHENTICATION || protocol == IP_MOBILITY ||
           protocol == IP_HOST_IDENTITY || protocol == IP_SHIM6;
}

static bool fragment_read(struct ip_packet *packet)
{
    const char *at = packet->payload.at;

    if (packet->payload.len < V6_FRAGMENT_HEAD) {
        return false;
    }
    packet->protocol = octets_u8(at);
    packet->fragment_at = octets_u16(at + 2) & ~7U;
    packet->has_more = (octets_u8(at + 3) & 1) != 0;
    packet->fragment_id = octets_u32(at + 4);
    packet->is_fragment = packet->has_more || packet->fragment_at != 0;
    packet->payload = slice_skip(packet->payload, V6_FRAGMENT_HEAD);
    return true;
}

bool ip_skip_extensions(struct ip_packet *packet)
{
    for (unsigned i = 0; i < EXTENSIONS_MAX; i++) {
        if (packet->protocol == IP_FRAGMENT) {
            if (!fragment_read(packet)) {
                return false;
            }
            if (packet->is_fragment) {
                return true;
            }
            continue;
        }
        if (!is_extension(packet->protocol)) {
            return true;
        }
        if (packet->payload.len < 8) {
            return false;
        }
        unsigned units = octets_u8(packet->payload.at + 1);
        size_t len = packet->protocol == IP_AUTHENTICATION ? (units + 2) * 4 : (units + 1) * 8;
        if (len > packet->payload.len) {
            return false;
        }
        packet->protocol = octets_u8(packet->payload.at);
        packet->payload = slice_skip(packet->payload, len);
    }
    return false;
}

static bool v6_read(struct ip_packet *packet, struct slice bytes)
{
    if (bytes.len < V6_HEAD) {
        return false;
    }
    size_t promised = octets_u16(bytes.at + 4);
    if (promised == 0) {
        promised = bytes.len - V6_HEAD;
    }
    packet->protocol = octets_u8(bytes.at + 6);
    address_take(&packet->from, ADDRESS_V6, bytes.at + 8);
    address_take(&packet->to, ADDRESS_V6, bytes.at + 24);
    payload_take(packet, slice_skip(bytes, V6_HEAD), promised);
    return ip_skip_extensions(packet);
}

bool ip_read(struct ip_packet *packet, struct slice bytes)
{
    unsigned version = bytes.len == 0 ? 0 : octets_u8(bytes.at) >> 4;

    *packet = (struct ip_packet){0};
    return version == 4 ? v4_read(packet, bytes) : version == 6 && v6_read(packet, bytes);
}
