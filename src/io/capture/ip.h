/*
 * IP packets: who sends what to whom, whole or in part.
 *
 * Checksums are not looked at: captures taken at the sender show them before the hardware has
 * filled them in.
 */
#pragma once

#include "base/address.h"

enum ip_protocol {
    IP_HOP_BY_HOP = 0,
    IP_V4 = 4,
    IP_TCP = 6,
    IP_UDP = 17,
    IP_V6 = 41,
    IP_ROUTING = 43,
    IP_FRAGMENT = 44,
    IP_GRE = 47,
    IP_ESP = 50,
    IP_AUTHENTICATION = 51,
    IP_NOTHING = 59,
    IP_DESTINATION = 60,
    IP_SCTP = 132,
    IP_MOBILITY = 135,
    IP_HOST_IDENTITY = 139,
    IP_SHIM6 = 140,
};

struct ip_packet {
    struct address from, to; /* without ports */
    uint8_t protocol;        /* enum ip_protocol: of the payload */
    bool is_fragment, has_more;
    uint32_t fragment_id;
    uint32_t fragment_at; /* octets before this fragment */
    struct slice payload;
    size_t missing; /* octets of the payload that the capture did not keep */
};

/* False when the bytes are no IP packet. */
bool ip_read(struct ip_packet *packet, struct slice bytes);

/* Past the extension headers of IPv6, up to a fragment header at most; also for what fragments
 * made up again.  False when they are broken, or more than any sender needs. */
bool ip_skip_extensions(struct ip_packet *packet);
