#include "io/capture/tls.h"

#include "base/must.h"
#include "base/pool.h"
#include "base/table.h"
#include "base/text.h"
#include "io/capture/octets.h"
#include "io/capture/pages.h"
#include "io/capture/recent.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdlib.h>

enum {
    RECORD_CHANGE = 20,
    RECORD_ALERT = 21,
    RECORD_HANDSHAKE = 22,
    RECORD_DATA = 23,
    HELLO_CLIENT = 1,
    HELLO_SERVER = 2,
    KEY_UPDATE = 24,
    HELLO_RANDOM_AT = 6, /* type, length, version */
    EXTENSION_VERSIONS = 43,
    VERSION_12 = 0x0303,
    VERSION_13 = 0x0304,
    TAG_LEN = 16,
    NONCE_LEN = 12,
    EXPLICIT_LEN = 8,
    KEY_MAX = 32,

};

/* Numbers of connections over the table. */
static const uint64_t spread = UINT64_C(0x9E3779B97F4A7C15);

static const struct suite {
    uint16_t number;
    uint8_t key_len;
    bool is_sha384, is_chacha;
} suites[] = {
    {0x1301, 16, false, false}, {0x1302, 32, true, false},  {0x1303, 32, false, true},
    {0x009C, 16, false, false}, {0x009D, 32, true, false},  {0x009E, 16, false, false},
    {0x009F, 32, true, false},  {0xC02B, 16, false, false}, {0xC02C, 32, true, false},
    {0xC02F, 16, false, false}, {0xC030, 32, true, false},  {0xCCA8, 32, false, true},
    {0xCCA9, 32, false, true},  {0xCCAA, 32, false, true},
};

struct tls_side {
    EVP_CIPHER_CTX *cipher;
    uint64_t sequence;
    uint8_t iv[NONCE_LEN];
    uint8_t secret[KEYLOG_SECRET_MAX]; /* TLS 1.3 */
    uint8_t secret_len, trials;
    bool is_sealed, is_in_step;
};

struct tls_session {
    struct pool_slot slot;
    struct recent_link link;
    uint32_t connection;
    uint16_t version;
    uint8_t client; /* side that said the ClientHello */
    bool has_client, has_server;
    const struct suite *suite;
    uint8_t randoms[2][KEYLOG_RANDOM]; /* client, server */
    struct tls_side sides[2];
};

struct tls_reader {
    const struct keylog *keylog;
    struct pool sessions;
    struct table table;
    struct recent recent;
    EVP_KDF *prf, *hkdf;
    char plain[TLS_RECORD_MAX];
};

struct tls_reader *tls_reader_new(const struct keylog *keylog)
{
    struct tls_reader *reader = pages_new(sizeof(*reader));
    void *slots = pages_new(pool_size(sizeof(struct tls_session), TLS_SESSIONS));
    void *entries = pages_new(table_size(TLS_SESSIONS));

    must(reader != NULL && slots != NULL && entries != NULL);
    reader->keylog = keylog;
    reader->prf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_TLS1_PRF, NULL);
    reader->hkdf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_HKDF, NULL);
    must(reader->prf != NULL && reader->hkdf != NULL);
    pool_init(&reader->sessions, slots, sizeof(struct tls_session), TLS_SESSIONS);
    table_init(&reader->table, entries, TLS_SESSIONS);
    return reader;
}

static struct tls_session *session_of(struct recent_link *link)
{
    return (struct tls_session *)((char *)link - offsetof(struct tls_session, link));
}

static void session_end(struct tls_reader *reader, struct tls_session *session)
{
    EVP_CIPHER_CTX_free(session->sides[0].cipher);
    EVP_CIPHER_CTX_free(session->sides[1].cipher);
    (void)table_remove(&reader->table, session->connection * spread,
                       pool_handle(&reader->sessions, session).index);
    recent_remove(&reader->recent, &session->link);
    pool_give(&reader->sessions, session);
}

void tls_reader_free(struct tls_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    while (reader->recent.oldest != NULL) {
        session_end(reader, session_of(reader->recent.oldest));
    }
    EVP_KDF_free(reader->prf);
    EVP_KDF_free(reader->hkdf);
    pages_free(reader->sessions.slots, pool_size(sizeof(struct tls_session), TLS_SESSIONS));
    pages_free(reader->table.entries, table_size(TLS_SESSIONS));
    pages_free(reader, sizeof(*reader));
}

static struct tls_session *session_at(struct tls_reader *reader, uint32_t connection)
{
    struct table_cursor cursor = {0};
    uint64_t hash = connection * spread;
    uint32_t index = 0;

