/*
 * Connections over TLS: who gets one, who does not and why, and octets that come in any portions.
 */
#include "echo.h"

#include "io/tcp.h"
#include "io/tls_handshakes.h"

#include "tls_kit.h"

#include <openssl/err.h>

#define MESSAGE(body_len, body)                                                                    \
    "OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\nContent-Length: " body_len "\r\n\r\n" body

enum { LISTENER = 1, ZONE = 7, PEER = 9, BOOK = 64 * 1024, TURNS = 4000, HEARS_MS = 5000 };

/* A border of one listener, its porter and keeper, all in one thread. */
struct border {
    struct loop loop;
    struct tcp *tcp;
    struct tls_handshakes *handshakes;
    struct tls_signer signer;
    struct tls_provider provider;
    struct tls_tickets tickets;
    struct kit_certificate root, own, other_root;
    struct address local;
    const char *expected; /* the name a peer must prove; NULL: any */
    enum tls_reason reason;
    uint64_t outcomes, messages, closed;
    uint16_t version;
    uint32_t signatures;
    bool is_keeper_gone, is_resumed;
    char certified[TLS_NAME_MAX + 1];
    char answer[32 * 1024];
    size_t answer_len; /* 0: the message itself */
};

static void on_message(void *owner, const struct packet *packets, unsigned count)
{
    struct border *border = owner;

    for (unsigned i = 0; i < count; i++) {
        struct outgoing back = {.flow = packets[i].flow, .bytes = packets[i].bytes};

        assert_true(packets[i].certified_name.len <= TLS_NAME_MAX);
        memcpy(border->certified, packets[i].certified_name.at, packets[i].certified_name.len);
        border->certified[packets[i].certified_name.len] = '\0';
        if (border->answer_len > 0) {
            back.bytes = slice_of(border->answer, border->answer_len);
        }
        border->messages++;
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
    struct border *border = owner;
    struct fault fault;
    struct address any = loopback(0);

    (void)listener;
    tcp_opened(border->tcp, connection, socket_open_tcp(&any, remote, &fault));
}

static void on_closed(void *owner, uint32_t connection)
{
    struct border *border = owner;

    (void)connection;
    border->closed++;
}

static void on_secure(void *owner, uint32_t connection, int fd, const struct flow *flow,
                      bool is_client)
{
    struct border *border = owner;
    struct tls_job job = {
        .connection = connection,
        .zone = ZONE,
        .fd = fd,
        .is_client = is_client,
        .remote = flow->remote,
    };

    if (border->expected != NULL) {
        job.peer = PEER;
        job.names = slice_of(border->expected, strlen(border->expected) + 1);
    }
    tls_handshakes_begin(border->handshakes, &job);
}

static void on_done(void *owner, const struct tls_outcome *outcome)
{
    struct border *border = owner;

    border->outcomes++;
    border->reason = outcome->reason;
    border->version = outcome->version;
    border->is_resumed = outcome->reason == TLS_GOOD && outcome->is_resumed;
    tcp_secured(border->tcp, outcome->connection, outcome->fd, outcome->tls);
}

static bool keeper_sign(void *owner, const struct ipc_sign *wanted, struct ipc_signed *made)
{
    struct border *border = owner;

    border->signatures++;
    return !border->is_keeper_gone && tls_sign(border->own.key, wanted, made);
}

static void border_use(struct border *border, struct tls_terms terms)
{
    static char room[BOOK];
    struct text book;
    struct fault fault = {{0}};

    tls_tickets_renew(&border->tickets, true, 1);
    text_init(&book, room, sizeof(room));
    kit_put(&book, TLS_ENTRY_CHAIN, ZONE, &border->own);
    kit_put(&book, TLS_ENTRY_ROOTS, ZONE, &border->root);
    kit_put_terms(&book, ZONE, terms);
    struct tls_credentials *credentials =
        tls_credentials_new(text_slice(&book), &border->signer, &border->tickets, &fault);
    assert_non_null(credentials);
    tls_handshakes_use(border->handshakes, credentials);
}

static struct border *border_open(unsigned rsa_bits)
{
    struct border *border = calloc(1, sizeof(*border));
    const struct tcp_owner owner = {.receive = on_message,
                                    .failed = on_failed,
                                    .wanted = on_wanted,
                                    .secure = on_secure,
                                    .closed = on_closed,
                                    .owner = border};
    const struct tcp_settings settings = {.connections_max = 64,
                                          .memory_max = 16 << 20,
                                          .idle_ms = 60000,
                                          .whole_ms = 10000,
                                          .connect_ms = 500,
                                          .first_id = 1,
                                          .id_step = 1,
                                          .key = {1, 2}};
    struct tcp_listener_settings listener = {.transport = TRANSPORT_TLS, .limits = {4096, 65536}};
    const struct tls_handshakes_owner shaken = {.done = on_done, .owner = border};
    struct address local = loopback(0);
    struct fault fault = {{0}};
    const int small = 8192;

    assert_non_null(border);
    (void)signal(SIGPIPE, SIG_IGN);
    assert_true(tls_provider_load(&border->provider));
    assert_true(loop_init(&border->loop, &fault));
    border->tcp = tcp_new(&border->loop, &owner, &settings);
    border->handshakes = tls_handshakes_new(&border->loop, 16, &shaken);
    border->signer = (struct tls_signer){.sign = keeper_sign, .owner = border};
    border->root = kit_make("root", NULL, (struct kit_wish){.to_days = 1, .is_authority = true});
    border->other_root =
        kit_make("other", NULL, (struct kit_wish){.to_days = 1, .is_authority = true});
    border->own = kit_make(
        "own", &border->root,
        (struct kit_wish){.names = "URI:sip:border.example", .to_days = 1, .rsa_bits = rsa_bits});
    border_use(border, (struct tls_terms){.clients = TLS_CLIENTS_REQUIRED});
    int fd = socket_open_tcp_listener(&local, false, &fault);
    assert_true(fd >= 0 && socket_local(fd, &border->local));
    /* So that answers are taken in part. */
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    listener.local = border->local;
    assert_true(tcp_listen(border->tcp, LISTENER, fd, &listener, &fault));
    return border;
}

static void border_close(struct border *border)
{
    tcp_close(border->tcp);
    tls_handshakes_close(border->handshakes);
    loop_end(&border->loop);
    tls_handshakes_free(border->handshakes);
    tcp_free(border->tcp);
    kit_free(border->root);
    kit_free(border->other_root);
    kit_free(border->own);
    tls_provider_unload(&border->provider);
    free(border);
}

/*
 * The other side: OpenSSL in memory, whose octets go over in portions of our choosing.
 */

struct client {
    struct border *border;
    SSL_CTX *context;
    SSL *ssl;
    int fd;
    size_t portion; /* 0: all at once */
    bool is_over;
};

static struct client client_open(struct border *border, const struct kit_certificate *shown)
{
    struct address any = loopback(0);
    struct fault fault = {{0}};
    struct client client = {.border = border, .context = SSL_CTX_new(TLS_client_method())};

    SSL_CTX_set_security_level(client.context, 0);
    assert_int_equal(SSL_CTX_set_min_proto_version(client.context, TLS1_VERSION), 1);
    if (shown != NULL) {
        assert_int_equal(SSL_CTX_use_certificate(client.context, shown->certificate), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey(client.context, shown->key), 1);
    }
    client.ssl = SSL_new(client.context);
    SSL_set_bio(client.ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(client.ssl);
    client.fd = socket_open_tcp(&any, &border->local, &fault);
    assert_true(client.fd >= 0);
    return client;
}

static void client_close(struct client *client)
{
    SSL_set_shutdown(client->ssl, SSL_SENT_SHUTDOWN); /* else its session is given up */
    SSL_free(client->ssl);
    SSL_CTX_free(client->context);
    (void)close(client->fd);
    loop_turns_for(&client->border->loop, 2);
}

/* Over, in portions; what came back goes to OpenSSL. */
static void client_turn(struct client *client)
{
    char room[4096];
    size_t max = client->portion > 0 ? client->portion : sizeof(room);
    int len = BIO_read(SSL_get_wbio(client->ssl), room, (int)max);

    if (len > 0 && send(client->fd, room, (size_t)len, MSG_NOSIGNAL) != len) {
        client->is_over = true;
    }
    (void)uv_run(&client->border->loop.uv, UV_RUN_NOWAIT);
    loop_read_clock(&client->border->loop);
    ssize_t back = recv(client->fd, room, max, MSG_DONTWAIT);
    if (back > 0) {
        assert_int_equal(BIO_write(SSL_get_rbio(client->ssl), room, (int)back), back);
    } else if (back == 0) {
        client->is_over = true;
    }
}

/* True when both sides are content. */
static bool client_shakes(struct client *client)
{
    uint64_t outcomes = client->border->outcomes;

    for (unsigned i = 0; i < TURNS * 20 && !client->is_over; i++) {
        (void)SSL_do_handshake(client->ssl);
        ERR_clear_error();
        client_turn(client);
        if (client->border->outcomes > outcomes && SSL_is_init_finished(client->ssl) &&
            BIO_pending(SSL_get_wbio(client->ssl)) == 0) {
            break;
        }
    }
    assert_int_equal(client->border->outcomes, outcomes + 1);
    return client->border->reason == TLS_GOOD;
}

static void client_says(struct client *client, const char *text, size_t len)
{
    assert_int_equal(SSL_write(client->ssl, text, (int)len), (int)len);
}

static void client_hears(struct client *client, char *at, size_t wanted)
{
    size_t len = 0;

    uint64_t end_ms = loop_now_ms(&client->border->loop) + HEARS_MS;

    while (len < wanted && loop_now_ms(&client->border->loop) < end_ms) {
        client_turn(client);
        int more = SSL_read(client->ssl, at + len, (int)(wanted - len));
        len += more > 0 ? (size_t)more : 0;
    }
    assert_int_equal(len, wanted);
}

static struct kit_certificate peer_certificate(struct border *border, struct kit_wish wish)
{
    if (wish.to_days == 0) {
        wish.to_days = 1;
    }
    return kit_make("peer", &border->root, wish);
}

static const struct kit_wish good_wish = {.names = "URI:sip:peer.example"};

/*
 * Who comes in.
 */

static void talks_in_any_portions(void **state)
{
    static const char message[] = MESSAGE("5", "hello");
    static const size_t portions[] = {0, 1, 2, 3, 5, 7, 16, 64, 501};
    struct border *border = border_open(0);
    struct kit_certificate shown = peer_certificate(border, good_wish);
    char back[sizeof(message)];

    (void)state;
    border->expected = "peer.example";
    for (unsigned i = 0; i < ARRAY_COUNT(portions); i++) {
        struct client client = client_open(border, &shown);

        client.portion = portions[i];
        assert_true(client_shakes(&client));
        assert_int_equal(border->version, TLS1_3_VERSION);
        for (unsigned round = 0; round < 3; round++) {
            client_says(&client, message, sizeof(message) - 1);
            client_hears(&client, back, sizeof(message) - 1);
            assert_memory_equal(back, message, sizeof(message) - 1);
        }
        assert_string_equal(border->certified, "peer.example");
        client_close(&client);
    }
    assert_int_equal(border->messages, 3 * ARRAY_COUNT(portions));
    assert_int_equal(border->signatures, ARRAY_COUNT(portions));
    kit_free(shown);
    border_close(border);
}

/* Answers of many records to somebody who reads them late: nothing is lost, nothing twice. */
static void large_answers_wait_their_turn(void **state)
{
    static const char message[] = MESSAGE("0", "");
    enum { ROUNDS = 7, LEN = sizeof(((struct border *)0)->answer) };
    static char back[ROUNDS * LEN];
    struct border *border = border_open(0);
    struct kit_certificate shown = peer_certificate(border, good_wish);
    struct client client = client_open(border, &shown);

    (void)state;
    assert_true(client_shakes(&client));
    border->answer_len = LEN;
    for (size_t i = 0; i < LEN; i++) {
        border->answer[i] = (char)('a' + i % 23);
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        client_says(&client, message, sizeof(message) - 1);
    }
    client_hears(&client, back, sizeof(back));
    for (size_t i = 0; i < sizeof(back); i++) {
        assert_int_equal(back[i], 'a' + i % LEN % 23);
    }
    client_close(&client);
    kit_free(shown);
    border_close(border);
}

static void versions_and_keys(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits <= 2048; bits += 2048) {
        struct border *border = border_open(bits);
        struct kit_certificate shown = peer_certificate(border, good_wish);

        for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
            struct client client = client_open(border, &shown);

            assert_int_equal(SSL_set_max_proto_version(client.ssl, version), 1);
            assert_true(client_shakes(&client));
            assert_int_equal(border->version, version);
            client_close(&client);
        }
        kit_free(shown);
        border_close(border);
    }
}

