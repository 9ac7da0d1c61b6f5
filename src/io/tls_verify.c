#include "io/tls_verify.h"

#include <openssl/x509v3.h>

enum { SECONDS_A_DAY = 24 * 3600 };

static enum tls_reason reason_of(int error)
{
    switch (error) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return TLS_SELF_SIGNED;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED:
        return TLS_UNKNOWN_ISSUER;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return TLS_EXPIRED;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return TLS_NOT_YET;
    case X509_V_ERR_CERT_REVOKED:
        return TLS_REVOKED;
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_CRL_NOT_YET_VALID:
        return TLS_NO_LIST;
    case X509_V_ERR_INVALID_PURPOSE:
        return TLS_WRONG_PURPOSE;
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK:
        return TLS_WEAK;
    default:
        return TLS_BAD_CHAIN;
    }
}

static struct tls_expected *expected_of(X509_STORE_CTX *chain)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx());
    const struct tls *tls = SSL_get_ex_data(ssl, 0);

    return tls->expected;
}

/* A list that is out of date counts for a while: its issuer may be late, and losing it must not
 * end all calls at once (TLS-10). */
static bool is_in_grace(const X509_CRL *list, uint32_t grace)
{
    const ASN1_TIME *due = X509_CRL_get0_nextUpdate(list);
    int days = 0, seconds = 0;

    return due != NULL && ASN1_TIME_diff(&days, &seconds, due, NULL) == 1 &&
           (int64_t)days * SECONDS_A_DAY + seconds <= (int64_t)grace;
}

static int on_complaint(int is_good, X509_STORE_CTX *chain)
{
    const X509_CRL *list = X509_STORE_CTX_get0_current_crl(chain);

    if (is_good || X509_STORE_CTX_get_error(chain) != X509_V_ERR_CRL_HAS_EXPIRED || list == NULL) {
        return is_good;
    }
    return is_in_grace(list, expected_of(chain)->crl_grace);
}

/* id-kp-sipDomain (RFC 5924), or what TLS has always used. */
static bool has_purpose(const X509 *certificate, int usual)
{
    EXTENDED_KEY_USAGE *purposes = X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
    bool is_found = purposes == NULL;
    char written[64];

    for (int i = 0; !is_found && i < sk_ASN1_OBJECT_num(purposes); i++) {
        const ASN1_OBJECT *purpose = sk_ASN1_OBJECT_value(purposes, i);
        int number = OBJ_obj2nid(purpose);

        is_found = number == usual || number == NID_anyExtendedKeyUsage ||
                   (OBJ_obj2txt(written, sizeof(written), purpose, 1) > 0 &&
                    strcmp(written, "1.3.6.1.5.5.7.3.20") == 0);
    }
    EXTENDED_KEY_USAGE_free(purposes);
    return is_found;
}

static enum tls_reason leaf_judge(X509 *leaf, struct tls *tls)
{
    struct tls_expected *expected = tls->expected;
    int usual = SSL_is_server(tls->ssl) ? NID_client_auth : NID_server_auth;

    if (!has_purpose(leaf, usual) || (X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE) == 0) {
        return TLS_WRONG_PURPOSE;
    }
    if (expected->name_count == 0) {
        (void)tls_names_at(leaf, 0, tls->name);
        return TLS_GOOD;
    }
    return tls_names_match(leaf, expected->names, expected->name_count, tls->name) ? TLS_GOOD
                                                                                   : TLS_WRONG_NAME;
}

int tls_verify(X509_STORE_CTX *chain, void *argument)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls *tls = SSL_get_ex_data(ssl, 0);
    X509 *leaf = X509_STORE_CTX_get0_cert(chain);

    (void)argument;
    if (tls->expected == NULL) {
        X509_STORE_CTX_set_error(chain, X509_V_ERR_APPLICATION_VERIFICATION);
        return 0; /* nobody shows another certificate later */
    }
    (void)tls_names_at(leaf, 0, tls->expected->shown);
    X509_STORE_CTX_set_verify_cb(chain, on_complaint);
    /* Purposes are looked at by us: OpenSSL does not know that of a SIP domain. */
    (void)X509_VERIFY_PARAM_set_purpose(X509_STORE_CTX_get0_param(chain), X509_PURPOSE_ANY);
    if (X509_verify_cert(chain) != 1) {
        tls->expected->reason = reason_of(X509_STORE_CTX_get_error(chain));
        return 0;
    }
    tls->expected->reason = leaf_judge(leaf, tls);
    if (tls->expected->reason != TLS_GOOD) {
        X509_STORE_CTX_set_error(chain, tls->expected->reason == TLS_WRONG_NAME
                                            ? X509_V_ERR_HOSTNAME_MISMATCH
                                            : X509_V_ERR_INVALID_PURPOSE);
    }
    return tls->expected->reason == TLS_GOOD;
}

enum tls_reason tls_verify_again(struct tls *tls)
{
    X509 *leaf = SSL_get0_peer_certificate(tls->ssl);
    bool is_needed = (SSL_get_verify_mode(tls->ssl) & SSL_VERIFY_FAIL_IF_NO_PEER_CERT) != 0;

    if (leaf == NULL) {
        return is_needed ? TLS_NO_CERTIFICATE : TLS_GOOD;
    }
    (void)tls_names_at(leaf, 0, tls->expected->shown);
    if (X509_cmp_current_time(X509_get0_notAfter(leaf)) <= 0) {
        return TLS_EXPIRED;
    }
    return leaf_judge(leaf, tls);
}

int64_t tls_certificate_until(const X509 *certificate)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0, seconds = 0;
    bool is_known = epoch != NULL &&
                    ASN1_TIME_diff(&days, &seconds, epoch, X509_get0_notAfter(certificate)) == 1;

    ASN1_TIME_free(epoch);
    return is_known ? (int64_t)days * SECONDS_A_DAY + seconds : 0;
}
