/*
 * Orders, carried out on ports and streams.
 *
 * A worker owns its streams and nobody else's.  It also decides which ports are free, so its word
 * on a port wins over an older stream of its own; never over another worker's.
 */
#include "io/media/handshake.h"
#include "io/media/inside.h"
#include "io/media/ports.h"

/* The RTP port of this address, or NULL when it is none of ours or could not be opened. */
static struct gate_port *port_find(struct gate *gate, const struct address *local)
{
    for (uint32_t i = 0; i < gate->setup->pool_count; i++) {
        const struct media_pool *pool = &gate->setup->pools[i];
        uint32_t number = local->port - media_pool_first(pool);

        if (local->port >= media_pool_first(pool) && number < 2 * media_pool_pairs(pool) &&
            number % 2 == 0 && address_same_host(&pool->address, local)) {
            struct gate_port *port = &gate->ports[gate->pool_first[i] + number];

            return port->fd >= 0 ? port : NULL;
        }
    }
    return NULL;
}

/* NULL when the worker has no stream of that index. */
static struct gate_stream *stream_at(struct gate *gate, uint32_t worker, uint32_t index)
{
    if (index == 0 || index > gate->limits.streams) {
        return NULL;
    }
    return &gate->streams[(size_t)worker * gate->limits.streams + index - 1];
}

static struct gate_stream *stream_named(struct gate *gate, uint32_t worker,
                                        const struct media_order *order)
{
    struct gate_stream *stream = stream_at(gate, worker, order->stream);

    return stream != NULL && stream->is_open && stream->generation == order->generation ? stream
                                                                                        : NULL;
}

/* RTP port and RTCP port alike. */
static void pair_attach(struct gate *gate, struct gate_port *pair, struct gate_stream *stream,
                        uint8_t side)
{
    const struct media_side *told = &stream->sides[side].told;
    uint8_t dscp = told->dscp == 0 ? MEDIA_DSCP_AUDIO : told->dscp;

    stream->port[side] = (uint32_t)(pair - gate->ports);
    for (struct gate_port *port = pair; port < pair + 2; port++) {
        port->place = (uint32_t)(stream - gate->streams) + 1;
        port->side = side;
        gate_port_unshield(gate, port);
        if (port->dscp != dscp && media_socket_mark(port->fd, port->family, dscp)) {
            port->dscp = dscp;
        }
    }
}

static void pair_detach(struct gate *gate, struct gate_port *pair, const struct address *former)
{
    for (struct gate_port *port = pair; port < pair + 2; port++) {
        port->place = 0;
        port->former = *former;
        port->former_until_us = gate->now_us + GATE_FORMER_US;
        gate_port_unshield(gate, port);
        if (port->was_full) {
            port->was_full = false;
            gate_port_drops(gate, port, &gate->totals->overrun);
        }
    }
}

static void stream_detach(struct gate *gate, struct gate_stream *stream)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct gate_side *side = &stream->sides[i];
        const struct address *party =
            side->from.family == ADDRESS_NONE ? &side->told.remote : &side->from;

        pair_detach(gate, &gate->ports[stream->port[i]], party);
    }
}

void gate_stream_close(struct gate *gate, struct gate_stream *stream)
{
    stream_detach(gate, stream);
    gate_stream_end(stream);
    gate->totals->streams--;
}

/* Told once it is true. */
static void stream_end(struct gate *gate, struct gate_stream *stream)
{
    gate_stream_close(gate, stream);
    gate_report(gate, stream, MEDIA_REPORT_CLOSED, 0);
}

static bool port_may_be_used(const struct gate *gate, const struct gate_port *port, uint32_t worker)
{
    const struct gate_stream *user = port == NULL ? NULL : gate_port_stream(gate, port);

    return port != NULL && (user == NULL || user->worker == worker);
}

/* Whatever other stream of this worker still has the port: the border knows better. */
static void port_free(struct gate *gate, struct gate_port *port, const struct gate_stream *stream)
{
    struct gate_stream *user = gate_port_stream(gate, port);

    if (user != NULL && user != stream) {
        stream_end(gate, user);
    }
}

static void order_refuse(struct gate *gate, uint32_t worker, const struct media_order *order)
{
    gate->totals->orders_refused++;
    gate_order_answer(gate, worker, order, MEDIA_REPORT_REFUSED);
}

static void order_unknown(struct gate *gate, uint32_t worker, const struct media_order *order)
{
    gate->totals->orders_stale++;
    gate_order_answer(gate, worker, order, MEDIA_REPORT_UNKNOWN);
}

