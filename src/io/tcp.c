/*
 * All streams of a worker: time, what is sent, beginning and end.
 */
#include "io/tcp.h"

#include "base/must.h"
#include "io/connection.h"
#include "io/socket.h"

#include <stdlib.h>
#include <unistd.h>

static size_t align64(size_t len)
{
    return (len + 63) & ~(size_t)63;
}

void tcp_set_timer(struct connection *connection, enum connection_timer timer, uint64_t after_ms)
{
    struct tcp *tcp = connection->tcp;
    uint64_t due_ms = loop_now_ms(tcp->loop) + after_ms;

    wheel_set(&tcp->wheel, &connection->timers[timer], due_ms);
    if (due_ms < tcp->alarm.due_ms) {
        loop_alarm_at(&tcp->alarm, due_ms);
    }
}

void tcp_stop_timer(struct connection *connection, enum connection_timer timer)
{
    wheel_stop(&connection->tcp->wheel, &connection->timers[timer]);
}

static void tcp_release_gone(struct tcp *tcp)
{
    while (tcp->gone != NULL) {
        struct connection *connection = tcp->gone;

        tcp->gone = connection->next_dirty;
        pool_give(&tcp->connections, connection);
    }
}

static void on_alarm(void *owner)
{
    struct tcp *tcp = owner;
    struct wheel_timer *timer = NULL;

    while ((timer = wheel_take(&tcp->wheel, loop_now_ms(tcp->loop))) != NULL) {
        if (timer->kind == CONNECTION_TIMER_COUNT) {
            listener_resume(tcp->listeners[timer->owner]);
        } else {
            connection_timer_fired(pool_at(&tcp->connections, timer->owner),
                                   (enum connection_timer)timer->kind);
        }
    }
    tcp_release_gone(tcp);
    loop_alarm_at(&tcp->alarm, wheel_next_ms(&tcp->wheel));
}

struct tcp *tcp_new(struct loop *loop, const struct tcp_owner *owner,
                    const struct tcp_settings *settings)
{
    uint32_t max = settings->connections_max;
    size_t pool_len = align64(pool_size(sizeof(struct connection), max));
    size_t table_len = align64(table_size(max));
    size_t targets_len = align64(table_size(2 * max)); /* each may have an alias */
    struct tcp *tcp = calloc(1, sizeof(*tcp));
    char *memory = calloc(1, pool_len + table_len + targets_len);

    if (tcp == NULL || memory == NULL || !sources_init(&tcp->sources, max, &settings->key)) {
        free(tcp);
        free(memory);
        return NULL;
    }
    tcp->loop = loop;
    tcp->owner = *owner;
    tcp->settings = *settings;
    tcp->memory = memory;
    pool_init(&tcp->connections, memory, sizeof(struct connection), max);
    table_init(&tcp->by_id, memory + pool_len, max);
    table_init(&tcp->by_target, memory + pool_len + table_len, 2 * max);
    blocks_init(&tcp->blocks, settings->memory_max);
    tcp->next_id = settings->first_id;
    wheel_init(&tcp->wheel, loop_now_ms(loop));
    loop_alarm_open(loop, &tcp->alarm, on_alarm, tcp);
    return tcp;
}

void tcp_free(struct tcp *tcp)
{
    if (tcp == NULL) {
        return;
    }
    must(tcp->connections.used == 0);
    blocks_end(&tcp->blocks);
    sources_end(&tcp->sources);
    free(tcp->memory);
    free(tcp);
}

void tcp_set_times(struct tcp *tcp, const struct tcp_settings *settings)
{
    tcp->settings.idle_ms = settings->idle_ms;
    tcp->settings.whole_ms = settings->whole_ms;
    tcp->settings.connect_ms = settings->connect_ms;
}

void tcp_set_mark(struct tcp *tcp, uint32_t mark)
{
    tcp->mark = mark;
}

uint32_t tcp_connections(const struct tcp *tcp)
{
    return tcp->connections.used;
}

const struct tcp_counts *tcp_counts(const struct tcp *tcp)
{
    return &tcp->counts;
}

