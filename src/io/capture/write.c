#include "io/capture/write.h"

#include "base/must.h"
#include "io/capture/ip.h"
#include "io/capture/octets.h"
#include "io/capture/streams.h"

#include <stdio.h>

enum {
    BLOCK_SECTION = 0x0A0D0D0A,
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 6,
    BLOCK_EDGE = 12, /* type, length, length again */
    SECTION_BODY = 16,
    INTERFACE_BODY = 8,
    PACKET_BODY = 20,
    OPTION_COMMENT = 1,
    OPTION_PROGRAM = 4, /* of a section: shb_userappl */
    OPTION_HEAD = 4,
    V4_HEAD = 20,
    V6_HEAD = 40,
    UDP_HEAD = 8,
    TCP_HEAD = 20,
    HEADS_MAX = V6_HEAD + TCP_HEAD,
    SEGMENT_PUSH = 0x08,
    HOPS = 64,
    WINDOW = 0xFFFF,
    IP_MAX = 65535, /* what a head's length field holds */
};

bool capture_put_file(void *to, struct slice octets)
{
    return fwrite(octets.at, 1, octets.len, to) == octets.len;
}

static size_t padded(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

static void writer_put(struct capture_writer *writer, struct slice octets)
{
    if (octets.len > 0 && !writer->has_failed) {
        writer->has_failed = !writer->put(writer->to, octets);
    }
}

static void writer_put_padded(struct capture_writer *writer, struct slice octets)
{
    writer_put(writer, octets);
    writer_put(writer, slice_of("\0\0\0", padded(octets.len) - octets.len));
}

static void writer_put_u32(struct capture_writer *writer, uint32_t number)
{
    char octets[4];

    octets_put_u32(octets, number);
    writer_put(writer, slice_of(octets, sizeof(octets)));
}

/* Options end with one of no kind and no length, unless there are none. */
static size_t option_len(struct slice value)
{
    return value.len == 0 ? 0 : OPTION_HEAD + padded(value.len);
}

static size_t options_len(struct slice first, struct slice second)
{
    size_t len = option_len(first) + option_len(second);

    return len == 0 ? 0 : len + OPTION_HEAD;
}

static void option_put(struct capture_writer *writer, uint32_t code, struct slice value)
{
    if (value.len > 0) {
        writer_put_u32(writer, code << 16 | (uint32_t)value.len);
        writer_put_padded(writer, value);
    }
}

static bool block_start(struct capture_writer *writer, uint32_t type, size_t len)
{
    writer_put_u32(writer, type);
    writer_put_u32(writer, (uint32_t)len);
    return !writer->has_failed;
}

static bool block_end(struct capture_writer *writer, size_t options, size_t len)
{
    if (options > 0) {
        writer_put_u32(writer, 0);
    }
    writer_put_u32(writer, (uint32_t)len);
    return !writer->has_failed;
}

bool capture_write_start(struct capture_writer *writer, capture_put *put, void *to,
                         struct slice program, struct slice comment)
{
    *writer = (struct capture_writer){.put = put, .to = to};
    program = slice_head(program, CAPTURE_COMMENT_MAX);
    comment = slice_head(comment, CAPTURE_COMMENT_MAX);
    size_t options = options_len(program, comment);
    size_t len = BLOCK_EDGE + SECTION_BODY + options;

    block_start(writer, BLOCK_SECTION, len);
    writer_put_u32(writer, 0x1A2B3C4D);
    writer_put_u32(writer, 1 << 16);    /* version 1.0 */
    writer_put_u32(writer, UINT32_MAX); /* the length of the section is not known yet */
    writer_put_u32(writer, UINT32_MAX);
    option_put(writer, OPTION_COMMENT, comment);
    option_put(writer, OPTION_PROGRAM, program);
    return block_end(writer, options, len);
}

/* The interface that has this link type; the first frame of a type brings its own. */
static uint32_t writer_interface(struct capture_writer *writer, uint32_t link)
{
    enum { LEN = BLOCK_EDGE + INTERFACE_BODY };

    for (uint32_t i = 0; i < writer->link_count; i++) {
        if (writer->links[i] == link) {
            return i;
        }
    }
    must(writer->link_count < CAPTURE_LINKS_MAX);
    writer->links[writer->link_count] = link;
    block_start(writer, BLOCK_INTERFACE, LEN);
    writer_put_u32(writer, link << 16);
    writer_put_u32(writer, 0); /* no limit; times are microseconds */
    block_end(writer, 0, LEN);
    return writer->link_count++;
}

/* A frame in two pieces. */
static bool frame_put(struct capture_writer *writer, uint32_t link, uint64_t when_us,
                      const struct slice pieces[2], struct slice comment)
{
    uint32_t interface = writer_interface(writer, link);
    size_t frame_len = pieces[0].len + pieces[1].len;
    comment = slice_head(comment, CAPTURE_COMMENT_MAX);
    size_t options = options_len(comment, SLICE_NONE);
    size_t len = BLOCK_EDGE + PACKET_BODY + padded(frame_len) + options;

    block_start(writer, BLOCK_PACKET, len);
    writer_put_u32(writer, interface);
    writer_put_u32(writer, (uint32_t)(when_us >> 32));
    writer_put_u32(writer, (uint32_t)when_us);
    writer_put_u32(writer, (uint32_t)frame_len);
    writer_put_u32(writer, (uint32_t)frame_len);
    writer_put(writer, pieces[0]);
    writer_put(writer, pieces[1]);
    writer_put(writer, slice_of("\0\0\0", padded(frame_len) - frame_len));
    option_put(writer, OPTION_COMMENT, comment);
    return block_end(writer, options, len);
}

bool capture_write_frame(struct capture_writer *writer, uint32_t link, uint64_t when_us,
                         struct slice frame, struct slice comment)
{
    const struct slice pieces[2] = {frame, SLICE_NONE};

    return frame_put(writer, link, when_us, pieces, comment);
}

/* The sum of RFC 1071, not yet folded.  Only the last piece may have an odd length. */
static uint64_t sum_of(uint64_t sum, struct slice octets)
{
    for (size_t i = 0; i + 1 < octets.len; i += 2) {
        sum += octets_u16(octets.at + i);
    }
    return octets.len % 2 == 0 ? sum : sum + (uint64_t)octets_u8(octets.at + octets.len - 1) * 256;
}

static uint16_t sum_folded(uint64_t sum)
{
    while (sum >> 16 != 0) {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

/* Heads around one piece of a message, in the order of the wire. */
struct heads {
    char octets[HEADS_MAX];
    size_t ip_len, len;
};

static void heads_put_ip(struct heads *heads, const struct packet *packet, bool is_v6,
                         uint8_t protocol, size_t payload_len)
{
    char *at = heads->octets;

    heads->ip_len = is_v6 ? V6_HEAD : V4_HEAD;
    if (is_v6) {
        at[0] = 0x60;
        octets_put_u16(at + 4, (uint16_t)payload_len);
        at[6] = (char)protocol;
        at[7] = HOPS;
        memcpy(at + 8, packet->flow.remote.bytes, 16);
        memcpy(at + 24, packet->local.bytes, 16);
        return;
    }
    at[0] = 0x45;
    octets_put_u16(at + 2, (uint16_t)(V4_HEAD + payload_len));
    octets_put_u16(at + 6, 0x4000); /* in one piece */
    at[8] = HOPS;
    at[9] = (char)protocol;
    memcpy(at + 12, packet->flow.remote.bytes, 4);
    memcpy(at + 16, packet->local.bytes, 4);
    octets_put_u16(at + 10, sum_folded(sum_of(0, slice_of(at, V4_HEAD))));
}

/* Both transports sum the addresses too, which stand at the end of either IP head. */
static uint16_t heads_sum(const struct heads *heads, uint8_t protocol, struct slice payload)
{
    size_t addresses = heads->ip_len == V6_HEAD ? 32 : 8;
    size_t transport = heads->len - heads->ip_len;
    uint64_t sum = protocol + transport + payload.len;

    sum = sum_of(sum, slice_of(heads->octets + heads->ip_len - addresses, addresses));
    sum = sum_of(sum, slice_of(heads->octets + heads->ip_len, transport));
    return sum_folded(sum_of(sum, payload));
}

static void heads_put_udp(struct heads *heads, struct slice payload)
{
    char *at = heads->octets + heads->ip_len;

    octets_put_u16(at + 4, (uint16_t)(UDP_HEAD + payload.len));
    uint16_t sum = heads_sum(heads, IP_UDP, payload);
    octets_put_u16(at + 6, sum == 0 ? 0xFFFF : sum);
}

static void heads_put_tcp(struct heads *heads, uint32_t sequence, uint8_t flags,
                          struct slice payload)
{
    char *at = heads->octets + heads->ip_len;

    octets_put_u32(at + 4, sequence);
    octets_put_u32(at + 8, (flags & SEGMENT_ACK) != 0);
    at[12] = TCP_HEAD / 4 << 4;
    at[13] = (char)flags;
    octets_put_u16(at + 14, WINDOW);
    octets_put_u16(at + 16, heads_sum(heads, IP_TCP, payload));
}

static bool packet_put(struct capture_writer *writer, const struct packet *packet, uint8_t flags,
                       struct slice payload, struct slice comment)
{
    bool is_v6 = packet->flow.remote.family == ADDRESS_V6;
    bool is_stream = transport_is_stream((enum transport)packet->flow.transport);
    size_t transport_len = is_stream ? TCP_HEAD : UDP_HEAD;
    struct heads heads = {.octets = {0}};

    heads_put_ip(&heads, packet, is_v6, is_stream ? IP_TCP : IP_UDP, transport_len + payload.len);
    heads.len = heads.ip_len + transport_len;
    octets_put_u16(heads.octets + heads.ip_len, packet->flow.remote.port);
    octets_put_u16(heads.octets + heads.ip_len + 2, packet->local.port);
    if (is_stream) {
        heads_put_tcp(&heads, writer->sequence, flags, payload);
        writer->sequence += (uint32_t)payload.len + ((flags & SEGMENT_SYN) != 0);
    } else {
        heads_put_udp(&heads, payload);
    }
    const struct slice pieces[2] = {slice_of(heads.octets, heads.len), payload};
    return frame_put(writer, CAPTURE_LINK_RAW, packet->when_us, pieces, comment);
}

bool capture_write_packet(struct capture_writer *writer, const struct packet *packet,
                          struct slice comment)
{
    struct slice rest = packet->bytes;

    /* So that a reader takes a message over a stream from its first octet, however it begins. */
    if (transport_is_stream((enum transport)packet->flow.transport) &&
        !packet_put(writer, packet, SEGMENT_SYN, SLICE_NONE, SLICE_NONE)) {
        return false;
    }
    /* A message longer than IP can carry goes in several segments; the comment stands at each. */
    do {
        struct slice payload = slice_head(rest, IP_MAX - HEADS_MAX);

        rest = slice_skip(rest, payload.len);
        if (!packet_put(writer, packet, SEGMENT_ACK | SEGMENT_PUSH, payload, comment)) {
            return false;
        }
    } while (rest.len > 0);
    return true;
}
