/*
 * What comes out of a stream: whole messages, handed out in batches, and keep-alives.
 */
#include "io/connection.h"

#include <sys/socket.h>

enum { CONNECTION_BATCH = 16 }; /* messages handed out before the answers are looked at */

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
        .certified_name = tls_name(connection->tls),
        .is_protected = connection->is_protected,
    };
}

/* Pings that come too fast are left unanswered and the framer goes on counting their octets, so the
 * stream is closed soon (HYG-F07). */
void connection_pong(struct connection *connection)
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

void connection_hand_out(struct connection *connection, struct slice message)
{
    connection_add_packet(connection, 0, message);
    connection_deliver(connection, 1);
}

static void connection_received(struct connection *connection, struct slice received)
{
    struct slice rest = connection->web != NULL ? SLICE_NONE : received;
    bool has_message = connection->web != NULL ? connection_take_web(connection, received)
                                               : connection_take_frames(connection, &rest);

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
    bool is_waiting = connection->in != NULL ||
                      (connection->web != NULL && websocket_is_waiting(connection->web));
    if (is_waiting && !connection->is_stopped &&
        !wheel_is_set(&connection->timers[CONNECTION_WHOLE])) {
        tcp_set_timer(connection, CONNECTION_WHOLE, connection->tcp->settings.whole_ms);
    }
}

/* Goes on with what was left when the answers were stuck. */
void connection_resume(struct connection *connection)
{
    struct block *in = connection->in;

    if (connection->state == CONNECTION_UP && in != NULL && !connection->is_stopped) {
        connection_received(connection,
                            slice_of(in->octets + in->begin, (size_t)(in->end - in->begin)));
        tcp_flush(connection->tcp);
    }
    if (connection->tls != NULL && connection->state == CONNECTION_UP && !connection->is_stopped &&
        !connection->is_ended && tls_has_more(connection->tls)) {
        connection_read(connection);
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

static ssize_t connection_take(struct connection *connection, char *room, size_t max)
{
    if (connection->tls != NULL && connection->state == CONNECTION_UP) {
        return tls_read(connection->tls, room, max);
    }
    return recv(connection->fd, room, max, MSG_DONTWAIT);
}

static bool connection_read_once(struct connection *connection)
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
    ssize_t len = connection_take(connection, room, max);
    if (len < 0 && connection_is_busy(errno)) {
        return false;
    }
    if (len <= 0) {
        connection_ended(connection);
        return false;
    }
    tcp->counts.octets_in += (size_t)len;
    if (is_discarding) {
        connection->discarded += (uint32_t)len;
        if (connection->discarded > TCP_DISCARD_MAX) {
            connection_close(connection);
        }
        return false;
    }
    tcp_heard(connection);
    if (in != NULL) {
        in->end += (uint32_t)len;
        room = in->octets + in->begin;
        len = (ssize_t)(in->end - in->begin);
    }
    connection_received(connection, slice_of(room, (size_t)len));
    tcp_flush(tcp);
    return connection->tls != NULL && connection->state == CONNECTION_UP &&
           !connection->is_stopped && !connection->is_ended;
}

/* What TLS has read ahead, the socket will not tell of. */
void connection_read(struct connection *connection)
{
    while (connection_read_once(connection) && tls_has_more(connection->tls)) {
    }
}
