/*
 * The new format: blocks that tell their length at both ends.
 *
 * Sections, interfaces, packets and secrets of TLS are read; names, statistics and whatever comes
 * to be invented are passed over by their length, however long.
 */
#include "io/capture/frames.h"

#include "base/must.h"
#include "io/capture/keylog.h"
#include "io/capture/octets.h"

#include <inttypes.h>

enum {
    BLOCK_HEAD = 8,     /* type, length */
    BLOCK_LEAST = 12,   /* and the length once more */
    SECTION_BODY = 16,  /* byte order, version, length of the section */
    INTERFACE_BODY = 8, /* link, snap length */
    PACKET_BODY = 20,   /* interface, time, two lengths */
    SIMPLE_BODY = 4,    /* length */
    SECRETS_TYPE = 10,
    SECRETS_BODY = 8,         /* type, length */
    SECRETS_TLS = 0x544C534B, /* "TLSK": a key log */
    OPTION_HEAD = 4,
    OPTION_END = 0,
    OPTION_TSRESOL = 9,   /* of an interface */
    OPTION_TSOFFSET = 14, /* of an interface */
    RESOLUTION_MICRO = 6,
    RESOLUTION_IS_BINARY = 0x80,
    RESOLUTION_DECIMAL_MAX = 19, /* 10^19 is the last that 64 bits hold */
};

#define BYTE_ORDER_MAGIC UINT32_C(0x1A2B3C4D)
#define SECTION_TYPE UINT32_C(0x0A0D0D0A)

/* A block that lies whole in the window. */
struct block {
    uint32_t type;
    struct slice body;
    uint64_t offset;
};

static uint64_t power_of_ten(unsigned exponent)
{
    uint64_t power = 1;

    while (exponent-- > 0) {
        power *= 10;
    }
    return power;
}

/* Units of 2^-bits seconds.  Twenty bits more than the fraction keeps would not fit: the lowest,
 * finer than any microsecond, are left out. */
static uint64_t micro_of_binary(uint64_t units, unsigned bits)
{
    uint64_t seconds = bits < 64 ? units >> bits : 0;
    uint64_t part = bits < 64 ? units & ((UINT64_C(1) << bits) - 1) : units;
    unsigned spare = bits > 43 ? bits - 43 : 0;

    if (spare >= 64) {
        return seconds * 1000000;
    }
    return seconds * 1000000 + (((part >> spare) * 1000000) >> (bits - spare));
}

static uint64_t micro_of(const struct frames_interface *interface, uint64_t units)
{
    unsigned exponent = interface->resolution & ~(unsigned)RESOLUTION_IS_BINARY;
    uint64_t micro;

    if ((interface->resolution & RESOLUTION_IS_BINARY) != 0) {
        micro = micro_of_binary(units, exponent);
    } else if (exponent <= RESOLUTION_MICRO) {
        micro = units * power_of_ten(RESOLUTION_MICRO - exponent);
    } else {
        micro = units / power_of_ten(exponent - RESOLUTION_MICRO);
    }
    return micro + interface->offset_s * 1000000;
}

static uint32_t number_at(const struct frames *frames, const struct block *block, size_t at)
{
    return octets_u32_of(block->body.at + at, frames->is_little);
}

static bool block_lies(const struct block *block, const char *what, struct fault *fault)
{
    return fault_set(fault, "octet %" PRIu64 ": %s", block->offset, what);
}

static bool interface_option(const struct frames *frames, struct frames_interface *interface,
                             uint16_t code, struct slice value)
{
    if (code == OPTION_TSRESOL && value.len >= 1) {
        interface->resolution = octets_u8(value.at);
        return (interface->resolution & RESOLUTION_IS_BINARY) != 0 ||
               interface->resolution <= RESOLUTION_DECIMAL_MAX;
    }
    if (code == OPTION_TSOFFSET && value.len >= 8) {
        uint64_t first = octets_u32_of(value.at, frames->is_little);
        uint64_t second = octets_u32_of(value.at + 4, frames->is_little);

        interface->offset_s = frames->is_little ? second << 32 | first : first << 32 | second;
    }
    return true;
}

static bool interface_read(struct frames *frames, const struct block *block, struct frame *frame,
                           struct fault *fault)
{
    struct frames_interface interface = {.resolution = RESOLUTION_MICRO};
    struct slice options = slice_skip(block->body, INTERFACE_BODY);

