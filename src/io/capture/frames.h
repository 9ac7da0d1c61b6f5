/*
 * Frames out of a capture file, pcap or pcapng, whoever wrote it.
 *
 * Both orders of octets, micro- and nanoseconds and any if_tsresol, several sections, several
 * interfaces with link types of their own.  Lengths are believed only as far as the file bears them
 * out; where it does not, the fault names the offset, and all frames before it count.
 */
#pragma once

#include "base/fault.h"
#include "io/capture/window.h"

enum {
    FRAME_MAX = 262144,           /* the largest snap length in use (libpcap's) */
    FRAMES_BLOCK_MAX = 1 << 20,   /* a frame with its comments; longer blocks are passed over */
    FRAMES_INTERFACES_MAX = 1024, /* of one section; captures of whole switches have some hundred */
};

struct frame {
    struct slice bytes;
    uint64_t when_us; /* since 1970 */
    uint32_t number;  /* from 1 */
    uint32_t link;    /* LINKTYPE_, see links.def */
};

struct keylog;

struct frames_interface {
    uint32_t link;
    uint32_t snap_len;
    uint8_t resolution; /* if_tsresol */
    uint64_t offset_s;  /* if_tsoffset, two's complement */
};

struct frames {
    struct window window;
    bool (*next)(struct frames *frames, struct frame *frame, struct fault *fault);
    bool is_little;
    bool is_nano;         /* pcap */
    uint32_t record_head; /* pcap: octets before a frame */
    uint32_t number;
    uint64_t last_us;      /* pcapng: simple packets have no time of their own */
    struct keylog *keylog; /* takes the secrets that the file carries; NULL: they are passed over */
    uint32_t interface_count;
    struct frames_interface interfaces[FRAMES_INTERFACES_MAX]; /* pcap: the first */
    char memory[FRAMES_BLOCK_MAX];
};

/* Reads the head of the file. */
bool frames_init(struct frames *frames, capture_read *read, void *from, struct fault *fault);

/* False at the end, with an empty fault, and at a fault. */
bool frames_next(struct frames *frames, struct frame *frame, struct fault *fault);

/* The two formats; frames_init chooses. */
bool pcap_start(struct frames *frames, struct fault *fault);
bool pcap_next(struct frames *frames, struct frame *frame, struct fault *fault);
bool pcapng_start(struct frames *frames, struct fault *fault);
bool pcapng_next(struct frames *frames, struct frame *frame, struct fault *fault);

/* The source ended within what: says how much of promised there was, or why reading failed. */
bool frames_cut(const struct frames *frames, const char *what, uint64_t promised,
                struct fault *fault);
