/*
 * Captures made up in memory, and what the walk finds in them.
 */
#pragma once

#include "expect.h"

#include "base/text.h"
#include "io/capture/capture.h"
#include "io/capture/octets.h"
#include "io/capture/streams.h"

enum { KIT_MAX = 4 << 20, KIT_SEEN_MAX = 256, KIT_FRAME_MAX = 70000 };

/* A capture being written, little-endian microseconds unless a test writes its own head. */
struct kit {
    struct text text;
    uint64_t when_us; /* of the next frame; each is a millisecond later */
};

struct kit_seen {
    struct slice bytes; /* a copy */
    struct packet packet;
};

/* What capture_next gave. */
struct kit_result {
    struct kit_seen seen[KIT_SEEN_MAX];
    unsigned count;
    struct capture_counts counts;
    struct fault fault;
};

static inline void kit_u16(struct text *text, unsigned number, bool is_little)
{
    text_put_octet(text, (char)(is_little ? number & 0xFF : number >> 8));
    text_put_octet(text, (char)(is_little ? number >> 8 : number & 0xFF));
}

static inline void kit_u32(struct text *text, uint32_t number, bool is_little)
{
    kit_u16(text, is_little ? number & 0xFFFF : number >> 16, is_little);
    kit_u16(text, is_little ? number >> 16 : number & 0xFFFF, is_little);
}

static inline void kit_pcap_head(struct text *text, uint32_t magic, uint32_t link, bool is_little)
{
    kit_u32(text, magic, is_little);
    kit_u16(text, 2, is_little);
    kit_u16(text, 4, is_little);
    kit_u32(text, 0, is_little);
    kit_u32(text, 0, is_little);
    kit_u32(text, 65535, is_little);
    kit_u32(text, link, is_little);
}

static inline void kit_pcap_frame(struct text *text, uint32_t seconds, uint32_t part,
                                  struct slice frame, bool is_little)
{
    kit_u32(text, seconds, is_little);
    kit_u32(text, part, is_little);
    kit_u32(text, (uint32_t)frame.len, is_little);
    kit_u32(text, (uint32_t)frame.len, is_little);
    text_put(text, frame);
}

static inline struct kit kit_open(uint32_t link)
{
    struct kit kit = {.when_us = UINT64_C(1700000000000000)};

    text_init(&kit.text, malloc(KIT_MAX), KIT_MAX);
    assert_non_null(kit.text.at);
    kit_pcap_head(&kit.text, 0xA1B2C3D4, link, true);
    return kit;
}

static inline void kit_close(struct kit *kit)
{
    free(kit->text.at);
}

static inline void kit_frame(struct kit *kit, struct slice frame)
{
    kit_pcap_frame(&kit->text, (uint32_t)(kit->when_us / 1000000),
                   (uint32_t)(kit->when_us % 1000000), frame, true);
    kit->when_us += 1000;
    assert_false(kit->text.is_full);
}

/* Layers are put together from the inside out, each into a room of its own. */
struct kit_room {
    char at[KIT_FRAME_MAX];
};

static inline struct slice kit_join(struct kit_room *room, struct slice head, struct slice rest)
{
    struct text text;

    text_init(&text, room->at, sizeof(room->at));
    text_put(&text, head);
    text_put(&text, rest);
    assert_false(text.is_full);
    return text_slice(&text);
}

static inline struct slice kit_udp(struct kit_room *room, unsigned from, unsigned to,
                                   struct slice payload)
{
    char head[8] = {0};

    octets_put_u16(head, (uint16_t)from);
    octets_put_u16(head + 2, (uint16_t)to);
    octets_put_u16(head + 4, (uint16_t)(8 + payload.len));
    return kit_join(room, slice_of(head, sizeof(head)), payload);
}

/* From 192.0.2.<from> to 192.0.2.<to>. */
struct kit_ip {
    uint8_t from, to, protocol;
    uint16_t id;
    uint16_t fragment; /* flags and offset as on the wire */
};

static inline struct slice kit_v4(struct kit_room *room, struct kit_ip ip, struct slice payload)
{
    char head[20] = {0x45,      0,
                     0,         0,
                     0,         0,
                     0,         0,
                     64,        (char)ip.protocol,
                     0,         0,
                     (char)192, 0,
                     2,         (char)ip.from,
                     (char)192, 0,
                     2,         (char)ip.to};

    octets_put_u16(head + 2, (uint16_t)(20 + payload.len));
    octets_put_u16(head + 4, ip.id);
    octets_put_u16(head + 6, ip.fragment);
    return kit_join(room, slice_of(head, sizeof(head)), payload);
}

