#include "io/media/certificate.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

enum {
    SERIAL_LEN = 8,
    YEAR_S = 365 * 24 * 3600,
    LIFETIME_YEARS = 10, /* longer than any store runs; who checks a fingerprint looks at no date */
    SLACK_S = 24 * 3600, /* for clocks that are behind */
};

/* A name that says nothing: the certificate is shown to whoever begins a handshake. */
static bool names_set(X509 *certificate)
{
    static const unsigned char name[] = "media";
    X509_NAME *subject = X509_get_subject_name(certificate);

    return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, name, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, subject) == 1;
}

static bool serial_set(X509 *certificate)
{
    uint8_t octets[SERIAL_LEN];
    ASN1_INTEGER *serial = X509_get_serialNumber(certificate);
    uint64_t number = 0;

    if (RAND_bytes(octets, sizeof(octets)) != 1) {
        return false;
    }
    for (size_t i = 0; i < sizeof(octets); i++) {
        number = number << 8 | octets[i];
    }
    return ASN1_INTEGER_set_uint64(serial, number >> 1 | 1) == 1;
}

static bool times_set(X509 *certificate)
{
    return X509_gmtime_adj(X509_getm_notBefore(certificate), -(long)SLACK_S) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), (long)LIFETIME_YEARS * YEAR_S) != NULL;
}

static bool certificate_write(struct media_certificate *made, X509 *certificate, EVP_PKEY *key)
{
    uint8_t *at = made->octets, *key_at = made->key;
    int len = i2d_X509(certificate, NULL), key_len = i2d_PrivateKey(key, NULL);

    if (len <= 0 || len > CERTIFICATE_MAX || key_len <= 0 || key_len > CERTIFICATE_KEY_MAX) {
        return false;
    }
    made->len = (uint32_t)i2d_X509(certificate, &at);
    made->key_len = (uint32_t)i2d_PrivateKey(key, &key_at);
    return true;
}

bool media_certificate_make(struct media_certificate *certificate)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *made = X509_new();
    bool is_made = key != NULL && made != NULL && X509_set_version(made, X509_VERSION_3) == 1 &&
                   serial_set(made) && names_set(made) && times_set(made) &&
                   X509_set_pubkey(made, key) == 1 && X509_sign(made, key, EVP_sha256()) > 0 &&
                   certificate_write(certificate, made, key);

    X509_free(made);
    EVP_PKEY_free(key);
    return is_made;
}

struct media_fingerprint media_certificate_fingerprint(const struct media_certificate *certificate)
{
    struct media_fingerprint fingerprint = {.hash = MEDIA_HASH_NONE};
    unsigned len = 0;

    if (certificate->len != 0 && EVP_Digest(certificate->octets, certificate->len,
                                            fingerprint.octets, &len, EVP_sha256(), NULL) == 1) {
        fingerprint.hash = MEDIA_SHA_256;
    }
    return fingerprint;
}
