/* The gate as it runs: real sockets, real processes, attackers included. */
#include "gate_scene.h"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <time.h>

static void wait_ms(unsigned ms)
{
    struct timespec rest = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    nanosleep(&rest, NULL);
}

/* The gate counts when it gets there. */
static void assert_counts(const uint64_t *counter, uint64_t expected)
{
    for (int i = 0; i < 200 && *(const volatile uint64_t *)counter < expected; i++) {
        wait_ms(10);
    }
    if (*counter < expected) {
        fail_msg("counted %llu, expected %llu", (unsigned long long)*counter,
                 (unsigned long long)expected);
    }
}

static void test_two_ways(void **state)
{
    struct scene *scene = scene_open(NULL);
    struct talk talk;
    struct media_report report;
    char packet[2048];
    struct address from;

    (void)state;
    talk_open(&talk, scene, 0);
    for (int i = 0; i < 20; i++) {
        assert_passes(&talk.a, &talk.in_a, &talk.b, &talk.in_b);
        assert_passes(&talk.b, &talk.in_b, &talk.a, &talk.in_a);
    }
    struct address control_in = talk.in_a;
    control_in.port++;
    party_send(&talk.control_a, &control_in, packet,
               report_write(packet, talk.a.sound.ssrc, talk.b.sound.ssrc));
    assert_int_equal(party_hear(&talk.control_b, packet, &from, WAIT_MS), 32);
    assert_int_equal(from.port, talk.in_b.port + 1);
    report = talk_close(&talk, scene);
    assert_int_equal(report.kind, MEDIA_REPORT_CLOSED);
    assert_int_equal(report.stream, 1);
    assert_int_equal(report.sides[0].packets, 21);
    assert_int_equal(report.sides[0].control_packets, 1);
    assert_int_equal(report.sides[1].packets, 20);
    assert_int_equal(report.sides[1].octets, 20 * 172);
    assert_int_equal(scene->totals->packets, 41);
    assert_int_equal(scene->totals->streams, 0);
    scene_close(scene);
}

/* RTP bleed: whoever sends to the port first or loudest gets nothing and breaks nothing. */
static void test_bleed(void **state)
{
    struct scene *scene = scene_open(NULL);
    struct talk talk;
    struct address elsewhere = own_host(66, 0);
    struct party thief = party_open(&elsewhere);

    (void)state;
    talk_open(&talk, scene, 0);
    for (int i = 0; i < 8; i++) {
        party_speak(&thief, &talk.in_a);
        party_speak(&thief, &talk.in_b);
    }
    assert_true(party_hears_nothing(&talk.a));
    assert_true(party_hears_nothing(&talk.b));
    assert_passes(&talk.a, &talk.in_a, &talk.b, &talk.in_b);
    thief.sound = talk.a.sound; /* even with the right numbers */
    for (int i = 0; i < 8; i++) {
        party_speak(&thief, &talk.in_a);
        assert_passes(&talk.b, &talk.in_b, &talk.a, &talk.in_a);
    }
    assert_true(party_hears_nothing(&talk.b));
    assert_true(party_hears_nothing(&thief));
    assert_int_equal(talk_close(&talk, scene).sides[0].dropped[MEDIA_WRONG_SOURCE], 16);
    close(thief.fd);
    scene_close(scene);
}

static void order_behind_nat(struct talk *talk, const struct scene *scene, unsigned number,
                             const struct party *client)
{
    talk_prepare(talk, scene, number);
    talk->order.sides[0].remote = address_of("10.1.2.3:4000");
    talk->order.sides[0].learns = true;
    talk->order.sides[0].learn_host = client->address;
    talk->order.sides[0].learn_host.port = 5060;
}