static enum tls_reason reason_for(struct border *border, const struct kit_certificate *shown,
                                  int version, const char *suites)
{
    struct client client = client_open(border, shown);

    if (version != 0) {
        assert_int_equal(SSL_set_max_proto_version(client.ssl, version), 1);
    }
    if (suites != NULL) {
        assert_int_equal(SSL_set_cipher_list(client.ssl, suites), 1);
    }
    assert_false(client_shakes(&client));
    assert_int_equal(tcp_connections(border->tcp), 0);
    client_close(&client);
    return border->reason;
}

static enum tls_reason reason_of(struct border *border, struct kit_wish wish)
{
    struct kit_certificate shown = peer_certificate(border, wish);
    enum tls_reason reason = reason_for(border, &shown, 0, NULL);

    kit_free(shown);
    return reason;
}

static void each_refused_with_its_reason(void **state)
{
    struct border *border = border_open(0);
    const struct kit_wish day = {.names = "URI:sip:peer.example", .to_days = 1};
    struct kit_certificate good = peer_certificate(border, good_wish);
    struct kit_certificate lone = kit_make("peer", NULL, day);
    struct kit_certificate other = kit_make("peer", &border->other_root, day);
    struct kit_certificate below = kit_make("below", &good, day);

    (void)state;
    border->expected = "peer.example";
    assert_int_equal(reason_for(border, NULL, 0, NULL), TLS_NO_CERTIFICATE);
    assert_int_equal(reason_for(border, &lone, 0, NULL), TLS_SELF_SIGNED);
    assert_int_equal(reason_for(border, &other, 0, NULL), TLS_UNKNOWN_ISSUER);
    assert_int_equal(reason_for(border, &below, 0, NULL), TLS_UNKNOWN_ISSUER);
    assert_int_equal(reason_for(border, &good, TLS1_1_VERSION, NULL), TLS_OLD_VERSION);
    assert_int_equal(reason_for(border, &good, TLS1_2_VERSION, "AES128-GCM-SHA256"), TLS_NO_SUITE);
    assert_int_equal(reason_for(border, &good, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA"),
                     TLS_NO_SUITE);
    assert_int_equal(reason_of(border, (struct kit_wish){.names = "URI:sip:other.example"}),
                     TLS_WRONG_NAME);
    assert_int_equal(reason_of(border, (struct kit_wish){.names = "DNS:*.example"}),
                     TLS_WRONG_NAME);
    assert_int_equal(reason_of(border, (struct kit_wish){.names = NULL}), TLS_WRONG_NAME);
    assert_int_equal(reason_of(border, (struct kit_wish){.names = good_wish.names,
                                                         .from_days = -3,
                                                         .to_days = -1}),
                     TLS_EXPIRED);
    assert_int_equal(reason_of(border, (struct kit_wish){.names = good_wish.names,
                                                         .from_days = 1,
                                                         .to_days = 3}),
                     TLS_NOT_YET);
    assert_int_equal(reason_of(border, (struct kit_wish){.names = good_wish.names,
                                                         .purposes = "codeSigning"}),
                     TLS_WRONG_PURPOSE);
    assert_int_equal(
        reason_of(border, (struct kit_wish){.names = good_wish.names, .rsa_bits = 1024}), TLS_WEAK);
    kit_free(below);
    kit_free(other);
    kit_free(lone);
    kit_free(good);
    border_close(border);
}

/* The purposes of TLS, and that of a SIP domain (RFC 5924), which OpenSSL does not know. */
static void purposes(void **state)
{
    static const char *const good[] = {"clientAuth", "serverAuth,clientAuth", "1.3.6.1.5.5.7.3.20",
                                       "anyExtendedKeyUsage"};
    struct border *border = border_open(0);

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(good); i++) {
        struct kit_certificate shown =
            peer_certificate(border,
                             (struct kit_wish){.names = good_wish.names, .purposes = good[i]});
        struct client client = client_open(border, &shown);

        assert_true(client_shakes(&client));
        client_close(&client);
        kit_free(shown);
    }
    border_close(border);
}

