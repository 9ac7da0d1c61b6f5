/*
 * What a description promises of a medium, in the gate's terms: how fast, how large, which events
 * and extensions (rules 4.5, 4.6).
 */
#pragma once

#include "wire/media_order.h"
#include "wire/sdp/sdp.h"

/* What one party says it takes is what the other may send: sender gets its bounds, and both sides
 * the class of service of the medium. */
void media_rates_hear(const struct sdp *sdp, const struct sdp_media *media,
                      struct media_side *sender, struct media_side *hearer);