static void test_learning(void **state)
{
    struct scene *scene = scene_open(NULL);
    struct address mapped = own_host(30, 0), elsewhere = own_host(66, 0);
    struct party client = party_open(&mapped), thief = party_open(&elsewhere);
    struct talk talk;
    char packet[2048];

    (void)state;
    order_behind_nat(&talk, scene, 1, &client);
    order_send(scene, &talk.order);
    for (int i = 0; i < 10; i++) {
        party_speak(&thief, &talk.in_a);
    }
    party_speak(&talk.b, &talk.in_b);
    assert_true(party_hears_nothing(&talk.b));
    for (int i = 0; i < 3; i++) {
        party_speak(&client, &talk.in_a);
    }
    assert_true(party_hears_nothing(&talk.b));
    assert_true(party_hears_nothing(&client));
    assert_passes(&client, &talk.in_a, &talk.b, &talk.in_b);
    assert_passes(&talk.b, &talk.in_b, &client, &talk.in_a);
    /* Behind the same NAT, after it is locked. */
    struct address beside = own_host(30, 0);
    struct party neighbour = party_open(&beside);
    for (int i = 0; i < 10; i++) {
        party_speak(&neighbour, &talk.in_a);
    }
    assert_true(party_hears_nothing(&talk.b));
    assert_passes(&talk.b, &talk.in_b, &client, &talk.in_a);
    assert_true(party_hear(&thief, packet, NULL, NOTHING_MS) == 0);
    struct media_report report = talk_close(&talk, scene);
    assert_true(address_equal(&report.sides[0].learned, &client.address));
    assert_int_equal(report.sides[0].dropped[MEDIA_UNLEARNED], 3);
    assert_int_equal(report.sides[0].dropped[MEDIA_WRONG_SOURCE], 20);
    assert_int_equal(scene->totals->learned, 1);
    close(client.fd);
    close(thief.fd);
    close(neighbour.fd);
    scene_close(scene);
}

static void test_foreign_ssrcs(void **state)
{
    struct scene *scene = scene_open(NULL);
    struct talk talk;
    struct sound own;
    char packet[2048];
    unsigned heard = 0;

    (void)state;
    talk_open(&talk, scene, 0);
    assert_passes(&talk.a, &talk.in_a, &talk.b, &talk.in_b);
    own = talk.a.sound;
    for (unsigned i = 0; i < 200; i++) {
        talk.a.sound = (struct sound){.ssrc = 0xF0000000 + i, .sequence = (uint16_t)i};
        party_speak(&talk.a, &talk.in_a);
    }
    while (party_hear(&talk.b, packet, NULL, NOTHING_MS) > 0) {
        heard++;
    }
    assert_int_equal(heard, 0);
    talk.a.sound = own;
    assert_passes(&talk.a, &talk.in_a, &talk.b, &talk.in_b);
    assert_int_equal(talk_close(&talk, scene).sides[0].dropped[MEDIA_FOREIGN_SSRC], 200);
    scene_close(scene);
}

/* A goodbye of a stranger reaches nobody; one of the party reaches the other and ends nothing. */
static void test_goodbye(void **state)
{
    struct scene *scene = scene_open(NULL);
    struct talk talk;
    struct address elsewhere = own_host(66, 0), control_in;
    struct party thief = party_open(&elsewhere);
    char packet[2048];
    size_t len;

    (void)state;
    talk_open(&talk, scene, 0);
    assert_passes(&talk.a, &talk.in_a, &talk.b, &talk.in_b);
    control_in = talk.in_a;
    control_in.port++;
    len = report_write(packet, talk.a.sound.ssrc, 1);
    len += goodbye_write(packet + len, talk.a.sound.ssrc);
    party_send(&thief, &control_in, packet, len);
    party_send(&thief, &talk.in_a, packet, len);
    assert_true(party_hears_nothing(&talk.control_b));
    party_send(&talk.control_a, &control_in, packet, len);
    assert_int_equal(party_hear(&talk.control_b, packet, NULL, WAIT_MS), len - 8);
    assert_passes(&talk.a, &talk.in_a, &talk.b, &talk.in_b);
    assert_passes(&talk.b, &talk.in_b, &talk.a, &talk.in_a);
    close(thief.fd);
    talk_close(&talk, scene);
    scene_close(scene);
}

