#include "io/connection.h"

#include "base/must.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNECTION_BATCH = 16,              /* messages handed out before the answers are looked at */
    CONNECTION_WRITES = 16,             /* blocks of one write */
    CONNECTION_STOP = TCP_SEND_MAX / 4, /* so much unsent: its questions may wait */
};

static void connection_release(void *owner)
{
    struct connection *connection = owner;
    struct tcp *tcp = connection->tcp;

    blocks_give(&tcp->blocks, connection->in);
    pool_give(&tcp->connections, connection);
}

static void connection_lose(struct connection *connection, uint32_t reference)
{
    connection->tcp->counts.lost++;
    if (reference != 0) {
        connection->tcp->owner.failed(connection->tcp->owner.owner, reference);
    }
}

static void connection_drop_unsent(struct connection *connection)
{
    while (connection->out != NULL) {
        struct block *block = connection->out;

        connection->out = block->next;
        connection_lose(connection, block->reference);
        blocks_give(&connection->tcp->blocks, block);
    }
    for (unsigned i = 0; i < connection->piece_count; i++) {
        connection_lose(connection, connection->references[i]);
    }
    connection->out_octets = 0;
    connection->piece_count = 0;
}

void connection_close(struct connection *connection)
{
    struct tcp *tcp = connection->tcp;
    bool had_watch = connection->state != CONNECTION_WANTED;

    if (connection->state == CONNECTION_GONE) {
        return;
    }
    connection->state = CONNECTION_GONE;
    tcp_forget(connection);
    connection_drop_unsent(connection);
    tcp->owner.closed(tcp->owner.owner, connection->id);
    if (had_watch) {
        loop_watch_close(&connection->watch, connection_release);
        (void)close(connection->fd);
    } else {
        tcp_gone(connection);
    }
}

static void connection_update_watch(struct connection *connection)
{
    unsigned events = 0;

    switch ((enum connection_state)connection->state) {
    case CONNECTION_WANTED:
    case CONNECTION_GONE:
        return;
    case CONNECTION_CONNECTING:
        events = LOOP_WRITABLE;
        break;
    case CONNECTION_UP:
        if (!connection->is_stopped && !connection->is_ended) {
            events |= LOOP_READABLE;
        }
        if (connection->out != NULL) {
            events |= LOOP_WRITABLE;
        }
        break;
    case CONNECTION_FINISHING:
        events = LOOP_READABLE;
        break;
    }
    loop_watch_for(&connection->watch, events);
}

void connection_finish(struct connection *connection)
{
    if (connection->state == CONNECTION_FINISHING || connection->state == CONNECTION_GONE) {
        return;
    }
    if (connection->state != CONNECTION_UP || connection->is_ended) {
        connection_close(connection);
        return;
    }
    if (connection->out != NULL || connection->piece_count > 0) {
        connection->closes = true;
        return;
    }
    connection->state = CONNECTION_FINISHING;
    (void)shutdown(connection->fd, SHUT_WR);
    tcp_set_timer(connection, CONNECTION_WHOLE, TCP_LINGER_MS);
    tcp_stop_timer(connection, CONNECTION_IDLE);
    connection_update_watch(connection);
}

/*
 * Out.
 */

/* What was taken of the turn's pieces; the first one left may have been taken in part. */
static unsigned pieces_taken(struct connection *connection, size_t len)
{
    unsigned index = 0;

    connection->tcp->counts.octets_out += len;
    while (index < connection->piece_count && len >= connection->pieces[index].iov_len) {
        len -= connection->pieces[index].iov_len;
        connection->tcp->counts.sent++;
        index++;
    }
    if (index < connection->piece_count) {
        connection->pieces[index].iov_base = (char *)connection->pieces[index].iov_base + len;
        connection->pieces[index].iov_len -= len;
    }
    return index;
}

static bool connection_queue(struct connection *connection, const struct iovec *piece,
                             uint32_t reference)
{
    struct block *block = NULL;

    if (connection->out_octets + piece->iov_len > TCP_SEND_MAX) {
        connection->tcp->counts.stuck++;
        return false;
    }
    block = blocks_take(&connection->tcp->blocks, piece->iov_len);
    if (block == NULL) {
        connection->tcp->counts.memory++;
        return false;
    }
    memcpy(block->octets, piece->iov_base, piece->iov_len);
    block->end = (uint32_t)piece->iov_len;
    block->reference = reference;
    if (connection->out == NULL) {
        connection->out_end = &connection->out;
    }
    *connection->out_end = block;
    connection->out_end = &block->next;
    connection->out_octets += piece->iov_len;
    return true;
}