    while (table_next(&reader->table, hash, &cursor, &index)) {
        struct tls_session *session = pool_at(&reader->sessions, index);

        if (session->connection == connection) {
            recent_touch(&reader->recent, &session->link);
            return session;
        }
    }
    if (pool_left(&reader->sessions) == 0) {
        session_end(reader, session_of(reader->recent.oldest));
    }
    struct tls_session *session = pool_take(&reader->sessions);
    must(session != NULL);
    session->connection = connection;
    (void)table_add(&reader->table, hash, pool_handle(&reader->sessions, session).index);
    recent_add(&reader->recent, &session->link);
    return session;
}

/*
 * Keys.
 */

/* OpenSSL reads it only. */
static char *digest_name(const struct suite *suite)
{
    return (char *)(uintptr_t)(suite->is_sha384 ? "SHA384" : "SHA256");
}

static bool kdf_run(EVP_KDF *kdf, OSSL_PARAM *params, uint8_t *out, size_t len)
{
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
    bool is_done = context != NULL && EVP_KDF_derive(context, out, len, params) == 1;

    EVP_KDF_CTX_free(context);
    return is_done;
}

/* RFC 5246 6.3 */
static bool prf_expand(const struct tls_reader *reader, const struct tls_session *session,
                       struct slice master, uint8_t *out, size_t len)
{
    char label[] = "key expansion";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest_name(session->suite), 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, (void *)(uintptr_t)master.at,
                                          master.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, label, sizeof(label) - 1),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED,
                                          (void *)(uintptr_t)session->randoms[1], KEYLOG_RANDOM),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED,
                                          (void *)(uintptr_t)session->randoms[0], KEYLOG_RANDOM),
        OSSL_PARAM_construct_end(),
    };

    return kdf_run(reader->prf, params, out, len);
}

/* RFC 8446 7.1: HKDF-Expand-Label without a context. */
static bool label_expand(const struct tls_reader *reader, const struct suite *suite,
                         const struct tls_side *side, const char *label, uint8_t *out, size_t len)
{
    char info[64];
    struct text text;
    int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;

    text_init(&text, info, sizeof(info));
    text_put_octet(&text, 0);
    text_put_octet(&text, (char)len);
    text_put_octet(&text, (char)(6 + strlen(label)));
    text_put_string(&text, "tls13 ");
    text_put_string(&text, label);
    text_put_octet(&text, 0);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest_name(suite), 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)side->secret,
                                          side->secret_len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, text.len),
        OSSL_PARAM_construct_end(),
    };
    return kdf_run(reader->hkdf, params, out, len);
}

static bool cipher_open(struct tls_side *side, const struct suite *suite, const uint8_t *key)
{
    const EVP_CIPHER *cipher = suite->is_chacha       ? EVP_chacha20_poly1305()
                               : suite->key_len == 16 ? EVP_aes_128_gcm()
                                                      : EVP_aes_256_gcm();

    EVP_CIPHER_CTX_free(side->cipher);
    side->cipher = EVP_CIPHER_CTX_new();
    side->sequence = 0;
    return side->cipher != NULL && EVP_DecryptInit_ex2(side->cipher, cipher, key, NULL, NULL) == 1;
}

static bool keys_make_12(struct tls_reader *reader, struct tls_session *session)
{
    const struct suite *suite = session->suite;
    struct slice master = keylog_find(reader->keylog, session->randoms[0], KEYLOG_MASTER);
    size_t iv_len = suite->is_chacha ? NONCE_LEN : NONCE_LEN - EXPLICIT_LEN;
    uint8_t block[2 * (KEY_MAX + NONCE_LEN)];

    if (master.len != KEYLOG_SECRET_MAX ||
        !prf_expand(reader, session, master, block, 2 * (suite->key_len + iv_len))) {
        return false;
    }
    for (unsigned i = 0; i < 2; i++) { /* client's, server's */
        struct tls_side *side = &session->sides[i == 0 ? session->client : 1 - session->client];

        memcpy(side->iv, block + 2 * (size_t)suite->key_len + i * iv_len, iv_len);
        if (!cipher_open(side, suite, block + (size_t)i * suite->key_len)) {
            return false;
        }
    }
    return true;
}

static bool side_keys_13(const struct tls_reader *reader, const struct tls_session *session,
                         struct tls_side *side)
{
    uint8_t key[KEY_MAX];

    return label_expand(reader, session->suite, side, "key", key, session->suite->key_len) &&
           label_expand(reader, session->suite, side, "iv", side->iv, NONCE_LEN) &&
           cipher_open(side, session->suite, key);
}