static void strangers_may_come_without(void **state)
{
    struct border *border = border_open(0);
    struct client client = client_open(border, NULL);

    (void)state;
    border_use(border, (struct tls_terms){.clients = TLS_CLIENTS_OPTIONAL});
    assert_true(client_shakes(&client));
    client_close(&client);
    border->expected = "peer.example"; /* but no peer */
    assert_int_equal(reason_for(border, NULL, 0, NULL), TLS_NO_CERTIFICATE);
    border_close(border);
}

static void nothing_of_tls(void **state)
{
    static const char *const texts[] = {MESSAGE("0", ""), "GET / HTTP/1.1\r\n\r\n",
                                        "\x16\x03\x01\xff\xff garbage", "\x80\x2e\x01\x00\x02"};
    struct border *border = border_open(0);

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(texts); i++) {
        struct client client = client_open(border, NULL);

        assert_true(send(client.fd, texts[i], strlen(texts[i]), MSG_NOSIGNAL) > 0);
        (void)shutdown(client.fd, SHUT_WR);
        assert_true(loop_turns(&border->loop, &border->outcomes, i + 1, 1000));
        assert_true(border->reason == TLS_NOT_TLS || border->reason == TLS_BROKEN ||
                    border->reason == TLS_ENDED || border->reason == TLS_OLD_VERSION);
        assert_int_equal(border->messages, 0);
        client_close(&client);
    }
    border_close(border);
}