    (void)frame;
    if (frames->interface_count == FRAMES_INTERFACES_MAX) {
        return block_lies(block, "more interfaces in one section than are read", fault);
    }
    interface.link = octets_u16_of(block->body.at, frames->is_little);
    interface.snap_len = number_at(frames, block, 4);
    while (options.len >= OPTION_HEAD) {
        uint16_t code = octets_u16_of(options.at, frames->is_little);
        size_t len = octets_u16_of(options.at + 2, frames->is_little);

        if (code == OPTION_END) {
            break;
        }
        if (len > options.len - OPTION_HEAD) {
            return block_lies(block, "an option reaches beyond its interface block", fault);
        }
        if (!interface_option(frames, &interface, code, slice_of(options.at + OPTION_HEAD, len))) {
            return block_lies(block, "an interface with a time resolution nobody can hold", fault);
        }
        options = slice_skip(options, OPTION_HEAD + ((len + 3) & ~(size_t)3));
    }
    frames->interfaces[frames->interface_count++] = interface;
    return true;
}

static void frame_take(struct frames *frames, struct frame *frame, struct slice bytes,
                       uint32_t link)
{
    *frame = (struct frame){
        .bytes = bytes,
        .when_us = frames->last_us,
        .number = ++frames->number,
        .link = link,
    };
}

/* Enhanced packets, and the packets they replaced: those count interfaces with 16 bits. */
static bool packet_read(struct frames *frames, const struct block *block, struct frame *frame,
                        struct fault *fault)
{
    bool is_old = block->type == 2;
    uint32_t index =
        is_old ? octets_u16_of(block->body.at, frames->is_little) : number_at(frames, block, 0);
    uint64_t units = (uint64_t)number_at(frames, block, 4) << 32 | number_at(frames, block, 8);
    uint32_t len = number_at(frames, block, 12);

    if (index >= frames->interface_count) {
        return block_lies(block, "a packet of an interface that was not described", fault);
    }
    if (len > FRAME_MAX || len > block->body.len - PACKET_BODY) {
        return block_lies(block, "a packet longer than its block", fault);
    }
    frames->last_us = micro_of(&frames->interfaces[index], units);
    frame_take(frames, frame, slice_of(block->body.at + PACKET_BODY, len),
               frames->interfaces[index].link);
    return true;
}

static bool simple_read(struct frames *frames, const struct block *block, struct frame *frame,
                        struct fault *fault)
{
    uint32_t len = number_at(frames, block, 0);

    if (frames->interface_count == 0) {
        return block_lies(block, "a packet of an interface that was not described", fault);
    }
    uint32_t snap_len = frames->interfaces[0].snap_len;
    if (snap_len != 0 && len > snap_len) {
        len = snap_len;
    }
    if (len > FRAME_MAX || len > block->body.len - SIMPLE_BODY) {
        return block_lies(block, "a packet longer than its block", fault);
    }
    frame_take(frames, frame, slice_of(block->body.at + SIMPLE_BODY, len),
               frames->interfaces[0].link);
    return true;
}

static bool section_read(struct frames *frames, const struct block *block, struct frame *frame,
                         struct fault *fault)
{
    (void)frame;
    if (octets_u16_of(block->body.at + 4, frames->is_little) != 1) {
        return block_lies(block, "a section of another version than 1", fault);
    }
    frames->interface_count = 0;
    return true;
}

/* Secrets of TLS connections, as in a key log. */
static bool secrets_read(struct frames *frames, const struct block *block, struct frame *frame,
                         struct fault *fault)
{
    uint32_t type = number_at(frames, block, 0), len = number_at(frames, block, 4);

    (void)frame;
    if (len > block->body.len - SECRETS_BODY) {
        return block_lies(block, "secrets longer than their block", fault);
    }
    if (type == SECRETS_TLS && frames->keylog != NULL) {
        keylog_add(frames->keylog, slice_of(block->body.at + SECRETS_BODY, len));
    }
    return true;
}

static const struct block_reader {
    uint32_t type;
    uint32_t least; /* octets of the body */
    bool (*read)(struct frames *frames, const struct block *block, struct frame *frame,
                 struct fault *fault);
} block_readers[] = {
    {SECTION_TYPE, SECTION_BODY, section_read},
    {1, INTERFACE_BODY, interface_read},
    {2, PACKET_BODY, packet_read},
    {3, SIMPLE_BODY, simple_read},
    {6, PACKET_BODY, packet_read},
    {SECRETS_TYPE, SECRETS_BODY, secrets_read},
};