static void test_type_and_rate(void **state)
{
    struct scene *scene = scene_open(NULL);
    struct talk talk;
    struct media_report report;
    char packet[2048];
    unsigned heard = 0;

    (void)state;
    talk_prepare(&talk, scene, 0);
    talk.order.sides[0].packets_per_second = 50;
    order_send(scene, &talk.order);
    talk.a.sound.type = 18;
    party_speak(&talk.a, &talk.in_a);
    assert_true(party_hears_nothing(&talk.b));
    talk.a.sound.type = 0;
    for (int i = 0; i < 200; i++) {
        party_speak(&talk.a, &talk.in_a);
    }
    while (party_hear(&talk.b, packet, NULL, NOTHING_MS) > 0) {
        heard++;
    }
    assert_in_range(heard, 25, 40);
    report = talk_close(&talk, scene);
    assert_int_equal(report.sides[0].dropped[MEDIA_WRONG_TYPE], 1);
    assert_int_equal(report.sides[0].dropped[MEDIA_TOO_FAST], 200 - heard);
    scene_close(scene);
}

/* A re-INVITE moves one side; the other notices nothing. */
static void test_moves(void **state)
{
    struct scene *scene = scene_open(NULL);
    struct talk talk;
    struct address next = own_host(20, 50998);
    struct party moved = party_open(&next);

    (void)state;
    talk_open(&talk, scene, 0);
    assert_passes(&talk.a, &talk.in_a, &talk.b, &talk.in_b);
    talk.order.sides[1].remote = moved.address;
    talk.order.epoch++;
    order_send(scene, &talk.order);
    assert_passes(&talk.a, &talk.in_a, &moved, &talk.in_b);
    assert_passes(&moved, &talk.in_b, &talk.a, &talk.in_a);
    party_speak(&talk.b, &talk.in_b);
    assert_true(party_hears_nothing(&talk.a));
    assert_true(party_hears_nothing(&talk.b));
    close(moved.fd);
    talk_close(&talk, scene);
    scene_close(scene);
}

/* kill -9 of a worker in the middle of a call: not one packet is missing. */
static void test_worker_dies(void **state)
{
    struct scene *scene = scene_open(NULL);
    struct talk talk, lost;
    struct media_order settled = {.version = MEDIA_ORDER_VERSION, .kind = MEDIA_SETTLED};
    char packet[2048];

    (void)state;
    talk_open(&talk, scene, 0);
    talk_open(&lost, scene, 1);
    assert_passes(&lost.a, &lost.in_a, &lost.b, &lost.in_b);
    for (unsigned i = 0; i < 200; i++) {
        party_speak(&talk.a, &talk.in_a);
        if (i == 50) {
            worker_kill(scene, 0);
        } else if (i == 100) {
            worker_introduce(scene, 0);
        } else if (i == 120) {
            order_send(scene, &talk.order);
        } else if (i == 140) {
            talk.order.kind = MEDIA_KEEP;
            order_send(scene, &talk.order);
            order_send(scene, &settled);
        }
        assert_int_equal(party_hear(&talk.b, packet, NULL, WAIT_MS), 172);
        assert_int_equal(octets_16(packet + 2), i);
        wait_ms(10);
    }
    /* The other one the new worker did not know any more. */
    party_speak(&lost.a, &lost.in_a);
    assert_true(party_hears_nothing(&lost.b));
    assert_int_equal(scene->totals->streams_unsettled, 1);
    assert_int_equal(scene->totals->streams, 1);
    talk.order.kind = MEDIA_OPEN;
    struct media_report report = talk_close(&talk, scene);
    assert_int_equal(report.kind, MEDIA_REPORT_CLOSED);
    assert_int_equal(report.sides[0].packets, 200);
    assert_int_equal(report.sides[0].lost, 0);
    talk_leave(&lost);
    scene_close(scene);
}

