#include "io/tls_credentials.h"

#include "base/must.h"
#include "io/tls_verify.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>

enum {
    TLS_DEPTH_MAX = 4,            /* TLS-08 */
    TLS_CHAIN_OCTETS = 16 * 1024, /* TLS-08 */
    TLS_SECURITY_LEVEL = 2,       /* 112 bits: RSA 2048, no SHA-1 */
    TLS_CERTIFICATES_MAX = 1000,  /* of one file */
    TLS_KEY_UPDATES_MAX = 16,     /* of one connection without a message between, TLS-12 */
};

/* TLS-02, TLS-03 */
static const char suites_13[] =
    "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256";
static const char suites_12[] =
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

/*
 * PEM.
 */

static BIO *pem_open(struct slice pem)
{
    return BIO_new_mem_buf(pem.at, (int)pem.len);
}

X509 *tls_read_certificate(struct slice pem)
{
    BIO *text = pem_open(pem);
    X509 *certificate = text == NULL ? NULL : PEM_read_bio_X509(text, NULL, NULL, NULL);

    BIO_free(text);
    ERR_clear_error();
    return certificate;
}

/*
 * Whom we believe.
 */

static int roots_add(struct tls_roots *roots, struct slice pem)
{
    BIO *text = pem_open(pem);
    X509 *certificate = NULL;
    int count = 0;

    while (text != NULL && count < TLS_CERTIFICATES_MAX &&
           (certificate = PEM_read_bio_X509(text, NULL, NULL, NULL)) != NULL) {
        count += X509_STORE_add_cert(roots->store, certificate) == 1;
        X509_free(certificate);
    }
    BIO_free(text);
    ERR_clear_error();
    return count;
}

/* From the first list on every certificate of a chain must be on none. */
static int roots_revoke(struct tls_roots *roots, struct slice pem)
{
    BIO *text = pem_open(pem);
    X509_CRL *list = NULL;
    int count = 0;

    while (text != NULL && count < TLS_CERTIFICATES_MAX &&
           (list = PEM_read_bio_X509_CRL(text, NULL, NULL, NULL)) != NULL) {
        count += X509_STORE_add_crl(roots->store, list) == 1;
        X509_CRL_free(list);
    }
    BIO_free(text);
    ERR_clear_error();
    if (count > 0) {
        roots->has_list = true;
        (void)X509_STORE_set_flags(roots->store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    }
    return count;
}

static struct tls_roots *roots_of(struct tls_credentials *credentials, uint32_t owner)
{
    for (uint32_t i = 0; i < credentials->root_count; i++) {
        if (credentials->roots[i].owner == owner) {
            return &credentials->roots[i];
        }
    }
    struct tls_roots *more =
        realloc(credentials->roots, (credentials->root_count + 1) * sizeof(*more));
    must(more != NULL);
    credentials->roots = more;
    more += credentials->root_count++;
    *more = (struct tls_roots){.owner = owner, .store = X509_STORE_new()};
    must(more->store != NULL);
    return more;
}

/*
 * Who we are.
 */

static struct tls_zone *zone_of(struct tls_credentials *credentials, uint32_t owner)
{
    for (uint32_t i = 0; i < credentials->zone_count; i++) {
        if (credentials->zones[i].owner == owner) {
            return &credentials->zones[i];
        }
    }
    struct tls_zone *more =
        realloc(credentials->zones, (credentials->zone_count + 1) * sizeof(*more));
    must(more != NULL);
    credentials->zones = more;
    more += credentials->zone_count++;
    *more = (struct tls_zone){.owner = owner};
    return more;
}

/* Renegotiation is refused by OpenSSL with a warning; to us it ends the connection, as does a flood
 * of new keys (TLS-04, TLS-12). */
static void on_alert(const SSL *ssl, int where, int value)
{
    struct tls *tls = SSL_get_ex_data(ssl, 0);

    if (tls != NULL && (where & SSL_CB_WRITE_ALERT) == SSL_CB_WRITE_ALERT &&
        (value & 0xFF) == SSL_AD_NO_RENEGOTIATION) {
        tls->is_broken = true;
    }
}

static void on_message(int is_written, int version, int type, const void *octets, size_t len,
                       SSL *ssl, void *argument)
{
    struct tls *tls = SSL_get_ex_data(ssl, 0);

    (void)version;
    (void)argument;
    if (tls == NULL || is_written || len == 0 || type != SSL3_RT_HANDSHAKE) {
        return;
    }
    if (*(const unsigned char *)octets == SSL3_MT_KEY_UPDATE &&
        ++tls->key_updates > TLS_KEY_UPDATES_MAX) {
        tls->is_broken = true;
    }
}

static bool context_is_strict(SSL_CTX *context)
{
    /* OpenSSL's macros take the const away. */
    char groups[] = "X25519:P-256:P-384";
    char signatures[] =
        "ECDSA+SHA256:ECDSA+SHA384:ed25519:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512";

    (void)SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                           SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TICKET |
                                           SSL_OP_NO_ENCRYPT_THEN_MAC);
    (void)SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                        SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_security_level(context, TLS_SECURITY_LEVEL);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_max_cert_list(context, TLS_CHAIN_OCTETS);
    SSL_CTX_set_verify_depth(context, TLS_DEPTH_MAX);
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_cert_verify_callback(context, tls_verify, NULL);
    SSL_CTX_set_info_callback(context, on_alert);
    SSL_CTX_set_msg_callback(context, on_message);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_ciphersuites(context, suites_13) == 1 &&
           SSL_CTX_set_cipher_list(context, suites_12) == 1 &&
           SSL_CTX_set1_groups_list(context, groups) == 1 &&
           SSL_CTX_set1_sigalgs_list(context, signatures) == 1;
}