static bool keys_make_13(struct tls_reader *reader, struct tls_session *session)
{
    for (unsigned i = 0; i < 2; i++) {
        struct tls_side *side = &session->sides[i == 0 ? session->client : 1 - session->client];
        struct slice secret = keylog_find(reader->keylog, session->randoms[0],
                                          i == 0 ? KEYLOG_CLIENT : KEYLOG_SERVER);

        if (secret.len != (session->suite->is_sha384 ? 48 : 32)) {
            return false;
        }
        memcpy(side->secret, secret.at, secret.len);
        side->secret_len = (uint8_t)secret.len;
        side->is_sealed = true; /* from the ServerHello on, but for alerts and CCS */
        if (!side_keys_13(reader, session, side)) {
            return false;
        }
    }
    return true;
}

/*
 * Hellos.
 */

static const struct suite *suite_find(unsigned number)
{
    for (size_t i = 0; i < ARRAY_COUNT(suites); i++) {
        if (suites[i].number == number) {
            return &suites[i];
        }
    }
    return NULL;
}

/* The version a ServerHello's extensions choose; TLS 1.2 without one. */
static uint16_t version_chosen(struct slice extensions)
{
    while (extensions.len >= 4) {
        unsigned type = octets_u16(extensions.at);
        size_t len = octets_u16(extensions.at + 2);

        if (len > extensions.len - 4) {
            break;
        }
        if (type == EXTENSION_VERSIONS && len == 2) {
            return octets_u16(extensions.at + 4);
        }
        extensions = slice_skip(extensions, 4 + len);
    }
    return VERSION_12;
}

static bool server_hello(struct tls_reader *reader, struct tls_session *session, struct slice hello)
{
    size_t at = HELLO_RANDOM_AT + KEYLOG_RANDOM;
    size_t id = hello.len > at ? octets_u8(hello.at + at) : hello.len;

    if (!session->has_client || hello.len < at + 1 + id + 3) {
        return false;
    }
    memcpy(session->randoms[1], hello.at + HELLO_RANDOM_AT, KEYLOG_RANDOM);
    at += 1 + id;
    session->suite = suite_find(octets_u16(hello.at + at));
    session->version = version_chosen(slice_skip(hello, at + 5));
    session->has_server = true;
    if (session->suite == NULL) {
        return false;
    }
    if (session->version == VERSION_13) {
        return keys_make_13(reader, session);
    }
    return session->version == VERSION_12 && octets_u16(hello.at + 4) == VERSION_12 &&
           keys_make_12(reader, session);
}

/* A server that asks the client to begin again says a hello with this random (RFC 8446 4.1.3). */
static bool is_retry(struct slice hello)
{
    static const uint8_t random[] = {0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11};

    return hello.len > HELLO_RANDOM_AT + sizeof(random) &&
           memcmp(hello.at + HELLO_RANDOM_AT, random, sizeof(random)) == 0;
}

static bool handshake_read(struct tls_reader *reader, struct tls_session *session, unsigned side,
                           struct slice body)
{
    unsigned type = body.len == 0 ? 0 : octets_u8(body.at);

    if (type == HELLO_CLIENT && body.len >= HELLO_RANDOM_AT + KEYLOG_RANDOM) {
        session->has_client = true;
        session->client = (uint8_t)side;
        memcpy(session->randoms[0], body.at + HELLO_RANDOM_AT, KEYLOG_RANDOM);
        return true;
    }
    if (type == HELLO_SERVER && !session->has_server) {
        return is_retry(body) || server_hello(reader, session, body);
    }
    return true;
}

/*
 * Records.
 */

size_t tls_record_len(struct slice bytes)
{
    if (bytes.len < TLS_RECORD_HEAD) {
        return 0;
    }
    size_t len = octets_u16(bytes.at + 3);
    unsigned type = octets_u8(bytes.at);
    if (type < RECORD_CHANGE || type > RECORD_DATA + 1 || octets_u8(bytes.at + 1) != 3 ||
        len > TLS_RECORD_MAX) {
        return SIZE_MAX;
    }
    return bytes.len < TLS_RECORD_HEAD + len ? 0 : TLS_RECORD_HEAD + len;
}

/* Opens body into plain; false when the seal does not fit. */
static bool seal_open(struct tls_reader *reader, struct tls_side *side, const uint8_t *nonce,
                      struct slice aad, struct slice body, size_t *len)
{
    const uint8_t *sealed = (const uint8_t *)body.at;
    size_t sealed_len = body.len - TAG_LEN;
    int out = 0, more = 0;

    if (EVP_DecryptInit_ex2(side->cipher, NULL, NULL, nonce, NULL) != 1 ||
        EVP_CIPHER_CTX_ctrl(side->cipher, EVP_CTRL_AEAD_SET_TAG, TAG_LEN,
                            (void *)(uintptr_t)(sealed + sealed_len)) != 1 ||
        EVP_DecryptUpdate(side->cipher, NULL, &more, (const uint8_t *)aad.at, (int)aad.len) != 1 ||
        EVP_DecryptUpdate(side->cipher, (uint8_t *)reader->plain, &out, sealed, (int)sealed_len) !=
            1 ||
        EVP_DecryptFinal_ex(side->cipher, (uint8_t *)reader->plain + out, &more) != 1) {
        return false;
    }
    *len = (size_t)out + (size_t)more;
    return true;
}

