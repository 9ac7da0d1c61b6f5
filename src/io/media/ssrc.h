/*
 * The synchronisation sources of a side: how many may speak, and in which order their packets come
 * (MED-08, MED-09, RFC 3550 A.1).
 */
#pragma once

#include "io/media/stream.h"

/* What of a packet matters here. */
struct gate_sound {
    uint32_t ssrc, timestamp;
    uint16_t sequence;
    bool has_marker;
    uint64_t when_us;
};

/* MEDIA_PASSED, or why not; then side->ssrcs[0] is the packet's source. */
enum media_reason gate_ssrc_judge(struct gate_side *side, const struct gate_sound *sound,
                                  uint64_t mask);

/* The source of this side, or NULL. */
const struct gate_ssrc *gate_ssrc_find(const struct gate_side *side, uint32_t ssrc);

/* ... by what others are shown instead of it. */
const struct gate_ssrc *gate_ssrc_find_shown(const struct gate_side *side, uint32_t shown);

/* What a source is shown as: the same each time for one stream, foreseen by nobody. */
uint32_t gate_ssrc_shown(uint64_t mask, uint32_t ssrc);
