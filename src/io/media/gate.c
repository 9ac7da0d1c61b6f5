/*
 * The gate's loop and its memory: everything is taken at start, nothing later.
 */
#include "io/media/gate.h"

#include "base/must.h"
#include "io/media/inside.h"
#include "io/media/ports.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static const struct media_limits usual_limits = {
// clang-format off
#define MEDIA_LIMIT(name, usual, what) .name = usual,
#include "io/media/limits.def"
#undef MEDIA_LIMIT
    // clang-format on
};

static void limits_complete(struct media_limits *limits)
{
// clang-format off
#define MEDIA_LIMIT(name, usual, what) \
    limits->name = limits->name == 0 ? usual_limits.name : limits->name;
#include "io/media/limits.def"
#undef MEDIA_LIMIT
    // clang-format on
    if (limits->block_ports > STRANGER_PORTS_MAX) {
        limits->block_ports = STRANGER_PORTS_MAX;
    }
}

static uint64_t clock_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void media_gate_free(struct gate *gate)
{
    if (gate == NULL) {
        return;
    }
    for (uint32_t i = 0; i < MEDIA_WORKERS_MAX; i++) {
        free(gate->workers[i].owed);
        if (gate->workers[i].fd >= 0) {
            (void)close(gate->workers[i].fd);
        }
    }
    if (gate->epoll >= 0) {
        (void)close(gate->epoll);
    }
    for (uint32_t i = 0; gate->streams != NULL && i < gate->stream_count; i++) {
        gate_stream_end(&gate->streams[i]);
    }
    dtls_setup_free(gate->dtls);
    free(gate->ports);
    free(gate->pending);
    free(gate->streams);
    free(gate);
}

static bool workers_take(struct gate *gate)
{
    for (uint32_t i = 0; i < gate->setup->worker_count; i++) {
        gate->workers[i].owed = calloc(GATE_OWED_MAX, sizeof(struct media_report));
        if (gate->workers[i].owed == NULL) {
            return false;
        }
    }
    return true;
}

static bool gate_take(struct gate *gate)
{
    const struct media_setup *setup = gate->setup;

    gate->port_count = media_sockets_count(setup->pools, setup->pool_count);
    gate->stream_count = setup->worker_count * gate->limits.streams;
    gate->ports = calloc(gate->port_count + 1, sizeof(*gate->ports));
    gate->pending = calloc(gate->port_count + 1, sizeof(*gate->pending));
    gate->streams = calloc(gate->stream_count + 1, sizeof(*gate->streams));
    gate->epoll = epoll_create1(EPOLL_CLOEXEC);
    return gate->ports != NULL && gate->pending != NULL && gate->streams != NULL &&
           gate->epoll >= 0 && workers_take(gate);
}

static struct gate *gate_make(const struct media_setup *setup)
{
    struct gate *gate = calloc(1, sizeof(*gate));

    if (gate == NULL) {
        return NULL;
    }
    gate->setup = setup;
    gate->totals = setup->totals == NULL ? &gate->own_totals : setup->totals;
    gate->limits = setup->limits;
    gate->epoll = -1;
    limits_complete(&gate->limits);
    gate_batch_init(&gate->batch);
    gate_orders_init(&gate->orders);
    gate->strangers.key = setup->key;
    gate->strangers.block_ports = gate->limits.block_ports;
    gate->strangers.block_packets = gate->limits.block_packets;
    gate->strangers.block_s = gate->limits.block_s;
    for (uint32_t i = 0; i < MEDIA_WORKERS_MAX; i++) {
        gate->workers[i].fd = -1;
    }
    return gate;
}