static struct connection *tcp_open(struct tcp *tcp, const struct flow *flow)
{
    /* Nobody is reached by opening a WebSocket: browsers come to us. */
    if (flow->listener >= TCP_LISTENERS_MAX || tcp->listeners[flow->listener] == NULL ||
        flow->transport == TRANSPORT_WS || flow->transport == TRANSPORT_WSS) {
        return NULL;
    }
    tcp_make_room(tcp);
    struct connection *connection = tcp_add(tcp, flow);
    if (connection == NULL) {
        tcp->counts.refused_full++;
        return NULL;
    }
    connection->state = CONNECTION_WANTED;
    tcp_set_timer(connection, CONNECTION_WHOLE, tcp->settings.connect_ms);
    tcp_set_timer(connection, CONNECTION_IDLE, tcp->settings.idle_ms);
    return connection;
}

void tcp_opened(struct tcp *tcp, uint32_t id, int fd)
{
    struct connection *connection = tcp_find(tcp, id);

    if (connection == NULL || connection->state != CONNECTION_WANTED) {
        if (fd >= 0) {
            (void)close(fd); /* it came too late */
        }
        return;
    }
    connection->is_protected = fd >= 0 && tcp->mark != 0 && socket_mark(fd) == tcp->mark;
    if (fd >= 0 && transport_is_secure((enum transport)connection->flow.transport)) {
        connection_secure(connection, fd, true);
        return;
    }
    if (fd >= 0 && connection_start(connection, fd, CONNECTION_CONNECTING)) {
        return;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    tcp->counts.connect_failed++;
    connection_close(connection);
}

void tcp_secured(struct tcp *tcp, uint32_t id, int fd, struct tls *tls)
{
    struct connection *connection = tcp_find(tcp, id);
    bool is_ours = connection != NULL && connection->state == CONNECTION_SECURING;

    if (is_ours && tls != NULL && connection_begin_web(connection) &&
        connection_start(connection, fd, CONNECTION_UP)) {
        connection->tls = tls;
        connection_secured(connection);
        return;
    }
    tls_free(tls);
    (void)close(fd);
    if (is_ours) {
        connection_close(connection);
        tcp_release_gone(tcp);
    }
}

/* An answer whose connection ended goes where the asker listens (RFC 3261 18.2.2). */
static struct connection *find_or_turn(struct tcp *tcp, const struct outgoing *outgoing,
                                       struct flow *flow)
{
    struct connection *connection = flow->connection == 0 ? NULL : tcp_find(tcp, flow->connection);

    if (connection == NULL && flow->connection != 0 && outgoing->again_port != 0) {
        flow->connection = 0;
        flow->remote.port = outgoing->again_port;
    }
    return flow->connection == 0 ? tcp_find_target(tcp, flow) : connection;
}

void tcp_send(struct tcp *tcp, const struct outgoing *outgoing)
{
    struct flow flow = outgoing->flow;
    bool is_new = false;
    struct connection *connection = find_or_turn(tcp, outgoing, &flow);

    if (connection == NULL && flow.connection == 0) {
        connection = tcp_open(tcp, &flow);
        is_new = connection != NULL;
    }
    if (connection == NULL) {
        tcp->counts.lost++;
        if (outgoing->reference != 0) {
            tcp->owner.failed(tcp->owner.owner, outgoing->reference);
        }
        return;
    }
    if (!slice_is_empty(outgoing->bytes)) {
        connection_send(connection, outgoing->bytes, outgoing->reference);
    }
    if (outgoing->closes) {
        connection->closes = true;
        tcp_mark_dirty(connection);
    }
    if (is_new) {
        tcp->owner.wanted(tcp->owner.owner, connection->id, flow.listener, &flow.remote);
    }
}

void tcp_flush(struct tcp *tcp)
{
    while (tcp->dirty != NULL) {
        struct connection *connection = tcp->dirty;

        tcp->dirty = connection->next_dirty;
        connection->is_dirty = false;
        connection_flush(connection);
    }
    tcp_release_gone(tcp);
}

void tcp_close(struct tcp *tcp)
{
    uint32_t index = 0;
    struct connection *connection = NULL;

    for (uint16_t i = 0; i < TCP_LISTENERS_MAX; i++) {
        tcp_unlisten(tcp, i);
    }
    while ((connection = pool_next(&tcp->connections, &index)) != NULL) {
        connection_close(connection);
    }
    tcp_release_gone(tcp);
    loop_alarm_close(&tcp->alarm);
}
