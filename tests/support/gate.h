/*
 * The media gate as the tests imagine it: orders are checked, nothing is relayed.
 *
 * What must hold: a stream opens on ports nobody else uses and that have rested, its epoch never
 * goes back, only open streams are closed or kept, and in the end none is open.
 */
#pragma once

#include "state/media_ports.h"
#include "wire/media_order.h"

enum { GATE_STREAMS_MAX = 8192 };

struct gate_stream {
    bool is_open, is_settled;
    struct media_order order; /* the last one that opened it */
};

struct gate {
    struct gate_stream streams[GATE_STREAMS_MAX];
    uint32_t open_streams[GATE_STREAMS_MAX]; /* indexes, in no order */
    uint32_t open_count, most_open;
    uint64_t opened, replaced, closed, kept, settled;
    uint64_t rested_until_ms[65536]; /* per port: pools of tests do not share ports */
    void (*broken)(void *owner, const char *what, const struct media_order *order);
    void *owner;
};

void gate_take(struct gate *gate, const struct media_order *order, uint64_t now_ms);
/* As after it was started anew itself. */
void gate_forget_all(struct gate *gate);
/* A worker was started anew: what it neither keeps nor opens will be closed. */
void gate_unsettle(struct gate *gate);