static bool context_use(SSL_CTX *context, const struct tls_signer *signer, struct slice chain)
{
    BIO *text = pem_open(chain);
    X509 *leaf = text == NULL ? NULL : PEM_read_bio_X509(text, NULL, NULL, NULL);
    EVP_PKEY *key = leaf == NULL || signer == NULL ? NULL : tls_signer_key(signer, leaf);
    bool is_done = leaf != NULL && SSL_CTX_use_certificate(context, leaf) == 1 &&
                   (signer == NULL || (key != NULL && SSL_CTX_use_PrivateKey(context, key) == 1));
    X509 *above = NULL;

    while (is_done && (above = PEM_read_bio_X509(text, NULL, NULL, NULL)) != NULL) {
        is_done = SSL_CTX_add0_chain_cert(context, above) == 1;
    }
    EVP_PKEY_free(key);
    X509_free(leaf);
    BIO_free(text);
    return is_done;
}

static SSL_CTX *context_new(const SSL_METHOD *method, const struct tls_signer *signer,
                            struct slice chain)
{
    SSL_CTX *context = SSL_CTX_new(method);

    if (context != NULL && context_is_strict(context) && context_use(context, signer, chain)) {
        return context;
    }
    SSL_CTX_free(context);
    return NULL;
}

static bool zone_identify(struct tls_zone *zone, const struct tls_signer *signer,
                          struct tls_tickets *tickets, struct slice chain, struct fault *fault)
{
    zone->server = context_new(TLS_server_method(), signer, chain);
    zone->client = context_new(TLS_client_method(), signer, chain);
    if (zone->server != NULL && zone->client != NULL) {
        if (tickets != NULL) {
            tls_tickets_serve(tickets, zone->server);
        }
        return true;
    }
    const char *why = ERR_reason_error_string(ERR_peek_last_error());
    (void)fault_set(fault, "a certificate cannot be used: %s",
                    why != NULL ? why : "its key is neither EC nor RSA of 2048 to 4096 bits");
    ERR_clear_error();
    return false;
}

/*
 * All of it.
 */

static bool entry_take(struct tls_credentials *credentials, const struct tls_entry *entry,
                       const struct tls_signer *signer, struct tls_tickets *tickets,
                       struct fault *fault)
{
    switch (entry->kind) {
    case TLS_ENTRY_CHAIN:
        return zone_identify(zone_of(credentials, entry->owner), signer, tickets, entry->octets,
                             fault);
    case TLS_ENTRY_ROOTS:
        return roots_add(roots_of(credentials, entry->owner), entry->octets) > 0 ||
               fault_set(fault, "there is no certificate among the roots");
    case TLS_ENTRY_REVOKED:
        return roots_revoke(roots_of(credentials, entry->owner), entry->octets) > 0 ||
               fault_set(fault, "there is no list of revoked certificates");
    case TLS_ENTRY_TERMS:
        if (entry->octets.len == sizeof(struct tls_terms)) {
            memcpy(&zone_of(credentials, entry->owner)->terms, entry->octets.at,
                   sizeof(struct tls_terms));
            return true;
        }
        return fault_set(fault, "terms of another size");
    default:
        return fault_set(fault, "an entry of no kind we know");
    }
}

struct tls_credentials *tls_credentials_new(struct slice book, const struct tls_signer *signer,
                                            struct tls_tickets *tickets, struct fault *fault)
{
    struct tls_credentials *credentials = calloc(1, sizeof(*credentials));
    struct tls_entry entry;

    must(credentials != NULL);
    while (tls_book_next(&book, &entry)) {
        if (!entry_take(credentials, &entry, signer, tickets, fault)) {
            tls_credentials_free(credentials);
            return NULL;
        }
    }
    return credentials;
}

void tls_credentials_free(struct tls_credentials *credentials)
{
    if (credentials == NULL) {
        return;
    }
    for (uint32_t i = 0; i < credentials->zone_count; i++) {
        SSL_CTX_free(credentials->zones[i].server);
        SSL_CTX_free(credentials->zones[i].client);
    }
    for (uint32_t i = 0; i < credentials->root_count; i++) {
        X509_STORE_free(credentials->roots[i].store);
    }
    free(credentials->zones);
    free(credentials->roots);
    free(credentials);
}

const struct tls_zone *tls_zone_find(const struct tls_credentials *credentials, uint32_t zone)
{
    for (uint32_t i = 0; credentials != NULL && i < credentials->zone_count; i++) {
        if (credentials->zones[i].owner == zone && credentials->zones[i].server != NULL) {
            return &credentials->zones[i];
        }
    }
    return NULL;
}

const struct tls_roots *tls_roots_find(const struct tls_credentials *credentials, uint32_t zone,
                                       uint32_t peer)
{
    const struct tls_roots *found = NULL;

    for (uint32_t i = 0; i < credentials->root_count; i++) {
        if (peer != 0 && credentials->roots[i].owner == peer) {
            return &credentials->roots[i];
        }
        if (credentials->roots[i].owner == zone) {
            found = &credentials->roots[i];
        }
    }
    return found;
}
