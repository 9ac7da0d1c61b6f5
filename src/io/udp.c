#include "io/udp.h"

#include "base/must.h"
#include "base/ring.h"
#include "io/socket.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    /* Buffers one page apart modulo the page would meet in the same sets of the cache; 33 lines
     * more and the heads of a batch lie side by side. */
    UDP_STRIDE = 65536 + 33 * 64,
};

/* Datagrams of one listener waiting for the end of the turn. */
struct udp_batch {
    struct mmsghdr messages[UDP_BATCH];
    struct iovec pieces[UDP_BATCH];
    struct sockaddr_in6 targets[UDP_BATCH]; /* room for both families */
    uint32_t references[UDP_BATCH];
    unsigned count;
};

struct udp_socket {
    struct udp *udp;
    struct loop_watch watch;
    struct udp_socket *next_dirty;
    struct ring *kept; /* records: sockaddr_in6, then the datagram */
    struct udp_batch batch;
    struct address local;
    int fd;
    uint16_t listener;
    enum udp_kind kind;
    bool is_dirty;   /* has a batch: in the list of udp */
    bool is_waiting; /* for the kernel: what is sent goes behind what is kept */
};

/* What recvmmsg fills; of all sockets, since a batch is over when the call-back returns. */
struct udp_room {
    struct mmsghdr messages[UDP_BATCH];
    struct iovec pieces[UDP_BATCH];
    struct sockaddr_in6 sources[UDP_BATCH];
    struct packet packets[UDP_BATCH];
    struct udp_control {
        _Alignas(struct cmsghdr) char octets[CMSG_SPACE(sizeof(uint32_t))];
    } controls[UDP_BATCH]; /* marks, when they are told */
    char octets[UDP_BATCH][UDP_STRIDE];
};

struct udp {
    struct loop *loop;
    io_receive *receive;
    io_failed *failed;
    void *owner;
    struct udp_room *room;
    uint32_t mark;            /* of what came through a security association; 0: nothing does */
    struct udp_socket *dirty; /* sockets with a batch to send */
    struct udp_socket *sockets[UDP_KIND_COUNT][UDP_SOCKETS_MAX];
    struct udp_counts counts;
};

struct udp *udp_new(struct loop *loop, io_receive *receive, io_failed *failed, void *owner)
{
    struct udp *udp = calloc(1, sizeof(*udp));
    struct udp_room *room = calloc(1, sizeof(*room));

    if (udp == NULL || room == NULL) {
        free(udp);
        free(room);
        return NULL;
    }
    for (unsigned i = 0; i < UDP_BATCH; i++) {
        room->pieces[i] = (struct iovec){room->octets[i], UDP_DATAGRAM_MAX};
        room->messages[i].msg_hdr.msg_iov = &room->pieces[i];
        room->messages[i].msg_hdr.msg_iovlen = 1;
        room->messages[i].msg_hdr.msg_name = &room->sources[i];
    }
    *udp = (struct udp){
        .loop = loop, .receive = receive, .failed = failed, .owner = owner, .room = room};
    return udp;
}

void udp_free(struct udp *udp)
{
    if (udp == NULL) {
        return;
    }
    for (uint16_t i = 0; i < UDP_SOCKETS_MAX; i++) {
        udp_close(udp, i);
    }
    free(udp->room);
    free(udp);
}

void udp_set_mark(struct udp *udp, uint32_t mark)
{
    udp->mark = mark;
}

const struct udp_counts *udp_counts(const struct udp *udp)
{
    return &udp->counts;
}

uint32_t udp_waiting(const struct udp *udp)
{
    uint32_t most = 0;

    for (uint16_t i = 0; i < UDP_SOCKETS_MAX; i++) {
        const struct udp_socket *socket = udp->sockets[UDP_NEIGHBOURS][i];
        uint32_t memory[SK_MEMINFO_VARS] = {0};
        socklen_t len = sizeof(memory);

        if (socket != NULL && getsockopt(socket->fd, SOL_SOCKET, SO_MEMINFO, memory, &len) == 0 &&
            memory[SK_MEMINFO_RMEM_ALLOC] > most) {
            most = memory[SK_MEMINFO_RMEM_ALLOC];
        }
    }
    return most;
}

/*
 * In.
 */

static bool has_mark(struct msghdr *header, uint32_t mark)
{
    for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control != NULL;
         control = CMSG_NXTHDR(header, control)) {
        uint32_t told = 0;

        if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SO_MARK) {
            memcpy(&told, CMSG_DATA(control), sizeof(told));
            return told == mark;
        }
    }
    return false;
}

static void packet_fill(struct udp_socket *socket, unsigned index, struct packet *packet)
{
    struct udp_room *room = socket->udp->room;

    packet->bytes = slice_of(room->octets[index], room->messages[index].msg_len);
    packet->when_us = loop_now_us(socket->udp->loop);
    packet->flow.listener = socket->listener;
    packet->flow.transport = TRANSPORT_UDP;
    packet->local = socket->local;
    if (socket->udp->mark != 0) {
        packet->is_protected = has_mark(&room->messages[index].msg_hdr, socket->udp->mark);
    }
    socket_address_read((const struct sockaddr *)(const void *)&room->sources[index],
                        &packet->flow.remote);
}

