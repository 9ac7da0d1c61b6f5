#include "io/tcp.h"

#include "base/must.h"
#include "io/connection.h"
#include "io/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    TCP_ACCEPTS = 64,      /* of one turn of one listener */
    TCP_PAUSE_MS = 1000,   /* of a listener when no descriptor is left */
    TCP_CROWDED_OF_10 = 9, /* DOS-38: from here on strangers make room for others */
};

static size_t align64(size_t len)
{
    return (len + 63) & ~(size_t)63;
}

/*
 * Timers.
 */

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

static void listener_resume(struct tcp_listener *listener)
{
    loop_watch_for(&listener->watch, LOOP_READABLE);
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
    struct tcp *tcp = calloc(1, sizeof(*tcp));
    char *memory = calloc(1, pool_len + 2 * table_len);

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
    table_init(&tcp->by_target, memory + pool_len + table_len, max);
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

uint32_t tcp_connections(const struct tcp *tcp)
{
    return tcp->connections.used;
}

const struct tcp_counts *tcp_counts(const struct tcp *tcp)
{
    return &tcp->counts;
}

/*
 * Records.
 */

static uint64_t hash_of_id(uint32_t id)
{
    return id * UINT64_C(0x9E3779B97F4A7C15) >> 16;
}

static uint64_t hash_of_target(const struct tcp *tcp, const struct flow *flow)
{
    struct slice host = slice_of((const char *)flow->remote.bytes, sizeof(flow->remote.bytes));
    uint16_t rest[3] = {flow->remote.port, flow->listener, flow->transport};

    return hash_pair(&tcp->settings.key, host, slice_of((const char *)rest, sizeof(rest)));
}

static void strangers_remove(struct connection *connection)
{
    struct tcp *tcp = connection->tcp;

    if (!connection->is_stranger) {
        return;
    }
    *(connection->older != NULL ? &connection->older->newer : &tcp->oldest) = connection->newer;
    *(connection->newer != NULL ? &connection->newer->older : &tcp->newest) = connection->older;
    connection->is_stranger = false;
}

static void strangers_add(struct connection *connection)
{
    struct tcp *tcp = connection->tcp;

    connection->is_stranger = true;
    connection->newer = NULL;
    connection->older = tcp->newest;
    *(tcp->newest != NULL ? &tcp->newest->newer : &tcp->oldest) = connection;
    tcp->newest = connection;
}

void tcp_heard(struct connection *connection)
{
    connection->heard_ms = loop_now_ms(connection->tcp->loop);
    if (connection->is_stranger) {
        strangers_remove(connection);
        strangers_add(connection);
    }
}

static struct connection *tcp_add(struct tcp *tcp, const struct flow *flow)
{
    struct connection *connection = pool_take(&tcp->connections);

    if (connection == NULL) {
        return NULL;
    }
    uint32_t index = pool_handle(&tcp->connections, connection).index;
    connection->tcp = tcp;
    connection->id = tcp->next_id;
    tcp->next_id += tcp->settings.id_step;
    if (tcp->next_id < connection->id) {
        tcp->next_id = tcp->settings.first_id; /* after four thousand million connections */
    }
    connection->flow = *flow;
    connection->flow.connection = connection->id;
    connection->target_hash = hash_of_target(tcp, flow);
    connection->heard_ms = loop_now_ms(tcp->loop);
    connection->limits = tcp->listeners[flow->listener]->settings.limits;
    connection->local = tcp->listeners[flow->listener]->settings.local;
    for (uint32_t i = 0; i < CONNECTION_TIMER_COUNT; i++) {
        connection->timers[i].kind = i;
        connection->timers[i].owner = index;
    }
    (void)table_add(&tcp->by_id, hash_of_id(connection->id), index);
    (void)table_add(&tcp->by_target, connection->target_hash, index);
    return connection;
}

static void dirty_remove(struct connection *connection)
{
    struct connection **link = &connection->tcp->dirty;

    while (connection->is_dirty && *link != NULL) {
        if (*link == connection) {
            *link = connection->next_dirty;
            connection->is_dirty = false;
            return;
        }
        link = &(*link)->next_dirty;
    }
}

void tcp_mark_dirty(struct connection *connection)
{
    if (!connection->is_dirty) {
        connection->is_dirty = true;
        connection->next_dirty = connection->tcp->dirty;
        connection->tcp->dirty = connection;
    }
}

void tcp_forget(struct connection *connection)
{
    struct tcp *tcp = connection->tcp;
    uint32_t index = pool_handle(&tcp->connections, connection).index;

    (void)table_remove(&tcp->by_id, hash_of_id(connection->id), index);
    (void)table_remove(&tcp->by_target, connection->target_hash, index);
    strangers_remove(connection);
    dirty_remove(connection);
    sources_give(&tcp->sources, connection->source);
    for (unsigned i = 0; i < CONNECTION_TIMER_COUNT; i++) {
        wheel_stop(&tcp->wheel, &connection->timers[i]);
    }
}

void tcp_gone(struct connection *connection)
{
    connection->next_dirty = connection->tcp->gone;
    connection->tcp->gone = connection;
}

static struct connection *tcp_find(const struct tcp *tcp, uint32_t id)
{
    struct table_cursor cursor = {0};
    uint32_t index;

    while (table_next(&tcp->by_id, hash_of_id(id), &cursor, &index)) {
        struct connection *connection = pool_at(&tcp->connections, index);

        if (connection->id == id) {
            return connection;
        }
    }
    return NULL;
}

static struct connection *tcp_find_target(const struct tcp *tcp, const struct flow *flow)
{
    struct table_cursor cursor = {0};
    uint32_t index;

    while (table_next(&tcp->by_target, hash_of_target(tcp, flow), &cursor, &index)) {
        struct connection *connection = pool_at(&tcp->connections, index);

        if (address_equal(&connection->flow.remote, &flow->remote) &&
            connection->flow.listener == flow->listener &&
            connection->flow.transport == flow->transport && !connection->closes &&
            connection->state != CONNECTION_FINISHING) {
            return connection;
        }
    }
    return NULL;
}

void tcp_know(struct tcp *tcp, uint32_t id)
{
    struct connection *connection = tcp_find(tcp, id);

    if (connection != NULL) {
        strangers_remove(connection);
    }
}

/*
 * Accepted.
 */

static bool tcp_is_crowded(const struct tcp *tcp)
{
    return (uint64_t)tcp->connections.used * 10 >=
           (uint64_t)tcp->settings.connections_max * TCP_CROWDED_OF_10;
}

static void tcp_make_room(struct tcp *tcp)
{
    if (tcp_is_crowded(tcp) && tcp->oldest != NULL) {
        tcp->counts.evicted++;
        connection_close(tcp->oldest);
    }
}

static void listener_take(struct tcp_listener *listener, int fd, const struct address *remote)
{
    struct tcp *tcp = listener->tcp;
    const struct tcp_listener_settings *settings = &listener->settings;
    struct flow flow = {.remote = *remote,
                        .listener = listener->index,
                        .transport = (uint8_t)settings->transport};
    uint32_t source = sources_take(&tcp->sources, remote, settings->source_max);

    if (source == 0) {
        tcp->counts.refused_source++;
        (void)close(fd);
        return;
    }
    tcp_make_room(tcp);
    struct connection *connection = tcp_add(tcp, &flow);
    if (connection == NULL) {
        tcp->counts.refused_full++;
        sources_give(&tcp->sources, source);
        (void)close(fd);
        return;
    }
    connection->source = source;
    connection->is_accepted = true;
    if (!connection_start(connection, fd, CONNECTION_UP)) {
        (void)close(fd);
        connection->state = CONNECTION_WANTED;
        connection_close(connection);
        return;
    }
    tcp->counts.accepted++;
    strangers_add(connection);
    tcp_set_timer(connection, CONNECTION_WHOLE, tcp->settings.whole_ms);
    tcp_set_timer(connection, CONNECTION_IDLE, tcp->settings.idle_ms);
}

/* Without descriptors the listener would be ready for ever: it rests. */
static void listener_pause(struct tcp_listener *listener)
{
    struct tcp *tcp = listener->tcp;
    uint64_t due_ms = loop_now_ms(tcp->loop) + TCP_PAUSE_MS;

    tcp->counts.refused_full++;
    loop_watch_for(&listener->watch, 0);
    wheel_set(&tcp->wheel, &listener->pause, due_ms);
    if (due_ms < tcp->alarm.due_ms) {
        loop_alarm_at(&tcp->alarm, due_ms);
    }
}

static void on_listener_ready(void *owner, unsigned events)
{
    struct tcp_listener *listener = owner;
    const int one = 1;

    (void)events;
    for (unsigned i = 0; i < TCP_ACCEPTS; i++) {
        struct socket_address from = {.len = sizeof(from.storage)};
        struct address remote;
        int fd = accept4(listener->fd, &from.any, &from.len, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
                listener_pause(listener);
            }
            return;
        }
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        socket_address_read(&from.any, &remote);
        listener_take(listener, fd, &remote);
    }
}

