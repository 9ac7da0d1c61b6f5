/*
 * What passing a packet costs: CPU of the gate per RTP packet of 172 octets, beside two forwarders
 * that judge nothing, in one run.
 *
 *     bench_media [STREAMS [SECONDS [ROUNDS]]]
 *
 *     pair   one socket in, one out, recvfrom and sendto: the least anybody pays
 *     ports  a socket per stream and side, epoll, recvmmsg, sendto: the gate without its judgement
 *     gate   the gate, packets gathering under load; eager: without gathering
 *     cm     the gate, sealing for the far side with AES_CM_128_HMAC_SHA1_80; gcm: AEAD_AES_128_GCM
 *
 * The contender has CPU 0, the generator CPU 1.  Medians of alternating rounds, from the
 * scheduler's clock of the contender's process.
 */
#include "base/must.h"
#include "io/media/cipher.h"
#include "io/media/gate.h"
#include "io/media/judge.h"
#include "io/media/ports.h"
#include "io/socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STREAMS_MAX = 2000, PACKET = 172, BATCH = 32, ROUNDS_MAX = 15 };

enum contender { PAIR, PORTS, GATE, EAGER, SEALED_CM, SEALED_GCM, CONTENDERS };
static const char *const names[CONTENDERS] = {"pair", "ports", "gate", "eager", "cm", "gcm"};

struct bench {
    unsigned streams, seconds, rounds;
    struct media_pool pools[2];
    int *ports; /* both pools */
    int workers[2], parent[2];
    int sources[STREAMS_MAX], sinks[STREAMS_MAX];
    uint16_t sequences[STREAMS_MAX];
};

static struct address host(unsigned last, unsigned port)
{
    return (struct address){.family = ADDRESS_V4,
                            .port = (uint16_t)port,
                            .bytes = {127, 0, 88, (uint8_t)last}};
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;

    must(clock_gettime(clock, &now) == 0);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void run_on(unsigned cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    (void)sched_setaffinity(0, sizeof(set), &set);
}

static int open_at(const struct address *address)
{
    struct socket_address bound;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), room = 4 << 20;

    socket_address_write(&bound, address);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
    must(fd >= 0 && bind(fd, &bound.any, bound.len) == 0);
    return fd;
}

static struct address gate_port(const struct bench *bench, unsigned side, unsigned stream)
{
    struct address address = bench->pools[side].address;

    address.port = (uint16_t)(media_pool_first(&bench->pools[side]) + 2 * stream);
    return address;
}

static int gate_socket(const struct bench *bench, unsigned side, unsigned stream)
{
    return bench->ports[(size_t)side * 2 * bench->streams + 2 * (size_t)stream];
}

/* Contenders. */

static void pair_run(const struct bench *bench)
{
    int in = gate_socket(bench, 0, 0), out = gate_socket(bench, 1, 0);
    struct socket_address target;
    char packet[2048];

    must(fcntl(in, F_SETFL, 0) == 0);
    for (unsigned stream = 0;; stream = (stream + 1) % bench->streams) {
        struct address sink = host(21, 40000 + 2 * stream);
        struct socket_address source = {.len = sizeof(source.storage)};
        ssize_t len = recvfrom(in, packet, sizeof(packet), 0, &source.any, &source.len);

        socket_address_write(&target, &sink);
        (void)sendto(out, packet, (size_t)len, 0, &target.any, target.len);
    }
}

static void ports_forward(const struct bench *bench, unsigned stream)
{
    static char packets[BATCH][2048];
    static struct sockaddr_in sources[BATCH];
    struct mmsghdr in[BATCH];
    struct iovec pieces[BATCH];
    struct address sink = host(21, 40000 + 2 * stream);
    struct socket_address target;
    int count;

    for (unsigned i = 0; i < BATCH; i++) {
        pieces[i] = (struct iovec){packets[i], sizeof(packets[i])};
        in[i].msg_hdr = (struct msghdr){.msg_name = &sources[i],
                                        .msg_namelen = sizeof(sources[i]),
                                        .msg_iov = &pieces[i],
                                        .msg_iovlen = 1};
    }
    count = recvmmsg(gate_socket(bench, 0, stream), in, BATCH, MSG_DONTWAIT, NULL);
    socket_address_write(&target, &sink);
    for (int i = 0; i < count; i++) {
        (void)sendto(gate_socket(bench, 1, stream), packets[i], in[i].msg_len, 0, &target.any,
                     target.len);
    }
}

static void ports_run(const struct bench *bench)
{
    struct epoll_event events[128];
    int waiter = epoll_create1(0);

    for (unsigned i = 0; i < bench->streams; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};

        must(epoll_ctl(waiter, EPOLL_CTL_ADD, gate_socket(bench, 0, i), &event) == 0);
    }
    for (;;) {
        int count = epoll_wait(waiter, events, 128, -1);

        for (int i = 0; i < count; i++) {
            ports_forward(bench, events[i].data.u32);
        }
    }
}

