#include "app/run/credentials.h"

#include "app/run/memory.h"
#include "base/must.h"
#include "io/tls_credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SECRETS_MAX = 1 << 20, /* octets: three hundred RSA keys */
    PATH_MAX_LEN = 1025,
};

/* Both books being written. */
struct reading {
    struct text book, secrets;
    struct fault *fault;
};

void credentials_init(struct credentials *credentials)
{
    *credentials = (struct credentials){.book = -1, .secrets = -1};
}

void credentials_close(struct credentials *credentials)
{
    if (credentials->book >= 0) {
        (void)close(credentials->book);
    }
    if (credentials->secrets >= 0) {
        (void)close(credentials->secrets);
    }
    credentials_init(credentials);
}

/*
 * Files.
 */

static bool file_refused(struct fault *fault, const char *path, const char *why)
{
    return fault_set(fault, "%s: %s", path, why);
}

/* A private key that others may read is none. */
static bool file_is_private(int fd)
{
    struct stat stat;

    return fstat(fd, &stat) == 0 && (stat.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

static bool file_read(struct slice path, bool is_secret, struct slice *octets, struct fault *fault)
{
    char name[PATH_MAX_LEN];

    (void)snprintf(name, sizeof(name), "%.*s", (int)path.len, path.at);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return file_refused(fault, name, strerror(errno));
    }
    bool is_private = !is_secret || file_is_private(fd);
    bool is_read = is_private && memory_read(fd, TLS_ENTRY_MAX, octets);
    (void)close(fd);
    if (!is_private) {
        return file_refused(fault, name, "others than its owner may use this key; chmod 600 it");
    }
    if (!is_read) {
        return file_refused(fault, name, "cannot be read");
    }
    if (octets->len == 0 || octets->len == TLS_ENTRY_MAX) {
        bool is_empty = octets->len == 0;

        free((void *)(uintptr_t)octets->at);
        *octets = SLICE_NONE;
        return file_refused(fault, name, is_empty ? "is empty" : "is too long");
    }
    return true;
}

static void octets_wipe(struct slice octets)
{
    explicit_bzero((void *)(uintptr_t)octets.at, octets.len);
    free((void *)(uintptr_t)octets.at);
}

static bool put_file(struct reading *reading, enum tls_entry_kind kind, uint32_t owner,
                     struct slice path)
{
    struct tls_entry entry = {.kind = kind, .owner = owner};

    if (!file_read(path, false, &entry.octets, reading->fault)) {
        return false;
    }
    tls_book_put(&reading->book, &entry);
    free((void *)(uintptr_t)entry.octets.at);
    return true;
}

/*
 * Our own keys.
 */

/* Nobody is there to be asked for a word. */
static int no_password(char *room, int max, int is_writing, void *argument)
{
    (void)room;
    (void)max;
    (void)is_writing;
    (void)argument;
    return -1;
}

static EVP_PKEY *read_key(struct slice pem)
{
    BIO *text = BIO_new_mem_buf(pem.at, (int)pem.len);
    EVP_PKEY *key = text == NULL ? NULL : PEM_read_bio_PrivateKey(text, NULL, no_password, NULL);

    BIO_free(text);
    return key;
}

static bool put_secret(struct reading *reading, const uint8_t name[IPC_KEY_NAME_LEN],
                       struct slice pem)
{
    char *room = malloc(IPC_KEY_NAME_LEN + pem.len);
    struct tls_entry entry = {.kind = TLS_ENTRY_SECRET};

    must(room != NULL);
    memcpy(room, name, IPC_KEY_NAME_LEN);
    memcpy(room + IPC_KEY_NAME_LEN, pem.at, pem.len);
    entry.octets = slice_of(room, IPC_KEY_NAME_LEN + pem.len);
    tls_book_put(&reading->secrets, &entry);
    octets_wipe(entry.octets);
    return true;
}

/* The key must be the certificate's, of a kind the handshakes use. */
static bool put_key(struct reading *reading, X509 *certificate, const struct policy_tls *tls)
{
    uint8_t name[IPC_KEY_NAME_LEN];
    struct slice pem;
    char path[PATH_MAX_LEN];

    if (!file_read(tls->key, true, &pem, reading->fault)) {
        return false;
    }
    (void)snprintf(path, sizeof(path), "%.*s", (int)tls->key.len, tls->key.at);
    EVP_PKEY *key = read_key(pem);
    bool is_done = false;
    if (key == NULL) {
        (void)file_refused(reading->fault, path, "is no private key in PEM without a password");
    } else if (X509_check_private_key(certificate, key) != 1) {
        (void)file_refused(reading->fault, path, "is not the key of the certificate");
    } else if (!tls_key_name(X509_get0_pubkey(certificate), name)) {
        (void)file_refused(reading->fault, path,
                           "is neither EC of 256 bits nor RSA of 2048 to 4096 bits");
    } else {
        is_done = put_secret(reading, name, pem);
    }
    EVP_PKEY_free(key);
    ERR_clear_error();
    octets_wipe(pem);
    return is_done;
}

static bool put_identity(struct reading *reading, uint32_t owner, const struct policy_tls *tls)
{
    struct tls_entry entry = {.kind = TLS_ENTRY_CHAIN, .owner = owner};
    char path[PATH_MAX_LEN];

    if (!file_read(tls->certificate, false, &entry.octets, reading->fault)) {
        return false;
    }
    (void)snprintf(path, sizeof(path), "%.*s", (int)tls->certificate.len, tls->certificate.at);
    X509 *certificate = tls_read_certificate(entry.octets);
    bool is_done = certificate != NULL
                       ? put_key(reading, certificate, tls)
                       : file_refused(reading->fault, path, "has no certificate in PEM");
    if (is_done) {
        tls_book_put(&reading->book, &entry);
    }
    X509_free(certificate);
    free((void *)(uintptr_t)entry.octets.at);
    return is_done;
}

/*
 * Zones and peers.
 */

static bool put_terms(struct reading *reading, uint32_t owner, const struct policy_tls *tls)
{
    const struct tls_terms terms = {
        .crl_grace = tls->crl_grace,
        .clients = tls->clients == CLIENTS_REQUIRED   ? TLS_CLIENTS_REQUIRED
                   : tls->clients == CLIENTS_OPTIONAL ? TLS_CLIENTS_OPTIONAL
                                                      : TLS_CLIENTS_NONE,
    };
    const struct tls_entry entry = {TLS_ENTRY_TERMS, owner,
                                    slice_of((const char *)&terms, sizeof(terms))};

    tls_book_put(&reading->book, &entry);
    return true;
}

static bool put_zone(struct reading *reading, const struct policy *policy, uint16_t zone)
{
    struct policy_tls tls = policy_tls_of(policy, zone);
    uint32_t owner = policy_zone_id(policy, zone);

    return !policy_zone_is_secure(policy, zone) ||
           (put_identity(reading, owner, &tls) && put_terms(reading, owner, &tls) &&
            put_file(reading, TLS_ENTRY_ROOTS, owner, tls.ca) &&
            (slice_is_empty(tls.crl) || put_file(reading, TLS_ENTRY_REVOKED, owner, tls.crl)));
}

static bool put_peer(struct reading *reading, const struct policy *policy,
                     const struct policy_peer *peer)
{
    struct policy_tls tls = policy_tls_of(policy, peer->zone);

    return slice_is_empty(peer->ca) || !policy_zone_is_secure(policy, peer->zone) ||
           (put_file(reading, TLS_ENTRY_ROOTS, peer->id, peer->ca) &&
            (slice_is_empty(tls.crl) || put_file(reading, TLS_ENTRY_REVOKED, peer->id, tls.crl)));
}

static bool put_all(struct reading *reading, const struct policy *policy)
{
    for (uint32_t i = 0; i < policy->zone_count; i++) {
        if (!put_zone(reading, policy, (uint16_t)i)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < policy->peer_count; i++) {
        if (!put_peer(reading, policy, &policy->peers[i])) {
            return false;
        }
    }
    return (!reading->book.is_full && !reading->secrets.is_full) ||
           fault_set(reading->fault, "the files for TLS are more than %d octets", TLS_BOOK_MAX);
}

/* Whether a child could make use of it. */
static bool book_is_good(struct slice book, struct fault *fault)
{
    struct tls_credentials *tried = tls_credentials_new(book, NULL, NULL, fault);
    bool is_good = tried != NULL;

    tls_credentials_free(tried);
    return is_good;
}

bool credentials_read(struct credentials *credentials, const struct policy *policy,
                      struct fault *fault)
{
    struct reading reading = {.fault = fault};
    char *room = malloc(TLS_BOOK_MAX);
    char *secret_room = malloc(SECRETS_MAX);

    must(room != NULL && secret_room != NULL);
    credentials_init(credentials);
    text_init(&reading.book, room, TLS_BOOK_MAX);
    text_init(&reading.secrets, secret_room, SECRETS_MAX);
    if (put_all(&reading, policy) && book_is_good(text_slice(&reading.book), fault)) {
        credentials->book_len = (uint32_t)reading.book.len;
        credentials->secrets_len = (uint32_t)reading.secrets.len;
        credentials->book = memory_sealed("certificates", text_slice(&reading.book), fault);
        credentials->secrets = memory_sealed("secrets", text_slice(&reading.secrets), fault);
    }
    free(room);
    octets_wipe(slice_of(secret_room, SECRETS_MAX));
    if (credentials->book < 0 || credentials->secrets < 0) {
        credentials_close(credentials);
        return false;
    }
    return true;
}