static void test_orphans(void **state)
{
    struct media_limits limits = {.streams = 16, .orphan_s = 1};
    struct scene *scene = scene_open(&limits);
    struct talk talk, other;

    (void)state;
    talk_open(&talk, scene, 0);
    talk_prepare(&other, scene, 1);
    other.order.worker = 1;
    other.order.stream = 1;
    order_send(scene, &other.order);
    assert_passes(&talk.a, &talk.in_a, &talk.b, &talk.in_b);
    assert_passes(&other.a, &other.in_a, &other.b, &other.in_b);
    worker_kill(scene, 0);
    assert_counts(&scene->totals->streams_orphaned, 1);
    party_speak(&talk.a, &talk.in_a);
    assert_true(party_hears_nothing(&talk.b));
    assert_passes(&other.a, &other.in_a, &other.b, &other.in_b);
    worker_introduce(scene, 0);
    assert_int_equal(report_next(scene, 0).kind, MEDIA_REPORT_STARTED);
    talk_leave(&talk);
    talk_close(&other, scene);
    scene_close(scene);
}

static void test_forget(void **state)
{
    struct scene *scene = scene_open(NULL);
    struct talk talks[3];
    struct media_order forget = {.version = MEDIA_ORDER_VERSION, .kind = MEDIA_FORGET_WORKER};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        talk_open(&talks[i], scene, i);
    }
    order_send(scene, &forget);
    for (unsigned i = 0; i < 3; i++) {
        party_speak(&talks[i].a, &talks[i].in_a);
        assert_true(party_hears_nothing(&talks[i].b));
        talk_leave(&talks[i]);
    }
    assert_true(report_is_none(scene, 0));
    assert_int_equal(scene->totals->streams, 0);
    assert_int_equal(scene->totals->streams_most, 3);
    scene_close(scene);
}

static void test_v4_and_v6(void **state)
{
    struct scene *scene = scene_open(NULL);
    struct talk talk;
    struct address free_port = address_of("::1");
    struct party six = party_open(&free_port);

    (void)state;
    talk_prepare(&talk, scene, 0);
    talk.in_b = gate_port_of(scene, ZONE_V6, 3);
    talk.order.sides[1].local = talk.in_b;
    talk.order.sides[1].remote = six.address;
    order_send(scene, &talk.order);
    assert_passes(&talk.a, &talk.in_a, &six, &talk.in_b);
    assert_passes(&six, &talk.in_b, &talk.a, &talk.in_a);
    /* A v4-mapped remote is no IPv6 party. */
    talk.order.sides[1].remote = address_of("[::ffff:127.0.0.1]:4000");
    talk.order.epoch++;
    order_send(scene, &talk.order);
    assert_int_equal(report_next(scene, 0).kind, MEDIA_REPORT_REFUSED);
    assert_passes(&talk.a, &talk.in_a, &six, &talk.in_b);
    close(six.fd);
    talk_close(&talk, scene);
    scene_close(scene);
}

/* Nothing passes after the close, nothing is answered, and the late party is no stranger. */
static void test_closed(void **state)
{
    struct scene *scene = scene_open(NULL);
    struct talk talk;
    struct socket_address target;
    char packet[200];

    (void)state;
    talk_open(&talk, scene, 0);
    assert_passes(&talk.a, &talk.in_a, &talk.b, &talk.in_b);
    struct media_order order = talk.order;
    order.kind = MEDIA_CLOSE;
    order_send(scene, &order);
    assert_int_equal(report_next(scene, 0).kind, MEDIA_REPORT_CLOSED);
    socket_address_write(&target, &talk.in_a);
    assert_int_equal(connect(talk.a.fd, &target.any, target.len), 0);
    for (int i = 0; i < 60; i++) {
        size_t len = sound_write(packet, &talk.a.sound, 160);

        assert_int_equal(send(talk.a.fd, packet, len, 0), len); /* an ICMP would refuse the next */
        talk.a.sound.sequence++;
    }
    assert_true(party_hears_nothing(&talk.b));
    assert_counts(&scene->totals->dropped[MEDIA_LATE], 60);
    assert_int_equal(scene->totals->sources_blocked, 0);
    order_send(scene, &order); /* once more: nobody knows it */
    assert_int_equal(report_next(scene, 0).kind, MEDIA_REPORT_UNKNOWN);
    talk_leave(&talk);
    scene_close(scene);
}

