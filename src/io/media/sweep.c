/*
 * What time alone brings: silence is told, orphans are closed, shields end.
 *
 * Ten ticks a second, each looks at a tenth of the streams.
 */
#include "io/media/handshake.h"
#include "io/media/inside.h"

enum {
    TICK_US = 100000,
    TICKS_PER_ROUND = 10,
    SECOND_US = 1000000,
    GATHER_FROM = 8000, /* packets per second; below, gathering would save nothing worth its wait */
};

static void stream_listen(struct gate *gate, struct gate_stream *stream)
{
    bool is_silent = gate->now_us - stream->heard_us >= stream->silence_us;

    if (is_silent != stream->is_silent) {
        stream->is_silent = is_silent;
        gate_report(gate, stream, is_silent ? MEDIA_REPORT_SILENT : MEDIA_REPORT_HEARD, 0);
    }
}

static void stream_handshakes(struct gate *gate, struct gate_stream *stream)
{
    for (unsigned i = 0; i < 2; i++) {
        struct gate_side *side = &stream->sides[i];

        gate_dtls_wait(side, gate->now_us);
        gate_dtls_begin(side, gate->dtls, stream->mask, gate->now_us);
        gate_dtls_send(&gate->ports[stream->port[i]], side);
    }
}

static void streams_sweep(struct gate *gate)
{
    uint32_t count = (gate->stream_count + TICKS_PER_ROUND - 1) / TICKS_PER_ROUND;

    for (uint32_t i = 0; i < count; i++) {
        gate->swept = (gate->swept + 1) % gate->stream_count;
        if (gate->streams[gate->swept].is_open) {
            stream_listen(gate, &gate->streams[gate->swept]);
            stream_handshakes(gate, &gate->streams[gate->swept]);
        }
    }
}

/* A worker that stays away for good leaves streams that nobody will ever close. */
static void orphans_close(struct gate *gate)
{
    uint64_t limit_us = (uint64_t)gate->limits.orphan_s * SECOND_US;

    for (uint32_t i = 0; i < gate->setup->worker_count; i++) {
        struct gate_worker *worker = &gate->workers[i];

        if (worker->fd < 0 && worker->gone_us != 0 && gate->now_us - worker->gone_us >= limit_us) {
            uint64_t before = gate->totals->streams;

            gate_worker_forget(gate, i);
            gate->totals->streams_orphaned += before - gate->totals->streams;
            worker->gone_us = 0;
        }
    }
}

static void gathering_decide(struct gate *gate)
{
    uint64_t packets = gate->totals->packets - gate->tick_packets;

    gate->tick_packets = gate->totals->packets;
    gate->is_gathering = packets * (SECOND_US / TICK_US) >= GATHER_FROM;
}

void gate_tick(struct gate *gate)
{
    if (gate->now_us < gate->tick_us) {
        return;
    }
    gate->tick_us = gate->now_us + TICK_US;
    streams_sweep(gate);
    orphans_close(gate);
    gate_shields_end(gate);
    gathering_decide(gate);
    gate_owed_tell(gate);
}
