/*
 * The packet path: what waits at a port is taken in one call, judged, and sent on.
 *
 * Nothing is allocated and nothing is kept: a packet the kernel does not take at once is lost, as
 * it would be on the wire.
 */
#include "io/media/handshake.h"
#include "io/media/inside.h"

static char *batch_room(struct gate_batch *batch, uint32_t place)
{
    return batch->octets + (size_t)place * GATE_ROOM;
}

static void out_flush(struct gate *gate)
{
    struct gate_batch *batch = &gate->batch;
    uint32_t done = 0;

    while (done < batch->out_count) {
        int sent =
            sendmmsg(batch->out_fd, &batch->out[done], batch->out_count - done, MSG_DONTWAIT);

        if (sent > 0) {
            done += (uint32_t)sent;
            continue;
        }
        batch->senders[done]->counts.dropped[MEDIA_UNSENT]++;
        gate->totals->dropped[MEDIA_UNSENT]++;
        gate->totals->packets--;
        gate->totals->octets -= batch->out_pieces[done].iov_len;
        done++;
    }
    batch->out_count = 0;
}

/* Of one socket at a time; almost always all packets of a port leave by the same. */
static void out_add(struct gate *gate, int fd, const struct gate_verdict *verdict,
                    struct gate_side *sender)
{
    struct gate_batch *batch = &gate->batch;
    uint32_t place;

    if (batch->out_count > 0 && batch->out_fd != fd) {
        out_flush(gate);
    }
    place = batch->out_count++;
    batch->out_fd = fd;
    batch->senders[place] = sender;
    socket_address_write(&batch->targets[place], verdict->to);
    batch->out_pieces[place] = (struct iovec){
        .iov_base = &batch->octets[verdict->bytes.at - batch->octets],
        .iov_len = verdict->bytes.len,
    };
    batch->out[place].msg_hdr.msg_namelen = batch->targets[place].len;
    gate->totals->packets++;
    gate->totals->octets += verdict->bytes.len;
}

/* One that nobody expects: it is counted for its source and for the port. */
static void stranger_packet(struct gate *gate, struct gate_port *port, const struct address *source,
                            enum media_reason reason)
{
    uint32_t number = (uint32_t)(port - gate->ports);

    switch (strangers_note(&gate->strangers, source, number, gate->now_us)) {
    case STRANGER_NOTED:
        break;
    case STRANGER_BLOCKED_NOW:
        gate_report_blocked(gate, source);
        break;
    case STRANGER_BLOCKED:
        reason = MEDIA_BLOCKED;
        break;
    }
    gate->totals->dropped[reason]++;
    gate_port_strange(gate, port);
}

/* To a port without a stream: the party of the last one may be late, all others are strangers. */
static void closed_port_packet(struct gate *gate, struct gate_port *port,
                               const struct address *source)
{
    if (gate->now_us < port->former_until_us && address_same_host(&port->former, source)) {
        gate->totals->dropped[MEDIA_LATE]++;
        gate_port_strange(gate, port);
        return;
    }
    stranger_packet(gate, port, source, MEDIA_NO_STREAM);
}

static void packet_refused(struct gate *gate, struct gate_port *port,
                           const struct gate_packet *packet, const struct gate_verdict *verdict)
{
    if (verdict->is_strange) {
        stranger_packet(gate, port, &packet->source, verdict->reason);
        return;
    }
    gate->totals->dropped[verdict->reason]++;
    if (verdict->reason == MEDIA_WRONG_SOURCE) {
        gate_port_strange(gate, port);
    }
}

/* The socket of the other side that the packet leaves by. */
static int port_out(struct gate *gate, const struct gate_stream *stream, unsigned side,
                    bool is_control)
{
    return gate->ports[stream->port[side ^ 1] + (is_control ? 1 : 0)].fd;
}

void gate_dtls_send(const struct gate_port *port, struct gate_side *side)
{
    struct socket_address target;
    struct slice datagram;

    if (side->secrets.dtls == NULL) {
        return;
    }
    socket_address_write(&target, &side->secrets.dtls_with);
    while (dtls_next(side->secrets.dtls, &datagram)) {
        (void)sendto(port->fd, datagram.at, datagram.len, MSG_DONTWAIT,
                     (const struct sockaddr *)&target.storage, target.len);
    }
}

