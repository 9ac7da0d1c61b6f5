/*
 * The old format: one head of 24 octets, then frames, each behind a head of 16.
 */
#include "io/capture/frames.h"

#include "base/must.h"
#include "io/capture/octets.h"

#include <inttypes.h>

enum {
    PCAP_HEAD = 24,
    PCAP_RECORD_HEAD = 16,
    PCAP_LINK_MASK = 0x0FFFFFFF, /* above it: how long a frame check sequence is */
};

/* Magic numbers as their writer saw them. */
static const struct pcap_kind {
    uint32_t magic;
    bool is_nano;
    uint32_t record_head;
} pcap_kinds[] = {
    {0xA1B2C3D4, false, PCAP_RECORD_HEAD},
    {0xA1B23C4D, true, PCAP_RECORD_HEAD},
    {0xA1B2CD34, false, PCAP_RECORD_HEAD + 8}, /* with interface, protocol and direction */
};

static bool pcap_find(struct frames *frames, const char *at)
{
    for (size_t i = 0; i < ARRAY_COUNT(pcap_kinds); i++) {
        for (unsigned little = 0; little < 2; little++) {
            if (octets_u32_of(at, little == 1) == pcap_kinds[i].magic) {
                frames->is_little = little == 1;
                frames->is_nano = pcap_kinds[i].is_nano;
                frames->record_head = pcap_kinds[i].record_head;
                return true;
            }
        }
    }
    return false;
}

bool pcap_start(struct frames *frames, struct fault *fault)
{
    fault->text[0] = '\0';
    if (!pcap_find(frames, window_at(&frames->window))) {
        return false;
    }
    if (!window_need(&frames->window, PCAP_HEAD)) {
        return frames_cut(frames, "its head", PCAP_HEAD, fault);
    }
    const char *at = window_at(&frames->window);
    unsigned major = octets_u16_of(at + 4, frames->is_little);
    unsigned minor = octets_u16_of(at + 6, frames->is_little);
    if (major != 2 || minor < 4) {
        return fault_set(fault, "octet 4: pcap version %u.%u, only 2.4 is read", major, minor);
    }
    frames->interfaces[0] = (struct frames_interface){
        .link = octets_u32_of(at + 20, frames->is_little) & PCAP_LINK_MASK,
    };
    frames->interface_count = 1;
    window_take(&frames->window, PCAP_HEAD);
    return true;
}

bool pcap_next(struct frames *frames, struct frame *frame, struct fault *fault)
{
    struct window *window = &frames->window;

    if (!window_need(window, frames->record_head)) {
        return window_left(window) == 0 && window->failure == 0
                   ? false
                   : frames_cut(frames, "the head of a frame", frames->record_head, fault);
    }
    const char *at = window_at(window);
    uint32_t seconds = octets_u32_of(at, frames->is_little);
    uint32_t part = octets_u32_of(at + 4, frames->is_little);
    uint32_t len = octets_u32_of(at + 8, frames->is_little);
    if (len > FRAME_MAX) {
        return fault_set(fault,
                         "octet %" PRIu64 ": a frame of %" PRIu32 " octets: none is longer than %d",
                         window->offset, len, FRAME_MAX);
    }
    if (!window_need(window, frames->record_head + len)) {
        return frames_cut(frames, "a frame", (uint64_t)frames->record_head + len, fault);
    }
    *frame = (struct frame){
        .bytes = slice_of(window_at(window) + frames->record_head, len),
        .when_us = seconds * UINT64_C(1000000) + (frames->is_nano ? part / 1000 : part),
        .number = ++frames->number,
        .link = frames->interfaces[0].link,
    };
    window_take(window, frames->record_head + len);
    return true;
}
