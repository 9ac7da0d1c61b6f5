/*
 * Connections in their tables: by number, by target; strangers in the order they were last heard.
 */
#include "io/connection.h"

enum { TCP_CROWDED_OF_10 = 9 }; /* DOS-38: from here on strangers make room for others */

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

void tcp_add_stranger(struct connection *connection)
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
        tcp_add_stranger(connection);
    }
}

struct connection *tcp_add(struct tcp *tcp, const struct flow *flow)
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

static void alias_remove(struct connection *connection, uint32_t index)
{
    if (connection->alias_port != 0) {
        (void)table_remove(&connection->tcp->by_target, connection->alias_hash, index);
        connection->alias_port = 0;
    }
}

void tcp_alias(struct tcp *tcp, uint32_t id, uint16_t port)
{
    struct connection *connection = tcp_find(tcp, id);

    if (connection == NULL || connection->alias_port != 0 || port == 0 ||
        connection->flow.remote.port == port || connection->state != CONNECTION_UP) {
        return;
    }
    struct flow alias = connection->flow;
    alias.remote.port = port;
    connection->alias_port = port;
    connection->alias_hash = hash_of_target(tcp, &alias);
    (void)table_add(&tcp->by_target, connection->alias_hash,
                    pool_handle(&tcp->connections, connection).index);
    tcp->counts.aliases++;
}

void tcp_forget(struct connection *connection)
{
    struct tcp *tcp = connection->tcp;
    uint32_t index = pool_handle(&tcp->connections, connection).index;

    (void)table_remove(&tcp->by_id, hash_of_id(connection->id), index);
    (void)table_remove(&tcp->by_target, connection->target_hash, index);
    alias_remove(connection, index);
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

struct connection *tcp_find(const struct tcp *tcp, uint32_t id)
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

static bool is_there(const struct connection *connection, const struct address *target)
{
    return address_same_host(&connection->flow.remote, target) &&
           (connection->flow.remote.port == target->port ||
            (connection->alias_port != 0 && connection->alias_port == target->port));
}

struct connection *tcp_find_target(const struct tcp *tcp, const struct flow *flow)
{
    struct table_cursor cursor = {0};
    uint32_t index;

    while (table_next(&tcp->by_target, hash_of_target(tcp, flow), &cursor, &index)) {
        struct connection *connection = pool_at(&tcp->connections, index);

        if (is_there(connection, &flow->remote) && connection->flow.listener == flow->listener &&
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

void tcp_renumber_connections(struct tcp *tcp, const uint16_t renumbered[TCP_LISTENERS_MAX])
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
        alias_remove(connection, index);
        connection->flow.listener = listener;
        connection->target_hash = hash_of_target(tcp, &connection->flow);
        (void)table_add(&tcp->by_target, connection->target_hash, index);
    }
}

static bool tcp_is_crowded(const struct tcp *tcp)
{
    return (uint64_t)tcp->connections.used * 10 >=
           (uint64_t)tcp->settings.connections_max * TCP_CROWDED_OF_10;
}

void tcp_make_room(struct tcp *tcp)
{
    if (tcp_is_crowded(tcp) && tcp->oldest != NULL) {
        tcp->counts.evicted++;
        connection_close(tcp->oldest);
    }
}
