#include "io/media/dtls.h"

#include "wire/octets.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

enum {
    MATERIAL_MAX = 2 * MEDIA_KEY_MAX,
    PROFILES_TEXT_MAX = 128,
    RECORD_HEAD = 13,
    RECORD_ALERT = 21,
    RECORD_HANDSHAKE = 22,
    VERSION_MAJOR = 0xFE,
    HANDSHAKE_HEAD = 12,
    HANDSHAKE_CLIENT_HELLO = 1,
    REHEARSAL_TURNS = 8, /* a handshake with its cookie has three */
};

struct dtls_setup {
    SSL_CTX *context;
    BIO_METHOD *method; /* what comes out is kept datagram by datagram */
};

struct dtls {
    SSL *ssl;
    struct dtls_wish wish;
    enum dtls_state state;
    struct dtls_keys keys;
    unsigned owed_first, owed_count;
    struct {
        size_t len;
        char octets[DTLS_DATAGRAM_MAX];
    } owed[DTLS_OWED_MAX];
};

/*
 * The sink: one write of the library is one datagram.
 */

static int sink_write(BIO *bio, const char *octets, int len)
{
    struct dtls *dtls = BIO_get_data(bio);

    if (len <= 0 || len > DTLS_DATAGRAM_MAX) {
        return -1;
    }
    if (dtls->owed_count < DTLS_OWED_MAX) { /* else it is lost, as on the wire */
        unsigned place = (dtls->owed_first + dtls->owed_count++) % DTLS_OWED_MAX;

        memcpy(dtls->owed[place].octets, octets, (size_t)len);
        dtls->owed[place].len = (size_t)len;
    }
    return len;
}

static long sink_control(BIO *bio, int command, long number, void *at)
{
    (void)bio;
    (void)number;
    (void)at;
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
        return DTLS_DATAGRAM_MAX;
    default:
        return 0;
    }
}

static int sink_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

/*
 * What all handshakes share.
 */

/* Whether a certificate is the party's is not the library's to say: it has no name and no issuer
 * we know. */
static int certificate_any(int is_good, X509_STORE_CTX *store)
{
    (void)is_good;
    (void)store;
    return 1;
}

/* A client that has not shown that it gets what is sent to it is sent little (RFC 6347 4.2.1). */
static int cookie_make(SSL *ssl, unsigned char *octets, unsigned *len)
{
    const struct dtls *dtls = SSL_get_app_data(ssl);

    memcpy(octets, &dtls->wish.cookie, sizeof(dtls->wish.cookie));
    *len = sizeof(dtls->wish.cookie);
    return 1;
}

static int cookie_check(SSL *ssl, const unsigned char *octets, unsigned len)
{
    const struct dtls *dtls = SSL_get_app_data(ssl);

    return len == sizeof(dtls->wish.cookie) &&
           CRYPTO_memcmp(octets, &dtls->wish.cookie, sizeof(dtls->wish.cookie)) == 0;
}

static bool context_certify(SSL_CTX *context, const struct media_certificate *certificate)
{
    return SSL_CTX_use_certificate_ASN1(context, (int)certificate->len, certificate->octets) == 1 &&
           SSL_CTX_use_PrivateKey_ASN1(EVP_PKEY_EC, context, certificate->key,
                                       (long)certificate->key_len) == 1;
}

/* RFC 8842 does not ask for more than DTLS 1.2, and no library of Debian 12 has more. */
static bool context_fill(SSL_CTX *context)
{
    SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU | SSL_OP_COOKIE_EXCHANGE | SSL_OP_NO_TICKET |
                                     SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, certificate_any);
    SSL_CTX_set_cookie_generate_cb(context, cookie_make);
    SSL_CTX_set_cookie_verify_cb(context, cookie_check);
    SSL_CTX_set_read_ahead(context, 1);
    return SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
           SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1;
}

static void carry(struct dtls *from, struct dtls *to)
{
    struct slice datagram;

    while (dtls_next(from, &datagram)) {
        dtls_take(to, datagram);
    }
}

static bool rehearse(const struct dtls_setup *setup, const struct media_certificate *certificate)
{
    struct dtls_wish wish = {
        .suites = MEDIA_SUITES_ALL,
        .fingerprint = media_certificate_fingerprint(certificate),
    };
    struct dtls *server = dtls_new(setup, &wish), *client = NULL;
    bool is_good = false;

    wish.is_client = true;
    client = dtls_new(setup, &wish);
    for (unsigned i = 0; server != NULL && client != NULL && i < REHEARSAL_TURNS; i++) {
        carry(client, server);
        carry(server, client);
        is_good = dtls_state(client) == DTLS_AGREED && dtls_state(server) == DTLS_AGREED;
    }
    dtls_free(client);
    dtls_free(server);
    return is_good;
}

struct dtls_setup *dtls_setup_new(const struct media_certificate *certificate)
{
    struct dtls_setup *setup = calloc(1, sizeof(*setup));