static bool watch(const struct gate *gate, int fd, uint32_t events, uint64_t what)
{
    struct epoll_event event = {.events = events, .data.u64 = what};

    return epoll_ctl(gate->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* Ports are told of once per arrival, not as long as something waits: gate.pending remembers. */
static bool ports_watch(struct gate *gate)
{
    uint32_t number = 0;

    for (uint32_t i = 0; i < gate->setup->pool_count; i++) {
        const struct media_pool *pool = &gate->setup->pools[i];

        gate->pool_first[i] = number;
        for (uint32_t end = number + 2 * media_pool_pairs(pool); number < end; number++) {
            struct gate_port *port = &gate->ports[number];

            port->fd = gate->setup->sockets[number];
            port->family = pool->address.family;
            port->dscp = MEDIA_DSCP_AUDIO;
            port->is_control = number % 2 == 1;
            if (port->fd >= 0 &&
                !watch(gate, port->fd, EPOLLIN | EPOLLET, gate_wake_of(GATE_WAKE_PORT, number))) {
                return false;
            }
        }
    }
    return true;
}

static bool gate_begin(struct gate *gate)
{
    const struct media_setup *setup = gate->setup;

    if (!ports_watch(gate) || (setup->parent >= 0 && !watch(gate, setup->parent, EPOLLIN,
                                                            gate_wake_of(GATE_WAKE_PARENT, 0)))) {
        return false;
    }
    for (uint32_t i = 0; i < setup->worker_count; i++) {
        if (setup->workers[i] >= 0) {
            gate_worker_connect(gate, i, setup->workers[i]);
        }
    }
    return true;
}

/* Orders first: a packet is judged by the newest of what the border said. */
static void events_take(struct gate *gate, const struct epoll_event *events, int count)
{
    for (int i = 0; i < count; i++) {
        uint32_t number = (uint32_t)events[i].data.u64;
        enum gate_wake kind = (enum gate_wake)(events[i].data.u64 >> 32);

        if (kind == GATE_WAKE_WORKER) {
            gate_worker_event(gate, number, events[i].events);
        } else if (kind == GATE_WAKE_PARENT) {
            gate_parent_event(gate);
        }
    }
    for (int i = 0; i < count; i++) {
        if (events[i].data.u64 >> 32 == GATE_WAKE_PORT) {
            gate_port_read(gate, &gate->ports[(uint32_t)events[i].data.u64]);
        }
    }
}

static int wait_ms(const struct gate *gate)
{
    if (gate->pending_count > 0) {
        return 0;
    }
    if (gate->gathers_orders) {
        return GATE_ORDERS_GATHER_US / 1000;
    }
    return gate->tick_us > gate->now_us ? (int)((gate->tick_us - gate->now_us) / 1000 + 1) : 0;
}

/* Under load a wake-up costs more than a packet does: let a few gather. */
static void gather(const struct gate *gate)
{
    uint64_t passed_us = clock_us() - gate->now_us;

    if (gate->is_gathering && gate->pending_count == 0 && passed_us < gate->limits.gather_us) {
        struct timespec rest = {.tv_nsec = (long)(gate->limits.gather_us - passed_us) * 1000};

        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, NULL);
    }
}

static void gate_turn(struct gate *gate)
{
    struct epoll_event events[GATE_EVENTS];
    int count = epoll_wait(gate->epoll, events, GATE_EVENTS, wait_ms(gate));

    gate->now_us = clock_us();
    gate_gathered_take(gate);
    gate_pending_read(gate);
    events_take(gate, events, count);
    gate_tick(gate);
    gather(gate);
}

struct gate *media_gate_new(const struct media_setup *setup)
{
    struct gate *gate = NULL;

    must(setup->worker_count <= MEDIA_WORKERS_MAX && setup->pool_count <= MEDIA_POOLS_MAX);
    gate = gate_make(setup);
    if (gate == NULL) {
        return NULL;
    }
    /* The usual slack of 50 us would be a fifth of the gathering. */
    (void)prctl(PR_SET_TIMERSLACK, 1000UL, 0, 0, 0);
    gate->now_us = clock_us();
    gate->dtls = setup->certificate == NULL ? NULL : dtls_setup_new(setup->certificate);
    if (setup->certificate != NULL && gate->dtls == NULL) {
        media_gate_free(gate);
        return NULL;
    }
    if (!gate_take(gate) || !gate_begin(gate)) {
        media_gate_free(gate);
        return NULL;
    }
    return gate;
}

void media_gate_run(struct gate *gate)
{
    while (!gate->is_stopping) {
        gate_turn(gate);
    }
}

int media_run(const struct media_setup *setup)
{
    struct gate *gate = media_gate_new(setup);

    if (gate == NULL) {
        return 1;
    }
    media_gate_run(gate);
    media_gate_free(gate);
    return 0;
}
