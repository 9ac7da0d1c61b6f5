/*
 * Opening the gate's ports: the parent does it, before privileges are dropped.
 */
#pragma once

#include "base/fault.h"
#include "wire/media_order.h"

/* Sockets of all pools; RLIMIT_NOFILE must allow them. */
uint32_t media_sockets_count(const struct media_pool *pools, uint32_t pool_count);

/* All pools, pool by pool, port by port.  A pair of which somebody else has a port is left out
 * (both -1); the gate tells the border.  A fault when the kernel refuses otherwise,
 * or when a pool got no pair at all; then nothing is open. */
bool media_sockets_open(int *sockets, const struct media_pool *pools, uint32_t pool_count,
                        struct fault *fault);
void media_sockets_close(int *sockets, uint32_t count);

/* Which address the pair of this socket has; false behind the last. */
bool media_sockets_pair(const struct media_pool *pools, uint32_t pool_count, uint32_t index,
                        struct address *local);

/* What leaves the socket is marked for this class of service; what came in is never believed
 * (MED-19). */
bool media_socket_mark(int fd, enum address_family family, uint8_t dscp);
