#include "io/media/ports.h"

#include "io/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>
#include <unistd.h>

uint32_t media_sockets_count(const struct media_pool *pools, uint32_t pool_count)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < pool_count; i++) {
        count += 2 * media_pool_pairs(&pools[i]);
    }
    return count;
}

bool media_sockets_pair(const struct media_pool *pools, uint32_t pool_count, uint32_t index,
                        struct address *local)
{
    for (uint32_t i = 0; i < pool_count; i++) {
        uint32_t sockets = 2 * media_pool_pairs(&pools[i]);

        if (index < sockets) {
            *local = pools[i].address;
            local->port = (uint16_t)(media_pool_first(&pools[i]) + (index & ~1U));
            return true;
        }
        index -= sockets;
    }
    return false;
}

static bool socket_set(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

bool media_socket_mark(int fd, enum address_family family, uint8_t dscp)
{
    int octet = dscp << 2;

    return family == ADDRESS_V6 ? socket_set(fd, IPPROTO_IPV6, IPV6_TCLASS, octet)
                                : socket_set(fd, IPPROTO_IP, IP_TOS, octet);
}

/* What the path tells of its limits could be forged; our packets are small, so they are cut at most
 * by our own interface.  A kernel that cannot is no reason to stop. */
static void ignore_path_limits(int fd, int family)
{
    if (family == AF_INET6) {
        (void)socket_set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
    } else {
        (void)socket_set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
    }
}

/* -1 with errno.  A v4-mapped peer never reaches an IPv6 port (MED-18). */
static int port_open(const struct address *local)
{
    struct socket_address bound;
    int family = local->family == ADDRESS_V6 ? AF_INET6 : AF_INET;
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return -1;
    }
    socket_address_write(&bound, local);
    ignore_path_limits(fd, family);
    if ((family == AF_INET6 && !socket_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) ||
        !media_socket_mark(fd, local->family, MEDIA_DSCP_AUDIO) ||
        bind(fd, &bound.any, bound.len) != 0) {
        int error = errno;

        (void)close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

/* Both or none. */
static bool pair_open(int sockets[2], const struct address *local)
{
    struct address control = *local;
    int error = 0;

    control.port++;
    sockets[0] = port_open(local);
    sockets[1] = sockets[0] < 0 ? -1 : port_open(&control);
    if (sockets[1] >= 0) {
        return true;
    }
    error = errno;
    media_sockets_close(sockets, 1);
    errno = error;
    return false;
}

void media_sockets_close(int *sockets, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (sockets[i] >= 0) {
            (void)close(sockets[i]);
        }
        sockets[i] = -1;
    }
}

static bool port_refused(const struct address *local, struct fault *fault)
{
    char shown[ADDRESS_TEXT_MAX];
    struct text text;
    int error = errno;

    text_init(&text, shown, sizeof(shown));
    address_write(&text, local);
    if (error == EMFILE || error == ENFILE) {
        return fault_set(fault,
                         "media port %.*s: %s; raise the limit of open files, or narrow the "
                         "zone's media port range",
                         (int)text.len, shown, strerror(error));
    }
    return fault_set(fault, "media port %.*s: %s", (int)text.len, shown, strerror(error));
}

static bool pool_open(int *sockets, const struct media_pool *pool, struct fault *fault)
{
    uint32_t pairs = media_pool_pairs(pool), opened = 0;
    struct address local = pool->address;

    for (uint32_t i = 0; i < pairs; i++) {
        local.port = (uint16_t)(media_pool_first(pool) + 2 * i);
        if (pair_open(&sockets[2 * (size_t)i], &local)) {
            opened++;
        } else if (errno != EADDRINUSE) {
            return port_refused(&local, fault);
        }
    }
    if (opened == 0) {
        errno = EADDRINUSE;
        return port_refused(&local, fault);
    }
    return true;
}

bool media_sockets_open(int *sockets, const struct media_pool *pools, uint32_t pool_count,
                        struct fault *fault)
{
    uint32_t count = media_sockets_count(pools, pool_count);
    uint32_t done = 0;

    for (uint32_t i = 0; i < count; i++) {
        sockets[i] = -1;
    }
    for (uint32_t i = 0; i < pool_count; i++) {
        if (!pool_open(&sockets[done], &pools[i], fault)) {
            media_sockets_close(sockets, count);
            return false;
        }
        done += 2 * media_pool_pairs(&pools[i]);
    }
    return true;
}
