/*
 * Telephone events (RFC 4733, MED-13): which keys, how long, and how often an end is repeated.
 */
#pragma once

#include "io/media/stream.h"

/* Of a packet whose payload type is the side's event_type, in the clear. */
enum media_reason gate_event_judge(struct gate_side *side, uint32_t timestamp,
                                   struct slice payload);