static void on_listener_closed(void *owner)
{
    free(owner);
}

bool tcp_listen(struct tcp *tcp, uint16_t listener, int fd,
                const struct tcp_listener_settings *settings, struct fault *fault)
{
    must(listener < TCP_LISTENERS_MAX && tcp->listeners[listener] == NULL);
    struct tcp_listener *new = calloc(1, sizeof(*new));
    if (new == NULL) {
        return fault_set(fault, "no memory for a listener");
    }
    *new = (struct tcp_listener){.tcp = tcp, .settings = *settings, .fd = fd, .index = listener};
    new->pause.kind = CONNECTION_TIMER_COUNT;
    new->pause.owner = listener;
    if (fd >= 0) {
        new->watch.ready = on_listener_ready;
        new->watch.owner = new;
        if (!loop_watch_open(tcp->loop, &new->watch, fd, fault)) {
            free(new);
            return false;
        }
        loop_watch_for(&new->watch, LOOP_READABLE);
    }
    tcp->listeners[listener] = new;
    return true;
}

void tcp_set_listener(struct tcp *tcp, uint16_t listener,
                      const struct tcp_listener_settings *settings)
{
    if (tcp->listeners[listener] != NULL) {
        tcp->listeners[listener]->settings = *settings;
    }
}

void tcp_unlisten(struct tcp *tcp, uint16_t listener)
{
    struct tcp_listener *old = tcp->listeners[listener];

    if (old == NULL) {
        return;
    }
    tcp->listeners[listener] = NULL;
    wheel_stop(&tcp->wheel, &old->pause);
    if (old->fd < 0) {
        free(old);
        return;
    }
    loop_watch_close(&old->watch, on_listener_closed);
    (void)close(old->fd);
}

