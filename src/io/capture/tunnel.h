/*
 * From a tunnel to the packet in it: GTP-U, VXLAN, GRE and what mirrors send in GRE.
 *
 * 3GPP TS 29.281, RFC 7348, RFC 2784 and 2890, RFC 2637; ERSPAN as in draft-foschiano-erspan.
 */
#pragma once

#include "io/capture/counts.h"
#include "io/capture/link.h"

/* Of a UDP datagram between these ports.  False when they are no tunnel's, or what is in it is not:
 * then it is a datagram like any other.  *count says which tunnel it was. */
bool tunnel_udp(uint16_t from, uint16_t to, struct slice payload, struct slice *ip,
                enum capture_count *count);

/* Of an IP packet of protocol GRE. */
enum link_reading tunnel_gre(struct slice payload, struct slice *ip, enum capture_count *count);
