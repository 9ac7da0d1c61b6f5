/*
 * A link: sending without waiting, receiving with the table in hand.
 */
#include "base/must.h"
#include "base/ring.h"
#include "io/ipc.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    IPC_BUFFER = 1024 * 1024,  /* asked of the kernel, per direction */
    IPC_KEPT_MAX = 512 * 1024, /* octets waiting for a process that is away a moment */
    IPC_TURN = 64,             /* messages received of one link before others get their turn */
};

bool ipc_pair(int ends[2], struct fault *fault)
{
    const int len = IPC_BUFFER;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
        return fault_set(fault, "socketpair: %s", strerror(errno));
    }
    for (unsigned i = 0; i < 2; i++) {
        if (setsockopt(ends[i], SOL_SOCKET, SO_SNDBUFFORCE, &len, sizeof(len)) != 0) {
            (void)setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &len, sizeof(len));
        }
    }
    return true;
}

bool ipc_link_init(struct ipc_link *link, int fd, enum ipc_role me, enum ipc_role peer)
{
    *link = (struct ipc_link){.fd = fd, .me = me, .peer = peer, .is_open = true};
    link->kept = ring_new(IPC_KEPT_MAX);
    return link->kept != NULL;
}

static void link_closed(void *owner)
{
    struct ipc_link *link = owner;

    ring_free(link->kept);
    link->kept = NULL;
    if (link->closed != NULL) {
        link->closed(link->closed_owner);
    }
}

void ipc_link_close(struct ipc_link *link, loop_closed *closed, void *owner)
{
    if (!link->is_open) {
        return;
    }
    link->is_open = false;
    link->closed = closed;
    link->closed_owner = owner;
    if (link->is_watched) {
        loop_watch_close(&link->watch, link_closed);
        (void)close(link->fd);
    } else {
        (void)close(link->fd);
        link_closed(link);
    }
}

/*
 * Out.
 */

/* Pieces and descriptors as one message; what the kernel said. */
static ssize_t send_pieces(int fd, struct iovec *pieces, size_t count, const int *descriptors,
                           unsigned descriptor_count)
{
    union {
        struct cmsghdr head;
        char octets[CMSG_SPACE(IPC_DESCRIPTORS_MAX * sizeof(int))];
    } control;
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = count};
    size_t len = descriptor_count * sizeof(int);

    must(descriptor_count <= IPC_DESCRIPTORS_MAX);
    if (descriptor_count > 0) {
        memset(&control, 0, sizeof(control));
        message.msg_control = control.octets;
        message.msg_controllen = CMSG_SPACE(len);
        struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(len);
        memcpy(CMSG_DATA(rights), descriptors, len);
    }
    return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool ipc_send_bare(int fd, struct slice octets, int descriptor)
{
    struct iovec piece = {(void *)(uintptr_t)octets.at, octets.len};

    return send_pieces(fd, &piece, 1, &descriptor, descriptor >= 0 ? 1 : 0) == (ssize_t)octets.len;
}

static bool is_full(int error)
{
    return error == EAGAIN || error == ENOBUFS || error == EINTR;
}

static bool link_lost(struct ipc_link *link)
{
    link->counts.lost++;
    return false;
}

/* Descriptors are not kept: they are sent by the parent alone, whose children read at once. */
static bool link_keep(struct ipc_link *link, const struct iovec *pieces, size_t count,
                      unsigned descriptor_count)
{
    struct slice kept[2];

    for (size_t i = 0; i < count; i++) {
        kept[i] = slice_of(pieces[i].iov_base, pieces[i].iov_len);
    }
    if (descriptor_count > 0 || !link->is_watched || !ring_put(link->kept, kept, (unsigned)count)) {
        return link_lost(link);
    }
    link->counts.delayed++;
    if (!link->is_waiting) {
        link->is_waiting = true;
        loop_watch_for(&link->watch, LOOP_READABLE | LOOP_WRITABLE);
    }
    return true;
}

/* A message as its pieces. */
struct ipc_pieces {
    struct ipc_head head;
    struct iovec all[2];
    struct iovec *first;
    size_t count;
};

static void pieces_make(struct ipc_pieces *pieces, const struct ipc_link *link, enum ipc_type type,
                        struct slice payload)
{
    bool is_bare = ipc_is_bare(link->me, link->peer);

    must(ipc_may_say(link->me, link->peer, type));
    must(ipc_has_size(type, payload.len));
    pieces->head = (struct ipc_head){.version = IPC_VERSION,
                                     .type = (uint16_t)type,
                                     .len = (uint32_t)payload.len};
    pieces->all[0] = (struct iovec){&pieces->head, sizeof(pieces->head)};
    pieces->all[1] = (struct iovec){(void *)(uintptr_t)payload.at, payload.len};
    pieces->first = is_bare ? &pieces->all[1] : &pieces->all[0];
    pieces->count = is_bare ? 1 : 2;
}

bool ipc_send(struct ipc_link *link, enum ipc_type type, struct slice payload,
              const int *descriptors, unsigned descriptor_count)
{
    struct ipc_pieces pieces;

    if (!link->is_open) {
        return link_lost(link);
    }
    pieces_make(&pieces, link, type, payload);
    if (link->is_waiting) {
        return link_keep(link, pieces.first, pieces.count, descriptor_count);
    }
    if (send_pieces(link->fd, pieces.first, pieces.count, descriptors, descriptor_count) >= 0) {
        link->counts.sent++;
        return true;
    }
    return is_full(errno) ? link_keep(link, pieces.first, pieces.count, descriptor_count)
                          : link_lost(link);
}

