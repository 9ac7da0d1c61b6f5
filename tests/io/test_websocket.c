/*
 * SIP over WebSocket through a listener: upgrade, messages in any portions, and what is refused.
 */
#include "echo.h"

#include "io/tcp.h"

#include <errno.h>

#define REQUEST(more)                                                                              \
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"                   \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" more "\r\n"
#define SIP "Sec-WebSocket-Protocol: sip\r\n"

static const char accepted[] =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Protocol: sip\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

static const char message[] = "OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\n\r\n";

enum { LISTENER = 1, MESSAGE_MAX = 70000, ROOM = 80000 };

static const struct slice origins[] = {SLICE_INIT("https://phone.example.net")};

struct border {
    struct loop loop;
    struct tcp *tcp;
    struct address local;
    uint64_t messages, closed;
    size_t last_len;
    bool was_datagram;
};

static void on_messages(void *owner, const struct packet *packets, unsigned count)
{
    struct border *border = owner;

    for (unsigned i = 0; i < count; i++) {
        const struct outgoing back = {.flow = packets[i].flow, .bytes = packets[i].bytes};

        border->messages++;
        border->last_len = packets[i].bytes.len;
        tcp_send(border->tcp, &back);
    }
}

static void on_failed(void *owner, uint32_t reference)
{
    (void)owner;
    (void)reference;
}

static void on_wanted(void *owner, uint32_t connection, uint16_t listener,
                      const struct address *remote)
{
    (void)owner;
    (void)connection;
    (void)listener;
    (void)remote;
    fail_msg("a WebSocket is never opened by us");
}

static void on_closed(void *owner, uint32_t connection)
{
    struct border *border = owner;

    (void)connection;
    border->closed++;
}

static struct border *border_open(void)
{
    struct border *border = calloc(1, sizeof(*border));
    const struct tcp_owner owner = {.receive = on_messages,
                                    .failed = on_failed,
                                    .wanted = on_wanted,
                                    .closed = on_closed,
                                    .owner = border};
    const struct tcp_settings settings = {.connections_max = 16,
                                          .memory_max = 16 << 20,
                                          .idle_ms = 60000,
                                          .whole_ms = 10000,
                                          .connect_ms = 500,
                                          .first_id = 1,
                                          .id_step = 1,
                                          .key = {1, 2}};
    struct tcp_listener_settings listener = {.transport = TRANSPORT_WS,
                                             .limits = {4096, MESSAGE_MAX},
                                             .origins = origins,
                                             .origin_count = ARRAY_COUNT(origins)};
    struct address local = loopback(0);
    struct fault fault = {{0}};

    assert_non_null(border);
    assert_true(loop_init(&border->loop, &fault));
    border->tcp = tcp_new(&border->loop, &owner, &settings);
    int fd = socket_open_tcp_listener(&local, false, &fault);
    assert_true(fd >= 0 && socket_local(fd, &border->local));
    listener.local = border->local;
    assert_true(tcp_listen(border->tcp, LISTENER, fd, &listener, &fault));
    return border;
}

static void border_close(struct border *border)
{
    tcp_close(border->tcp);
    loop_end(&border->loop);
    tcp_free(border->tcp);
    free(border);
}

static int client_open(struct border *border)
{
    struct address any = loopback(0);
    struct fault fault = {{0}};
    int fd = socket_open_tcp(&any, &border->local, &fault);

    assert_true(fd >= 0);
    return fd;
}

/* In portions; 0: at once. */
static void client_send(struct border *border, int client, const void *octets, size_t len,
                        size_t portion)
{
    for (size_t at = 0; at < len;) {
        size_t part = portion == 0 || portion > len - at ? len - at : portion;
        ssize_t sent = send(client, (const char *)octets + at, part, MSG_NOSIGNAL | MSG_DONTWAIT);

        at += sent > 0 ? (size_t)sent : 0;
        (void)uv_run(&border->loop.uv, UV_RUN_NOWAIT);
        loop_read_clock(&border->loop);
        if (sent < 0 && errno != EAGAIN) {
            return;
        }
    }
}

