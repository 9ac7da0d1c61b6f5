/*
 * A stream's states and timers: connecting, up, finishing, gone.
 */
#include "io/connection.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static void connection_release(void *owner)
{
    struct connection *connection = owner;
    struct tcp *tcp = connection->tcp;

    blocks_give(&tcp->blocks, connection->in);
    pool_give(&tcp->connections, connection);
}

void connection_close(struct connection *connection)
{
    struct tcp *tcp = connection->tcp;
    bool had_watch =
        connection->state != CONNECTION_WANTED && connection->state != CONNECTION_SECURING;

    if (connection->state == CONNECTION_GONE) {
        return;
    }
    connection->state = CONNECTION_GONE;
    tcp_forget(connection);
    if (connection->tls != NULL) {
        tls_finish(connection->tls);
        tls_free(connection->tls);
        connection->tls = NULL;
    }
    websocket_free(connection->web);
    connection->web = NULL;
    connection_drop_unsent(connection);
    tcp->owner.closed(tcp->owner.owner, connection->id);
    if (had_watch) {
        loop_watch_close(&connection->watch, connection_release);
        (void)close(connection->fd);
    } else {
        tcp_gone(connection);
    }
}

void connection_update_watch(struct connection *connection)
{
    unsigned events = 0;

    switch ((enum connection_state)connection->state) {
    case CONNECTION_WANTED:
    case CONNECTION_SECURING:
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
    if (connection->tls != NULL) {
        tls_finish(connection->tls);
    }
    (void)shutdown(connection->fd, SHUT_WR);
    tcp_set_timer(connection, CONNECTION_WHOLE, TCP_LINGER_MS);
    tcp_stop_timer(connection, CONNECTION_IDLE);
    connection_update_watch(connection);
}

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

void connection_secure(struct connection *connection, int fd, bool is_client)
{
    struct tcp *tcp = connection->tcp;

    connection->state = CONNECTION_SECURING;
    tcp_set_timer(connection, CONNECTION_WHOLE, TCP_SECURE_MS);
    tcp->owner.secure(tcp->owner.owner, connection->id, fd, &connection->flow, is_client);
}

/* As one that was just accepted, or opened. */
void connection_secured(struct connection *connection)
{
    struct tcp *tcp = connection->tcp;

    if (connection->is_accepted) {
        tcp_set_timer(connection, CONNECTION_WHOLE, tcp->settings.whole_ms);
    } else {
        tcp->counts.opened++;
        tcp_stop_timer(connection, CONNECTION_WHOLE);
    }
    tcp_heard(connection);
    connection_after_sending(connection);
    if (connection->state == CONNECTION_UP) {
        connection_read(connection); /* the first message may have come with the last handshake */
    }
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
    case CONNECTION_SECURING:
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
