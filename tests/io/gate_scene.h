/*
 * A real gate in a process of its own, its parent and its workers, on loopback addresses that no
 * other test uses.
 */
#pragma once

#include "io/media/gate.h"
#include "io/media/ports.h"
#include "io/socket.h"
#include "media_scene.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { POOLS = 3, PORTS_EACH = 40, WORKERS = 2, WAIT_MS = 2000, NOTHING_MS = 60 };

enum { ZONE_A, ZONE_B, ZONE_V6 };

struct scene {
    struct media_pool pools[POOLS];
    int sockets[POOLS * PORTS_EACH];
    int workers[WORKERS], gate_ends[WORKERS]; /* ours and the gate's */
    int parent;
    struct media_totals *totals;
    struct media_limits limits;
    pid_t gate;
};

/* 127.x.y.last of this process. */
static inline struct address own_host(unsigned last, uint16_t port)
{
    uint32_t number = (uint32_t)getpid();

    return (struct address){
        .family = ADDRESS_V4,
        .port = port,
        .bytes = {127, (uint8_t)(1 + number / 250 % 250), (uint8_t)(number % 250), (uint8_t)last},
    };
}

static inline void scene_fork(struct scene *scene, int parent_end)
{
    struct media_setup setup = {
        .pools = scene->pools,
        .pool_count = POOLS,
        .sockets = scene->sockets,
        .workers = scene->gate_ends,
        .worker_count = WORKERS,
        .parent = parent_end,
        .limits = scene->limits,
        .totals = scene->totals,
        .key = {1, 2},
    };

    scene->gate = fork();
    assert_true(scene->gate >= 0);
    if (scene->gate == 0) {
        close(scene->parent);
        for (unsigned i = 0; i < WORKERS; i++) {
            close(scene->workers[i]);
        }
        _exit(media_run(&setup));
    }
    close(parent_end);
    for (unsigned i = 0; i < WORKERS; i++) {
        close(scene->gate_ends[i]);
    }
    media_sockets_close(scene->sockets, POOLS * PORTS_EACH);
}

static inline struct media_report report_next(struct scene *scene, unsigned worker)
{
    struct media_report report;
    struct pollfd poller = {.fd = scene->workers[worker], .events = POLLIN};

    assert_int_equal(poll(&poller, 1, WAIT_MS), 1);
    assert_int_equal(recv(poller.fd, &report, sizeof(report), 0), sizeof(report));
    assert_int_equal(report.version, MEDIA_ORDER_VERSION);
    return report;
}

static inline bool report_is_none(struct scene *scene, unsigned worker)
{
    struct pollfd poller = {.fd = scene->workers[worker], .events = POLLIN};

    return poll(&poller, 1, NOTHING_MS) == 0;
}

static inline void scene_begin(struct scene *scene, const struct media_limits *limits)
{
    struct fault fault = {{0}};
    int ends[2];
    uint16_t v6_port = (uint16_t)(16384 + getpid() % 400 * 100);

    assert_non_null(scene);
    scene->pools[ZONE_A] =
        (struct media_pool){own_host(1, 0), ZONE_A, 20000, 20000 + PORTS_EACH - 1};
    scene->pools[ZONE_B] =
        (struct media_pool){own_host(2, 0), ZONE_B, 30000, 30000 + PORTS_EACH - 1};
    scene->pools[ZONE_V6] = (struct media_pool){address_of("::1"), ZONE_V6, v6_port,
                                                (uint16_t)(v6_port + PORTS_EACH - 1)};
    if (!media_sockets_open(scene->sockets, scene->pools, POOLS, &fault)) {
        fail_msg("%s", fault.text);
    }
    scene->totals = mmap(NULL, sizeof(*scene->totals), PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    scene->limits = limits == NULL ? (struct media_limits){.streams = 16} : *limits;
    for (unsigned i = 0; i < WORKERS; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
        scene->workers[i] = ends[0];
        scene->gate_ends[i] = ends[1];
    }
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    scene->parent = ends[0];
    scene_fork(scene, ends[1]);
}

static inline struct scene *scene_open(const struct media_limits *limits)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    scene_begin(scene, limits);
    for (unsigned i = 0; i < WORKERS; i++) {
        assert_int_equal(report_next(scene, i).kind, MEDIA_REPORT_STARTED);
    }
    return scene;
}

/* The gate ends when its parent does, and says all is well. */
static inline void scene_close(struct scene *scene)
{
    int status = -1;

    close(scene->parent);
    assert_int_equal(waitpid(scene->gate, &status, 0), scene->gate);
    assert_int_equal(status, 0);
    for (unsigned i = 0; i < WORKERS; i++) {
        if (scene->workers[i] >= 0) {
            close(scene->workers[i]);
        }
    }
    munmap(scene->totals, sizeof(*scene->totals));
    free(scene);
}

static inline void order_send(struct scene *scene, const struct media_order *order)
{
    assert_int_equal(send(scene->workers[order->worker], order, sizeof(*order), 0), sizeof(*order));
}

/* A worker killed and another in its place. */
static inline void worker_kill(struct scene *scene, unsigned worker)
{
    close(scene->workers[worker]);
    scene->workers[worker] = -1;
}