static void nonce_make(const struct tls_side *side, uint8_t nonce[NONCE_LEN])
{
    memcpy(nonce, side->iv, NONCE_LEN);
    for (unsigned i = 0; i < 8; i++) {
        nonce[NONCE_LEN - 1 - i] ^= (uint8_t)(side->sequence >> (8 * i));
    }
}

static bool record_open_12(struct tls_reader *reader, const struct tls_session *session,
                           struct tls_side *side, struct slice record, struct slice *plain)
{
    struct slice body = slice_skip(record, TLS_RECORD_HEAD);
    size_t explicit = session->suite->is_chacha ? 0 : EXPLICIT_LEN;
    uint8_t nonce[NONCE_LEN];
    char aad[13];
    size_t len = 0;

    if (body.len < explicit + TAG_LEN) {
        return false;
    }
    nonce_make(side, nonce);
    if (explicit > 0) {
        memcpy(nonce, side->iv, NONCE_LEN - EXPLICIT_LEN);
        memcpy(nonce + NONCE_LEN - EXPLICIT_LEN, body.at, EXPLICIT_LEN);
        body = slice_skip(body, EXPLICIT_LEN);
    }
    octets_put_u32(aad, (uint32_t)(side->sequence >> 32));
    octets_put_u32(aad + 4, (uint32_t)side->sequence);
    memcpy(aad + 8, record.at, 3);
    octets_put_u16(aad + 11, (uint16_t)(body.len - TAG_LEN));
    if (!seal_open(reader, side, nonce, slice_of(aad, sizeof(aad)), body, &len)) {
        return false;
    }
    side->sequence++;
    *plain = octets_u8(record.at) == RECORD_DATA ? slice_of(reader->plain, len) : SLICE_NONE;
    return true;
}

/* What the type behind the padding says it is. */
static bool inner_take(struct tls_reader *reader, const struct tls_session *session,
                       struct tls_side *side, size_t len, struct slice *plain)
{
    while (len > 0 && reader->plain[len - 1] == 0) {
        len--;
    }
    if (len == 0) {
        return false;
    }
    unsigned type = octets_u8(reader->plain + len - 1);
    if (type == RECORD_DATA) {
        *plain = slice_of(reader->plain, len - 1);
    } else if (type == RECORD_HANDSHAKE && octets_u8(reader->plain) == KEY_UPDATE) {
        uint8_t next[KEYLOG_SECRET_MAX];

        if (!label_expand(reader, session->suite, side, "traffic upd", next, side->secret_len)) {
            return false;
        }
        memcpy(side->secret, next, side->secret_len);
        return side_keys_13(reader, session, side);
    }
    return true;
}

/* Handshake records that precede are sealed with other keys: the first that opens is the first. */
static bool record_open_13(struct tls_reader *reader, const struct tls_session *session,
                           struct tls_side *side, struct slice record, struct slice *plain)
{
    struct slice body = slice_skip(record, TLS_RECORD_HEAD);
    uint8_t nonce[NONCE_LEN];
    size_t len = 0;

    if (octets_u8(record.at) != RECORD_DATA) {
        return true; /* CCS for old middleboxes */
    }
    nonce_make(side, nonce);
    if (body.len < TAG_LEN ||
        !seal_open(reader, side, nonce, slice_head(record, TLS_RECORD_HEAD), body, &len)) {
        return !side->is_in_step && ++side->trials < TLS_TRIALS;
    }
    side->is_in_step = true;
    side->sequence++;
    return inner_take(reader, session, side, len, plain);
}

bool tls_record_read(struct tls_reader *reader, uint32_t connection, unsigned side,
                     struct slice record, struct slice *plain)
{
    struct tls_session *session = session_at(reader, connection);
    struct tls_side *half = &session->sides[side];
    unsigned type = octets_u8(record.at);

    *plain = SLICE_NONE;
    if (half->is_sealed) {
        return session->version == VERSION_13
                   ? record_open_13(reader, session, half, record, plain)
                   : record_open_12(reader, session, half, record, plain);
    }
    if (type == RECORD_HANDSHAKE) {
        return handshake_read(reader, session, side, slice_skip(record, TLS_RECORD_HEAD));
    }
    if (type == RECORD_CHANGE) {
        /* Before the ServerHello it is for old middleboxes. */
        half->is_sealed = session->has_server;
        return session->has_server ? half->cipher != NULL : session->has_client;
    }
    return type == RECORD_ALERT;
}
