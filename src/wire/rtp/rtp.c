#include "wire/rtp/rtp.h"

#include "base/must.h"
#include "wire/octets.h"

enum {
    BIT_PADDING = 0x20,
    BIT_EXTENSION = 0x10,
    BIT_MARKER = 0x80,
    CSRC_MASK = 0x0F,
    PAYLOAD_TYPE_MASK = 0x7F,
};

/* The first octet, up to and including last. */
static const struct {
    uint8_t last;
    uint8_t rtp_class;
} classes[] = {
    {3, RTP_CLASS_STUN},  {15, RTP_CLASS_UNKNOWN},      {19, RTP_CLASS_ZRTP},
    {63, RTP_CLASS_DTLS}, {79, RTP_CLASS_TURN_CHANNEL}, {127, RTP_CLASS_UNKNOWN},
    {191, RTP_CLASS_RTP}, {255, RTP_CLASS_UNKNOWN},
};

static uint8_t octet(struct slice bytes, size_t at)
{
    return (uint8_t)bytes.at[at];
}

enum rtp_class rtp_classify(struct slice bytes)
{
    unsigned i = 0;

    if (bytes.len < 2) {
        return RTP_CLASS_UNKNOWN;
    }
    while (octet(bytes, 0) > classes[i].last) {
        i++;
    }
    /* Packet types 192 to 223 are the payload types 64 to 95 with the marker, kept free for this.
     */
    if (classes[i].rtp_class == RTP_CLASS_RTP && octet(bytes, 1) >= 192 && octet(bytes, 1) <= 223) {
        return RTP_CLASS_RTCP;
    }
    return (enum rtp_class)classes[i].rtp_class;
}

static bool read_extension(struct rtp_packet *packet, struct slice *rest)
{
    if (rest->len < 4) {
        return false;
    }
    size_t len = 4 * (size_t)octets_16(rest->at + 2);

    packet->extension_profile = octets_16(rest->at);
    *rest = slice_skip(*rest, 4);
    if (rest->len < len) {
        return false;
    }
    packet->extension = slice_head(*rest, len);
    *rest = slice_skip(*rest, len);
    return true;
}

static bool read_padding(struct rtp_packet *packet, struct slice *rest)
{
    if (rest->len == 0) {
        return false;
    }
    packet->padding_len = octet(*rest, rest->len - 1);
    if (packet->padding_len == 0 || packet->padding_len > rest->len) {
        return false;
    }
    rest->len -= packet->padding_len;
    return true;
}

enum rtp_reading rtp_read(struct rtp_packet *packet, struct slice bytes)
{
    struct slice rest;

    *packet = (struct rtp_packet){.payload = SLICE_NONE};
    if (bytes.len < RTP_HEADER_LEN) {
        return RTP_SHORT;
    }
    if (octet(bytes, 0) >> 6 != RTP_VERSION) {
        return RTP_BAD_VERSION;
    }
    packet->has_marker = (octet(bytes, 1) & BIT_MARKER) != 0;
    packet->payload_type = octet(bytes, 1) & PAYLOAD_TYPE_MASK;
    packet->sequence = octets_16(bytes.at + 2);
    packet->timestamp = octets_32(bytes.at + 4);
    packet->ssrc = octets_32(bytes.at + 8);
    packet->csrc_count = octet(bytes, 0) & CSRC_MASK;
    packet->has_extension = (octet(bytes, 0) & BIT_EXTENSION) != 0;
    if (bytes.len < RTP_HEADER_LEN + 4U * packet->csrc_count) {
        return RTP_SHORT;
    }
    rest = slice_skip(bytes, RTP_HEADER_LEN + 4U * packet->csrc_count);
    if (packet->has_extension && !read_extension(packet, &rest)) {
        return RTP_SHORT;
    }
    if ((octet(bytes, 0) & BIT_PADDING) != 0 && !read_padding(packet, &rest)) {
        return RTP_BAD_PADDING;
    }
    packet->payload = rest;
    return RTP_READ;
}

uint32_t rtp_csrc(struct slice bytes, unsigned index)
{
    must(index < RTP_CSRC_MAX && bytes.len >= RTP_HEADER_LEN + 4U * (index + 1));
    return octets_32(bytes.at + RTP_HEADER_LEN + 4 * (size_t)index);
}

bool rtp_is_stun(struct slice bytes)
{
    return bytes.len >= STUN_HEADER_LEN && octet(bytes, 0) <= 0x3F &&
           octets_32(bytes.at + 4) == STUN_COOKIE && octets_16(bytes.at + 2) % 4 == 0 &&
           octets_16(bytes.at + 2) == bytes.len - STUN_HEADER_LEN;
}