static void without_the_keeper(void **state)
{
    struct border *border = border_open(0);
    struct kit_certificate shown = peer_certificate(border, good_wish);

    (void)state;
    border->is_keeper_gone = true;
    assert_int_equal(reason_for(border, &shown, 0, NULL), TLS_NO_KEEPER);
    border->is_keeper_gone = false;
    struct client client = client_open(border, &shown);
    assert_true(client_shakes(&client));
    client_close(&client);
    kit_free(shown);
    border_close(border);
}

/* Whoever was here comes back without our signature; not under another name, nor after a reload,
 * nor when his time is over. */
static void tickets(void **state)
{
    static const char message[] = MESSAGE("0", "");
    struct border *border = border_open(0);
    struct kit_certificate shown = peer_certificate(border, good_wish);
    char back[sizeof(message)];

    (void)state;
    border->expected = "peer.example";
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        struct client client = client_open(border, &shown);

        assert_int_equal(SSL_set_max_proto_version(client.ssl, version), 1);
        assert_true(client_shakes(&client));
        client_says(&client, message, sizeof(message) - 1);
        client_hears(&client, back, sizeof(message) - 1); /* the ticket comes before it */
        SSL_SESSION *session = SSL_get1_session(client.ssl);
        client_close(&client);
        assert_true(SSL_SESSION_is_resumable(session));

        for (unsigned i = 0; i < 3; i++) {
            const bool is_other = i == 1;

            client = client_open(border, &shown);
            border->expected = is_other ? "other.example" : "peer.example";
            if (i == 2) {
                tls_tickets_renew(&border->tickets, true, 2);
            }
            assert_int_equal(SSL_set_max_proto_version(client.ssl, version), 1);
            assert_int_equal(SSL_set_session(client.ssl, session), 1);
            uint32_t signatures = border->signatures;
            assert_int_equal(client_shakes(&client), !is_other);
            assert_int_equal(border->is_resumed, i == 0);
            assert_int_equal(border->signatures, signatures + (i == 0 || is_other ? 0 : 1));
            client_close(&client);
            border->expected = "peer.example";
        }
        SSL_SESSION_free(session);
    }
    kit_free(shown);
    border_close(border);
}