static void test_scan_is_blocked(void **state)
{
    struct scene *scene = scene_open(NULL);
    struct address elsewhere = own_host(66, 0);
    struct party thief = party_open(&elsewhere);
    struct media_report report;

    (void)state;
    for (unsigned i = 0; i < 12; i++) {
        struct address in = gate_port_of(scene, ZONE_A, i);

        party_speak(&thief, &in);
    }
    for (unsigned worker = 0; worker < WORKERS; worker++) {
        report = report_next(scene, worker);
        assert_int_equal(report.kind, MEDIA_REPORT_BLOCKED);
        assert_true(address_same_host(&report.source, &thief.address));
        assert_true(report_is_none(scene, worker));
    }
    assert_true(party_hears_nothing(&thief));
    assert_int_equal(scene->totals->dropped[MEDIA_NO_STREAM], 10);
    assert_int_equal(scene->totals->dropped[MEDIA_BLOCKED], 2);
    close(thief.fd);
    scene_close(scene);
}

/* A flood on the very port of a call: the kernel takes it away, the call loses nothing. */
static void test_flood(void **state)
{
    struct scene *scene = scene_open(NULL);
    struct talk talk;
    struct address elsewhere = own_host(66, 0), unused = gate_port_of(scene, ZONE_A, 9);
    struct party thief = party_open(&elsewhere);

    (void)state;
    talk_prepare(&talk, scene, 0);
    talk.order.sides[0].packets_per_second = 10000; /* a hundred come faster than audio does */
    talk.order.sides[0].bytes_per_second = 2000000;
    order_send(scene, &talk.order);
    for (int i = 0; i < 100; i++) {
        for (int j = 0; j < 100; j++) {
            party_speak(&thief, &talk.in_a);
            party_speak(&thief, &unused);
        }
        assert_passes(&talk.a, &talk.in_a, &talk.b, &talk.in_b);
    }
    assert_int_equal(scene->totals->shields, 2);
    assert_true(scene->totals->dropped[MEDIA_WRONG_SOURCE] + scene->totals->dropped[MEDIA_BLOCKED] +
                    scene->totals->dropped[MEDIA_NO_STREAM] <
                2000);
    /* The port is whole again for the next offer. */
    talk.order.epoch++;
    order_send(scene, &talk.order);
    assert_passes(&talk.a, &talk.in_a, &talk.b, &talk.in_b);
    assert_int_equal(talk_close(&talk, scene).sides[0].lost, 0);
    assert_true(scene->totals->shielded > 9000);
    close(thief.fd);
    scene_close(scene);
}

/* Shields of a learning side, of prefixes and of IPv6 let the right ones in. */
static void test_shield_lets_in(void **state)
{
    struct scene *scene = scene_open(NULL);
    struct address mapped = own_host(30, 0), elsewhere = own_host(66, 0), any6 = address_of("::1");
    struct party client = party_open(&mapped), thief = party_open(&elsewhere);
    struct party six = party_open(&any6), thief6 = party_open(&any6);
    struct talk talk;

    (void)state;
    order_behind_nat(&talk, scene, 1, &client);
    talk.in_b = gate_port_of(scene, ZONE_V6, 1);
    talk.order.sides[1].local = talk.in_b;
    talk.order.sides[1].remote = six.address;
    order_send(scene, &talk.order);
    for (int i = 0; i < 200; i++) {
        party_speak(&thief, &talk.in_a);
        party_speak(&thief6, &talk.in_b);
    }
    assert_counts(&scene->totals->shields, 2);
    for (int i = 0; i < 3; i++) {
        party_speak(&client, &talk.in_a);
    }
    assert_passes(&client, &talk.in_a, &six, &talk.in_b);
    assert_passes(&six, &talk.in_b, &client, &talk.in_a);
    talk.order.sides[0].learns = false;
    talk.order.sides[0].has_asymmetric_port = true;
    assert_true(prefix_read(&talk.order.sides[0].prefixes[0], SLICE("127.0.0.0/8")));
    talk.order.sides[0].prefixes[0].address = own_host(30, 0);
    talk.order.sides[0].prefixes[0].bits = 31;
    talk.order.sides[0].prefix_count = 1;
    talk.order.epoch++;
    order_send(scene, &talk.order);
    assert_counts(&scene->totals->orders, 2); /* the former shield is gone */
    for (int i = 0; i < 200; i++) {
        party_speak(&thief, &talk.in_a);
    }
    assert_counts(&scene->totals->shields, 3);
    assert_passes(&client, &talk.in_a, &six, &talk.in_b);
    close(client.fd);
    close(thief.fd);
    close(six.fd);
    close(thief6.fd);
    talk_close(&talk, scene);
    scene_close(scene);
}