static void link_send_kept(struct ipc_link *link)
{
    struct slice record;

    while (ring_peek(link->kept, &record)) {
        struct iovec piece = {(void *)(uintptr_t)record.at, record.len};

        if (send_pieces(link->fd, &piece, 1, NULL, 0) < 0) {
            if (is_full(errno)) {
                return;
            }
            (void)link_lost(link);
        } else {
            link->counts.sent++;
        }
        ring_drop(link->kept);
    }
    link->is_waiting = false;
    loop_watch_for(&link->watch, LOOP_READABLE);
}

/* The kernel counts descriptors on their way, too (ETOOMANYREFS), and does not tell when there is
 * room for them. */
bool ipc_send_now(struct ipc_link *link, enum ipc_type type, struct slice payload,
                  const int *descriptors, unsigned descriptor_count, unsigned wait_ms)
{
    struct pollfd wait = {.fd = link->fd, .events = POLLOUT};
    struct ipc_pieces pieces;

    pieces_make(&pieces, link, type, payload);
    for (unsigned waited_ms = 0; link->is_open && waited_ms <= wait_ms; waited_ms++) {
        if (link->is_waiting) {
            link_send_kept(link);
        }
        if (!link->is_waiting &&
            send_pieces(link->fd, pieces.first, pieces.count, descriptors, descriptor_count) >= 0) {
            link->counts.sent++;
            return true;
        }
        if (!is_full(errno) && errno != ETOOMANYREFS) {
            break;
        }
        (void)usleep(1000);
        (void)poll(&wait, 1, 1);
    }
    return link_lost(link);
}

/*
 * In.
 */

enum receiving { RECEIVED, NOTHING, REFUSED, ENDED };

static void take_descriptors(struct msghdr *header, struct ipc_message *message)
{
    message->descriptor_count = 0;
    for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control != NULL;
         control = CMSG_NXTHDR(header, control)) {
        if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count && message->descriptor_count < IPC_DESCRIPTORS_MAX; i++) {
            int *descriptor = &message->descriptors[message->descriptor_count++];

            memcpy(descriptor, CMSG_DATA(control) + i * sizeof(int), sizeof(int));
        }
    }
}

static enum receiving link_receive(struct ipc_link *link, struct ipc_room *room,
                                   struct ipc_message *message)
{
    union {
        struct cmsghdr head;
        char octets[CMSG_SPACE(IPC_DESCRIPTORS_MAX * sizeof(int))];
    } control;
    struct iovec piece = {room->octets, sizeof(room->octets)};
    struct msghdr header = {.msg_iov = &piece,
                            .msg_iovlen = 1,
                            .msg_control = control.octets,
                            .msg_controllen = sizeof(control.octets)};
    ssize_t len = recvmsg(link->fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    if (len < 0) {
        return is_full(errno) ? NOTHING : ENDED;
    }
    take_descriptors(&header, message);
    if (len == 0 && header.msg_controllen == 0) {
        return ENDED;
    }
    if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ||
        !ipc_read(link->peer, link->me, slice_of(room->octets, (size_t)len),
                  message->descriptor_count, message)) {
        link->counts.refused++;
        ipc_close_descriptors(message);
        return REFUSED;
    }
    link->counts.received++;
    return RECEIVED;
}

static void on_ready(void *owner, unsigned events)
{
    struct ipc_link *link = owner;
    struct ipc_room room;
    struct ipc_message message;

    if ((events & LOOP_WRITABLE) != 0 && link->is_waiting) {
        link_send_kept(link);
    }
    for (unsigned i = 0; i < IPC_TURN && link->is_open; i++) {
        enum receiving receiving = link_receive(link, &room, &message);

        if (receiving == NOTHING) {
            return;
        }
        if (receiving != RECEIVED) {
            loop_watch_for(&link->watch, 0);
            link->owner.ended(link->owner.owner, link, receiving == REFUSED);
            return;
        }
        link->owner.received(link->owner.owner, link, &message);
        ipc_close_descriptors(&message);
    }
}

bool ipc_link_watch(struct ipc_link *link, struct loop *loop, const struct ipc_owner *owner,
                    struct fault *fault)
{
    link->owner = *owner;
    link->watch.ready = on_ready;
    link->watch.owner = link;
    if (!loop_watch_open(loop, &link->watch, link->fd, fault)) {
        return false;
    }
    link->is_watched = true;
    loop_watch_for(&link->watch, LOOP_READABLE);
    return true;
}

bool ipc_receive_within(struct ipc_link *link, struct ipc_room *room, struct ipc_message *message,
                        unsigned wait_ms)
{
    struct pollfd wait = {.fd = link->fd, .events = POLLIN};

    return poll(&wait, 1, (int)wait_ms) == 1 && link_receive(link, room, message) == RECEIVED;
}

bool ipc_receive_now(struct ipc_link *link, struct ipc_room *room, struct ipc_message *message)
{
    enum receiving receiving = NOTHING;

    while ((receiving = link_receive(link, room, message)) == NOTHING) {
        struct pollfd wait = {.fd = link->fd, .events = POLLIN};

        (void)poll(&wait, 1, -1);
    }
    return receiving == RECEIVED;
}