/* From 2001:db8::<from> to 2001:db8::<to>. */
static inline struct slice kit_v6(struct kit_room *room, struct kit_ip ip, struct slice payload)
{
    char head[40] = {0x60, 0, 0, 0, 0, 0, (char)ip.protocol, 64, 0x20, 0x01, 0x0d, (char)0xb8};

    octets_put_u16(head + 4, (uint16_t)payload.len);
    head[23] = (char)ip.from;
    memcpy(head + 24, head + 8, 4);
    head[39] = (char)ip.to;
    return kit_join(room, slice_of(head, sizeof(head)), payload);
}

/* A datagram of 192.0.2.1:5060 to 192.0.2.2:5060. */
static inline struct slice kit_datagram(struct kit_room *room, struct slice payload)
{
    static struct kit_room inner;

    return kit_v4(room, (struct kit_ip){1, 2, 17, 0, 0}, kit_udp(&inner, 5060, 5060, payload));
}

/* Where a made-up connection stands: side 0 is 192.0.2.1:40000, side 1 is 192.0.2.2:5060. */
struct kit_tcp {
    unsigned side;
    uint32_t sequence;
    uint8_t flags;
};

static inline void kit_segment(struct kit *kit, struct kit_tcp tcp, struct slice payload)
{
    static struct kit_room inner, outer;
    char head[20] = {0};

    octets_put_u16(head, tcp.side == 0 ? 40000 : 5060);
    octets_put_u16(head + 2, tcp.side == 0 ? 5060 : 40000);
    octets_put_u32(head + 4, tcp.sequence);
    head[12] = 5 << 4;
    head[13] = (char)tcp.flags;
    struct slice segment = kit_join(&inner, slice_of(head, sizeof(head)), payload);
    struct kit_ip ip = {(uint8_t)(tcp.side == 0 ? 1 : 2), (uint8_t)(tcp.side == 0 ? 2 : 1), 6, 0,
                        0};
    kit_frame(kit, kit_v4(&outer, ip, segment));
}

struct kit_memory {
    struct slice rest;
    size_t most; /* octets a reading gives at once */
};

static inline ptrdiff_t kit_memory_read(void *from, char *at, size_t max)
{
    struct kit_memory *memory = from;
    struct slice piece = slice_head(memory->rest, max < memory->most ? max : memory->most);

    if (piece.len > 0) {
        memcpy(at, piece.at, piece.len);
    }
    memory->rest = slice_skip(memory->rest, piece.len);
    return (ptrdiff_t)piece.len;
}

static inline struct kit_result *kit_read_by(struct slice file, size_t most)
{
    struct kit_result *result = calloc(1, sizeof(*result));
    struct kit_memory memory = {file, most};
    struct hash_key key = {1, 2};

    assert_non_null(result);
    struct capture *capture = capture_new(kit_memory_read, &memory, &key, &result->fault);
    if (capture == NULL) {
        assert_true(result->fault.text[0] != '\0');
        return result;
    }
    struct packet packet;
    while (capture_next(capture, &packet, &result->fault)) {
        assert_true(result->count < KIT_SEEN_MAX);
        struct kit_seen *seen = &result->seen[result->count++];
        char *copy = malloc(packet.bytes.len + 1);

        assert_non_null(copy);
        memcpy(copy, packet.bytes.at, packet.bytes.len);
        seen->packet = packet;
        seen->bytes = slice_of(copy, packet.bytes.len);
        seen->packet.bytes = seen->bytes;
    }
    /* The end is the end, however often it is asked for. */
    assert_false(capture_next(capture, &packet, &result->fault));
    result->counts = *capture_counts(capture);
    assert_int_equal(result->counts.of[CAPTURE_SIP], result->count);
    capture_close(capture);
    return result;
}

static inline struct kit_result *kit_read(struct slice file)
{
    return kit_read_by(file, SIZE_MAX);
}

static inline void kit_free(struct kit_result *result)
{
    for (unsigned i = 0; i < result->count; i++) {
        free((void *)(uintptr_t)result->seen[i].bytes.at);
    }
    free(result);
}

/* Reads the kit, which is done with. */
static inline struct kit_result *kit_done(struct kit *kit)
{
    struct kit_result *result = kit_read(text_slice(&kit->text));

    kit_close(kit);
    return result;
}

#define KIT_OPTIONS                                                                                \
    "OPTIONS sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/TCP a;branch=z9hG4bK1\r\nl: 0\r\n\r\n"
#define KIT_MESSAGE                                                                                \
    "MESSAGE sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/TCP a;branch=z9hG4bK2\r\nl: 10\r\n\r\n"     \
    "0123456789"
#define KIT_OK "SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP a;branch=z9hG4bK1\r\nl: 0\r\n\r\n"