/* Renegotiation, of TLS 1.2, ends the connection; so does a flood of new keys. */
static void nothing_afterwards(void **state)
{
    struct border *border = border_open(0);
    struct kit_certificate shown = peer_certificate(border, good_wish);
    struct client client = client_open(border, &shown);

    (void)state;
    assert_int_equal(SSL_set_max_proto_version(client.ssl, TLS1_2_VERSION), 1);
    assert_true(client_shakes(&client));
    assert_int_equal(SSL_renegotiate(client.ssl), 1);
    (void)SSL_do_handshake(client.ssl);
    for (unsigned i = 0; i < TURNS && !client.is_over; i++) {
        client_turn(&client);
    }
    assert_int_equal(tcp_connections(border->tcp), 0);
    client_close(&client);

    client = client_open(border, &shown);
    assert_true(client_shakes(&client));
    for (unsigned i = 0; i < TURNS && !client.is_over; i++) {
        if (SSL_key_update(client.ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1) {
            (void)SSL_do_handshake(client.ssl);
        }
        client_turn(&client);
    }
    assert_int_equal(tcp_connections(border->tcp), 0);
    client_close(&client);
    kit_free(shown);
    border_close(border);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(talks_in_any_portions),
        cmocka_unit_test(large_answers_wait_their_turn),
        cmocka_unit_test(versions_and_keys),
        cmocka_unit_test(each_refused_with_its_reason),
        cmocka_unit_test(purposes),
        cmocka_unit_test(strangers_may_come_without),
        cmocka_unit_test(nothing_of_tls),
        cmocka_unit_test(without_the_keeper),
        cmocka_unit_test(nothing_afterwards),
        cmocka_unit_test(tickets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
