/*
 * Sockets as the parent opens them: bound to a literal address, never blocking, closed on exec.
 */
#pragma once

#include "base/address.h"
#include "base/fault.h"

#include <sys/socket.h>

enum {
    SOCKET_BUFFER = 8 * 1024 * 1024, /* a second of 3,000 large messages while the worker is away */
    SOCKET_BACKLOG = 1024,           /* connections that wait for their worker */
};

struct socket_address {
    union {
        struct sockaddr any;
        struct sockaddr_storage storage;
    };
    socklen_t len;
};

void socket_address_write(struct socket_address *socket, const struct address *address);
/* family NONE when it is neither IPv4 nor IPv6. */
void socket_address_read(const struct sockaddr *socket, struct address *address);

/* Each returns -1 and sets the fault.  Several sockets of one address share its datagrams or
 * connections by SO_REUSEPORT when is_shared. */
int socket_open_udp(const struct address *local, bool is_shared, struct fault *fault);
int socket_open_tcp_listener(const struct address *local, bool is_shared, struct fault *fault);

/* As large as the kernel lets it be, up to len. */
void socket_set_receive_buffer(int fd, int len);

/* A connection under way from local's host (its port is not used) to remote. */
int socket_open_tcp(const struct address *local, const struct address *remote, struct fault *fault);
int socket_open_tcp_marked(const struct address *local, const struct address *remote, uint32_t mark,
                           struct fault *fault);

/* A datagram socket whose other end is remote. */
int socket_open_udp_to(const struct address *remote, struct fault *fault);

/* Marks of packets (SO_MARK), by which the packet filter says that they came through a security
 * association: a datagram's is told with it; a connection's is that of its first packet
 * (net.ipv4.tcp_fwmark_accept), or what we set. */
bool socket_tell_marks(int fd, struct fault *fault);
uint32_t socket_mark(int fd); /* 0: none */

/* The address a socket got, for those bound to port 0. */
bool socket_local(int fd, struct address *address);
