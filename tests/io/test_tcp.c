#include "echo.h"

#include "io/tcp.h"

#include <errno.h>
#include <fcntl.h>

#define MESSAGE(body_len, body)                                                                    \
    "OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\nContent-Length: " body_len "\r\n\r\n" body

enum { LISTENER = 2, NOTED_MAX = 4096 };

/* Answers every message with itself, notes everything. */
struct echo {
    struct loop loop;
    struct tcp *tcp;
    uint64_t messages, octets, closed, failed, wanted;
    uint32_t last_connection, last_failed, wanted_connection;
    struct address wanted_remote;
    struct address local;
    bool is_silent, closes, opens_at_once;
    const char *answer; /* instead of the message */
    size_t answer_len;
};

static void echo_receive(void *owner, const struct packet *packets, unsigned count)
{
    struct echo *echo = owner;

    for (unsigned i = 0; i < count; i++) {
        struct outgoing outgoing = {.bytes = packets[i].bytes,
                                    .flow = packets[i].flow,
                                    .closes = echo->closes};

        assert_int_equal(packets[i].flow.listener, LISTENER);
        assert_true(packets[i].flow.connection != 0);
        echo->messages++;
        echo->octets += packets[i].bytes.len;
        echo->last_connection = packets[i].flow.connection;
        if (echo->answer != NULL) {
            outgoing.bytes = slice_of(echo->answer, echo->answer_len);
        }
        if (!echo->is_silent) {
            tcp_send(echo->tcp, &outgoing);
        }
    }
    tcp_flush(echo->tcp);
}

static void echo_failed(void *owner, uint32_t reference)
{
    struct echo *echo = owner;

    echo->failed++;
    echo->last_failed = reference;
}

static void echo_wanted(void *owner, uint32_t connection, uint16_t listener,
                        const struct address *remote)
{
    struct echo *echo = owner;
    struct fault fault;

    assert_int_equal(listener, LISTENER);
    echo->wanted++;
    echo->wanted_connection = connection;
    echo->wanted_remote = *remote;
    if (echo->opens_at_once) {
        tcp_opened(echo->tcp, connection, socket_open_tcp(&echo->local, remote, &fault));
    }
}

static void echo_closed(void *owner, uint32_t connection)
{
    struct echo *echo = owner;

    assert_true(connection != 0);
    echo->closed++;
}

struct limits {
    uint32_t connections_max, idle_ms, whole_ms, source_max;
    size_t memory_max;
};

static struct echo *echo_open(struct limits limits)
{
    struct echo *echo = calloc(1, sizeof(*echo));
    struct tcp_owner owner = {.receive = echo_receive,
                              .failed = echo_failed,
                              .wanted = echo_wanted,
                              .closed = echo_closed,
                              .owner = echo};
    struct tcp_settings settings = {
        .connections_max = limits.connections_max ? limits.connections_max : 64,
        .memory_max = limits.memory_max ? limits.memory_max : 16 << 20,
        .idle_ms = limits.idle_ms ? limits.idle_ms : 60000,
        .whole_ms = limits.whole_ms ? limits.whole_ms : 10000,
        .connect_ms = 200,
        .first_id = 1,
        .id_step = 1,
        .key = {1, 2},
    };
    struct tcp_listener_settings listener = {.transport = TRANSPORT_TCP,
                                             .limits = {4096, 65536},
                                             .source_max = limits.source_max};
    struct address local = loopback(0);
    struct fault fault = {{0}};

    assert_non_null(echo);
    assert_true(loop_init(&echo->loop, &fault));
    echo->tcp = tcp_new(&echo->loop, &owner, &settings);
    assert_non_null(echo->tcp);
    int fd = socket_open_tcp_listener(&local, false, &fault);
    assert_true(fd >= 0);
    assert_true(socket_local(fd, &echo->local));
    listener.local = echo->local;
    assert_true(tcp_listen(echo->tcp, LISTENER, fd, &listener, &fault));
    return echo;
}