    if (setup == NULL) {
        return NULL;
    }
    setup->context = SSL_CTX_new(DTLS_method());
    setup->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "datagrams");
    if (setup->context == NULL || setup->method == NULL || !context_fill(setup->context) ||
        !context_certify(setup->context, certificate)) {
        dtls_setup_free(setup);
        return NULL;
    }
    BIO_meth_set_write(setup->method, sink_write);
    BIO_meth_set_ctrl(setup->method, sink_control);
    BIO_meth_set_create(setup->method, sink_create);
    if (!rehearse(setup, certificate)) {
        dtls_setup_free(setup);
        return NULL;
    }
    return setup;
}

void dtls_setup_free(struct dtls_setup *setup)
{
    if (setup != NULL) {
        SSL_CTX_free(setup->context);
        BIO_meth_free(setup->method);
        free(setup);
    }
}

/*
 * One handshake.
 */

/* In the order of the table: the best first. */
static void profiles_write(char text[PROFILES_TEXT_MAX], uint8_t suites)
{
    static const struct {
        enum media_suite suite;
        const char *name;
    } profiles[] = {
// clang-format off
#define MEDIA_SUITE(name, written, key_len, salt_len, dtls) {MEDIA_SUITE_##name, dtls},
#include "wire/media_suites.def"
#undef MEDIA_SUITE
        // clang-format on
    };
    size_t len = 0;

    for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
        size_t name_len = strlen(profiles[i].name);

        if ((suites >> profiles[i].suite & 1) == 0 || len + name_len + 2 > PROFILES_TEXT_MAX) {
            continue;
        }
        if (len > 0) {
            text[len++] = ':';
        }
        memcpy(&text[len], profiles[i].name, name_len);
        len += name_len;
    }
    text[len] = '\0';
}

static bool pipes_make(const struct dtls_setup *setup, struct dtls *dtls)
{
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(setup->method);

    if (in == NULL || out == NULL) {
        BIO_free(in);
        BIO_free(out);
        return false;
    }
    BIO_set_mem_eof_return(in, -1);
    BIO_set_data(out, dtls);
    SSL_set_bio(dtls->ssl, in, out);
    return true;
}

static void step(struct dtls *dtls);

struct dtls *dtls_new(const struct dtls_setup *setup, const struct dtls_wish *wish)
{
    struct dtls *dtls = calloc(1, sizeof(*dtls));
    char profiles[PROFILES_TEXT_MAX];

    if (dtls == NULL) {
        return NULL;
    }
    dtls->wish = *wish;
    dtls->ssl = SSL_new(setup->context);
    profiles_write(profiles, wish->suites);
    if (dtls->ssl == NULL || !pipes_make(setup, dtls) ||
        SSL_set_tlsext_use_srtp(dtls->ssl, profiles) != 0) {
        dtls_free(dtls);
        ERR_clear_error();
        return NULL;
    }
    SSL_set_app_data(dtls->ssl, dtls);
    (void)DTLS_set_link_mtu(dtls->ssl, DTLS_DATAGRAM_MAX);
    if (wish->is_client) {
        SSL_set_connect_state(dtls->ssl);
        step(dtls);
    } else {
        SSL_set_accept_state(dtls->ssl);
    }
    return dtls;
}

void dtls_free(struct dtls *dtls)
{
    if (dtls != NULL) {
        SSL_free(dtls->ssl);
        media_wipe(&dtls->keys, sizeof(dtls->keys));
        free(dtls);
    }
}

static const EVP_MD *hash_of(enum media_hash hash)
{
    switch (hash) {
    case MEDIA_SHA_384:
        return EVP_sha384();
    case MEDIA_SHA_512:
        return EVP_sha512();
    case MEDIA_HASH_NONE:
    case MEDIA_SHA_256:
        break;
    }
    return EVP_sha256();
}

