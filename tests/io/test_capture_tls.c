/* SIP within TLS, read with the secrets of a key log: handshakes by OpenSSL, in memory. */
#include "capture_kit.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <unistd.h>

enum { LOG_MAX = 8192, PIECE = 700 };

static char log_room[LOG_MAX];
static struct text log_text;

static void log_line(const SSL *ssl, const char *line)
{
    (void)ssl;
    text_put_string(&log_text, line);
    text_put_octet(&log_text, '\n');
}

/* What the two say, as segments of a capture. */
struct wire {
    struct kit kit;
    SSL_CTX *contexts[2];
    SSL *ends[2]; /* client, server */
    uint32_t sequences[2];
    bool loses; /* the next piece of the client is not in the capture */
};

static void certificate_use(SSL_CTX *context)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();

    assert_non_null(key);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    assert_int_equal(SSL_CTX_use_certificate(context, certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(context, key), 1);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static struct wire wire_open(int version, const char *suite)
{
    struct wire wire = {.kit = kit_open(101), .sequences = {1001, 5001}};

    text_init(&log_text, log_room, sizeof(log_room));
    for (unsigned i = 0; i < 2; i++) {
        wire.contexts[i] = SSL_CTX_new(i == 0 ? TLS_client_method() : TLS_server_method());
        assert_int_equal(SSL_CTX_set_min_proto_version(wire.contexts[i], version), 1);
        assert_int_equal(SSL_CTX_set_max_proto_version(wire.contexts[i], version), 1);
        assert_int_equal(version == TLS1_3_VERSION
                             ? SSL_CTX_set_ciphersuites(wire.contexts[i], suite)
                             : SSL_CTX_set_cipher_list(wire.contexts[i], suite),
                         1);
        wire.ends[i] = NULL;
    }
    certificate_use(wire.contexts[1]);
    SSL_CTX_set_keylog_callback(wire.contexts[0], log_line);
    for (unsigned i = 0; i < 2; i++) {
        wire.ends[i] = SSL_new(wire.contexts[i]);
        SSL_set_bio(wire.ends[i], BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    }
    SSL_set_connect_state(wire.ends[0]);
    SSL_set_accept_state(wire.ends[1]);
    kit_segment(&wire.kit, (struct kit_tcp){0, 1000, SEGMENT_SYN}, SLICE_NONE);
    kit_segment(&wire.kit, (struct kit_tcp){1, 5000, SEGMENT_SYN | SEGMENT_ACK}, SLICE_NONE);
    return wire;
}

/* What one end has to send goes to the other, and onto the wire in pieces. */
static bool wire_carry(struct wire *wire, unsigned side)
{
    char octets[16384 * 4];
    int len = BIO_read(SSL_get_wbio(wire->ends[side]), octets, sizeof(octets));

    if (len <= 0) {
        return false;
    }
    assert_int_equal(BIO_write(SSL_get_rbio(wire->ends[1 - side]), octets, len), len);
    for (int at = 0; at < len; at += PIECE) {
        struct slice piece = slice_head(slice_of(octets + at, (size_t)(len - at)), PIECE);

        if (!(wire->loses && side == 0)) {
            kit_segment(&wire->kit, (struct kit_tcp){side, wire->sequences[side], SEGMENT_ACK},
                        piece);
        }
        wire->loses = wire->loses && side != 0;
        wire->sequences[side] += (uint32_t)piece.len;
    }
    return true;
}

static void wire_shake(struct wire *wire)
{
    for (unsigned i = 0; i < 20; i++) {
        (void)SSL_do_handshake(wire->ends[i % 2]);
        (void)wire_carry(wire, i % 2);
    }
    assert_true(SSL_is_init_finished(wire->ends[0]) && SSL_is_init_finished(wire->ends[1]));
}

static void wire_say(struct wire *wire, unsigned side, const char *text)
{
    char heard[8192];
    int len = (int)strlen(text);

    assert_int_equal(SSL_write(wire->ends[side], text, len), len);
    assert_true(wire_carry(wire, side));
    assert_true(SSL_read(wire->ends[1 - side], heard, sizeof(heard)) > 0);
    (void)wire_carry(wire, 1 - side); /* the answer to a change of keys */
}

static void wire_close(struct wire *wire)
{
    for (unsigned i = 0; i < 2; i++) {
        SSL_free(wire->ends[i]);
        SSL_CTX_free(wire->contexts[i]);
    }
}

/* The kit's capture, read with what was logged; keys NULL: without. */
static struct kit_result *wire_read(struct wire *wire, struct slice keys)
{
    char path[] = "/tmp/sipwarden-keys-XXXXXX";
    struct kit_result *result = calloc(1, sizeof(*result));
    struct kit_memory memory = {text_slice(&wire->kit.text), SIZE_MAX};
    struct hash_key key = {1, 2};
    struct packet packet;
    struct fault fault = {.text = ""};

    assert_non_null(result);
    struct capture *capture = capture_new(kit_memory_read, &memory, &key, &fault);
    assert_non_null(capture);
    if (keys.len > 0) {
        int fd = mkstemp(path);
        assert_int_equal(write(fd, keys.at, keys.len), (ssize_t)keys.len);
        close(fd);
        assert_true(capture_load_keys(capture, path, &fault));
        unlink(path);
    }
    while (capture_next(capture, &packet, &fault)) {
        struct kit_seen *seen = &result->seen[result->count++];
        char *copy = malloc(packet.bytes.len + 1);

        memcpy(copy, packet.bytes.at, packet.bytes.len);
        seen->packet = packet;
        seen->bytes = slice_of(copy, packet.bytes.len);
    }
    assert_string_equal(fault.text, "");
    result->counts = *capture_counts(capture);
    capture_close(capture);
    return result;
}

static const struct {
    int version;
    const char *suite;
} suites[] = {
    {TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256"},
    {TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384"},
    {TLS1_3_VERSION, "TLS_CHACHA20_POLY1305_SHA256"},
    {TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305"},
};

static void every_suite(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(suites); i++) {
        struct wire wire = wire_open(suites[i].version, suites[i].suite);

        wire_shake(&wire);
        wire_say(&wire, 0, KIT_OPTIONS);
        wire_say(&wire, 1, KIT_MESSAGE "0123456789");
        wire_say(&wire, 0, KIT_OPTIONS KIT_OPTIONS);
        struct kit_result *result = wire_read(&wire, text_slice(&log_text));
        if (result->count != 4) {
            fail_msg("%s: %u messages", suites[i].suite, result->count);
        }
        expect_slice(result->seen[0].bytes, KIT_OPTIONS);
        assert_int_equal(result->seen[0].packet.flow.transport, TRANSPORT_TLS);
        assert_int_equal(result->seen[0].packet.flow.remote.port, 40000);
        assert_int_equal(result->seen[1].packet.flow.remote.port, 5060);
        assert_int_equal(result->counts.of[CAPTURE_SIP_TLS], 4);
        assert_int_equal(result->counts.of[CAPTURE_TCP_TLS], 0);
        kit_free(result);
        kit_close(&wire.kit);
        wire_close(&wire);
    }
}

static void keys_change(void **state)
{
    struct wire wire = wire_open(TLS1_3_VERSION, suites[1].suite);

    (void)state;
    wire_shake(&wire);
    wire_say(&wire, 0, KIT_OPTIONS);
    assert_int_equal(SSL_key_update(wire.ends[0], SSL_KEY_UPDATE_REQUESTED), 1);
    wire_say(&wire, 0, KIT_OPTIONS);
    wire_say(&wire, 1, KIT_OPTIONS);
    wire_say(&wire, 0, KIT_OPTIONS);
    struct kit_result *result = wire_read(&wire, text_slice(&log_text));
    assert_int_equal(result->count, 4);
    kit_free(result);
    kit_close(&wire.kit);
    wire_close(&wire);
}

/* Without the secret, with another's, with an octet of a record changed, with a piece missing. */
static void what_cannot_be_opened(void **state)
{
    (void)state;
    for (unsigned version = 0; version < 2; version++) {
        for (unsigned kind = 0; kind < 4; kind++) {
            struct wire wire = wire_open(suites[version * 3].version, suites[version * 3].suite);

            wire_shake(&wire);
            wire_say(&wire, 0, KIT_OPTIONS);
            wire.loses = kind == 3;
            wire_say(&wire, 0, KIT_OPTIONS);
            wire_say(&wire, 0, KIT_OPTIONS);
            if (kind == 1) {
                for (size_t i = 0; i < log_text.len; i++) {
                    log_text.at[i] = log_text.at[i] == '7' ? '8' : log_text.at[i];
                }
            }
            if (kind == 2) {
                wire.kit.text.at[wire.kit.text.len - 30] ^= 1; /* of the last record */
            }
            struct kit_result *result =
                wire_read(&wire, kind == 0 ? SLICE_NONE : text_slice(&log_text));
            const unsigned expected[] = {0, 0, 2, 1};
            assert_int_equal(result->count, expected[kind]);
            kit_free(result);
            kit_close(&wire.kit);
            wire_close(&wire);
        }
    }
}

static void block_put(struct text *text, uint32_t type, struct slice body)
{
    size_t padded = (body.len + 3) & ~(size_t)3;

    kit_u32(text, type, true);
    kit_u32(text, (uint32_t)(12 + padded), true);
    text_put(text, body);
    for (size_t i = body.len; i < padded; i++) {
        text_put_octet(text, 0);
    }
    kit_u32(text, (uint32_t)(12 + padded), true);
}

/* The capture carries its secrets itself. */
static void secrets_in_the_file(void **state)
{
    static char ng[KIT_MAX], body[LOG_MAX + 8];
    struct wire wire = wire_open(TLS1_3_VERSION, suites[0].suite);
    struct text file, block;

    (void)state;
    wire_shake(&wire);
    wire_say(&wire, 0, KIT_OPTIONS);
    text_init(&file, ng, sizeof(ng));
    block_put(&file, 0x0A0D0D0A, SLICE("\x4D\x3C\x2B\x1A\1\0\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"));
    block_put(&file, 1, SLICE("\x65\0\0\0\0\0\0\0"));
    text_init(&block, body, sizeof(body));
    kit_u32(&block, 0x544C534B, true);
    kit_u32(&block, (uint32_t)log_text.len, true);
    text_put(&block, text_slice(&log_text));
    block_put(&file, 10, text_slice(&block));
    struct slice frames = slice_skip(text_slice(&wire.kit.text), 24);
    while (frames.len >= 16) {
        size_t len = octets_u32_of(frames.at + 8, true);
        char packet[2048];
        struct text enhanced;

        text_init(&enhanced, packet, sizeof(packet));
        kit_u32(&enhanced, 0, true);
        kit_u32(&enhanced, 0, true);
        kit_u32(&enhanced, 1, true);
        kit_u32(&enhanced, (uint32_t)len, true);
        kit_u32(&enhanced, (uint32_t)len, true);
        text_put(&enhanced, slice_of(frames.at + 16, len));
        block_put(&file, 6, text_slice(&enhanced));
        frames = slice_skip(frames, 16 + len);
    }
    assert_false(file.is_full);
    struct kit_result *result = kit_read(text_slice(&file));
    assert_int_equal(result->count, 1);
    expect_slice(result->seen[0].bytes, KIT_OPTIONS);
    kit_free(result);
    kit_close(&wire.kit);
    wire_close(&wire);
}

static void key_logs(void **state)
{
    struct keylog *keylog = keylog_new();
    uint8_t random[KEYLOG_RANDOM];

    (void)state;
    memset(random, 0xAB, sizeof(random));
#define RANDOM "abababababababababababababababababababababababababababababababab"
    keylog_add(keylog, SLICE("# a remark\r\n"
                             "CLIENT_RANDOM " RANDOM " 00\n"
                             "CLIENT_RANDOM " RANDOM "\n"
                             "CLIENT_RANDOM xyz 0011\n"
                             "OTHER " RANDOM " " RANDOM "\n"
                             "CLIENT_TRAFFIC_SECRET_0 " RANDOM " " RANDOM RANDOM RANDOM "\n"));
    assert_int_equal(keylog_count(keylog), 0);
    keylog_add(keylog, SLICE("CLIENT_TRAFFIC_SECRET_0 " RANDOM " " RANDOM "\r\n"));
    assert_int_equal(keylog_count(keylog), 1);
    assert_int_equal(keylog_find(keylog, random, KEYLOG_CLIENT).len, 32);
    assert_int_equal(keylog_find(keylog, random, KEYLOG_SERVER).len, 0);
    keylog_free(keylog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_suite),
        cmocka_unit_test(keys_change),
        cmocka_unit_test(what_cannot_be_opened),
        cmocka_unit_test(secrets_in_the_file),
        cmocka_unit_test(key_logs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
