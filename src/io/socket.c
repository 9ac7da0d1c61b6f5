#include "io/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

void socket_address_write(struct socket_address *socket, const struct address *address)
{
    memset(&socket->storage, 0, sizeof(struct sockaddr_in6));
    if (address->family == ADDRESS_V6) {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)&socket->storage;

        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(address->port);
        memcpy(&v6->sin6_addr, address->bytes, sizeof(v6->sin6_addr));
        socket->len = sizeof(*v6);
    } else {
        struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&socket->storage;

        v4->sin_family = AF_INET;
        v4->sin_port = htons(address->port);
        memcpy(&v4->sin_addr, address->bytes, sizeof(v4->sin_addr));
        socket->len = sizeof(*v4);
    }
}

void socket_address_read(const struct sockaddr *socket, struct address *address)
{
    *address = (struct address){.family = ADDRESS_NONE};
    if (socket->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)socket;

        address->family = ADDRESS_V6;
        address->port = ntohs(v6->sin6_port);
        memcpy(address->bytes, &v6->sin6_addr, sizeof(v6->sin6_addr));
    } else if (socket->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)socket;

        address->family = ADDRESS_V4;
        address->port = ntohs(v4->sin_port);
        memcpy(address->bytes, &v4->sin_addr, sizeof(v4->sin_addr));
    }
}

bool socket_local(int fd, struct address *address)
{
    struct socket_address local = {.len = sizeof(local.storage)};

    if (getsockname(fd, &local.any, &local.len) != 0) {
        return false;
    }
    socket_address_read(&local.any, address);
    return address->family != ADDRESS_NONE;
}

static int socket_refused(int fd, const struct address *local, const char *what,
                          struct fault *fault)
{
    char shown[ADDRESS_TEXT_MAX + 1] = "";
    struct text text;
    int error = errno;

    text_init(&text, shown, ADDRESS_TEXT_MAX);
    address_write(&text, local);
    if (fd >= 0) {
        (void)close(fd);
    }
    (void)fault_set(fault, "%.*s: %s: %s", (int)text.len, shown, what, strerror(error));
    return -1;
}

static int socket_option(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof(value));
}

void socket_set_receive_buffer(int fd, int len)
{
    if (socket_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, len) != 0) {
        (void)socket_option(fd, SOL_SOCKET, SO_RCVBUF, len);
    }
}

/* The kernel doubles what it is asked for; beyond its maximum only a privileged process gets it,
 * and less is no reason to stop. */
static void socket_make_large(int fd)
{
    socket_set_receive_buffer(fd, SOCKET_BUFFER);
    if (socket_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, SOCKET_BUFFER) != 0) {
        (void)socket_option(fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER);
    }
}

static int socket_open_bound(const struct address *local, int type, bool is_shared,
                             struct fault *fault)
{
    struct socket_address bound;
    int family = local->family == ADDRESS_V6 ? AF_INET6 : AF_INET;
    int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return socket_refused(fd, local, "socket", fault);
    }
    if (family == AF_INET6 && socket_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) != 0) {
        return socket_refused(fd, local, "IPV6_V6ONLY", fault);
    }
    if (type == SOCK_STREAM && socket_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) != 0) {
        return socket_refused(fd, local, "SO_REUSEADDR", fault);
    }
    if (is_shared && socket_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) != 0) {
        return socket_refused(fd, local, "SO_REUSEPORT", fault);
    }
    socket_address_write(&bound, local);
    if (bind(fd, &bound.any, bound.len) != 0) {
        return socket_refused(fd, local, "bind", fault);
    }
    return fd;
}

int socket_open_udp(const struct address *local, bool is_shared, struct fault *fault)
{
    int fd = socket_open_bound(local, SOCK_DGRAM, is_shared, fault);

    if (fd >= 0) {
        socket_make_large(fd);
    }
    return fd;
}

int socket_open_udp_to(const struct address *remote, struct fault *fault)
{
    struct socket_address target;
    int family = remote->family == ADDRESS_V6 ? AF_INET6 : AF_INET;
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return socket_refused(fd, remote, "socket", fault);
    }
    socket_make_large(fd);
    socket_address_write(&target, remote);
    if (connect(fd, &target.any, target.len) != 0) {
        return socket_refused(fd, remote, "connect", fault);
    }
    return fd;
}

int socket_open_tcp_listener(const struct address *local, bool is_shared, struct fault *fault)
{
    int fd = socket_open_bound(local, SOCK_STREAM, is_shared, fault);

    if (fd >= 0 && listen(fd, SOCKET_BACKLOG) != 0) {
        return socket_refused(fd, local, "listen", fault);
    }
    return fd;
}

int socket_open_tcp(const struct address *local, const struct address *remote, struct fault *fault)
{
    return socket_open_tcp_marked(local, remote, 0, fault);
}

int socket_open_tcp_marked(const struct address *local, const struct address *remote, uint32_t mark,
                           struct fault *fault)
{
    struct address source = *local;
    struct socket_address target;

    source.port = 0;
    int fd = socket_open_bound(&source, SOCK_STREAM, false, fault);
    if (fd < 0) {
        return fd;
    }
    if (mark != 0 && setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) != 0) {
        return socket_refused(fd, remote, "mark", fault);
    }
    (void)socket_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    socket_address_write(&target, remote);
    if (connect(fd, &target.any, target.len) != 0 && errno != EINPROGRESS) {
        return socket_refused(fd, remote, "connect", fault);
    }
    return fd;
}

bool socket_tell_marks(int fd, struct fault *fault)
{
    const int one = 1;

    return setsockopt(fd, SOL_SOCKET, SO_RCVMARK, &one, sizeof(one)) == 0 ||
           fault_set(fault, "marks of packets: %s", strerror(errno));
}

uint32_t socket_mark(int fd)
{
    uint32_t mark = 0;
    socklen_t len = sizeof(mark);

    return getsockopt(fd, SOL_SOCKET, SO_MARK, &mark, &len) == 0 ? mark : 0;
}