static void connection_after_sending(struct connection *connection)
{
    if (connection->out != NULL) {
        if (!wheel_is_set(&connection->timers[CONNECTION_STUCK]) &&
            connection->state == CONNECTION_UP) {
            tcp_set_timer(connection, CONNECTION_STUCK, TCP_STUCK_MS);
        }
        if (!connection->is_stopped && connection->out_octets > CONNECTION_STOP) {
            connection->is_stopped = true;
            connection->tcp->counts.stopped++;
        }
    } else {
        tcp_stop_timer(connection, CONNECTION_STUCK);
        if (connection->is_stopped) {
            connection->is_stopped = false;
            tcp_set_timer(connection, CONNECTION_RESUME, 0);
        }
        if (connection->closes) {
            connection_finish(connection);
            return;
        }
    }
    connection_update_watch(connection);
}

static bool is_for_later(int error)
{
    return error == EAGAIN || error == EINTR || error == ENOBUFS;
}

static ssize_t connection_write(struct connection *connection, struct iovec *pieces, unsigned count)
{
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = count};
    ssize_t len = sendmsg(connection->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);

    return len < 0 && is_for_later(errno) ? 0 : len;
}

void connection_flush(struct connection *connection)
{
    unsigned index = 0;

    if (connection->state == CONNECTION_FINISHING || connection->state == CONNECTION_GONE) {
        connection_drop_unsent(connection);
        return;
    }
    if (connection->state == CONNECTION_UP && connection->out == NULL &&
        connection->piece_count > 0) {
        ssize_t len = connection_write(connection, connection->pieces, connection->piece_count);

        if (len < 0) {
            connection_close(connection);
            return;
        }
        index = pieces_taken(connection, (size_t)len);
    }
    for (; index < connection->piece_count; index++) {
        if (!connection_queue(connection, &connection->pieces[index],
                              connection->references[index])) {
            connection_close(connection);
            return;
        }
    }
    connection->piece_count = 0;
    connection_after_sending(connection);
}

void connection_send(struct connection *connection, struct slice octets, uint32_t reference)
{
    if (connection->piece_count == CONNECTION_PIECES) {
        connection_flush(connection);
    }
    if (connection->state == CONNECTION_FINISHING || connection->state == CONNECTION_GONE) {
        connection_lose(connection, reference);
        return;
    }
    unsigned index = connection->piece_count++;
    connection->pieces[index].iov_base = (void *)(uintptr_t)octets.at;
    connection->pieces[index].iov_len = octets.len;
    connection->references[index] = reference;
    tcp_mark_dirty(connection);
}

static void queue_taken(struct connection *connection, size_t len)
{
    connection->tcp->counts.octets_out += len;
    connection->out_octets -= len;
    while (connection->out != NULL) {
        struct block *block = connection->out;

        if (len < block->end - block->begin) {
            block->begin += (uint32_t)len;
            return;
        }
        len -= block->end - block->begin;
        connection->out = block->next;
        connection->tcp->counts.sent++;
        blocks_give(&connection->tcp->blocks, block);
    }
}

static void connection_send_queued(struct connection *connection)
{
    struct iovec pieces[CONNECTION_WRITES];
    unsigned count = 0;

    for (struct block *block = connection->out; block != NULL && count < CONNECTION_WRITES;
         block = block->next) {
        pieces[count++] = (struct iovec){block->octets + block->begin, block->end - block->begin};
    }
    ssize_t len = connection_write(connection, pieces, count);
    if (len < 0) {
        connection_close(connection);
        return;
    }
    if (len > 0) {
        queue_taken(connection, (size_t)len);
        tcp_stop_timer(connection, CONNECTION_STUCK);
    }
    connection_after_sending(connection);
}

/*
 * In.
 */

static void connection_deliver(struct connection *connection, unsigned count)
{
    struct tcp *tcp = connection->tcp;

    if (count > 0) {
        tcp->counts.messages += count;
        tcp->owner.receive(tcp->owner.owner, tcp->packets, count);
    }
}

static void connection_add_packet(struct connection *connection, unsigned index,
                                  struct slice message)
{
    connection->tcp->packets[index] = (struct packet){
        .bytes = message,
        .when_us = loop_now_us(connection->tcp->loop),
        .flow = connection->flow,
        .local = connection->local,
    };
}