/* A port that another program has: the pair is left out and every worker is told. */
static void test_missing_pair(void **state)
{
    struct address taken = own_host(1, 20007);
    struct party other = party_open(&taken);
    struct scene *scene = calloc(1, sizeof(*scene));
    struct media_report report;
    struct talk talk;

    (void)state;
    scene_begin(scene, NULL);
    for (unsigned worker = 0; worker < WORKERS; worker++) {
        report = report_next(scene, worker);
        assert_int_equal(report.kind, MEDIA_REPORT_MISSING);
        assert_int_equal(report.source.port, 20006);
        assert_int_equal(report_next(scene, worker).kind, MEDIA_REPORT_STARTED);
    }
    talk_open(&talk, scene, 3);
    assert_int_equal(report_next(scene, 0).kind, MEDIA_REPORT_REFUSED);
    talk_leave(&talk);
    talk_open(&talk, scene, 4);
    assert_passes(&talk.a, &talk.in_a, &talk.b, &talk.in_b);
    talk_close(&talk, scene);
    close(other.fd);
    scene_close(scene);
}

static void test_wrong_orders(void **state)
{
    struct scene *scene = scene_open(NULL);
    struct talk talk;
    struct media_order order;

    (void)state;
    talk_open(&talk, scene, 0);
    assert_passes(&talk.a, &talk.in_a, &talk.b, &talk.in_b);
    assert_int_equal(send(scene->workers[0], "hello", 5, 0), 5);
    order = talk.order;
    order.version = 1;
    order_send(scene, &order);
    assert_counts(&scene->totals->orders_unreadable, 2);
    order = talk.order;
    order.stream = 17; /* beyond the limit */
    order_send(scene, &order);
    assert_int_equal(report_next(scene, 0).kind, MEDIA_REPORT_REFUSED);
    order = talk.order;
    order.sides[0].local.port = 9; /* not ours */
    order_send(scene, &order);
    assert_int_equal(report_next(scene, 0).kind, MEDIA_REPORT_REFUSED);
    /* Another worker's stream, and another worker's port. */
    order = talk.order;
    assert_int_equal(send(scene->workers[1], &order, sizeof(order), 0), sizeof(order));
    assert_int_equal(report_next(scene, 1).kind, MEDIA_REPORT_REFUSED);
    order.worker = 1;
    order_send(scene, &order);
    assert_int_equal(report_next(scene, 1).kind, MEDIA_REPORT_REFUSED);
    assert_int_equal(scene->totals->orders_refused, 4);
    assert_passes(&talk.a, &talk.in_a, &talk.b, &talk.in_b);
    /* The own older stream has to give way. */
    order = talk.order;
    order.stream = 2;
    order_send(scene, &order);
    assert_int_equal(report_next(scene, 0).stream, 1);
    assert_passes(&talk.a, &talk.in_a, &talk.b, &talk.in_b);
    /* A new call on the same record. */
    order.generation = 3;
    order_send(scene, &order);
    assert_int_equal(report_next(scene, 0).generation, 1);
    order.generation = 1;
    order_send(scene, &order);
    assert_int_equal(report_next(scene, 0).kind, MEDIA_REPORT_UNKNOWN);
    assert_int_equal(scene->totals->streams, 1);
    talk_leave(&talk);
    scene_close(scene);
}