/* SRT-06: before anything is passed on. */
static bool certificate_is_right(const struct dtls *dtls)
{
    struct media_fingerprint seen = {.hash = dtls->wish.fingerprint.hash};
    X509 *certificate = SSL_get0_peer_certificate(dtls->ssl);
    uint8_t octets[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (certificate == NULL || seen.hash == MEDIA_HASH_NONE ||
        X509_digest(certificate, hash_of((enum media_hash)seen.hash), octets, &len) != 1 ||
        len != media_hash_len((enum media_hash)seen.hash)) {
        return false;
    }
    memcpy(seen.octets, octets, len);
    return media_fingerprint_equal(&seen, &dtls->wish.fingerprint);
}

static enum media_suite suite_agreed(const struct dtls *dtls)
{
    const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(dtls->ssl);
    static const struct {
        const char *name;
        enum media_suite suite;
    } profiles[] = {
// clang-format off
#define MEDIA_SUITE(name, written, key_len, salt_len, dtls) {dtls, MEDIA_SUITE_##name},
#include "wire/media_suites.def"
#undef MEDIA_SUITE
        // clang-format on
    };

    for (size_t i = 0; profile != NULL && i < sizeof(profiles) / sizeof(profiles[0]); i++) {
        if (strcmp(profile->name, profiles[i].name) == 0) {
            return profiles[i].suite;
        }
    }
    return MEDIA_SUITE_NONE;
}

/* RFC 5764 4.2: both keys, then both salts; the client's first. */
static void key_cut(struct media_key *key, enum media_suite suite, const uint8_t *material,
                    bool is_server)
{
    size_t salt = media_suite_salt_len(suite);
    size_t len = media_suite_key_len(suite) - salt;

    key->suite = (uint8_t)suite;
    memcpy(key->octets, material + (is_server ? len : 0), len);
    memcpy(key->octets + len, material + 2 * len + (is_server ? salt : 0), salt);
}

static bool keys_export(struct dtls *dtls)
{
    static const char label[] = "EXTRACTOR-dtls_srtp";
    enum media_suite suite = suite_agreed(dtls);
    uint8_t material[MATERIAL_MAX];
    size_t len = 2 * media_suite_key_len(suite);

    if (suite == MEDIA_SUITE_NONE ||
        SSL_export_keying_material(dtls->ssl, material, len, label, sizeof(label) - 1, NULL, 0,
                                   0) != 1) {
        return false;
    }
    key_cut(&dtls->keys.send, suite, material, !dtls->wish.is_client);
    key_cut(&dtls->keys.receive, suite, material, dtls->wish.is_client);
    media_wipe(material, sizeof(material));
    return true;
}

/* What was not whole is dropped by the library and waited for again; only what a party with the
 * right place says wrongly ends its handshake. */
static void step(struct dtls *dtls)
{
    char octets[64];
    int result = dtls->state == DTLS_WORKING ? SSL_do_handshake(dtls->ssl)
                                             : SSL_read(dtls->ssl, octets, sizeof(octets));
    int error = SSL_get_error(dtls->ssl, result);

    if (dtls->state == DTLS_WORKING && result == 1) {
        dtls->state = certificate_is_right(dtls) && keys_export(dtls) ? DTLS_AGREED : DTLS_FAILED;
    } else if (dtls->state == DTLS_WORKING && error != SSL_ERROR_WANT_READ &&
               error != SSL_ERROR_WANT_WRITE) {
        dtls->state = DTLS_FAILED;
    }
    ERR_clear_error();
}

/* RFC 6347 4.1, 4.2.2: a record is type, version, epoch, number and length. */
bool dtls_is_hello(struct slice datagram)
{
    const char *at = datagram.at;

    return datagram.len > RECORD_HEAD + HANDSHAKE_HEAD && (uint8_t)at[0] == RECORD_HANDSHAKE &&
           (uint8_t)at[1] == VERSION_MAJOR && octets_16(at + 3) == 0 &&
           RECORD_HEAD + (size_t)octets_16(at + 11) == datagram.len &&
           at[RECORD_HEAD] == HANDSHAKE_CLIENT_HELLO && at[RECORD_HEAD + 1] == 0 &&
           octets_16(at + 15) + HANDSHAKE_HEAD == octets_16(at + 11);
}

static bool is_open_alert(struct slice datagram)
{
    return datagram.len >= RECORD_HEAD && (uint8_t)datagram.at[0] == RECORD_ALERT &&
           octets_16(datagram.at + 3) == 0;
}

void dtls_take(struct dtls *dtls, struct slice datagram)
{
    if (dtls->state == DTLS_FAILED || datagram.len == 0 || datagram.len > UINT16_MAX ||
        is_open_alert(datagram)) {
        return;
    }
    (void)BIO_write(SSL_get_rbio(dtls->ssl), datagram.at, (int)datagram.len);
    step(dtls);
}

void dtls_wait(struct dtls *dtls)
{
    if (dtls->state == DTLS_WORKING && DTLSv1_handle_timeout(dtls->ssl) < 0) {
        dtls->state = DTLS_FAILED;
    }
    ERR_clear_error();
}

bool dtls_next(struct dtls *dtls, struct slice *datagram)
{
    if (dtls->owed_count == 0) {
        return false;
    }
    *datagram = slice_of(dtls->owed[dtls->owed_first].octets, dtls->owed[dtls->owed_first].len);
    dtls->owed_first = (dtls->owed_first + 1) % DTLS_OWED_MAX;
    dtls->owed_count--;
    return true;
}

enum dtls_state dtls_state(const struct dtls *dtls)
{
    return dtls->state;
}

struct dtls_keys dtls_keys_take(struct dtls *dtls)
{
    struct dtls_keys keys = dtls->keys;

    media_wipe(&dtls->keys, sizeof(dtls->keys));
    return keys;
}
