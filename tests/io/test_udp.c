#include "echo.h"

#include "io/udp.h"

#include <errno.h>
#include <sys/syscall.h>

/* Loopback never keeps a sender waiting, so here stands a kernel that is full after so many
 * datagrams.  It comes before the library's. */
static unsigned room_left = UINT32_MAX;

int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    if (room_left == 0) {
        errno = EAGAIN;
        return -1;
    }
    count = count < room_left ? count : room_left;
    room_left -= room_left == UINT32_MAX ? 0 : count;
    return (int)syscall(SYS_sendmmsg, fd, messages, count, flags);
}

struct echo {
    struct loop loop;
    struct udp *udp;
    uint64_t received, failed;
    uint32_t last_failed;
    struct address local;
    int fd;
};

static void echo_receive(void *owner, const struct packet *packets, unsigned count)
{
    struct echo *echo = owner;

    for (unsigned i = 0; i < count; i++) {
        struct outgoing outgoing = {.bytes = packets[i].bytes, .flow = packets[i].flow};

        assert_int_equal(packets[i].flow.connection, 0);
        assert_true(packets[i].when_us > 0);
        assert_true(address_equal(&packets[i].local, &echo->local));
        echo->received++;
        udp_send(echo->udp, &outgoing);
    }
    udp_flush(echo->udp);
}

static void echo_failed(void *owner, uint32_t reference)
{
    struct echo *echo = owner;

    echo->failed++;
    echo->last_failed = reference;
}

static struct echo *echo_open(void)
{
    struct echo *echo = calloc(1, sizeof(*echo));
    struct address local = loopback(0);
    struct fault fault = {{0}};

    assert_non_null(echo);
    assert_true(loop_init(&echo->loop, &fault));
    echo->udp = udp_new(&echo->loop, echo_receive, echo_failed, echo);
    assert_non_null(echo->udp);
    echo->fd = socket_open_udp(&local, false, &fault);
    assert_true(echo->fd >= 0);
    assert_true(socket_local(echo->fd, &echo->local));
    assert_true(udp_open(echo->udp, 3, UDP_NEIGHBOURS, echo->fd, &echo->local, &fault));
    return echo;
}

static void echo_close(struct echo *echo)
{
    udp_free(echo->udp);
    loop_end(&echo->loop);
    free(echo);
}

static int client_open(const struct echo *echo)
{
    struct address any = loopback(0);
    struct socket_address target;
    struct fault fault;
    int fd = socket_open_udp(&any, false, &fault);

    assert_true(fd >= 0);
    socket_address_write(&target, &echo->local);
    assert_int_equal(connect(fd, &target.any, target.len), 0);
    return fd;
}

/* Every datagram comes back, whole, in order. */
static void nothing_is_lost(void **state)
{
    enum { PACKETS = 100000, WINDOW = 128, OCTETS = 600 };
    struct echo *echo = echo_open();
    int client = client_open(echo);
    uint32_t sent = 0;
    uint32_t back = 0;

    (void)state;
    while (back < PACKETS) {
        char datagram[OCTETS];
        uint32_t number;

        while (sent < PACKETS && sent - back < WINDOW) {
            memset(datagram, (int)(sent & 0xFF), OCTETS);
            memcpy(datagram, &sent, sizeof(sent));
            assert_int_equal(send(client, datagram, OCTETS, 0), OCTETS);
            sent++;
        }
        (void)uv_run(&echo->loop.uv, UV_RUN_NOWAIT);
        while (recv(client, datagram, OCTETS, MSG_DONTWAIT) == OCTETS) {
            memcpy(&number, datagram, sizeof(number));
            assert_int_equal(number, back);
            assert_int_equal((unsigned char)datagram[OCTETS - 1], back & 0xFF);
            back++;
        }
    }
    assert_int_equal(udp_counts(echo->udp)->received, PACKETS);
    assert_int_equal(udp_counts(echo->udp)->sent, PACKETS);
    assert_true(udp_counts(echo->udp)->batches <= PACKETS / 16);
    close(client);
    echo_close(echo);
}

static uint32_t read_in_order(int reader, uint32_t back)
{
    uint32_t number;

    while (recv(reader, &number, sizeof(number), MSG_DONTWAIT) == sizeof(number)) {
        assert_int_equal(number, back);
        back++;
    }
    return back;
}

/* What the kernel does not take at once leaves later, in the order it was given. */
static void order_is_kept(void **state)
{
    enum { PACKETS = 300, MORE = 100 };
    struct echo *echo = echo_open();
    struct address any = loopback(0);
    struct fault fault;
    int reader = socket_open_udp(&any, false, &fault);
    struct outgoing outgoing = {.flow = {.listener = 3}};
    uint32_t numbers[PACKETS + MORE];
    uint32_t back = 0;

    (void)state;
    assert_true(socket_local(reader, &outgoing.flow.remote));
    room_left = 70; /* a batch and a bit */
    for (uint32_t i = 0; i < PACKETS; i++) {
        numbers[i] = i;
        outgoing.bytes = slice_of((const char *)&numbers[i], sizeof(numbers[i]));
        udp_send(echo->udp, &outgoing);
    }
    udp_flush(echo->udp);
    assert_int_equal(udp_counts(echo->udp)->delayed, PACKETS - 70);
    memset(numbers, 0xFF, sizeof(numbers)); /* they were borrowed until now only */
    room_left = 50;
    (void)uv_run(&echo->loop.uv, UV_RUN_NOWAIT);
    for (uint32_t i = PACKETS; i < PACKETS + MORE; i++) {
        numbers[i] = i; /* these must not overtake those that wait */
        outgoing.bytes = slice_of((const char *)&numbers[i], sizeof(numbers[i]));
        udp_send(echo->udp, &outgoing);
    }
    room_left = UINT32_MAX;
    udp_flush(echo->udp);
    for (unsigned turns = 0; back < PACKETS + MORE && turns < 1000; turns++) {
        back = read_in_order(reader, back);
        (void)uv_run(&echo->loop.uv, UV_RUN_NOWAIT);
    }
    assert_int_equal(back, PACKETS + MORE);
    assert_int_equal(udp_counts(echo->udp)->sent, PACKETS + MORE);
    assert_int_equal(udp_counts(echo->udp)->refused, 0);
    close(reader);
    echo_close(echo);
}