/* What comes until wanted octets are there, or the end (then fewer). */
static size_t client_hears(struct border *border, int client, char *at, size_t wanted)
{
    size_t len = 0;

    loop_read_clock(&border->loop);
    for (uint64_t end_ms = loop_now_ms(&border->loop) + 2000;
         len < wanted && loop_now_ms(&border->loop) < end_ms; loop_read_clock(&border->loop)) {
        (void)uv_run(&border->loop.uv, UV_RUN_NOWAIT);
        ssize_t more = recv(client, at + len, wanted - len, MSG_DONTWAIT);
        if (more == 0) {
            break;
        }
        len += more > 0 ? (size_t)more : 0;
    }
    return len;
}

/* A frame as a browser sends it; how many octets it has. */
static size_t frame_write(char *at, unsigned first, const char *payload, size_t len)
{
    static const unsigned char mask[] = {0x11, 0x22, 0x33, 0x44};
    size_t head = 2;

    at[0] = (char)first;
    if (len < 126) {
        at[1] = (char)(0x80 | len);
    } else if (len < 65536) {
        at[1] = (char)(0x80 | 126);
        at[2] = (char)(len >> 8);
        at[3] = (char)len;
        head = 4;
    } else {
        at[1] = (char)(0x80 | 127);
        for (unsigned i = 0; i < 8; i++) {
            at[2 + i] = (char)((uint64_t)len >> (56 - 8 * i));
        }
        head = 10;
    }
    memcpy(at + head, mask, 4);
    for (size_t i = 0; i < len; i++) {
        at[head + 4 + i] = (char)(payload[i] ^ mask[i % 4]);
    }
    return head + 4 + len;
}

static int client_upgraded(struct border *border, size_t portion)
{
    int client = client_open(border);
    char back[sizeof(accepted)] = "";

    client_send(border, client, REQUEST(SIP), sizeof(REQUEST(SIP)) - 1, portion);
    assert_int_equal(client_hears(border, client, back, sizeof(accepted) - 1),
                     sizeof(accepted) - 1);
    assert_string_equal(back, accepted);
    return client;
}

static void messages_in_any_portions(void **state)
{
    static const size_t portions[] = {0, 1, 2, 3, 7, 64};
    static char room[ROOM], back[ROOM];
    struct border *border = border_open();

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(portions); i++) {
        int client = client_upgraded(border, portions[i]);
        size_t len = frame_write(room, 0x81, message, sizeof(message) - 1);

        len += frame_write(room + len, 0x82, message, sizeof(message) - 1);
        client_send(border, client, room, len, portions[i]);
        size_t wanted = 2 * (2 + sizeof(message) - 1);
        assert_int_equal(client_hears(border, client, back, wanted), wanted);
        assert_int_equal((unsigned char)back[0], 0x81);
        assert_int_equal(back[1], sizeof(message) - 1);
        assert_memory_equal(back + 2, message, sizeof(message) - 1);
        close(client);
    }
    assert_int_equal(border->messages, 2 * ARRAY_COUNT(portions));
    border_close(border);
}

/* Fragments with a ping in between, and the longest lengths. */
static void fragments_and_lengths(void **state)
{
    static char room[ROOM], back[ROOM], payload[MESSAGE_MAX];
    struct border *border = border_open();
    int client = client_upgraded(border, 0);
    size_t len = frame_write(room, 0x01, message, 10);

    (void)state;
    len += frame_write(room + len, 0x89, "hello", 5);
    len += frame_write(room + len, 0x00, "", 0);
    len += frame_write(room + len, 0x80, message + 10, sizeof(message) - 11);
    client_send(border, client, room, len, 3);
    assert_int_equal(client_hears(border, client, back, 7 + 2 + sizeof(message) - 1),
                     7 + 2 + sizeof(message) - 1);
    assert_memory_equal(back, "\x8a\x05hello", 7);
    assert_memory_equal(back + 9, message, sizeof(message) - 1);

    static const size_t lengths[] = {126, 65535, 65536, MESSAGE_MAX};
    for (unsigned i = 0; i < ARRAY_COUNT(lengths); i++) {
        size_t head = lengths[i] < 65536 ? 4 : 10;

        memset(payload, 'a' + (int)i, lengths[i]);
        len = frame_write(room, 0x82, payload, lengths[i]);
        client_send(border, client, room, len, 5000);
        assert_int_equal(client_hears(border, client, back, head + lengths[i]), head + lengths[i]);
        assert_memory_equal(back + head, payload, lengths[i]);
        assert_int_equal(border->last_len, lengths[i]);
    }
    close(client);
    border_close(border);
}

