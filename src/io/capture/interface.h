/*
 * A network interface as a capture file that is still being written: frames from libpcap, shown as
 * pcap to whoever reads captures.
 *
 * libpcap is loaded when an interface is asked for and never before: it brings half a dozen
 * libraries, and a store must not carry them.
 */
#pragma once

#include "base/fault.h"
#include "io/capture/until.h"
#include "io/capture/window.h"

struct interface;

/* filter: an expression of libpcap's, NULL for everything.  NULL at a fault.  until stays the
 * caller's. */
struct interface *interface_open(const char *name, const char *filter, const struct until *until,
                                 struct fault *fault);
void interface_close(struct interface *interface);

/* A capture_read; it waits for the next frame, and ends when until does. */
ptrdiff_t interface_read(void *from, char *at, size_t max);

/* Frames the kernel had no room for. */
uint64_t interface_dropped(struct interface *interface);