static inline void worker_introduce(struct scene *scene, unsigned worker)
{
    struct media_introduction introduction = {.worker = worker};
    struct iovec piece = {.iov_base = &introduction, .iov_len = sizeof(introduction)};
    _Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(int))] = {0};
    struct msghdr message = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room)};
    struct cmsghdr *control = CMSG_FIRSTHDR(&message);
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(control), &ends[1], sizeof(int));
    assert_int_equal(sendmsg(scene->parent, &message, 0), sizeof(introduction));
    close(ends[1]);
    scene->workers[worker] = ends[0];
}

/* The gate's RTP port number n of a zone. */
static inline struct address gate_port_of(const struct scene *scene, unsigned zone, unsigned number)
{
    struct address address = scene->pools[zone].address;

    address.port = (uint16_t)(media_pool_first(&scene->pools[zone]) + 2 * number);
    return address;
}

/* Somebody with a socket. */
struct party {
    int fd;
    struct address address;
    struct sound sound;
};

static inline struct party party_open(const struct address *address)
{
    struct party party = {.address = *address, .sound = {.ssrc = address->port + 1000U}};
    struct socket_address bound;

    party.fd = socket(address->family == ADDRESS_V6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
    socket_address_write(&bound, address);
    assert_int_equal(bind(party.fd, &bound.any, bound.len), 0);
    assert_true(socket_local(party.fd, &party.address));
    party.sound.ssrc = party.address.port;
    return party;
}

static inline void party_send(const struct party *party, const struct address *to, const char *at,
                              size_t len)
{
    struct socket_address target;

    socket_address_write(&target, to);
    assert_int_equal(sendto(party->fd, at, len, 0, &target.any, target.len), len);
}

/* The next packet of this party's audio. */
static inline void party_speak(struct party *party, const struct address *to)
{
    char packet[200];

    party_send(party, to, packet, sound_write(packet, &party->sound, 160));
    party->sound.sequence++;
    party->sound.timestamp += 160;
}

/* What comes within the wait, and from where; 0: nothing. */
static inline size_t party_hear(const struct party *party, char packet[2048], struct address *from,
                                int wait_ms)
{
    struct pollfd poller = {.fd = party->fd, .events = POLLIN};
    struct socket_address source = {.len = sizeof(source.storage)};
    ssize_t len;

    if (poll(&poller, 1, wait_ms) == 0) {
        return 0;
    }
    len = recvfrom(party->fd, packet, 2048, 0, &source.any, &source.len);
    assert_true(len > 0);
    if (from != NULL) {
        socket_address_read(&source.any, from);
    }
    return (size_t)len;
}

static inline bool party_hears_nothing(const struct party *party)
{
    char packet[2048];

    return party_hear(party, packet, NULL, NOTHING_MS) == 0;
}

/* Audio of the one reaches the other by the gate's own address. */
static inline void assert_passes(struct party *from, const struct address *in, struct party *to,
                                 const struct address *out)
{
    char packet[2048];
    struct address source;
    uint16_t sequence = from->sound.sequence;

    party_speak(from, in);
    assert_int_equal(party_hear(to, packet, &source, WAIT_MS), 172);
    assert_int_equal(octets_16(packet + 2), sequence);
    assert_true(address_equal(&source, out));
}

/* Two carriers and a stream between them. */
struct talk {
    struct party a, b, control_a, control_b;
    struct address in_a, in_b; /* where they send */
    struct media_order order;
};

static inline struct party control_of(const struct party *party)
{
    struct address address = party->address;

    address.port++;
    return party_open(&address);
}

static inline void talk_prepare(struct talk *talk, const struct scene *scene, unsigned number)
{
    struct address a = own_host(10, (uint16_t)(40000 + 4 * number));
    struct address b = own_host(20, (uint16_t)(50000 + 4 * number));

    talk->a = party_open(&a);
    talk->b = party_open(&b);
    talk->control_a = control_of(&talk->a);
    talk->control_b = control_of(&talk->b);
    talk->in_a = gate_port_of(scene, ZONE_A, number);
    talk->in_b = gate_port_of(scene, ZONE_B, number);
    talk->order = plain_order("192.0.2.1:2", "192.0.2.1:2", "192.0.2.1:4", "192.0.2.1:4");
    talk->order.stream = number + 1;
    talk->order.sides[0].local = talk->in_a;
    talk->order.sides[0].remote = talk->a.address;
    talk->order.sides[1].local = talk->in_b;
    talk->order.sides[1].remote = talk->b.address;
}

static inline void talk_open(struct talk *talk, struct scene *scene, unsigned number)
{
    talk_prepare(talk, scene, number);
    order_send(scene, &talk->order);
}

static inline void talk_leave(struct talk *talk)
{
    close(talk->a.fd);
    close(talk->b.fd);
    close(talk->control_a.fd);
    close(talk->control_b.fd);
}

static inline struct media_report talk_close(struct talk *talk, struct scene *scene)
{
    struct media_order order = talk->order;

    order.kind = MEDIA_CLOSE;
    order_send(scene, &order);
    talk_leave(talk);
    return report_next(scene, order.worker);
}
