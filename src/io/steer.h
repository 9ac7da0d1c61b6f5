/*
 * Which socket of a group gets a datagram: those of known sources and of strangers never share a
 * receive buffer, so a flood of strangers costs strangers.
 *
 * The kernel asks a small program (classic BPF, no privilege needed) that is made of the prefixes
 * of our neighbours.  The group's sockets are in the order they were bound: those for neighbours,
 * one a worker, then those for strangers.
 */
#pragma once

#include "base/address.h"
#include "base/fault.h"

enum {
    STEER_LEN_MAX = 4096,                 /* instructions the kernel takes */
    STEER_STRANGERS_BUFFER = 1024 * 1024, /* an eighth of what neighbours have */
};

/* fd: any socket of the group.  A fault when the kernel refuses, or the prefixes are too many for
 * one program: then datagrams are spread over the group as they come. */
bool steer_attach(int fd, enum address_family family, const struct prefix *known, uint32_t count,
                  uint32_t workers, struct fault *fault);
