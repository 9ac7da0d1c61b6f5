#include "app/lab.h"

#include "io/tls_names.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LAB_DAYS = 90,
    LAB_NAMES_MAX = 64 * 1024, /* octets of the names of one certificate, written */
    LAB_PATH_MAX = 1024,
    LAB_SERIAL_OCTETS = 16,
};

/* Who signs. */
struct authority {
    const char *folder;
    X509 *certificate;
    EVP_PKEY *key;
    struct fault *fault;
};

/*
 * Files.
 */

static FILE *file_new(struct authority *authority, struct slice name, const char *kind, mode_t mode)
{
    char path[LAB_PATH_MAX];
    int len =
        snprintf(path, sizeof(path), "%s/%.*s.%s", authority->folder, (int)name.len, name.at, kind);
    int fd =
        len < (int)sizeof(path) ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode) : -1;
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

    if (file == NULL) {
        (void)fault_set(authority->fault, "%s: %s", path, strerror(errno));
    }
    return file;
}

static bool file_end(FILE *file, bool is_written)
{
    return fclose(file) == 0 && is_written;
}

static bool save(struct authority *authority, struct slice name, const char *key_name,
                 X509 *certificate, EVP_PKEY *key)
{
    struct slice named = key_name == NULL ? name : slice_string(key_name);
    FILE *file = file_new(authority, name, "pem", 0644);

    if (file == NULL || !file_end(file, PEM_write_X509(file, certificate) == 1)) {
        return false;
    }
    file = file_new(authority, named, key_name == NULL ? "key" : "pem", 0600);
    return file != NULL &&
           file_end(file, PEM_write_PKCS8PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1);
}

/*
 * Certificates.
 */

static bool extend(X509 *certificate, X509 *issuer, int kind, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension = NULL;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    bool is_done = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return is_done;
}

static bool number(X509 *certificate)
{
    unsigned char octets[LAB_SERIAL_OCTETS];
    BIGNUM *serial = NULL;

    if (RAND_bytes(octets, sizeof(octets)) != 1) {
        return false;
    }
    octets[0] &= 0x7F;
    serial = BN_bin2bn(octets, sizeof(octets), NULL);
    bool is_done =
        serial != NULL && BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate)) != NULL;
    BN_free(serial);
    return is_done;
}

/* Everything but what makes an authority of it, or somebody. */
static X509 *certificate_new(EVP_PKEY *key, struct slice subject)
{
    X509 *certificate = X509_new();
    X509_NAME *name = certificate == NULL ? NULL : X509_get_subject_name(certificate);
    int len = subject.len > 64 ? 64 : (int)subject.len; /* what a common name may have */

    if (name == NULL || X509_set_version(certificate, X509_VERSION_3) != 1 ||
        !number(certificate) || X509_set_pubkey(certificate, key) != 1 ||
        X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) == NULL ||
        X509_time_adj_ex(X509_getm_notAfter(certificate), LAB_DAYS, 0, NULL) == NULL ||
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)subject.at,
                                   len, -1, 0) != 1) {
        X509_free(certificate);
        return NULL;
    }
    return certificate;
}

static bool sign(X509 *certificate, X509 *issuer, EVP_PKEY *key)
{
    return X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
           X509_sign(certificate, key, EVP_sha256()) > 0;
}

static bool refuse(struct authority *authority)
{
    const char *why = ERR_reason_error_string(ERR_peek_last_error());

    return fault_set(authority->fault, "a certificate cannot be made: %s",
                     why == NULL ? "OpenSSL does not say why" : why);
}

static bool authority_begin(struct authority *authority)
{
    authority->key = EVP_EC_gen("P-256");
    authority->certificate =
        authority->key == NULL ? NULL : certificate_new(authority->key, SLICE("sipwarden lab"));
    X509 *own = authority->certificate;

    if (own == NULL || !extend(own, own, NID_basic_constraints, "critical,CA:TRUE") ||
        !extend(own, own, NID_key_usage, "critical,keyCertSign,cRLSign") ||
        !extend(own, own, NID_subject_key_identifier, "hash") || !sign(own, own, authority->key)) {
        return refuse(authority);
    }
    return save(authority, SLICE("ca"), NULL, own, authority->key);
}

/* names: as OpenSSL writes alternative names.  key_name: of the file, when it is not the same. */
static bool issue(struct authority *authority, struct slice file, const char *key_name,
                  struct slice subject, const char *names)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *made = key == NULL ? NULL : certificate_new(key, subject);
    X509 *issuer = authority->certificate;
    bool is_made =
        made != NULL && extend(made, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
        extend(made, issuer, NID_key_usage, "critical,digitalSignature") &&
        extend(made, issuer, NID_ext_key_usage, "serverAuth,clientAuth,1.3.6.1.5.5.7.3.20") &&
        extend(made, issuer, NID_subject_alt_name, names) && sign(made, issuer, authority->key);
    bool is_done = is_made ? save(authority, file, key_name, made, key) : refuse(authority);

    X509_free(made);
    EVP_PKEY_free(key);
    return is_done;
}

/*
 * Names.
 */

static bool is_name(struct slice host)
{
    struct address address;

    return host.len > 0 && host.at[0] != '[' && !address_read(&address, host);
}

static void put_names(struct text *names, struct slice name)
{
    text_put_format(names, "%sURI:sip:%.*s,DNS:%.*s", names->len > 0 ? "," : "", (int)name.len,
                    name.at, (int)name.len, name.at);
}

/* Ours: the hosts the zones show, our domains, and the name of the site. */
static bool issue_own(struct authority *authority, const struct policy *policy)
{
    char room[LAB_NAMES_MAX];
    struct text names;
    struct slice subject = policy->site;

    text_init(&names, room, sizeof(room) - 1);
    for (uint32_t i = 0; i < policy->zone_count; i++) {
        if (is_name(policy->zones[i].host)) {
            subject = policy->zones[i].host;
            put_names(&names, subject);
        }
    }
    for (uint32_t i = 0; i < policy->domains.count; i++) {
        put_names(&names, policy->domains.at[i]);
    }
    if (names.len == 0) {
        put_names(&names, subject);
    }
    room[names.len] = '\0';
    return issue(authority, SLICE("certificate"), "key", subject, room);
}

static bool issue_peers(struct authority *authority, const struct policy *policy)
{
    char room[2 * TLS_NAME_MAX + 32];

    for (uint32_t i = 0; i < policy->peer_count; i++) {
        const struct policy_peer *peer = &policy->peers[i];

        for (uint32_t k = 0; k < peer->certificates.count; k++) {
            struct text names;

            text_init(&names, room, sizeof(room) - 1);
            put_names(&names, peer->certificates.at[k]);
            room[names.len] = '\0';
            if (!issue(authority, peer->certificates.at[k], NULL, peer->certificates.at[k], room)) {
                return false;
            }
        }
    }
    return true;
}

bool lab_certificates_make(const char *folder, const struct policy *policy, struct fault *fault)
{
    struct authority authority = {.folder = folder, .fault = fault};

    if (mkdir(folder, 0750) != 0 && errno != EEXIST) {
        return fault_set(fault, "%s: %s", folder, strerror(errno));
    }
    bool is_done = authority_begin(&authority) && issue_own(&authority, policy) &&
                   issue_peers(&authority, policy);
    X509_free(authority.certificate);
    EVP_PKEY_free(authority.key);
    return is_done;
}