static void gate_run(const struct bench *bench, bool is_eager)
{
    const struct media_setup setup = {
        .pools = bench->pools,
        .pool_count = 2,
        .sockets = bench->ports,
        .workers = &bench->workers[1],
        .worker_count = 1,
        .parent = bench->parent[1],
        .limits = {.streams = STREAMS_MAX, .gather_us = is_eager ? 1 : 0},
    };

    close(bench->workers[0]);
    close(bench->parent[0]);
    must(ciphers_begin() != NULL);
    _exit(media_run(&setup));
}

static void order_all(const struct bench *bench, enum contender contender)
{
    for (unsigned i = 0; i < bench->streams; i++) {
        struct media_order order = {.version = MEDIA_ORDER_VERSION,
                                    .stream = i + 1,
                                    .generation = 1};

        for (unsigned side = 0; side < 2; side++) {
            order.sides[side].local = gate_port(bench, side, i);
            order.sides[side].remote = host(20 + side, (side == 0 ? 20000 : 40000) + 2 * i);
            order.sides[side].may_send = true;
            order.sides[side].payload_types[0] = 1 << 8;
            order.sides[side].packets_per_second = 100000;
            order.sides[side].bytes_per_second = 10000000;
        }
        if (contender >= SEALED_CM) {
            order.sides[1].protection = MEDIA_SDES;
            order.sides[1].send.suite =
                contender == SEALED_CM ? MEDIA_SUITE_AES_128_CM : MEDIA_SUITE_AES_128_GCM;
        }
        must(send(bench->workers[0], &order, sizeof(order), 0) == sizeof(order));
    }
}

/* What the one before left behind is not the next one's. */
static void leftovers_drop(const struct bench *bench)
{
    char packet[256];

    for (unsigned i = 0; i < 4 * bench->streams; i++) {
        while (recv(bench->ports[i], packet, sizeof(packet), MSG_DONTWAIT) > 0) {
        }
    }
    for (unsigned i = 0; i < bench->streams; i++) {
        while (recv(bench->sinks[i], packet, sizeof(packet), MSG_DONTWAIT) > 0) {
        }
    }
}

static pid_t contender_start(struct bench *bench, enum contender contender)
{
    pid_t pid;

    leftovers_drop(bench);
    must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, bench->workers) == 0);
    must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, bench->parent) == 0);
    pid = fork();
    must(pid >= 0);
    if (pid == 0) {
        run_on(0);
        if (contender == PAIR) {
            pair_run(bench);
        } else if (contender == PORTS) {
            ports_run(bench);
        }
        gate_run(bench, contender == EAGER);
    }
    close(bench->workers[1]);
    close(bench->parent[1]);
    if (contender >= GATE) {
        order_all(bench, contender);
    }
    usleep(50000);
    return pid;
}

static void contender_stop(const struct bench *bench, pid_t pid)
{
    close(bench->parent[0]);
    close(bench->workers[0]);
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}

/* The generator. */

static unsigned sinks_drain(const struct bench *bench)
{
    static char packets[BATCH][256];
    struct mmsghdr in[BATCH] = {{.msg_len = 0}};
    struct iovec pieces[BATCH];
    unsigned received = 0;

    for (unsigned i = 0; i < BATCH; i++) {
        pieces[i] = (struct iovec){packets[i], sizeof(packets[i])};
        in[i].msg_hdr.msg_iov = &pieces[i];
        in[i].msg_hdr.msg_iovlen = 1;
    }
    for (unsigned i = 0; i < bench->streams; i++) {
        int count = recvmmsg(bench->sinks[i], in, BATCH, MSG_DONTWAIT, NULL);

        received += count > 0 ? (unsigned)count : 0;
    }
    return received;
}

static void speak(struct bench *bench, unsigned stream, bool is_pair)
{
    char packet[PACKET] = "\x80\x08";
    struct address in = gate_port(bench, 0, is_pair ? 0 : stream);
    struct socket_address target;
    uint16_t sequence = bench->sequences[stream]++;

    packet[2] = (char)(uint8_t)(sequence >> 8);
    packet[3] = (char)(uint8_t)sequence;
    packet[11] = (char)1;
    socket_address_write(&target, &in);
    (void)sendto(bench->sources[stream], packet, PACKET, 0, &target.any, target.len);
}

struct run {
    unsigned sent, received;
    double ns_per_packet;
};

static struct run round_run(struct bench *bench, enum contender contender, unsigned rate)
{
    pid_t pid = contender_start(bench, contender);
    struct run run = {.sent = 0};
    uint64_t start_ns = clock_ns(CLOCK_MONOTONIC), end_ns, cpu_ns;
    clockid_t clock;

