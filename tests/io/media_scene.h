/*
 * Building blocks of the gate's tests: orders, packets, parties.
 */
#pragma once

#include "io/media/judge.h"
#include "wire/octets.h"

#include <string.h>

static inline struct address address_of(const char *literal)
{
    struct address address = {.family = ADDRESS_NONE};

    if (!address_read_port(&address, slice_string(literal))) {
        address.family = ADDRESS_NONE;
    }
    return address;
}

struct sound {
    uint32_t ssrc, timestamp;
    uint16_t sequence;
    uint8_t type;
    bool has_marker;
};

static inline void put_16(char *at, uint16_t value)
{
    at[0] = (char)(uint8_t)(value >> 8);
    at[1] = (char)(uint8_t)value;
}

static inline void put_32(char *at, uint32_t value)
{
    put_16(at, (uint16_t)(value >> 16));
    put_16(at + 2, (uint16_t)value);
}

/* RTP with this many octets of payload; its whole length. */
static inline size_t sound_write(char *at, const struct sound *sound, size_t payload)
{
    at[0] = (char)0x80;
    at[1] = (char)(uint8_t)(sound->type | (sound->has_marker ? 0x80 : 0));
    put_16(at + 2, sound->sequence);
    put_32(at + 4, sound->timestamp);
    put_32(at + 8, sound->ssrc);
    memset(at + 12, 0x55, payload);
    return 12 + payload;
}

/* A receiver report of ssrc about another. */
static inline size_t report_write(char *at, uint32_t ssrc, uint32_t about)
{
    memset(at, 0, 32);
    at[0] = (char)0x81;
    at[1] = (char)201;
    put_16(at + 2, 7);
    put_32(at + 4, ssrc);
    put_32(at + 8, about);
    return 32;
}

/* A chunk of SDES with a CNAME and a tool. */
static inline size_t names_write(char *at, uint32_t ssrc)
{
    static const char items[] = "\1\011alice@pbx\6\5phone\0\0\0\0";

    at[0] = (char)0x81;
    at[1] = (char)202;
    put_32(at + 4, ssrc);
    memcpy(at + 8, items, 20);
    put_16(at + 2, 6);
    return 28;
}

static inline size_t goodbye_write(char *at, uint32_t ssrc)
{
    at[0] = (char)0x81;
    at[1] = (char)203;
    put_16(at + 2, 3);
    put_32(at + 4, ssrc);
    memcpy(at + 8, "\6gotcha\0", 8);
    return 16;
}

/* An audio stream between two carriers: each exactly where it says. */
static inline struct media_order plain_order(const char *local_a, const char *remote_a,
                                             const char *local_b, const char *remote_b)
{
    struct media_order order = {
        .version = MEDIA_ORDER_VERSION,
        .kind = MEDIA_OPEN,
        .stream = 1,
        .generation = 1,
        .epoch = 1,
    };

    order.sides[0].local = address_of(local_a);
    order.sides[0].remote = address_of(remote_a);
    order.sides[1].local = address_of(local_b);
    order.sides[1].remote = address_of(remote_b);
    for (unsigned i = 0; i < 2; i++) {
        order.sides[i].may_send = true;
        order.sides[i].payload_types[0] = 1U << 0 | 1U << 8;
    }
    return order;
}
