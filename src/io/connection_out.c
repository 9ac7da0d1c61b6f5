/*
 * What leaves a stream: pieces of the turn at once, the rest in blocks, bounded and timed.
 */
#include "io/connection.h"

#include <sys/socket.h>

enum {
    CONNECTION_WRITES = 16,             /* blocks of one write */
    CONNECTION_STOP = TCP_SEND_MAX / 4, /* so much unsent: its questions may wait */
};

static void connection_lose(struct connection *connection, uint32_t reference)
{
    connection->tcp->counts.lost++;
    if (reference != 0) {
        connection->tcp->owner.failed(connection->tcp->owner.owner, reference);
    }
}

void connection_drop_unsent(struct connection *connection)
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

/* What was taken of the turn's pieces; the first one left may have been taken in part. */
static unsigned pieces_taken(struct connection *connection, size_t len)
{
    unsigned index = 0;

    connection->tcp->counts.octets_out += len;
    while (index < connection->piece_count && len >= connection->pieces[index].iov_len) {
        len -= connection->pieces[index].iov_len;
        connection->tcp->counts.sent += connection->pieces[index].iov_len > WEBSOCKET_HEAD_MAX;
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

void connection_after_sending(struct connection *connection)
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

static ssize_t connection_write(struct connection *connection, struct iovec *pieces, unsigned count)
{
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = count};
    ssize_t len = connection->tls != NULL
                      ? tls_write(connection->tls, pieces, count)
                      : sendmsg(connection->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);

    return len < 0 && connection_is_busy(errno) ? 0 : len;
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

/* Room for a message and what may stand in front of it. */
static void connection_make_room(struct connection *connection)
{
    if (connection->piece_count + 2 > CONNECTION_PIECES) {
        connection_flush(connection);
    }
}

static void connection_put(struct connection *connection, struct slice octets, uint32_t reference)
{
    unsigned index = connection->piece_count++;

    connection->pieces[index].iov_base = (void *)(uintptr_t)octets.at;
    connection->pieces[index].iov_len = octets.len;
    connection->references[index] = reference;
    tcp_mark_dirty(connection);
}

void connection_send_raw(struct connection *connection, struct slice octets)
{
    connection_make_room(connection);
    if (connection->state != CONNECTION_FINISHING && connection->state != CONNECTION_GONE) {
        connection_put(connection, octets, 0);
    }
}

void connection_send(struct connection *connection, struct slice octets, uint32_t reference)
{
    connection_make_room(connection);
    if (connection->state == CONNECTION_FINISHING || connection->state == CONNECTION_GONE) {
        connection_lose(connection, reference);
        return;
    }
    if (connection->web != NULL) {
        uint8_t *head = connection->heads[connection->piece_count];

        connection_put(connection, slice_of((const char *)head, websocket_head(head, octets.len)),
                       0);
    }
    connection_put(connection, octets, reference);
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
        connection->tcp->counts.sent += block->end > WEBSOCKET_HEAD_MAX;
        blocks_give(&connection->tcp->blocks, block);
    }
}

void connection_send_queued(struct connection *connection)
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