/* Pings that come too fast are left unanswered and the framer goes on counting their octets, so the
 * stream is closed soon (HYG-F07). */
static void connection_pong(struct connection *connection)
{
    struct tcp *tcp = connection->tcp;
    uint64_t now_ms = loop_now_ms(tcp->loop);

    if (connection->pinged_ms != 0 && now_ms - connection->pinged_ms < TCP_PING_MS) {
        tcp->counts.early_pings++;
        return;
    }
    connection->pinged_ms = now_ms;
    connection->framing.blanks = 0;
    tcp->counts.pings++;
    connection_send(connection, SLICE("\r\n"), 0);
}

/* Hands out the whole messages of rest.  What is left of it is the beginning of one, or whole ones
 * that wait because their answers would.  True when a message was among them. */
static bool connection_take_frames(struct connection *connection, struct slice *rest)
{
    struct tcp *tcp = connection->tcp;
    bool has_message = false;
    bool is_over = false;
    unsigned count = 0;

    while (!is_over && !slice_is_empty(*rest)) {
        size_t len = rest->len;

        switch (sip_stream_frame(&connection->framing, *rest, &connection->limits, &len)) {
        case SIP_FRAME_MORE:
            connection_deliver(connection, count);
            return has_message;
        case SIP_FRAME_MESSAGE:
            has_message = true;
            connection_add_packet(connection, count++, slice_head(*rest, len));
            break;
        case SIP_FRAME_PING:
            connection_pong(connection);
            is_over = connection->framing.blanks > TCP_BLANKS_MAX;
            break;
        case SIP_FRAME_PONG:
            is_over = connection->framing.blanks > TCP_BLANKS_MAX;
            break;
        case SIP_FRAME_BROKEN:
            tcp->counts.broken++;
            if (len > 0) {
                connection_add_packet(connection, count++, slice_head(*rest, len));
            }
            is_over = true;
            break;
        }
        *rest = slice_skip(*rest, len);
        if (count == CONNECTION_BATCH) {
            connection_deliver(connection, count);
            count = 0;
            is_over |= connection->state != CONNECTION_UP;
            if (connection->is_stopped) {
                break;
            }
        }
    }
    connection_deliver(connection, count);
    if (is_over) {
        *rest = SLICE_NONE;
        connection_finish(connection);
    }
    return has_message;
}

/* Room for what is left and the rest of its message. */
static bool connection_keep(struct connection *connection, struct slice rest)
{
    struct blocks *blocks = &connection->tcp->blocks;
    struct block *in = connection->in;
    size_t wanted = rest.len + 1;

    if (slice_is_empty(rest)) {
        connection->in = NULL;
        blocks_give(blocks, in);
        return true;
    }
    if (connection->framing.total > wanted) {
        wanted = connection->framing.total;
    }
    if (in != NULL && in->size >= wanted) {
        if ((size_t)(rest.at - in->octets) + wanted > in->size) {
            memmove(in->octets, rest.at, rest.len);
            rest.at = in->octets;
        }
        in->begin = (uint32_t)(rest.at - in->octets);
        in->end = in->begin + (uint32_t)rest.len;
        return true;
    }
    connection->in = blocks_take(blocks, wanted);
    if (connection->in != NULL) {
        memcpy(connection->in->octets, rest.at, rest.len);
        connection->in->end = (uint32_t)rest.len;
    }
    blocks_give(blocks, in);
    return connection->in != NULL;
}

static void connection_received(struct connection *connection, struct slice received)
{
    struct slice rest = received;
    bool has_message = connection_take_frames(connection, &rest);

    if (connection->state != CONNECTION_UP) {
        return;
    }
    if (!connection_keep(connection, rest)) {
        connection->tcp->counts.memory++;
        connection_close(connection);
        return;
    }
    if (has_message) {
        tcp_stop_timer(connection, CONNECTION_WHOLE);
    }
    if (connection->in != NULL && !connection->is_stopped &&
        !wheel_is_set(&connection->timers[CONNECTION_WHOLE])) {
        tcp_set_timer(connection, CONNECTION_WHOLE, connection->tcp->settings.whole_ms);
    }
}

/* Goes on with what was left when the answers were stuck. */
static void connection_resume(struct connection *connection)
{
    struct block *in = connection->in;

    if (connection->state == CONNECTION_UP && in != NULL && !connection->is_stopped) {
        connection_received(connection,
                            slice_of(in->octets + in->begin, (size_t)(in->end - in->begin)));
        tcp_flush(connection->tcp);
    }
}