/* False when the socket was empty before the batch was full. */
static bool udp_read(struct udp_socket *socket)
{
    struct udp *udp = socket->udp;
    struct udp_room *room = udp->room;
    unsigned count = 0;

    for (unsigned i = 0; i < UDP_BATCH; i++) {
        room->messages[i].msg_hdr.msg_namelen = sizeof(room->sources[i]);
        if (udp->mark != 0) {
            room->messages[i].msg_hdr.msg_control = room->controls[i].octets;
            room->messages[i].msg_hdr.msg_controllen = sizeof(room->controls[i].octets);
        }
    }
    int received = recvmmsg(socket->fd, room->messages, UDP_BATCH, MSG_DONTWAIT, NULL);
    if (received <= 0) {
        return false; /* or an error of a datagram sent before: the relay's timers know */
    }
    loop_read_clock(udp->loop);
    for (unsigned i = 0; i < (unsigned)received; i++) {
        room->packets[count] = (struct packet){.number = 0};
        packet_fill(socket, i, &room->packets[count]);
        udp->counts.octets_in += room->messages[i].msg_len;
        if (room->messages[i].msg_len > 0) {
            count++;
        }
    }
    udp->counts.received += count;
    udp->counts.empty += (unsigned)received - count;
    udp->counts.batches++;
    if (count > 0) {
        udp->receive(udp->owner, room->packets, count);
    }
    return received == UDP_BATCH;
}

/*
 * Out.
 */

static bool is_full(int error)
{
    return error == EAGAIN || error == ENOBUFS || error == EINTR;
}

static void udp_fail(struct udp *udp, uint32_t reference)
{
    udp->counts.failed++;
    if (reference != 0) {
        udp->failed(udp->owner, reference);
    }
}

/* Copies what the kernel will not take now behind what it would not take before. */
static void socket_keep(struct udp_socket *socket, unsigned index)
{
    const struct udp_batch *batch = &socket->batch;
    struct slice pieces[2] = {
        slice_of((const char *)&batch->targets[index], sizeof(batch->targets[index])),
        slice_of(batch->pieces[index].iov_base, batch->pieces[index].iov_len),
    };

    if (ring_put(socket->kept, pieces, ARRAY_COUNT(pieces))) {
        socket->udp->counts.delayed++;
        return;
    }
    socket->udp->counts.refused++;
    udp_fail(socket->udp, batch->references[index]);
}

static void socket_wait(struct udp_socket *socket)
{
    socket->is_waiting = true;
    loop_watch_for(&socket->watch, LOOP_READABLE | LOOP_WRITABLE);
}

/* One datagram of the record that socket_keep wrote; as sendmmsg. */
static int record_send(const struct udp_socket *socket, struct slice record)
{
    struct slice octets = slice_skip(record, sizeof(struct sockaddr_in6));
    struct iovec piece = {(void *)(uintptr_t)octets.at, octets.len};
    struct mmsghdr message = {.msg_hdr = {.msg_iov = &piece, .msg_iovlen = 1}};
    struct sockaddr_in6 target;

    memcpy(&target, record.at, sizeof(target));
    message.msg_hdr.msg_name = &target;
    message.msg_hdr.msg_namelen =
        target.sin6_family == AF_INET6 ? sizeof(target) : sizeof(struct sockaddr_in);
    return sendmmsg(socket->fd, &message, 1, MSG_DONTWAIT);
}

static void socket_send_kept(struct udp_socket *socket)
{
    struct udp_counts *counts = &socket->udp->counts;
    struct slice record;

    while (ring_peek(socket->kept, &record)) {
        int sent = record_send(socket, record);

        if (sent < 0 && is_full(errno)) {
            return;
        }
        if (sent == 1) {
            counts->sent++;
            counts->octets_out += record.len - sizeof(struct sockaddr_in6);
        } else {
            counts->failed++;
        }
        ring_drop(socket->kept);
    }
    socket->is_waiting = false;
    loop_watch_for(&socket->watch, LOOP_READABLE);
}

/* Sends from index on; the index of the first that the kernel had no room for. */
static unsigned batch_send(struct udp_socket *socket, unsigned index)
{
    struct udp_batch *batch = &socket->batch;
    struct udp *udp = socket->udp;

    while (index < batch->count) {
        int sent =
            sendmmsg(socket->fd, batch->messages + index, batch->count - index, MSG_DONTWAIT);

        if (sent < 0) {
            if (is_full(errno)) {
                return index;
            }
            udp_fail(udp, batch->references[index]);
            index++;
            continue;
        }
        udp->counts.sent += (unsigned)sent;
        for (int i = 0; i < sent; i++) {
            udp->counts.octets_out += batch->pieces[index++].iov_len;
        }
    }
    return index;
}

static void socket_flush(struct udp_socket *socket)
{
    unsigned index = 0;

    if (!socket->is_waiting) {
        index = batch_send(socket, 0);
    }
    if (index < socket->batch.count) {
        for (; index < socket->batch.count; index++) {
            socket_keep(socket, index);
        }
        socket_wait(socket);
    }
    socket->batch.count = 0;
}