static void echo_close(struct echo *echo)
{
    tcp_close(echo->tcp);
    loop_end(&echo->loop);
    tcp_free(echo->tcp);
    free(echo);
}

static int client_open(struct echo *echo)
{
    struct address any = loopback(0);
    struct fault fault = {{0}};
    int fd = socket_open_tcp(&any, &echo->local, &fault);

    assert_true(fd >= 0);
    return fd;
}

static void client_send(int client, const char *octets, size_t len)
{
    assert_int_equal(send(client, octets, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* Reads what comes within for_ms, until wanted octets came or the stream ended (-1). */
static ssize_t client_read(struct echo *echo, int client, char *at, size_t wanted, unsigned for_ms)
{
    size_t len = 0;

    loop_read_clock(&echo->loop);
    for (uint64_t end_ms = loop_now_ms(&echo->loop) + for_ms;
         len < wanted && loop_now_ms(&echo->loop) < end_ms; loop_read_clock(&echo->loop)) {
        (void)uv_run(&echo->loop.uv, UV_RUN_NOWAIT);
        ssize_t more = recv(client, at + len, wanted - len, MSG_DONTWAIT);
        if (more == 0 || (more < 0 && errno != EAGAIN)) {
            return len > 0 ? (ssize_t)len : -1;
        }
        len += more > 0 ? (size_t)more : 0;
    }
    return (ssize_t)len;
}

static bool client_is_closed(struct echo *echo, int client, unsigned for_ms)
{
    char octet;

    return client_read(echo, client, &octet, 1, for_ms) < 0;
}

static void one_octet_at_a_time(void **state)
{
    static const char message[] = MESSAGE("5", "hello");
    struct echo *echo = echo_open((struct limits){0});
    int client = client_open(echo);
    char back[sizeof(message)] = "";

    (void)state;
    for (unsigned round = 1; round <= 3; round++) {
        for (size_t i = 0; i < sizeof(message) - 1; i++) {
            client_send(client, message + i, 1);
            loop_turns_for(&echo->loop, 0);
            (void)uv_run(&echo->loop.uv, UV_RUN_NOWAIT);
        }
        assert_int_equal(client_read(echo, client, back, sizeof(message) - 1, 1000),
                         sizeof(message) - 1);
        assert_string_equal(back, message);
        assert_int_equal(echo->messages, round);
    }
    close(client);
    assert_true(loop_turns(&echo->loop, &echo->closed, 1, 1000));
    assert_int_equal(tcp_connections(echo->tcp), 0);
    echo_close(echo);
}

static void many_in_one_segment(void **state)
{
    static const char message[] = MESSAGE("3", "abc");
    enum { COUNT = 150, LEN = sizeof(message) - 1 };
    static char all[COUNT * LEN], back[COUNT * LEN];
    struct echo *echo = echo_open((struct limits){0});
    int client = client_open(echo);

    (void)state;
    for (unsigned i = 0; i < COUNT; i++) {
        memcpy(all + i * LEN, message, LEN);
    }
    client_send(client, all, sizeof(all));
    assert_int_equal(client_read(echo, client, back, sizeof(back), 2000), sizeof(back));
    assert_memory_equal(all, back, sizeof(all));
    assert_int_equal(echo->messages, COUNT);
    close(client);
    echo_close(echo);
}

/* A message larger than any first guess of room, in pieces of odd sizes. */
static void large_messages_grow(void **state)
{
    static char message[60000], back[60000];
    struct echo *echo = echo_open((struct limits){0});
    int client = client_open(echo);
    int head = snprintf(message, sizeof(message),
                        "MESSAGE sip:a@b SIP/2.0\r\nContent-Length: 50000\r\n\r\n");
    size_t len = (size_t)head + 50000;
    size_t sent = 0;

    (void)state;
    for (size_t i = (size_t)head; i < len; i++) {
        message[i] = (char)('a' + i % 26);
    }
    for (size_t step = 1; sent < len; step = step * 3 + 1) {
        size_t piece = step < len - sent ? step : len - sent;

        client_send(client, message + sent, piece);
        sent += piece;
        loop_turns_for(&echo->loop, 2);
    }
    assert_int_equal(client_read(echo, client, back, len, 2000), (ssize_t)len);
    assert_memory_equal(message, back, len);
    close(client);
    echo_close(echo);
}

static void broken_framing_is_answered_once_then_fin(void **state)
{
    static const char twice[] = "OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 1\r\n"
                                "Content-Length: 2\r\n\r\nxx" MESSAGE("0", "");
    static const char answer[] = "SIP/2.0 400 Bad Request\r\n\r\n";
    struct echo *echo = echo_open((struct limits){0});
    int client = client_open(echo);
    char back[200] = "";

    (void)state;
    echo->answer = answer;
    echo->answer_len = sizeof(answer) - 1;
    client_send(client, twice, sizeof(twice) - 1);
    assert_int_equal(client_read(echo, client, back, sizeof(back), 1000), sizeof(answer) - 1);
    assert_string_equal(back, answer);
    assert_true(client_is_closed(echo, client, 1000));
    assert_int_equal(echo->messages, 1); /* what stands behind is never read as a message */
    assert_int_equal(tcp_counts(echo->tcp)->broken, 1);
    client_send(client, "more", 4); /* thrown away until the other side ends, too */
    loop_turns_for(&echo->loop, 20);
    assert_int_equal(tcp_connections(echo->tcp), 1);
    close(client);
    assert_true(loop_turns(&echo->loop, &echo->closed, 1, 1000));
    echo_close(echo);
}

static void answer_then_close(void **state)
{
    static const char message[] = MESSAGE("0", "");
    struct echo *echo = echo_open((struct limits){0});
    int client = client_open(echo);
    char back[sizeof(message)] = "";

    (void)state;
    echo->closes = true;
    client_send(client, message, sizeof(message) - 1);
    assert_int_equal(client_read(echo, client, back, sizeof(back), 1000), sizeof(message) - 1);
    assert_true(client_is_closed(echo, client, 1000));
    close(client);
    assert_true(loop_turns(&echo->loop, &echo->closed, 1, 1000));
    echo_close(echo);
}

static void pings_are_answered_sparingly(void **state)
{
    struct echo *echo = echo_open((struct limits){0});
    int client = client_open(echo);
    char back[8] = "";

    (void)state;
    client_send(client, "\r\n\r\n", 4);
    assert_int_equal(client_read(echo, client, back, 2, 1000), 2);
    assert_memory_equal(back, "\r\n", 2);
    client_send(client, "\r\n\r\n", 4);
    assert_int_equal(client_read(echo, client, back, 2, 50), 0);
    assert_int_equal(tcp_counts(echo->tcp)->early_pings, 1);
    for (unsigned i = 0; i < 4; i++) {
        (void)send(client, "\r\n\r\n", 4, MSG_NOSIGNAL);
    }
    assert_true(client_is_closed(echo, client, 1000));
    assert_int_equal(tcp_counts(echo->tcp)->pings, 1);
    close(client);
    echo_close(echo);
}

/* Somebody who asks and never reads the answers costs a bounded amount, then nothing. */
static void slow_reader_is_bounded(void **state)
{
    static const char message[] = MESSAGE("0", "");
    static char answer[8000];
    struct echo *echo = echo_open((struct limits){0});
    int client = client_open(echo);
    uint64_t asked = 0;

    (void)state;
    memset(answer, 'x', sizeof(answer));
    echo->answer = answer;
    echo->answer_len = sizeof(answer);
    for (unsigned i = 0; i < 20000 && tcp_counts(echo->tcp)->stopped == 0; i++) {
        client_send(client, message, sizeof(message) - 1);
        asked++;
        (void)uv_run(&echo->loop.uv, UV_RUN_NOWAIT);
    }
    assert_true(tcp_counts(echo->tcp)->stopped > 0);
    uint64_t until_stopped = echo->messages;
    for (unsigned i = 0; i < 500; i++) {
        client_send(client, message, sizeof(message) - 1);
        asked++;
        (void)uv_run(&echo->loop.uv, UV_RUN_NOWAIT);
    }
    assert_true(echo->messages <= until_stopped + 1);
    /* Once it reads, everything comes. */
    uint64_t got = 0;
    while (got < asked * sizeof(answer)) {
        static char back[65536];
        ssize_t len = client_read(echo, client, back, sizeof(back), 200);

        assert_true(len > 0);
        got += (uint64_t)len;
    }
    assert_int_equal(echo->messages, asked);
    close(client);
    echo_close(echo);
}

/* Answers that nobody asked to wait for: the queue ends, then the connection. */
static void queue_is_bounded(void **state)
{
    static char octets[30000];
    struct echo *echo = echo_open((struct limits){0});
    int client = client_open(echo);
    struct outgoing outgoing = {.bytes = slice_of(octets, sizeof(octets)), .reference = 9};
    const int small = 4096;

    (void)state;
    setsockopt(client, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    assert_true(loop_turns(&echo->loop, &tcp_counts(echo->tcp)->accepted, 1, 1000));
    outgoing.flow.connection = 1;
    outgoing.flow.listener = LISTENER;
    outgoing.flow.transport = TRANSPORT_TCP;
    for (unsigned i = 0; i < 400 && echo->failed == 0; i++) {
        tcp_send(echo->tcp, &outgoing);
        tcp_flush(echo->tcp);
    }
    assert_true(echo->failed > 0);
    assert_int_equal(echo->last_failed, 9);
    assert_int_equal(echo->closed, 1);
    tcp_send(echo->tcp, &outgoing); /* its number means nothing any more */
    assert_int_equal(tcp_counts(echo->tcp)->stuck, 1);
    close(client);
    echo_close(echo);
}

static void idle_and_slow_are_closed(void **state)
{
    struct echo *echo = echo_open((struct limits){.idle_ms = 150, .whole_ms = 60});
    int slow = client_open(echo);
    int quiet = client_open(echo);
    int idle = client_open(echo);
    static const char message[] = MESSAGE("0", "");
    char back[sizeof(message)];

    (void)state;
    client_send(idle, message, sizeof(message) - 1);
    assert_int_equal(client_read(echo, idle, back, sizeof(message) - 1, 1000), sizeof(message) - 1);
    client_send(slow, message, 20);
    assert_true(client_is_closed(echo, slow, 500));
    assert_true(client_is_closed(echo, quiet, 500));
    assert_int_equal(tcp_counts(echo->tcp)->slow, 2);
    assert_true(client_is_closed(echo, idle, 1000));
    assert_int_equal(tcp_counts(echo->tcp)->idle, 1);
    close(slow);
    close(quiet);
    close(idle);
    assert_true(loop_turns(&echo->loop, &echo->closed, 3, 1000));
    echo_close(echo);
}

static void storms_are_bounded(void **state)
{
    enum { CLIENTS = 200, MAX = 32 };
    struct echo *echo = echo_open((struct limits){.connections_max = MAX});
    int clients[CLIENTS];

    (void)state;
    for (unsigned i = 0; i < CLIENTS; i++) {
        clients[i] = client_open(echo);
        (void)uv_run(&echo->loop.uv, UV_RUN_NOWAIT);
        assert_true(tcp_connections(echo->tcp) <= MAX);
        if (i == 0) {
            tcp_know(echo->tcp, 1); /* under contract: it outlives the storm */
        }
    }
    loop_turns_for(&echo->loop, 50);
    const struct tcp_counts *counts = tcp_counts(echo->tcp);
    assert_int_equal(counts->accepted + counts->refused_full, CLIENTS);
    assert_true(counts->evicted > 0);
    assert_false(client_is_closed(echo, clients[0], 20));
    assert_true(client_is_closed(echo, clients[1], 100));
    assert_false(client_is_closed(echo, clients[CLIENTS - 1], 20));
    for (unsigned i = 0; i < CLIENTS; i++) {
        close(clients[i]);
    }
    echo_close(echo);
}

static void one_source_is_bounded(void **state)
{
    struct echo *echo = echo_open((struct limits){.source_max = 3});
    int clients[5];

    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        clients[i] = client_open(echo);
    }
    assert_true(loop_turns(&echo->loop, &tcp_counts(echo->tcp)->refused_source, 2, 1000));
    assert_int_equal(tcp_connections(echo->tcp), 3);
    close(clients[0]);
    assert_true(loop_turns(&echo->loop, &echo->closed, 1, 1000));
    close(clients[4]);
    clients[4] = client_open(echo);
    assert_true(loop_turns(&echo->loop, &tcp_counts(echo->tcp)->accepted, 4, 1000));
    for (unsigned i = 1; i < 5; i++) {
        close(clients[i]);
    }
    echo_close(echo);
}

static void memory_is_bounded(void **state)
{
    static char message[20000];
    struct echo *echo = echo_open((struct limits){.memory_max = 100000});
    int clients[8];
    int head = snprintf(message, sizeof(message),
                        "MESSAGE sip:a@b SIP/2.0\r\nContent-Length: 30000\r\n\r\n");

    (void)state;
    memset(message + head, 'x', sizeof(message) - (size_t)head);
    for (unsigned i = 0; i < 8; i++) {
        clients[i] = client_open(echo);
        loop_turns_for(&echo->loop, 5);
        client_send(clients[i], message, sizeof(message));
    }
    assert_true(loop_turns(&echo->loop, &tcp_counts(echo->tcp)->memory, 5, 2000));
    assert_int_equal(tcp_connections(echo->tcp), 3);
    for (unsigned i = 0; i < 8; i++) {
        close(clients[i]);
    }
    echo_close(echo);
}

/* Opened when there is something to say, used again, found by its target. */
static void opened_on_demand(void **state)
{
    struct echo *echo = echo_open((struct limits){0});
    struct address next_hop = loopback(0);
    struct fault fault = {{0}};
    int listener = socket_open_tcp_listener(&next_hop, false, &fault);
    static const char message[] = MESSAGE("0", "");
    struct outgoing outgoing = {.bytes = SLICE(message),
                                .flow = {.listener = LISTENER, .transport = TRANSPORT_TCP},
                                .reference = 4};
    char got[3 * sizeof(message)] = "";

    (void)state;
    assert_true(socket_local(listener, &outgoing.flow.remote));
    tcp_send(echo->tcp, &outgoing);
    tcp_send(echo->tcp, &outgoing);
    tcp_flush(echo->tcp);
    assert_int_equal(echo->wanted, 1);
    assert_true(address_equal(&echo->wanted_remote, &outgoing.flow.remote));
    tcp_opened(echo->tcp, echo->wanted_connection,
               socket_open_tcp(&echo->local, &echo->wanted_remote, &fault));
    assert_true(loop_turns(&echo->loop, &tcp_counts(echo->tcp)->opened, 1, 1000));
    tcp_send(echo->tcp, &outgoing);
    tcp_flush(echo->tcp);
    assert_int_equal(echo->wanted, 1);
    int hop = accept(listener, NULL, NULL);
    assert_true(hop >= 0);
    assert_int_equal(client_read(echo, hop, got, 3 * (sizeof(message) - 1), 1000),
                     3 * (sizeof(message) - 1));
    client_send(hop, message, sizeof(message) - 1);
    assert_true(loop_turns(&echo->loop, &echo->messages, 1, 1000));
    assert_int_equal(echo->last_connection, echo->wanted_connection);
    assert_int_equal(echo->failed, 0);
    close(hop);
    assert_true(loop_turns(&echo->loop, &echo->closed, 1, 1000));
    close(listener);
    echo_close(echo);
}

/* An answer to a connection that is no more goes where the asker listens, if that is known. */
static void answers_turn_to_where_the_asker_listens(void **state)
{
    struct echo *echo = echo_open((struct limits){0});
    struct outgoing outgoing = {.bytes = SLICE("x"),
                                .flow = {.remote = loopback(40001),
                                         .connection = 12345,
                                         .listener = LISTENER,
                                         .transport = TRANSPORT_TCP}};

    (void)state;
    tcp_send(echo->tcp, &outgoing);
    assert_int_equal(echo->wanted, 0);
    outgoing.again_port = 5099;
    tcp_send(echo->tcp, &outgoing);
    tcp_send(echo->tcp, &outgoing);
    assert_int_equal(echo->wanted, 1);
    assert_int_equal(echo->wanted_remote.port, 5099);
    echo_close(echo);
}

static void what_cannot_be_opened_is_told(void **state)
{
    struct echo *echo = echo_open((struct limits){0});
    struct address nobody = loopback(0);
    struct fault fault = {{0}};
    int fd = socket_open_tcp_listener(&nobody, false, &fault);
    struct outgoing outgoing = {.bytes = SLICE("x"),
                                .flow = {.listener = LISTENER, .transport = TRANSPORT_TCP},
                                .reference = 5};

    (void)state;
    assert_true(socket_local(fd, &outgoing.flow.remote));
    close(fd); /* refused */
    echo->opens_at_once = true;
    tcp_send(echo->tcp, &outgoing);
    tcp_flush(echo->tcp);
    assert_true(loop_turns(&echo->loop, &echo->failed, 1, 1000));
    assert_int_equal(echo->last_failed, 5);

    echo->opens_at_once = false; /* no descriptor is given */
    outgoing.reference = 6;
    tcp_send(echo->tcp, &outgoing);
    tcp_flush(echo->tcp);
    tcp_opened(echo->tcp, echo->wanted_connection, -1);
    assert_int_equal(echo->failed, 2);
    assert_int_equal(echo->last_failed, 6);

    outgoing.reference = 7; /* nobody answers in time */
    tcp_send(echo->tcp, &outgoing);
    tcp_flush(echo->tcp);
    assert_true(loop_turns(&echo->loop, &echo->failed, 3, 1000));
    assert_int_equal(echo->last_failed, 7);
    tcp_opened(echo->tcp, echo->wanted_connection, dup(0)); /* too late: closed, not leaked */

    outgoing.flow.listener = 77; /* no such listener */
    outgoing.reference = 8;
    tcp_send(echo->tcp, &outgoing);
    assert_int_equal(echo->last_failed, 8);
    assert_int_equal(tcp_connections(echo->tcp), 0);
    echo_close(echo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_octet_at_a_time),
        cmocka_unit_test(many_in_one_segment),
        cmocka_unit_test(large_messages_grow),
        cmocka_unit_test(broken_framing_is_answered_once_then_fin),
        cmocka_unit_test(answer_then_close),
        cmocka_unit_test(pings_are_answered_sparingly),
        cmocka_unit_test(slow_reader_is_bounded),
        cmocka_unit_test(queue_is_bounded),
        cmocka_unit_test(idle_and_slow_are_closed),
        cmocka_unit_test(storms_are_bounded),
        cmocka_unit_test(one_source_is_bounded),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(opened_on_demand),
        cmocka_unit_test(answers_turn_to_where_the_asker_listens),
        cmocka_unit_test(what_cannot_be_opened_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
