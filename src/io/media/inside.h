/*
 * What the files of the gate share: its ports, its workers, its one block of memory.
 */
#pragma once

#include "io/media/judge.h"
#include "io/socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

enum {
    GATE_BATCH = 32,      /* packets of one port in one call: 0.6 s of audio, a burst of video */
    GATE_EVENTS = 128,    /* of one turn; orders never wait longer than these ports take */
    GATE_OWED_MAX = 1024, /* reports of a worker that does not read: a second of 1,000 calls */
    GATE_ORDERS = 16,     /* read in one call */
    GATE_ORDERS_GATHER_US = 5000, /* nothing waits for an order but the packets that come after it,
                                     and they have it read first */
    GATE_SHIELDS_MAX = 16384,     /* ports under attack at the same time */
    GATE_FORMER_US = 30000000,    /* MED-05: how long a former party's packets are merely late */
};

/* Packets that nobody expected, in the second that began at second_us. */
struct gate_strange {
    uint64_t second_us;
    uint32_t packets;
};

/* A socket: its place in the gate's list is its pool's first place plus its port's number. */
struct gate_port {
    int fd;
    uint32_t place; /* of the stream in gate.streams + 1; 0: no stream */
    uint8_t side, family, dscp;
    bool is_control;
    bool is_pending; /* more packets may wait: it is in gate.pending */
    bool was_full;   /* a batch of it was: only then the kernel may have dropped what came */
    struct gate_strange strange;
    uint64_t shielded_until_us; /* 0: no shield */
    uint32_t kernel_drops;      /* as last asked */
    struct address former;      /* party of the stream that ended last */
    uint64_t former_until_us;
};

struct gate_worker {
    int fd;              /* -1: away */
    uint32_t connection; /* counts its connections: streams know which one last wanted them */
    uint64_t gone_us;
    bool waits_to_write;
    bool gathers;              /* its orders do not wake the gate: they are looked for every turn */
    uint64_t heard_us;         /* when orders came last */
    struct media_report *owed; /* a ring of GATE_OWED_MAX */
    uint32_t owed_first, owed_count;
};

struct gate_batch {
    struct mmsghdr in[GATE_BATCH], out[GATE_BATCH];
    struct iovec in_pieces[GATE_BATCH], out_pieces[GATE_BATCH];
    struct sockaddr_in6 sources[GATE_BATCH]; /* room for both families */
    struct socket_address targets[GATE_BATCH];
    struct gate_side *senders[GATE_BATCH]; /* whose packet each of out is */
    uint32_t out_count;
    int out_fd;
    char octets[2 * GATE_BATCH * GATE_ROOM]; /* packets, then rooms for what is written anew */
};

struct gate_orders {
    struct mmsghdr messages[GATE_ORDERS];
    struct iovec pieces[GATE_ORDERS];
    char octets[GATE_ORDERS][sizeof(struct media_order) + 1]; /* one more: too long is seen */
};

struct gate_shield {
    uint32_t port;
    uint64_t until_us;
};

struct gate {
    const struct media_setup *setup;
    struct media_limits limits;
    struct media_totals *totals, own_totals;
    int epoll;
    bool is_stopping;
    uint64_t now_us;

    struct gate_port *ports;
    uint32_t port_count;
    uint32_t pool_first[MEDIA_POOLS_MAX];
    struct gate_stream *streams; /* limits.streams for each worker */
    uint32_t stream_count;
    struct gate_worker workers[MEDIA_WORKERS_MAX];

    uint32_t *pending; /* a ring of port_count */
    uint32_t pending_first, pending_count;

    struct gate_strange strange;                  /* at all ports */
    struct gate_shield shields[GATE_SHIELDS_MAX]; /* a ring, in the order they end */
    uint32_t shield_first, shield_count;

    uint64_t tick_us;      /* when the next tick is due */
    uint32_t swept;        /* where the next tick goes on */
    uint64_t tick_packets; /* passed on at the last tick */
    bool is_gathering;

    struct dtls_setup *dtls; /* NULL: the gate has no certificate */
    struct gate_batch batch;
    struct gate_orders orders;
    bool gathers_orders; /* of some worker */
    struct strangers strangers;
};

/* What an event of the kernel is about. */
enum gate_wake { GATE_WAKE_PORT, GATE_WAKE_WORKER, GATE_WAKE_PARENT };

static inline uint64_t gate_wake_of(enum gate_wake kind, uint32_t number)
{
    return (uint64_t)kind << 32 | number;
}

static inline struct gate_stream *gate_port_stream(const struct gate *gate,
                                                   const struct gate_port *port)
{
    return port->place == 0 ? NULL : &gate->streams[port->place - 1];
}

/* packets.c: what waits at a port is judged and passed on. */
void gate_batch_init(struct gate_batch *batch);
void gate_port_read(struct gate *gate, struct gate_port *port);
void gate_pending_read(struct gate *gate);
/* What a handshake of the side has to say, by its RTP port. */
void gate_dtls_send(const struct gate_port *port, struct gate_side *side);

/* workers.c: connections, orders, reports. */
void gate_orders_init(struct gate_orders *orders);
void gate_worker_connect(struct gate *gate, uint32_t number, int fd);
void gate_worker_event(struct gate *gate, uint32_t number, uint32_t events);
/* Every turn, before any packet. */
void gate_gathered_take(struct gate *gate);
/* What is told without hurry. */
void gate_owed_tell(struct gate *gate);
void gate_parent_event(struct gate *gate);
void gate_report(struct gate *gate, const struct gate_stream *stream, enum media_report_kind kind,
                 unsigned side);
/* About an order that could not be carried out. */
void gate_order_answer(struct gate *gate, uint32_t worker, const struct media_order *order,
                       enum media_report_kind kind);
void gate_report_blocked(struct gate *gate, const struct address *source);

/* orders.c: what a worker wants, carried out. */
void gate_order(struct gate *gate, uint32_t worker, const struct media_order *order);
void gate_stream_close(struct gate *gate, struct gate_stream *stream);
void gate_worker_forget(struct gate *gate, uint32_t worker);

/* shield.c: strangers of one port are dropped by the kernel while there are too many. */
void gate_port_strange(struct gate *gate, struct gate_port *port);
void gate_port_unshield(struct gate *gate, struct gate_port *port);
void gate_shields_end(struct gate *gate);
void gate_port_drops(struct gate *gate, struct gate_port *port, uint64_t *counter);

/* sweep.c: what time alone brings. */
void gate_tick(struct gate *gate);