static void connection_ended(struct connection *connection)
{
    connection->is_ended = true;
    if (connection->state == CONNECTION_UP && connection->out != NULL) {
        connection->closes = true;
        connection_update_watch(connection);
        return;
    }
    connection_close(connection);
}

static void connection_read(struct connection *connection)
{
    struct tcp *tcp = connection->tcp;
    struct block *in = connection->in;
    bool is_discarding = connection->state == CONNECTION_FINISHING;
    char *room = tcp->room;
    size_t max = TCP_READ;

    if (in != NULL && !is_discarding) {
        room = in->octets + in->end;
        max = in->size - in->end;
    }
    ssize_t len = recv(connection->fd, room, max, MSG_DONTWAIT);
    if (len < 0 && is_for_later(errno)) {
        return;
    }
    if (len <= 0) {
        connection_ended(connection);
        return;
    }
    tcp->counts.octets_in += (size_t)len;
    if (is_discarding) {
        connection->discarded += (uint32_t)len;
        if (connection->discarded > TCP_DISCARD_MAX) {
            connection_close(connection);
        }
        return;
    }
    tcp_heard(connection);
    if (in != NULL) {
        in->end += (uint32_t)len;
        room = in->octets + in->begin;
        len = (ssize_t)(in->end - in->begin);
    }
    connection_received(connection, slice_of(room, (size_t)len));
    tcp_flush(tcp);
}

/*
 * Between.
 */

static void connection_connected(struct connection *connection)
{
    int error = 0;
    socklen_t len = sizeof(error);

    if (getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0) {
        connection->tcp->counts.connect_failed++;
        connection_close(connection);
        return;
    }
    connection->tcp->counts.opened++;
    connection->state = CONNECTION_UP;
    tcp_stop_timer(connection, CONNECTION_WHOLE);
    tcp_heard(connection);
    connection_after_sending(connection);
}

static void on_ready(void *owner, unsigned events)
{
    struct connection *connection = owner;

    if (connection->state == CONNECTION_CONNECTING) {
        connection_connected(connection);
    }
    if ((events & LOOP_WRITABLE) != 0 && connection->state == CONNECTION_UP &&
        connection->out != NULL) {
        connection_send_queued(connection);
    }
    if ((events & LOOP_READABLE) != 0 &&
        (connection->state == CONNECTION_UP || connection->state == CONNECTION_FINISHING)) {
        connection_read(connection);
    }
}

bool connection_start(struct connection *connection, int fd, enum connection_state state)
{
    struct fault fault;

    connection->watch.ready = on_ready;
    connection->watch.owner = connection;
    connection->fd = fd;
    if (!loop_watch_open(connection->tcp->loop, &connection->watch, fd, &fault)) {
        return false;
    }
    connection->state = (uint8_t)state;
    connection_update_watch(connection);
    return true;
}

static void connection_idle_fired(struct connection *connection)
{
    uint64_t now_ms = loop_now_ms(connection->tcp->loop);
    uint64_t due_ms = connection->heard_ms + connection->tcp->settings.idle_ms;

    if (due_ms > now_ms) {
        tcp_set_timer(connection, CONNECTION_IDLE, due_ms - now_ms);
        return;
    }
    connection->tcp->counts.idle++;
    connection_finish(connection);
}

static void connection_whole_fired(struct connection *connection)
{
    struct tcp_counts *counts = &connection->tcp->counts;

    switch ((enum connection_state)connection->state) {
    case CONNECTION_WANTED:
    case CONNECTION_CONNECTING:
        counts->connect_failed++;
        connection_close(connection);
        return;
    case CONNECTION_UP:
        counts->slow++;
        connection_finish(connection);
        return;
    case CONNECTION_FINISHING:
        connection_close(connection);
        return;
    case CONNECTION_GONE:
        return;
    }
}

void connection_timer_fired(struct connection *connection, enum connection_timer timer)
{
    switch (timer) {
    case CONNECTION_IDLE:
        connection_idle_fired(connection);
        return;
    case CONNECTION_WHOLE:
        connection_whole_fired(connection);
        return;
    case CONNECTION_STUCK:
        connection->tcp->counts.stuck++;
        connection_close(connection);
        return;
    case CONNECTION_RESUME:
        connection_resume(connection);
        return;
    case CONNECTION_TIMER_COUNT:
        return;
    }
}