static void keep_alives(void **state)
{
    char room[64], back[64];
    struct border *border = border_open();
    int client = client_upgraded(border, 0);
    size_t len = frame_write(room, 0x81, "\r\n\r\n", 4);

    (void)state;
    client_send(border, client, room, len, 0);
    assert_int_equal(client_hears(border, client, back, 4), 4);
    assert_memory_equal(back, "\x81\x02\r\n", 4);
    len = frame_write(room, 0x89, "again", 5); /* too soon after the other kind */
    client_send(border, client, room, len, 0);
    loop_turns_for(&border->loop, 20);
    assert_int_equal(tcp_counts(border->tcp)->early_pings, 1);
    assert_int_equal(border->messages, 0);
    close(client);
    border_close(border);
}

static void upgrades_refused(void **state)
{
    static const struct {
        const char *request, *status;
    } tries[] = {
        {REQUEST(""), "HTTP/1.1 400 "},
        {REQUEST("Sec-WebSocket-Protocol: chat\r\n"), "HTTP/1.1 400 "},
        {REQUEST(SIP "Origin: https://evil.example\r\n"), "HTTP/1.1 403 "},
        {REQUEST(SIP "Origin: https://phone.example.net.evil.example\r\n"), "HTTP/1.1 403 "},
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 426 "},
        {"OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\n\r\n", "HTTP/1.1 400 "},
    };
    struct border *border = border_open();
    char back[512];

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(tries); i++) {
        int client = client_open(border);

        client_send(border, client, tries[i].request, strlen(tries[i].request), 0);
        size_t len = client_hears(border, client, back, sizeof(back));
        assert_true(len >= strlen(tries[i].status));
        assert_memory_equal(back, tries[i].status, strlen(tries[i].status));
        close(client);
    }
    int client = client_open(border);
    const char good[] = REQUEST(SIP "Origin: https://phone.example.net\r\n");
    client_send(border, client, good, sizeof(good) - 1, 0);
    assert_true(client_hears(border, client, back, sizeof(accepted) - 1) == sizeof(accepted) - 1);
    close(client);
    assert_int_equal(border->messages, 0);
    border_close(border);
}

static void frames_refused(void **state)
{
    static const struct {
        unsigned char octets[16];
        size_t len;
        unsigned code;
    } tries[] = {
        {{0x81, 0x02, 'h', 'i'}, 4, 1002},   /* not masked */
        {{0xC1, 0x80, 1, 2, 3, 4}, 6, 1002}, /* a reserved bit */
        {{0x83, 0x80, 1, 2, 3, 4}, 6, 1002}, /* an opcode nobody knows */
        {{0x80, 0x80, 1, 2, 3, 4}, 6, 1002}, /* goes on with nothing */
        {{0x09, 0x80, 1, 2, 3, 4}, 6, 1002}, /* a ping in parts */
        {{0x82, 0xFF, 0, 0, 0, 0, 1, 0, 0, 0, 1, 2, 3, 4, 9}, 15, 1009}, /* sixteen MB */
        {{0x88, 0x80, 1, 2, 3, 4}, 6, 1000},                             /* goodbye */
    };
    struct border *border = border_open();
    char back[16];

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(tries); i++) {
        int client = client_upgraded(border, 0);

        client_send(border, client, tries[i].octets, tries[i].len, 0);
        assert_int_equal(client_hears(border, client, back, sizeof(back)), 4);
        assert_int_equal((unsigned char)back[0], 0x88);
        assert_int_equal((unsigned char)back[2] << 8 | (unsigned char)back[3], tries[i].code);
        close(client);
    }
    assert_int_equal(border->messages, 0);
    border_close(border);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_in_any_portions),
        cmocka_unit_test(fragments_and_lengths),
        cmocka_unit_test(keep_alives),
        cmocka_unit_test(upgrades_refused),
        cmocka_unit_test(frames_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