void udp_send(struct udp *udp, const struct outgoing *outgoing)
{
    uint16_t listener = outgoing->flow.listener;
    struct udp_socket *socket =
        listener < UDP_SOCKETS_MAX ? udp->sockets[UDP_NEIGHBOURS][listener] : NULL;
    struct socket_address target;

    if (socket == NULL) {
        udp->counts.no_socket++;
        udp_fail(udp, outgoing->reference);
        return;
    }
    struct udp_batch *batch = &socket->batch;
    if (batch->count == UDP_BATCH) {
        socket_flush(socket);
    }
    unsigned index = batch->count++;
    socket_address_write(&target, &outgoing->flow.remote);
    memcpy(&batch->targets[index], &target.storage, sizeof(batch->targets[index]));
    batch->messages[index].msg_hdr.msg_namelen = target.len;
    /* sendmmsg only reads: the cast away from const is the kernel's interface. */
    batch->pieces[index].iov_base = (void *)(uintptr_t)outgoing->bytes.at;
    batch->pieces[index].iov_len = outgoing->bytes.len;
    batch->references[index] = outgoing->reference;
    if (!socket->is_dirty) {
        socket->is_dirty = true;
        socket->next_dirty = udp->dirty;
        udp->dirty = socket;
    }
}

void udp_flush(struct udp *udp)
{
    while (udp->dirty != NULL) {
        struct udp_socket *socket = udp->dirty;

        udp->dirty = socket->next_dirty;
        socket->is_dirty = false;
        socket_flush(socket);
    }
}

/*
 * Sockets.
 */

static void on_ready(void *owner, unsigned events)
{
    struct udp_socket *socket = owner;

    if ((events & LOOP_WRITABLE) != 0 && socket->is_waiting) {
        socket_send_kept(socket);
    }
    unsigned turns = socket->kind == UDP_NEIGHBOURS ? UDP_TURN_BATCHES : 1;
    while ((events & LOOP_READABLE) != 0 && turns > 0 && udp_read(socket)) {
        turns--;
    }
}

static void on_closed(void *owner)
{
    struct udp_socket *socket = owner;

    ring_free(socket->kept);
    free(socket);
}

static struct udp_socket *socket_new(struct udp *udp, uint16_t listener,
                                     const struct address *local)
{
    struct udp_socket *socket = calloc(1, sizeof(*socket));
    struct ring *kept = ring_new(UDP_KEPT_OCTETS);

    if (socket == NULL || kept == NULL) {
        free(socket);
        ring_free(kept);
        return NULL;
    }
    *socket = (struct udp_socket){.udp = udp, .kept = kept, .local = *local, .listener = listener};
    for (unsigned i = 0; i < UDP_BATCH; i++) {
        struct msghdr *message = &socket->batch.messages[i].msg_hdr;

        message->msg_name = &socket->batch.targets[i];
        message->msg_iov = &socket->batch.pieces[i];
        message->msg_iovlen = 1;
    }
    return socket;
}

bool udp_open(struct udp *udp, uint16_t listener, enum udp_kind kind, int fd,
              const struct address *local, struct fault *fault)
{
    must(listener < UDP_SOCKETS_MAX && udp->sockets[kind][listener] == NULL);
    struct udp_socket *socket = socket_new(udp, listener, local);
    if (socket == NULL) {
        return fault_set(fault, "no memory for a listener");
    }
    socket->fd = fd;
    socket->kind = kind;
    socket->watch.ready = on_ready;
    socket->watch.owner = socket;
    if (!loop_watch_open(udp->loop, &socket->watch, fd, fault)) {
        on_closed(socket);
        return false;
    }
    loop_watch_for(&socket->watch, LOOP_READABLE);
    udp->sockets[kind][listener] = socket;
    return true;
}

void udp_renumber(struct udp *udp, const uint16_t renumbered[UDP_SOCKETS_MAX])
{
    struct udp_socket *moved[UDP_KIND_COUNT][UDP_SOCKETS_MAX] = {0};

    for (uint16_t i = 0; i < UDP_SOCKETS_MAX; i++) {
        if (renumbered[i] >= UDP_SOCKETS_MAX) {
            udp_close(udp, i);
            continue;
        }
        for (unsigned kind = 0; kind < UDP_KIND_COUNT; kind++) {
            struct udp_socket *socket = udp->sockets[kind][i];

            if (socket != NULL) {
                moved[kind][renumbered[i]] = socket;
                socket->listener = renumbered[i];
            }
        }
    }
    memcpy(udp->sockets, moved, sizeof(moved));
}

void udp_close(struct udp *udp, uint16_t listener)
{
    udp_flush(udp);
    for (unsigned kind = 0; kind < UDP_KIND_COUNT; kind++) {
        struct udp_socket *socket = udp->sockets[kind][listener];

        if (socket != NULL) {
            udp->sockets[kind][listener] = NULL;
            loop_watch_close(&socket->watch, on_closed);
            (void)close(socket->fd);
        }
    }
}
