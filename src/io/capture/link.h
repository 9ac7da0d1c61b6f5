/*
 * From a frame to the IP packet in it, through tags, labels and sessions.
 */
#pragma once

#include "base/slice.h"

enum link_reading {
    LINK_IP,      /* ip shows the packet, version in its first four bits */
    LINK_OTHER,   /* ARP, LLDP, a control packet of PPP ... */
    LINK_SHORT,   /* ends within its own head */
    LINK_UNKNOWN, /* a link type that is not read */
};

enum link_reading link_read(uint32_t link, struct slice frame, struct slice *ip);

/* The same from behind a type of Ethernet on. */
enum link_reading link_read_type(uint16_t type, struct slice rest, struct slice *ip);