    must(clock_getcpuclockid(pid, &clock) == 0);
    cpu_ns = clock_ns(clock);
    end_ns = start_ns + (uint64_t)bench->seconds * 1000000000;
    for (uint64_t now_ns = start_ns; now_ns < end_ns; now_ns = clock_ns(CLOCK_MONOTONIC)) {
        uint64_t due = (now_ns - start_ns) * rate / 1000000000;

        for (unsigned burst = 0; run.sent < due && burst < 64; burst++) {
            speak(bench, run.sent++ % bench->streams, contender == PAIR);
        }
        if (run.sent % 1024 < 64) {
            run.received += sinks_drain(bench);
        }
        if (run.sent >= due) {
            const struct timespec rest = {.tv_nsec = 20000};

            (void)nanosleep(&rest, NULL);
        }
    }
    usleep(100000);
    run.received += sinks_drain(bench);
    cpu_ns = clock_ns(clock) - cpu_ns;
    run.ns_per_packet = (double)cpu_ns / (run.received > 0 ? run.received : 1);
    contender_stop(bench, pid);
    return run;
}

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

static void rate_measure(struct bench *bench, unsigned rate)
{
    double costs[CONTENDERS][ROUNDS_MAX];
    uint64_t sent[CONTENDERS] = {0}, received[CONTENDERS] = {0};

    for (unsigned round = 0; round < bench->rounds; round++) {
        for (unsigned i = 0; i < CONTENDERS; i++) {
            struct run run = round_run(bench, (enum contender)i, rate);

            costs[i][round] = run.ns_per_packet;
            sent[i] += run.sent;
            received[i] += run.received;
        }
    }
    for (unsigned i = 0; i < CONTENDERS; i++) {
        qsort(costs[i], bench->rounds, sizeof(double), by_size);
        printf("%7u/s  %-6s %6.2f us per packet  %6.2f %% passed\n", rate, names[i],
               costs[i][bench->rounds / 2] / 1000, 100.0 * (double)received[i] / (double)sent[i]);
    }
}

/* The judgement alone, without sockets. */
static void judgement_measure(void)
{
    enum { PACKETS = 5000000 };
    static const struct media_limits limits = {.silence_s = 60};
    static struct gate_stream stream;
    char packet[PACKET] = "\x80\x08", room[GATE_ROOM];
    struct media_order order = {.version = MEDIA_ORDER_VERSION, .stream = 1, .generation = 1};
    struct gate_packet arrived = {.at = packet, .len = PACKET, .room = room};
    struct gate_verdict verdict;
    uint64_t start_ns, passed = 0;

    for (unsigned side = 0; side < 2; side++) {
        order.sides[side].local = host(1 + side, 20000);
        order.sides[side].remote = host(20 + side, 20000);
        order.sides[side].may_send = true;
        order.sides[side].payload_types[0] = 1 << 8;
        order.sides[side].hides = true;
    }
    gate_stream_open(&stream, &order, &limits, 1, 1);
    arrived.source = order.sides[0].remote;
    start_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    for (unsigned i = 0; i < PACKETS; i++) {
        packet[2] = (char)(uint8_t)(i >> 8);
        packet[3] = (char)(uint8_t)i;
        memset(packet + 8, 7, 4);
        arrived.now_us = 1000000 + (uint64_t)i * 20000;
        media_judge(&stream, 0, &arrived, &verdict);
        passed += verdict.reason == MEDIA_PASSED;
    }
    printf("judgement alone: %.1f ns per packet (%u of %u passed)\n",
           (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - start_ns) / PACKETS, (unsigned)passed,
           (unsigned)PACKETS);
}

static unsigned argument(int argc, char **argv, int place, unsigned usual)
{
    uint64_t number = 0;

    return place < argc && slice_number(slice_string(argv[place]), STREAMS_MAX, &number)
               ? (unsigned)number
               : usual;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    static const unsigned rates[] = {10000, 40000, 80000};
    struct fault fault;

    bench.streams = argument(argc, argv, 1, 50);
    bench.seconds = argument(argc, argv, 2, 1);
    bench.rounds = argument(argc, argv, 3, 5);
    must(bench.streams > 0 && bench.streams <= STREAMS_MAX && bench.rounds > 0 &&
         bench.rounds <= ROUNDS_MAX);
    for (unsigned side = 0; side < 2; side++) {
        bench.pools[side] = (struct media_pool){host(1 + side, 0), (uint16_t)side, 20000,
                                                (uint16_t)(20000 + 2 * bench.streams - 1)};
    }
    bench.ports = calloc(4 * (size_t)bench.streams, sizeof(int));
    if (!media_sockets_open(bench.ports, bench.pools, 2, &fault)) {
        fprintf(stderr, "%s\n", fault.text);
        return 1;
    }
    for (unsigned i = 0; i < bench.streams; i++) {
        struct address source = host(20, 20000 + 2 * i), sink = host(21, 40000 + 2 * i);

        bench.sources[i] = open_at(&source);
        bench.sinks[i] = open_at(&sink);
    }
    run_on(1);
    judgement_measure();
    for (unsigned i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        rate_measure(&bench, rates[i]);
    }
    return 0;
}
