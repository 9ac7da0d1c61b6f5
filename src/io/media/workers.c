/*
 * The gate's connections: orders come in, reports go out, the parent introduces new workers.
 *
 * A worker that is killed loses nothing here: its streams go on, and what it is owed is sent to the
 * one that comes in its place.
 */
#include "io/media/inside.h"
#include "io/media/ports.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { ORDERS_PER_TURN = 256 }; /* of one worker; packets must not wait for a flood of orders */

static void worker_watch(struct gate *gate, uint32_t number, int operation)
{
    struct gate_worker *worker = &gate->workers[number];
    struct epoll_event event = {
        .events = (worker->gathers ? 0 : EPOLLIN) | (worker->waits_to_write ? EPOLLOUT : 0),
        .data.u64 = gate_wake_of(GATE_WAKE_WORKER, number),
    };

    (void)epoll_ctl(gate->epoll, operation, worker->fd, &event);
}

static void worker_wait_to_write(struct gate *gate, uint32_t number, bool waits)
{
    struct gate_worker *worker = &gate->workers[number];

    if (worker->waits_to_write != waits) {
        worker->waits_to_write = waits;
        worker_watch(gate, number, EPOLL_CTL_MOD);
    }
}

static void worker_gone(struct gate *gate, uint32_t number)
{
    struct gate_worker *worker = &gate->workers[number];

    (void)close(worker->fd);
    worker->fd = -1;
    worker->waits_to_write = worker->gathers = false;
    worker->gone_us = gate->now_us;
}

