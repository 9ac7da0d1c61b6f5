/*
 * Certificates made while the test runs, and a handshake between two threads' worth of OpenSSL.
 */
#pragma once

#include "io/tls_credentials.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

struct kit_certificate {
    X509 *certificate;
    EVP_PKEY *key;
};

struct kit_wish {
    const char *names;       /* as in a subjectAltName; NULL: none */
    const char *purposes;    /* NULL: none named */
    long from_days, to_days; /* of validity, from now */
    bool is_authority;
    unsigned rsa_bits; /* 0: EC on P-256 */
};

static inline void kit_extend(X509 *certificate, X509 *issuer, int kind, const char *value)
{
    X509V3_CTX context;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

/* issuer NULL: signed by itself. */
static inline struct kit_certificate
kit_make(const char *subject, const struct kit_certificate *issuer, struct kit_wish wish)
{
    static long serial = 1;
    struct kit_certificate made = {
        .certificate = X509_new(),
        .key = wish.rsa_bits > 0 ? EVP_RSA_gen(wish.rsa_bits) : EVP_EC_gen("P-256"),
    };
    X509 *own = made.certificate;
    X509 *above = issuer == NULL ? own : issuer->certificate;

    assert_int_equal(X509_set_version(own, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(own), serial++), 1);
    assert_non_null(X509_time_adj_ex(X509_getm_notBefore(own), (int)wish.from_days, 0, NULL));
    assert_non_null(X509_time_adj_ex(X509_getm_notAfter(own), (int)wish.to_days, 0, NULL));
    assert_int_equal(X509_set_pubkey(own, made.key), 1);
    assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(own), "CN", MBSTRING_ASC,
                                                (const unsigned char *)subject, -1, -1, 0),
                     1);
    assert_int_equal(X509_set_issuer_name(own, X509_get_subject_name(above)), 1);
    if (wish.is_authority) {
        kit_extend(own, above, NID_basic_constraints, "critical,CA:TRUE");
    }
    if (wish.names != NULL) {
        kit_extend(own, above, NID_subject_alt_name, wish.names);
    }
    if (wish.purposes != NULL) {
        kit_extend(own, above, NID_ext_key_usage, wish.purposes);
    }
    assert_true(X509_sign(own, issuer == NULL ? made.key : issuer->key, EVP_sha256()) > 0);
    return made;
}

static inline void kit_free(struct kit_certificate made)
{
    X509_free(made.certificate);
    EVP_PKEY_free(made.key);
}

/* Puts a certificate as PEM into a book. */
static inline void kit_put(struct text *book, enum tls_entry_kind kind, uint32_t owner,
                           const struct kit_certificate *made)
{
    BIO *text = BIO_new(BIO_s_mem());
    char *at = NULL;

    assert_int_equal(PEM_write_bio_X509(text, made->certificate), 1);
    long len = BIO_get_mem_data(text, &at);
    const struct tls_entry entry = {kind, owner, slice_of(at, (size_t)len)};
    tls_book_put(book, &entry);
    BIO_free(text);
}

static inline void kit_put_terms(struct text *book, uint32_t owner, struct tls_terms terms)
{
    const struct tls_entry entry = {TLS_ENTRY_TERMS, owner,
                                    slice_of((const char *)&terms, sizeof(terms))};

    tls_book_put(book, &entry);
}
