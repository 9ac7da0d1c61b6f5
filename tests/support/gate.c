#include "gate.h"

static void complain(struct gate *gate, const char *what, const struct media_order *order)
{
    gate->broken(gate->owner, what, order);
}

static void forget(struct gate *gate, uint32_t index, uint64_t now_ms)
{
    struct gate_stream *stream = &gate->streams[index];

    for (unsigned side = 0; side < 2; side++) {
        gate->rested_until_ms[stream->order.sides[side].local.port] = now_ms + MEDIA_PORTS_REST_MS;
    }
    for (uint32_t i = 0; i < gate->open_count; i++) {
        if (gate->open_streams[i] == index) {
            gate->open_streams[i] = gate->open_streams[--gate->open_count];
            break;
        }
    }
    stream->is_open = false;
}

static bool uses(const struct media_order *order, const struct address *local)
{
    return address_equal(&order->sides[0].local, local) ||
           address_equal(&order->sides[1].local, local);
}

static void check_ports(struct gate *gate, const struct media_order *order, uint64_t now_ms)
{
    const struct gate_stream *stream = &gate->streams[order->stream];

    for (unsigned side = 0; side < 2; side++) {
        const struct address *local = &order->sides[side].local;

        if (local->family == ADDRESS_NONE || local->port == 0 || local->port % 2 != 0) {
            complain(gate, "a stream without an even port of ours", order);
        }
        if (stream->is_open && uses(&stream->order, local)) {
            continue;
        }
        if (gate->rested_until_ms[local->port] > now_ms) {
            complain(gate, "a port that has not rested (MED-05)", order);
        }
        for (uint32_t i = 0; i < gate->open_count; i++) {
            if (uses(&gate->streams[gate->open_streams[i]].order, local)) {
                complain(gate, "a port that another stream uses", order);
            }
        }
    }
}

static void open_stream(struct gate *gate, const struct media_order *order, uint64_t now_ms)
{
    struct gate_stream *stream = &gate->streams[order->stream];

    if (stream->is_open && !stream->is_settled && stream->order.generation != order->generation) {
        forget(gate, order->stream, 0); /* a former worker's: the one that is here knows better */
    }
    if (stream->is_open && stream->order.generation != order->generation) {
        complain(gate, "a stream opened over one that was not closed", order);
    }
    if (stream->is_open && order->epoch < stream->order.epoch) {
        complain(gate, "an epoch that goes back", order);
    }
    check_ports(gate, order, now_ms);
    if (!stream->is_open) {
        gate->open_streams[gate->open_count++] = order->stream;
        gate->opened++;
        stream->is_open = true;
        if (gate->open_count > gate->most_open) {
            gate->most_open = gate->open_count;
        }
    } else {
        gate->replaced++;
    }
    stream->order = *order;
    stream->is_settled = true;
}

static void settle(struct gate *gate, uint64_t now_ms)
{
    for (uint32_t i = gate->open_count; i-- > 0;) {
        uint32_t index = gate->open_streams[i];

        if (!gate->streams[index].is_settled) {
            forget(gate, index, now_ms - 1000); /* the worker lets them rest since it began */
        }
    }
    gate->settled++;
}

void gate_forget_all(struct gate *gate)
{
    while (gate->open_count > 0) {
        gate->streams[gate->open_streams[--gate->open_count]].is_open = false;
    }
    memset(gate->rested_until_ms, 0, sizeof(gate->rested_until_ms));
}

void gate_unsettle(struct gate *gate)
{
    for (uint32_t i = 0; i < gate->open_count; i++) {
        gate->streams[gate->open_streams[i]].is_settled = false;
    }
    /* What had been closed before is not remembered by the next worker. */
    memset(gate->rested_until_ms, 0, sizeof(gate->rested_until_ms));
}

void gate_take(struct gate *gate, const struct media_order *order, uint64_t now_ms)
{
    struct gate_stream *stream = NULL;
    bool is_known = false;

    if (order->version != MEDIA_ORDER_VERSION || order->stream >= GATE_STREAMS_MAX) {
        complain(gate, "an order of another version, or of a stream beyond all", order);
        return;
    }
    stream = &gate->streams[order->stream];
    is_known = stream->is_open && stream->order.generation == order->generation;
    switch ((enum media_order_kind)order->kind) {
    case MEDIA_OPEN:
        open_stream(gate, order, now_ms);
        return;
    case MEDIA_CLOSE:
        if (!is_known) {
            complain(gate, "a stream closed that is not open", order);
            return;
        }
        forget(gate, order->stream, now_ms);
        gate->closed++;
        return;
    case MEDIA_KEEP:
        if (!is_known) {
            complain(gate, "a stream kept that is not open", order);
            return;
        }
        stream->is_settled = true;
        gate->kept++;
        return;
    case MEDIA_SETTLED:
        settle(gate, now_ms);
        return;
    case MEDIA_FORGET_WORKER:
        complain(gate, "a worker that forgets itself", order);
        return;
    }
    complain(gate, "an order of no kind", order);
}