static void test_silence(void **state)
{
    struct scene *scene = scene_open(NULL);
    struct talk talk;

    (void)state;
    talk_prepare(&talk, scene, 0);
    talk.order.silence_s = 1;
    order_send(scene, &talk.order);
    assert_passes(&talk.a, &talk.in_a, &talk.b, &talk.in_b);
    struct pollfd poller = {.fd = scene->workers[0], .events = POLLIN};
    assert_int_equal(poll(&poller, 1, 700), 0);
    assert_int_equal(poll(&poller, 1, 3000), 1);
    assert_int_equal(report_next(scene, 0).kind, MEDIA_REPORT_SILENT);
    assert_passes(&talk.b, &talk.in_b, &talk.a, &talk.in_a);
    assert_int_equal(report_next(scene, 0).kind, MEDIA_REPORT_HEARD);
    assert_int_equal(talk_close(&talk, scene).kind, MEDIA_REPORT_CLOSED);
    scene_close(scene);
}

static uint8_t hear_class(const struct party *party)
{
    char packet[2048], room[CMSG_SPACE(sizeof(int))];
    struct iovec piece = {.iov_base = packet, .iov_len = sizeof(packet)};
    struct msghdr message = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room)};
    struct pollfd poller = {.fd = party->fd, .events = POLLIN};
    struct cmsghdr *control;

    assert_int_equal(poll(&poller, 1, WAIT_MS), 1);
    assert_true(recvmsg(party->fd, &message, 0) > 0);
    control = CMSG_FIRSTHDR(&message);
    assert_non_null(control);
    return *(const uint8_t *)CMSG_DATA(control) >> 2;
}

static void test_class_of_service(void **state)
{
    struct scene *scene = scene_open(NULL);
    struct talk talk;
    int on = 1;

    (void)state;
    talk_open(&talk, scene, 0);
    assert_int_equal(setsockopt(talk.b.fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on)), 0);
    party_speak(&talk.a, &talk.in_a);
    assert_int_equal(hear_class(&talk.b), MEDIA_DSCP_AUDIO);
    talk.order.sides[1].dscp = MEDIA_DSCP_VIDEO;
    order_send(scene, &talk.order);
    party_speak(&talk.a, &talk.in_a);
    assert_int_equal(hear_class(&talk.b), MEDIA_DSCP_VIDEO);
    talk_close(&talk, scene);
    scene_close(scene);
}

/* A worker that reads nothing for long misses nothing but what was too much, and is told the rest
 * in order. */
static void test_slow_worker(void **state)
{
    struct scene *scene = scene_open(NULL);
    struct talk talk;
    unsigned told = 0;

    (void)state;
    talk_open(&talk, scene, 0);
    for (uint32_t i = 0; i < 3000; i++) {
        struct media_order order = talk.order;

        order.generation += 2 * i;
        while (send(scene->workers[0], &order, sizeof(order), 0) < 0) {
            assert_int_equal(errno, EAGAIN);
            wait_ms(1);
        }
    }
    assert_counts(&scene->totals->orders, 3001);
    for (uint32_t generation = 1; !report_is_none(scene, 0); generation += 2, told++) {
        struct media_report report = report_next(scene, 0);

        assert_int_equal(report.kind, MEDIA_REPORT_CLOSED);
        assert_int_equal(report.generation, generation);
    }
    assert_int_equal(told + scene->totals->reports_lost, 2999);
    assert_true(told > 1024);
    talk_leave(&talk);
    scene_close(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_ways),
        cmocka_unit_test(test_bleed),
        cmocka_unit_test(test_learning),
        cmocka_unit_test(test_foreign_ssrcs),
        cmocka_unit_test(test_goodbye),
        cmocka_unit_test(test_type_and_rate),
        cmocka_unit_test(test_moves),
        cmocka_unit_test(test_worker_dies),
        cmocka_unit_test(test_orphans),
        cmocka_unit_test(test_forget),
        cmocka_unit_test(test_v4_and_v6),
        cmocka_unit_test(test_closed),
        cmocka_unit_test(test_scan_is_blocked),
        cmocka_unit_test(test_flood),
        cmocka_unit_test(test_shield_lets_in),
        cmocka_unit_test(test_missing_pair),
        cmocka_unit_test(test_wrong_orders),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_class_of_service),
        cmocka_unit_test(test_slow_worker),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