static const struct block_reader *block_reader_find(uint32_t type)
{
    for (size_t i = 0; i < ARRAY_COUNT(block_readers); i++) {
        if (block_readers[i].type == type) {
            return &block_readers[i];
        }
    }
    return NULL;
}

/* The order of octets is a section's own, so its head must be known before its length. */
static bool section_order(struct frames *frames, struct fault *fault)
{
    struct window *window = &frames->window;

    if (!window_need(window, BLOCK_LEAST)) {
        return frames_cut(frames, "the head of a section", BLOCK_LEAST, fault);
    }
    const char *magic = window_at(window) + BLOCK_HEAD;
    frames->is_little = octets_u32_of(magic, true) == BYTE_ORDER_MAGIC;
    return frames->is_little || octets_u32(magic) == BYTE_ORDER_MAGIC ||
           fault_set(fault, "octet %" PRIu64 ": a section without its byte order mark",
                     window->offset);
}

static bool block_closes(struct frames *frames, uint64_t offset, uint32_t len, const char *at,
                         struct fault *fault)
{
    uint32_t again = octets_u32_of(at, frames->is_little);

    return again == len || fault_set(fault,
                                     "octet %" PRIu64 ": a block begins with the length %" PRIu32
                                     " and ends with %" PRIu32,
                                     offset, len, again);
}

static bool block_pass(struct frames *frames, uint32_t len, struct fault *fault)
{
    struct window *window = &frames->window;
    uint64_t offset = window->offset;

    if (!window_skip(window, len - 4) || !window_need(window, 4)) {
        return window->failure != 0
                   ? frames_cut(frames, "a block", len, fault)
                   : fault_set(fault,
                               "octet %" PRIu64 ": the file ends inside a block: %" PRIu32
                               " octets promised, %" PRIu64 " there",
                               offset, len, window->offset + window_left(window) - offset);
    }
    if (!block_closes(frames, offset, len, window_at(window), fault)) {
        return false;
    }
    window_take(window, 4);
    return true;
}

/* One block: *frame gets octets when it was a packet (its number tells). */
static bool block_read(struct frames *frames, struct frame *frame, struct fault *fault)
{
    struct window *window = &frames->window;
    struct block block = {
        .type = octets_u32_of(window_at(window), frames->is_little),
        .offset = window->offset,
    };
    if (block.type == SECTION_TYPE && !section_order(frames, fault)) {
        return false;
    }
    uint32_t len = octets_u32_of(window_at(window) + 4, frames->is_little);
    if (len < BLOCK_LEAST || len % 4 != 0) {
        return fault_set(fault, "octet %" PRIu64 ": a block of %" PRIu32 " octets", block.offset,
                         len);
    }
    const struct block_reader *reader = block_reader_find(block.type);
    if (reader == NULL || (block.type == SECRETS_TYPE && len > FRAMES_BLOCK_MAX)) {
        return block_pass(frames, len, fault);
    }
    if (len - BLOCK_LEAST < reader->least || len > FRAMES_BLOCK_MAX) {
        return fault_set(fault,
                         "octet %" PRIu64 ": a block of type %" PRIu32 " with %" PRIu32 " octets",
                         block.offset, block.type, len);
    }
    if (!window_need(window, len)) {
        return frames_cut(frames, "a block", len, fault);
    }
    const char *at = window_at(window);
    block.body = slice_of(at + BLOCK_HEAD, len - BLOCK_LEAST);
    if (!block_closes(frames, block.offset, len, at + len - 4, fault) ||
        !reader->read(frames, &block, frame, fault)) {
        return false;
    }
    window_take(window, len);
    return true;
}

bool pcapng_start(struct frames *frames, struct fault *fault)
{
    struct frame none = {0};

    return window_need(&frames->window, BLOCK_HEAD)
               ? block_read(frames, &none, fault)
               : frames_cut(frames, "its head", BLOCK_HEAD, fault);
}

bool pcapng_next(struct frames *frames, struct frame *frame, struct fault *fault)
{
    struct window *window = &frames->window;

    frame->number = 0;
    while (frame->number == 0) {
        if (!window_need(window, BLOCK_HEAD)) {
            return window_left(window) == 0 && window->failure == 0
                       ? false
                       : frames_cut(frames, "the head of a block", BLOCK_HEAD, fault);
        }
        if (!block_read(frames, frame, fault)) {
            return false;
        }
    }
    return true;
}
