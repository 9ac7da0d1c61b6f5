/*
 * What the other side gets to see of a packet in the clear: only what was negotiated, and no name
 * of the sender when that side is one we hide from (MED-07, MED-08, MED-11).
 */
#pragma once

#include "base/text.h"
#include "io/media/stream.h"
#include "wire/rtp/rtcp.h"

/* RTP, read from the octets at packet: written in place, the front moves up when it gets shorter.
 */
struct slice gate_media_write(const struct gate_stream *stream, unsigned side, char *packet,
                              size_t len, const struct rtp_packet *rtp);

/* A compound of RTCP, written anew.  False when it is not as it must be, when nothing of it may
 * pass, or when there is no room. */
bool gate_control_write(struct text *text, const struct gate_stream *stream, unsigned side,
                        struct slice compound);