/* The same for the same stream, also after the gate itself was started anew. */
static uint64_t stream_mask(const struct gate *gate, const struct media_order *order)
{
    uint32_t name[] = {order->worker, order->stream, order->generation};

    return hash_bytes(&gate->setup->key, slice_of((const char *)name, sizeof(name)));
}

/* The stream leaves ports that the order does not name. */
static void stream_move(struct gate *gate, struct gate_stream *stream,
                        const struct media_order *order)
{
    for (unsigned i = 0; i < 2; i++) {
        if (!address_equal(&stream->sides[i].told.local, &order->sides[i].local)) {
            stream_detach(gate, stream);
            return;
        }
    }
}

/* Makes room for the order: older streams on its ports, an older stream of its index. */
static void order_clear(struct gate *gate, struct gate_stream *stream,
                        struct gate_port *const pairs[2], const struct media_order *order)
{
    port_free(gate, pairs[0], stream);
    port_free(gate, pairs[1], stream);
    if (stream->is_open && stream->generation != order->generation) {
        stream_end(gate, stream);
    }
    if (stream->is_open) {
        stream_move(gate, stream, order);
        return;
    }
    gate->totals->streams_opened++;
    if (++gate->totals->streams > gate->totals->streams_most) {
        gate->totals->streams_most = gate->totals->streams;
    }
}

static void order_open(struct gate *gate, uint32_t worker, const struct media_order *order)
{
    struct gate_stream *stream = stream_at(gate, worker, order->stream);
    struct gate_port *pairs[2] = {port_find(gate, &order->sides[0].local),
                                  port_find(gate, &order->sides[1].local)};
    enum gate_ordered ordered = stream == NULL || !port_may_be_used(gate, pairs[0], worker) ||
                                        !port_may_be_used(gate, pairs[1], worker)
                                    ? GATE_REFUSED
                                    : gate_stream_check(stream, order);

    if (ordered == GATE_REFUSED) {
        order_refuse(gate, worker, order);
        return;
    }
    if (ordered == GATE_STALE) {
        order_unknown(gate, worker, order);
        return;
    }
    order_clear(gate, stream, pairs, order);
    gate_stream_open(stream, order, &gate->limits, stream_mask(gate, order), gate->now_us);
    stream->settled = gate->workers[worker].connection;
    pair_attach(gate, pairs[0], stream, 0);
    pair_attach(gate, pairs[1], stream, 1);
    for (unsigned i = 0; i < 2; i++) {
        gate_dtls_begin(&stream->sides[i], gate->dtls, stream->mask, gate->now_us);
        gate_dtls_send(pairs[i], &stream->sides[i]);
    }
}

static void order_close(struct gate *gate, uint32_t worker, const struct media_order *order)
{
    struct gate_stream *stream = stream_named(gate, worker, order);

    if (stream == NULL) {
        order_unknown(gate, worker, order);
        return;
    }
    stream_end(gate, stream);
}

static void order_keep(struct gate *gate, uint32_t worker, const struct media_order *order)
{
    struct gate_stream *stream = stream_named(gate, worker, order);

    if (stream == NULL) {
        order_unknown(gate, worker, order);
        return;
    }
    stream->settled = gate->workers[worker].connection;
}

static void order_settled(struct gate *gate, uint32_t worker)
{
    for (uint32_t i = 1; i <= gate->limits.streams; i++) {
        struct gate_stream *stream = stream_at(gate, worker, i);

        if (stream->is_open && stream->settled != gate->workers[worker].connection) {
            gate->totals->streams_unsettled++;
            gate_stream_close(gate, stream);
        }
    }
}

void gate_worker_forget(struct gate *gate, uint32_t worker)
{
    for (uint32_t i = 1; i <= gate->limits.streams; i++) {
        struct gate_stream *stream = stream_at(gate, worker, i);

        if (stream->is_open) {
            gate_stream_close(gate, stream);
        }
    }
}

void gate_order(struct gate *gate, uint32_t worker, const struct media_order *order)
{
    gate->totals->orders++;
    if (order->worker != worker) {
        order_refuse(gate, worker, order);
        return;
    }
    switch ((enum media_order_kind)order->kind) {
    case MEDIA_OPEN:
        order_open(gate, worker, order);
        return;
    case MEDIA_CLOSE:
        order_close(gate, worker, order);
        return;
    case MEDIA_FORGET_WORKER:
        gate_worker_forget(gate, worker);
        return;
    case MEDIA_KEEP:
        order_keep(gate, worker, order);
        return;
    case MEDIA_SETTLED:
        order_settled(gate, worker);
        return;
    }
}
