#include "io/capture/frames.h"

#include "io/capture/octets.h"

#include <inttypes.h>

enum {
    MAGIC_GZIP = 0x1F8B,
    MAGIC_ZSTD = 0x28B52FFD,
    MAGIC_SNOOP = 0x736E6F6F,
    MAGIC_PCAPNG = 0x0A0D0D0A,
    MAGIC_LEN = 4,
};

bool frames_cut(const struct frames *frames, const char *what, uint64_t promised,
                struct fault *fault)
{
    const struct window *window = &frames->window;

    if (window->failure != 0) {
        return fault_set(fault, "octet %" PRIu64 ": reading failed: %s", window->offset,
                         strerror(window->failure));
    }
    return fault_set(fault,
                     "octet %" PRIu64 ": the file ends inside %s: %" PRIu64
                     " octets promised, %zu there",
                     window->offset, what, promised, window_left(window));
}

static bool frames_foreign(uint32_t magic, struct fault *fault)
{
    if (magic >> 16 == MAGIC_GZIP || magic == MAGIC_ZSTD) {
        return fault_set(fault, "octet 0: the capture is compressed: unpack it first");
    }
    if (magic == MAGIC_SNOOP) {
        return fault_set(fault, "octet 0: a snoop capture: convert it to pcapng first");
    }
    return fault_set(fault, "octet 0: neither pcap nor pcapng (it starts with %08" PRIx32 ")",
                     magic);
}

bool frames_init(struct frames *frames, capture_read *read, void *from, struct fault *fault)
{
    window_init(&frames->window, read, from, frames->memory, sizeof(frames->memory));
    frames->number = 0;
    frames->last_us = 0;
    frames->interface_count = 0;
    if (!window_need(&frames->window, MAGIC_LEN)) {
        return frames_cut(frames, "its head", MAGIC_LEN, fault);
    }
    uint32_t magic = octets_u32(window_at(&frames->window));
    if (magic == MAGIC_PCAPNG) {
        frames->next = pcapng_next;
        return pcapng_start(frames, fault);
    }
    frames->next = pcap_next;
    return pcap_start(frames, fault) || (fault->text[0] == '\0' && frames_foreign(magic, fault));
}

bool frames_next(struct frames *frames, struct frame *frame, struct fault *fault)
{
    fault->text[0] = '\0';
    return frames->next(frames, frame, fault);
}