bool tcp_is_listening(const struct tcp *tcp, uint16_t listener)
{
    return tcp->listeners[listener] != NULL;
}

static void connections_renumber(struct tcp *tcp, const uint16_t renumbered[TCP_LISTENERS_MAX])
{
    struct connection *connection = NULL;
    uint32_t index = 0;

    while ((connection = pool_next(&tcp->connections, &index)) != NULL) {
        uint16_t listener = renumbered[connection->flow.listener];

        if (connection->state == CONNECTION_GONE) {
            continue;
        }
        if (listener >= TCP_LISTENERS_MAX) {
            connection_close(connection);
            continue;
        }
        (void)table_remove(&tcp->by_target, connection->target_hash, index);
        connection->flow.listener = listener;
        connection->target_hash = hash_of_target(tcp, &connection->flow);
        (void)table_add(&tcp->by_target, connection->target_hash, index);
    }
}

void tcp_renumber(struct tcp *tcp, const uint16_t renumbered[TCP_LISTENERS_MAX])
{
    struct tcp_listener *moved[TCP_LISTENERS_MAX] = {0};

    connections_renumber(tcp, renumbered);
    for (uint16_t i = 0; i < TCP_LISTENERS_MAX; i++) {
        struct tcp_listener *listener = tcp->listeners[i];

        if (listener == NULL) {
            continue;
        }
        if (renumbered[i] >= TCP_LISTENERS_MAX) {
            tcp_unlisten(tcp, i);
            continue;
        }
        listener->index = renumbered[i];
        listener->pause.owner = renumbered[i];
        moved[renumbered[i]] = listener;
    }
    memcpy(tcp->listeners, moved, sizeof(moved));
}

/*
 * Opened by us, and what is sent.
 */

static struct connection *tcp_open(struct tcp *tcp, const struct flow *flow)
{
    if (flow->listener >= TCP_LISTENERS_MAX || tcp->listeners[flow->listener] == NULL) {
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
    if (fd >= 0 && connection_start(connection, fd, CONNECTION_CONNECTING)) {
        return;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    tcp->counts.connect_failed++;
    connection_close(connection);
}

void tcp_send(struct tcp *tcp, const struct outgoing *outgoing)
{
    const struct flow *flow = &outgoing->flow;
    bool is_new = false;
    struct connection *connection =
        flow->connection != 0 ? tcp_find(tcp, flow->connection) : tcp_find_target(tcp, flow);

    if (connection == NULL && flow->connection == 0) {
        connection = tcp_open(tcp, flow);
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
        tcp->owner.wanted(tcp->owner.owner, connection->id, flow->listener, &flow->remote);
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