/* False when it must wait, or the worker is away. */
static bool worker_send(struct gate *gate, struct gate_worker *worker,
                        const struct media_report *report)
{
    if (worker->fd < 0) {
        return false;
    }
    if (send(worker->fd, report, sizeof(*report), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        return false;
    }
    gate->totals->reports++;
    return true;
}

static void worker_send_owed(struct gate *gate, uint32_t number)
{
    struct gate_worker *worker = &gate->workers[number];

    while (worker->owed_count > 0 && worker_send(gate, worker, &worker->owed[worker->owed_first])) {
        worker->owed_first = (worker->owed_first + 1) % GATE_OWED_MAX;
        worker->owed_count--;
    }
    if (worker->fd >= 0) {
        worker_wait_to_write(gate, number, worker->owed_count > 0);
    }
}

/* In order: nothing overtakes what is owed already. */
static void worker_owe(struct gate *gate, uint32_t number, const struct media_report *report)
{
    struct gate_worker *worker = &gate->workers[number];

    if (worker->owed_count == GATE_OWED_MAX) {
        gate->totals->reports_lost++;
        return;
    }
    worker->owed[(worker->owed_first + worker->owed_count++) % GATE_OWED_MAX] = *report;
}

static void worker_tell(struct gate *gate, uint32_t number, const struct media_report *report)
{
    worker_owe(gate, number, report);
    worker_send_owed(gate, number);
}

void gate_owed_tell(struct gate *gate)
{
    for (uint32_t i = 0; i < gate->setup->worker_count; i++) {
        if (gate->workers[i].owed_count > 0) {
            worker_send_owed(gate, i);
        }
    }
}

void gate_report(struct gate *gate, const struct gate_stream *stream, enum media_report_kind kind,
                 unsigned side)
{
    struct media_report report;

    gate_report_write(&report, stream, kind);
    report.side = (uint8_t)side;
    if (kind == MEDIA_REPORT_CLOSED &&
        gate->workers[stream->worker].owed_count < GATE_OWED_MAX / 2) {
        worker_owe(gate, stream->worker, &report); /* nobody acts on it: at the next tick */
    } else {
        worker_tell(gate, stream->worker, &report);
    }
}

void gate_report_blocked(struct gate *gate, const struct address *source)
{
    struct media_report report = {
        .version = MEDIA_ORDER_VERSION,
        .kind = MEDIA_REPORT_BLOCKED,
        .source = *source,
    };

    gate->totals->sources_blocked++;
    for (uint32_t i = 0; i < gate->setup->worker_count; i++) {
        report.worker = i;
        worker_tell(gate, i, &report);
    }
}

void gate_order_answer(struct gate *gate, uint32_t worker, const struct media_order *order,
                       enum media_report_kind kind)
{
    struct media_report report = {
        .version = MEDIA_ORDER_VERSION,
        .kind = (uint8_t)kind,
        .stream = order->stream,
        .generation = order->generation,
        .worker = worker,
    };

    worker_tell(gate, worker, &report);
}

/* Ports that somebody else had when ours were opened. */
static void worker_tell_missing(struct gate *gate, uint32_t number)
{
    struct media_report report = {
        .version = MEDIA_ORDER_VERSION,
        .kind = MEDIA_REPORT_MISSING,
        .worker = number,
    };

    for (uint32_t i = 0; i < gate->port_count; i += 2) {
        if (gate->ports[i].fd < 0 &&
            media_sockets_pair(gate->setup->pools, gate->setup->pool_count, i, &report.source)) {
            worker_tell(gate, number, &report);
        }
    }
}

static bool worker_has_streams(const struct gate *gate, uint32_t number)
{
    const struct gate_stream *streams = &gate->streams[(size_t)number * gate->limits.streams];

    for (uint32_t i = 0; i < gate->limits.streams; i++) {
        if (streams[i].is_open) {
            return true;
        }
    }
    return false;
}

void gate_worker_connect(struct gate *gate, uint32_t number, int fd)
{
    struct gate_worker *worker = &gate->workers[number];
    const struct media_order none = {.stream = 0};

    if (worker->fd >= 0) {
        worker_gone(gate, number);
    }
    worker->fd = fd;
    worker->connection++;
    worker_watch(gate, number, EPOLL_CTL_ADD);
    worker_tell_missing(gate, number);
    if (!worker_has_streams(gate, number)) {
        gate_order_answer(gate, number, &none, MEDIA_REPORT_STARTED);
    }
    worker_send_owed(gate, number);
}

void gate_orders_init(struct gate_orders *orders)
{
    for (unsigned i = 0; i < GATE_ORDERS; i++) {
        orders->pieces[i] = (struct iovec){orders->octets[i], sizeof(orders->octets[i])};
        orders->messages[i].msg_hdr =
            (struct msghdr){.msg_iov = &orders->pieces[i], .msg_iovlen = 1};
    }
}

static void order_take(struct gate *gate, uint32_t number, struct slice message)
{
    struct media_order order;

    if (media_order_read(&order, message)) {
        gate_order(gate, number, &order);
        media_order_wipe(&order);
    } else {
        gate->totals->orders_unreadable++;
    }
}

/* False when the connection is over. */
static bool worker_read(struct gate *gate, uint32_t number)
{
    struct gate_worker *worker = &gate->workers[number];
    struct gate_orders *orders = &gate->orders;
    bool is_over = false;
    int count = GATE_ORDERS;

    for (unsigned taken = 0; count == GATE_ORDERS && !is_over && taken < ORDERS_PER_TURN;
         taken += GATE_ORDERS) {
        count = recvmmsg(worker->fd, orders->messages, GATE_ORDERS, MSG_DONTWAIT, NULL);
        if (count < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        for (int i = 0; i < count && !is_over; i++) {
            is_over = orders->messages[i].msg_len == 0;
            if (!is_over) {
                order_take(gate, number, slice_of(orders->octets[i], orders->messages[i].msg_len));
                media_wipe(orders->octets[i], orders->messages[i].msg_len); /* keys were in it */
            }
        }
        worker->heard_us = gate->now_us;
    }
    return !is_over;
}

static void worker_gather(struct gate *gate, uint32_t number, bool gathers)
{
    gate->workers[number].gathers = gathers;
    worker_watch(gate, number, EPOLL_CTL_MOD);
}

/* Orders that follow each other closely are let gather: a wake-up costs more than an order does. */
void gate_worker_event(struct gate *gate, uint32_t number, uint32_t events)
{
    struct gate_worker *worker = &gate->workers[number];
    uint64_t former_us = worker->heard_us;

    /* An event of a connection that was closed earlier in this turn. */
    if (worker->fd < 0) {
        return;
    }
    if ((events & EPOLLOUT) != 0) {
        worker_send_owed(gate, number);
    }
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) {
        return;
    }
    if (!worker_read(gate, number)) {
        worker_gone(gate, number);
    } else if (!worker->gathers && gate->now_us - former_us < GATE_ORDERS_GATHER_US) {
        worker_gather(gate, number, true);
        gate->gathers_orders = true;
    }
}

void gate_gathered_take(struct gate *gate)
{
    bool gathers = false;

    for (uint32_t i = 0; gate->gathers_orders && i < gate->setup->worker_count; i++) {
        struct gate_worker *worker = &gate->workers[i];

        if (worker->fd < 0 || !worker->gathers) {
            continue;
        }
        if (!worker_read(gate, i)) {
            worker_gone(gate, i);
        } else if (gate->now_us - worker->heard_us > GATE_ORDERS_GATHER_US) {
            worker_gather(gate, i, false);
        }
        gathers |= worker->gathers;
    }
    gate->gathers_orders = gathers;
}

/* The one descriptor of a message, or -1; of several all are closed. */
static int descriptor_take(struct msghdr *message)
{
    struct cmsghdr *control = CMSG_FIRSTHDR(message);
    int fds[2] = {-1, -1}; /* as many as the room in gate_parent_event holds */

    if (control == NULL || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) {
        return -1;
    }
    memcpy(fds, CMSG_DATA(control), control->cmsg_len - CMSG_LEN(0));
    if (fds[1] < 0) {
        return fds[0];
    }
    (void)close(fds[0]);
    (void)close(fds[1]);
    return -1;
}

static void parent_introduces(struct gate *gate, const struct media_introduction *introduction,
                              size_t len, int fd)
{
    if (fd < 0) {
        return;
    }
    if (len != sizeof(*introduction) || introduction->worker >= gate->setup->worker_count) {
        (void)close(fd);
        return;
    }
    gate_worker_connect(gate, introduction->worker, fd);
}

void gate_parent_event(struct gate *gate)
{
    struct media_introduction introduction = {0};
    struct iovec piece = {.iov_base = &introduction, .iov_len = sizeof(introduction)};
    union {
        struct cmsghdr aligned;
        char room[CMSG_SPACE(2 * sizeof(int))];
    } control;
    struct msghdr message = {
        .msg_iov = &piece,
        .msg_iovlen = 1,
        .msg_control = control.room,
        .msg_controllen = sizeof(control.room),
    };
    ssize_t len = recvmsg(gate->setup->parent, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    if (len > 0) {
        parent_introduces(gate, &introduction, (size_t)len, descriptor_take(&message));
    } else if (len == 0 || (errno != EAGAIN && errno != EINTR)) {
        gate->is_stopping = true;
    }
}
