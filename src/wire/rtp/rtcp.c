#include "wire/rtp/rtcp.h"

#include "wire/octets.h"

enum { BIT_PADDING = 0x20, COUNT_MASK = 0x1F };

static uint8_t octet(struct slice bytes, size_t at)
{
    return (uint8_t)bytes.at[at];
}

/* The octets a packet needs behind its header for what its count says. */
static size_t body_min(uint8_t type, uint8_t count)
{
    switch (type) {
    case RTCP_SR:
        return 4 + RTCP_SENDER_LEN + (size_t)count * RTCP_REPORT_LEN;
    case RTCP_RR:
        return 4 + (size_t)count * RTCP_REPORT_LEN;
    case RTCP_SDES:
        return (size_t)count * 8;
    case RTCP_BYE:
        return (size_t)count * 4;
    case RTCP_APP:
    case RTCP_RTPFB:
    case RTCP_PSFB:
        return 8;
    case RTCP_XR:
        return 4;
    default:
        return 0;
    }
}

static bool has_sender(const struct rtcp_packet *packet)
{
    return packet->type != RTCP_SDES && packet->body.len >= 4 &&
           !(packet->type == RTCP_BYE && packet->count == 0);
}

void rtcp_walk_init(struct rtcp_walk *walk, struct slice bytes, bool may_be_reduced)
{
    *walk = (struct rtcp_walk){.rest = bytes, .may_be_reduced = may_be_reduced};
}

/* Only the last packet may be padded, and only by whole words. */
static bool strip_padding(struct rtcp_packet *packet, bool is_last)
{
    uint8_t padding;

    if ((octet(packet->bytes, 0) & BIT_PADDING) == 0) {
        return true;
    }
    if (!is_last || packet->body.len == 0) {
        return false;
    }
    padding = octet(packet->body, packet->body.len - 1);
    if (padding == 0 || padding % 4 != 0 || padding > packet->body.len) {
        return false;
    }
    packet->body.len -= padding;
    return true;
}

enum rtcp_reading rtcp_walk_next(struct rtcp_walk *walk, struct rtcp_packet *packet)
{
    size_t len;

    *packet = (struct rtcp_packet){.bytes = SLICE_NONE};
    if (walk->rest.len == 0) {
        return walk->count == 0 ? RTCP_SHORT : RTCP_END;
    }
    if (walk->rest.len < RTCP_HEADER_LEN) {
        return RTCP_SHORT;
    }
    if (octet(walk->rest, 0) >> 6 != RTP_VERSION) {
        return RTCP_BAD_VERSION;
    }
    len = 4 * ((size_t)octets_16(walk->rest.at + 2) + 1);
    if (len > walk->rest.len) {
        return RTCP_SHORT;
    }
    packet->bytes = slice_head(walk->rest, len);
    packet->body = slice_skip(packet->bytes, RTCP_HEADER_LEN);
    packet->type = octet(packet->bytes, 1);
    packet->count = octet(packet->bytes, 0) & COUNT_MASK;
    walk->rest = slice_skip(walk->rest, len);
    if (!strip_padding(packet, walk->rest.len == 0)) {
        return RTCP_BAD_PADDING;
    }
    if (packet->body.len < body_min(packet->type, packet->count)) {
        return RTCP_SHORT;
    }
    if (walk->count == 0 && !walk->may_be_reduced && packet->type != RTCP_SR &&
        packet->type != RTCP_RR) {
        return RTCP_BAD_ORDER;
    }
    if (walk->count == RTCP_PACKETS_MAX) {
        return RTCP_MANY;
    }
    walk->count++;
    packet->ssrc = has_sender(packet) ? octets_32(packet->body.at) : 0;
    return RTCP_READ;
}

enum rtcp_reading rtcp_check(struct slice bytes, bool may_be_reduced)
{
    struct rtcp_walk walk;
    struct rtcp_packet packet;
    enum rtcp_reading reading;

    rtcp_walk_init(&walk, bytes, may_be_reduced);
    do {
        reading = rtcp_walk_next(&walk, &packet);
    } while (reading == RTCP_READ);
    return reading;
}

bool rtcp_sender(const struct rtcp_packet *packet, struct rtcp_sender *sender)
{
    if (packet->type != RTCP_SR) {
        return false;
    }
    const char *at = packet->body.at + 4;

    *sender = (struct rtcp_sender){
        .ntp = (uint64_t)octets_32(at) << 32 | octets_32(at + 4),
        .rtp_timestamp = octets_32(at + 8),
        .packets = octets_32(at + 12),
        .octets = octets_32(at + 16),
    };
    return true;
}

bool rtcp_report(const struct rtcp_packet *packet, unsigned index, struct rtcp_report *report)
{
    size_t before = packet->type == RTCP_SR ? 4 + RTCP_SENDER_LEN : 4;

    if ((packet->type != RTCP_SR && packet->type != RTCP_RR) || index >= packet->count) {
        return false;
    }
    const char *at = packet->body.at + before + (size_t)index * RTCP_REPORT_LEN;

    *report = (struct rtcp_report){
        .ssrc = octets_32(at),
        .fraction_lost = (uint8_t)at[4],
        .lost = octets_32(at + 4) & 0xFFFFFF,
        .highest = octets_32(at + 8),
        .jitter = octets_32(at + 12),
        .last_sr = octets_32(at + 16),
        .delay = octets_32(at + 20),
    };
    return true;
}

bool rtcp_bye(const struct rtcp_packet *packet, unsigned index, uint32_t *ssrc)
{
    if (packet->type != RTCP_BYE || index >= packet->count) {
        return false;
    }
    *ssrc = octets_32(packet->body.at + 4 * (size_t)index);
    return true;
}

struct slice rtcp_app_name(const struct rtcp_packet *packet)
{
    return packet->type == RTCP_APP ? slice_of(packet->body.at + 4, 4) : SLICE_NONE;
}

/* The SSRC in front of a chunk; false when there is no further chunk. */
static bool begin_chunk(const struct rtcp_packet *packet, struct rtcp_items *items)
{
    if (items->chunks == packet->count) {
        return false;
    }
    if (packet->body.len - items->at < 4) {
        items->is_bad = true;
        return false;
    }
    items->ssrc = octets_32(packet->body.at + items->at);
    items->at += 4;
    items->chunks++;
    items->is_in_chunk = true;
    return true;
}

/* Behind the octets of zero that end a chunk: the next word. */
static void end_chunk(struct rtcp_items *items)
{
    items->at = (items->at / 4 + 1) * 4;
    items->is_in_chunk = false;
}

bool rtcp_item_next(const struct rtcp_packet *packet, struct rtcp_items *items)
{
    if (packet->type != RTCP_SDES || items->is_bad) {
        return false;
    }
    for (;;) {
        if (!items->is_in_chunk && !begin_chunk(packet, items)) {
            return false;
        }
        struct slice rest = slice_skip(packet->body, items->at);

        if (rest.len == 0) {
            items->is_bad = true;
            return false;
        }
        if (octet(rest, 0) == RTCP_ITEM_END) {
            end_chunk(items);
            continue;
        }
        if (rest.len < 2 || rest.len - 2 < octet(rest, 1)) {
            items->is_bad = true;
            return false;
        }
        items->type = octet(rest, 0);
        items->text = slice_of(rest.at + 2, octet(rest, 1));
        items->at += 2U + octet(rest, 1);
        return true;
    }
}