/* A kernel that takes nothing costs bounded memory, and who waits is told. */
static void what_waits_is_bounded(void **state)
{
    static const char octets[60000];
    struct echo *echo = echo_open();
    struct outgoing outgoing = {.bytes = slice_of(octets, sizeof(octets)),
                                .flow = {.listener = 3, .remote = loopback(9)},
                                .reference = 1};

    (void)state;
    room_left = 0;
    for (unsigned i = 0; i < 200; i++) {
        udp_send(echo->udp, &outgoing);
    }
    udp_flush(echo->udp);
    assert_in_range(udp_counts(echo->udp)->delayed, UDP_KEPT_OCTETS / 60000 - 2,
                    UDP_KEPT_OCTETS / 60000);
    assert_int_equal(udp_counts(echo->udp)->delayed + udp_counts(echo->udp)->refused, 200);
    assert_int_equal(echo->failed, udp_counts(echo->udp)->refused);
    room_left = UINT32_MAX;
    assert_true(loop_turns(&echo->loop, &udp_counts(echo->udp)->sent,
                           udp_counts(echo->udp)->delayed, 1000));
    echo_close(echo);
}

static void what_cannot_be_sent_is_told(void **state)
{
    static const char large[65536];
    struct echo *echo = echo_open();
    struct outgoing outgoing = {.flow = {.listener = 3, .remote = loopback(9)}, .reference = 7};

    (void)state;
    outgoing.bytes = slice_of(large, sizeof(large)); /* larger than any datagram */
    udp_send(echo->udp, &outgoing);
    outgoing.bytes = SLICE("x");
    outgoing.reference = 0;
    udp_send(echo->udp, &outgoing); /* the next one goes */
    udp_flush(echo->udp);
    assert_int_equal(echo->failed, 1);
    assert_int_equal(echo->last_failed, 7);
    assert_int_equal(udp_counts(echo->udp)->sent, 1);
    outgoing.flow.listener = 4; /* not open */
    outgoing.reference = 8;
    udp_send(echo->udp, &outgoing);
    assert_int_equal(echo->last_failed, 8);
    outgoing.flow.listener = LISTENER_NONE;
    udp_send(echo->udp, &outgoing);
    assert_int_equal(udp_counts(echo->udp)->no_socket, 2);
    echo_close(echo);
}

static void empty_datagrams_are_no_packets(void **state)
{
    struct echo *echo = echo_open();
    int client = client_open(echo);

    (void)state;
    assert_int_equal(send(client, "", 0, 0), 0);
    assert_int_equal(send(client, "a", 1, 0), 1);
    assert_int_equal(send(client, "", 0, 0), 0);
    assert_true(loop_turns(&echo->loop, &echo->received, 1, 1000));
    assert_true(loop_turns(&echo->loop, &udp_counts(echo->udp)->empty, 2, 1000));
    assert_int_equal(echo->received, 1);
    close(client);
    echo_close(echo);
}

static void both_families(void **state)
{
    struct echo *echo = echo_open();
    struct socket_address target;
    struct socket_address from = {.len = sizeof(from.storage)};
    struct address local;
    struct fault fault = {{0}};
    char back[8];

    (void)state;
    assert_true(address_read(&local, SLICE("::1")));
    int fd = socket_open_udp(&local, false, &fault);
    if (fd < 0) {
        print_message("SKIPPED: no IPv6 here: %s\n", fault.text);
        echo_close(echo);
        return;
    }
    assert_true(socket_local(fd, &echo->local));
    assert_true(udp_open(echo->udp, 5, UDP_NEIGHBOURS, fd, &echo->local, &fault));
    int client = socket_open_udp(&local, false, &fault);
    assert_true(client >= 0);
    socket_address_write(&target, &echo->local);
    assert_int_equal(sendto(client, "six", 3, 0, &target.any, target.len), 3);
    assert_true(loop_turns(&echo->loop, &echo->received, 1, 1000));
    assert_int_equal(recvfrom(client, back, sizeof(back), 0, &from.any, &from.len), 3);
    socket_address_read(&from.any, &local);
    assert_true(address_equal(&local, &echo->local));
    close(client);
    echo_close(echo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost),
        cmocka_unit_test(order_is_kept),
        cmocka_unit_test(what_waits_is_bounded),
        cmocka_unit_test(what_cannot_be_sent_is_told),
        cmocka_unit_test(empty_datagrams_are_no_packets),
        cmocka_unit_test(both_families),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