/* What the gate says itself goes back where the question came from. */
static void handshake_packet(struct gate *gate, struct gate_port *port, struct gate_stream *stream,
                             const struct gate_packet *packet, const struct gate_verdict *verdict)
{
    struct gate_side *side = &stream->sides[port->side];
    struct socket_address target;

    gate->totals->handshakes++;
    if (verdict->answer.len > 0) {
        socket_address_write(&target, &packet->source);
        (void)sendto(port->fd, verdict->answer.at, verdict->answer.len, MSG_DONTWAIT,
                     (const struct sockaddr *)&target.storage, target.len);
    }
    gate_dtls_begin(side, gate->dtls, stream->mask, gate->now_us);
    gate_dtls_send(&gate->ports[stream->port[port->side]], side);
}

static void stream_packet(struct gate *gate, struct gate_port *port, struct gate_packet *packet)
{
    struct gate_stream *stream = gate_port_stream(gate, port);
    struct gate_verdict verdict;

    media_judge(stream, port->side, packet, &verdict);
    gate->totals->learned += verdict.was_learned;
    if (verdict.fast != MEDIA_REPORT_CLOSED) {
        gate_report(gate, stream, verdict.fast, port->side);
    }
    if (verdict.reason == MEDIA_PASSED) {
        out_add(gate, port_out(gate, stream, port->side, verdict.is_control), &verdict,
                &stream->sides[port->side]);
    } else if (verdict.reason == MEDIA_HANDSHAKE) {
        handshake_packet(gate, port, stream, packet, &verdict);
    } else {
        packet_refused(gate, port, packet, &verdict);
    }
}

static void port_packet(struct gate *gate, struct gate_port *port, uint32_t place)
{
    struct gate_batch *batch = &gate->batch;
    const struct mmsghdr *in = &batch->in[place];
    struct gate_packet packet = {
        .at = batch_room(batch, place),
        .len = in->msg_len,
        .max = GATE_ROOM,
        .is_cut = (in->msg_hdr.msg_flags & MSG_TRUNC) != 0,
        .is_control = port->is_control,
        .now_us = gate->now_us,
        .room = batch_room(batch, GATE_BATCH + place),
        .strangers = &gate->strangers,
        .dtls = gate->dtls,
    };

    socket_address_read((const struct sockaddr *)(const void *)&batch->sources[place],
                        &packet.source);
    if (port->place == 0) {
        closed_port_packet(gate, port, &packet.source);
    } else {
        stream_packet(gate, port, &packet);
    }
}

static void port_wait(struct gate *gate, struct gate_port *port)
{
    if (!port->is_pending) {
        port->is_pending = true;
        gate->pending[(gate->pending_first + gate->pending_count++) % gate->port_count] =
            (uint32_t)(port - gate->ports);
    }
}

void gate_port_read(struct gate *gate, struct gate_port *port)
{
    struct gate_batch *batch = &gate->batch;
    int count = recvmmsg(port->fd, batch->in, GATE_BATCH, MSG_DONTWAIT, NULL);

    for (int i = 0; i < count; i++) {
        port_packet(gate, port, (uint32_t)i);
        batch->in[i].msg_hdr.msg_namelen = sizeof(batch->sources[i]);
    }
    out_flush(gate);
    /* The kernel tells of an arrival once: what did not fit the batch is remembered here. */
    if (count == GATE_BATCH) {
        port->was_full = true;
        port_wait(gate, port);
    }
}

/* Each of those that waited gets one more batch; none gets two before the others got one. */
void gate_pending_read(struct gate *gate)
{
    for (uint32_t i = gate->pending_count; i > 0; i--) {
        struct gate_port *port = &gate->ports[gate->pending[gate->pending_first]];

        gate->pending_first = (gate->pending_first + 1) % gate->port_count;
        gate->pending_count--;
        port->is_pending = false;
        gate_port_read(gate, port);
    }
}

void gate_batch_init(struct gate_batch *batch)
{
    for (unsigned i = 0; i < GATE_BATCH; i++) {
        batch->in_pieces[i] = (struct iovec){batch_room(batch, i), GATE_ROOM};
        batch->in[i].msg_hdr = (struct msghdr){
            .msg_name = &batch->sources[i],
            .msg_namelen = sizeof(batch->sources[i]),
            .msg_iov = &batch->in_pieces[i],
            .msg_iovlen = 1,
        };
        batch->out[i].msg_hdr = (struct msghdr){
            .msg_name = &batch->targets[i].storage,
            .msg_iov = &batch->out_pieces[i],
            .msg_iovlen = 1,
        };
    }
}
