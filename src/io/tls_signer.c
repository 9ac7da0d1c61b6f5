#include "io/tls_signer.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <stdlib.h>
#include <time.h>

enum {
    RSA_BITS_MIN = 2048, /* TLS-08 */
    RSA_BITS_MAX = 4096, /* a signature is 512 octets, ipc_signed */
    EC_BITS_MIN = 256,
};

static const char provider_name[] = "sipwarden";
static const char key_param[] = "sipwarden-key";

/* The key as the provider sees it.  OpenSSL counts who holds the EVP_PKEY around it. */
struct signer_key {
    const struct tls_signer *signer;
    EVP_PKEY *public;
    uint8_t name[IPC_KEY_NAME_LEN];
};

/* One signature being made. */
struct signing {
    const struct signer_key *key;
    EVP_MD *digest;
};

/*
 * Keys.
 */

static void *key_new(void *provider)
{
    (void)provider;
    return calloc(1, sizeof(struct signer_key));
}

static void key_free(void *object)
{
    struct signer_key *key = object;

    if (key != NULL) {
        EVP_PKEY_free(key->public);
    }
    free(key);
}

/* The private half is with the signer, so there is one whenever there is a key. */
static int key_has(const void *object, int selection)
{
    (void)selection;
    return object != NULL;
}

static int key_match(const void *a, const void *b, int selection)
{
    const struct signer_key *one = a, *other = b;

    (void)selection;
    return EVP_PKEY_eq(one->public, other->public) == 1;
}

/* Our own side hands a key in; nothing else is taken. */
static int key_import(void *object, int selection, const OSSL_PARAM params[])
{
    struct signer_key *key = object;
    const OSSL_PARAM *param = OSSL_PARAM_locate_const(params, key_param);
    const void *at = NULL;
    size_t len = 0;

    (void)selection;
    if (param == NULL || !OSSL_PARAM_get_octet_ptr(param, &at, &len) || len != sizeof(*key)) {
        return 0;
    }
    *key = *(const struct signer_key *)at;
    return EVP_PKEY_up_ref(key->public);
}

static const OSSL_PARAM *key_import_types(int selection)
{
    static const OSSL_PARAM types[] = {OSSL_PARAM_octet_ptr(key_param, NULL, 0), OSSL_PARAM_END};

    (void)selection;
    return types;
}

/* The public half, for whoever compares it with a certificate.  OpenSSL first tries to sign with
 * its own algorithms by taking the key over whole: that must fail. */
static int key_export(void *object, int selection, OSSL_CALLBACK *take, void *argument)
{
    const struct signer_key *key = object;
    OSSL_PARAM *params = NULL;

    if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0 ||
        EVP_PKEY_todata(key->public, EVP_PKEY_PUBLIC_KEY, &params) != 1) {
        return 0;
    }
    int is_taken = take(params, argument);
    OSSL_PARAM_free(params);
    return is_taken;
}

static const OSSL_PARAM *key_export_types(int selection)
{
    static const OSSL_PARAM types[] = {
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
        OSSL_PARAM_END,
    };

    (void)selection;
    return types;
}

static int key_get_params(void *object, OSSL_PARAM params[])
{
    const struct signer_key *key = object;

    return EVP_PKEY_get_params(key->public, params);
}

static const OSSL_PARAM *key_gettable_params(void *provider)
{
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
        OSSL_PARAM_END,
    };

    (void)provider;
    return params;
}

/* The name of the signatures an EC key makes is another one than the key's. */
static const char *ec_operation_name(int operation)
{
    return operation == OSSL_OP_SIGNATURE ? "ECDSA" : "EC";
}

static const char *rsa_operation_name(int operation)
{
    (void)operation;
    return "RSA";
}

#define FUNCTION(number, function)                                                                 \
    {                                                                                              \
        (number), (void (*)(void))(function)                                                       \
    }
#define KEY_FUNCTIONS(operation_name)                                                              \
    FUNCTION(OSSL_FUNC_KEYMGMT_NEW, key_new), FUNCTION(OSSL_FUNC_KEYMGMT_FREE, key_free),          \
        FUNCTION(OSSL_FUNC_KEYMGMT_HAS, key_has), FUNCTION(OSSL_FUNC_KEYMGMT_MATCH, key_match),    \
        FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT, key_import),                                            \
        FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, key_import_types),                                \
        FUNCTION(OSSL_FUNC_KEYMGMT_EXPORT, key_export),                                            \
        FUNCTION(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, key_export_types),                                \
        FUNCTION(OSSL_FUNC_KEYMGMT_GET_PARAMS, key_get_params),                                    \
        FUNCTION(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, key_gettable_params),                          \
        FUNCTION(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, operation_name)

static const OSSL_DISPATCH ec_key_functions[] = {KEY_FUNCTIONS(ec_operation_name), {0, NULL}};
static const OSSL_DISPATCH rsa_key_functions[] = {KEY_FUNCTIONS(rsa_operation_name), {0, NULL}};

/*
 * Signatures.
 */

static void *signing_new(void *provider, const char *properties)
{
    (void)provider;
    (void)properties;
    return calloc(1, sizeof(struct signing));
}

static void signing_free(void *object)
{
    struct signing *signing = object;

    if (signing != NULL) {
        EVP_MD_free(signing->digest);
    }
    free(signing);
}

static int signing_begin(void *object, const char *digest, void *key, const OSSL_PARAM params[])
{
    struct signing *signing = object;

    (void)params;
    EVP_MD_free(signing->digest);
    signing->key = key;
    signing->digest = digest == NULL ? NULL : EVP_MD_fetch(NULL, digest, NULL);
    return signing->key != NULL && signing->digest != NULL;
}

static int signing_make(const struct signing *signing, enum ipc_scheme scheme,
                        unsigned char *signature, size_t *len, size_t max,
                        const unsigned char *octets, size_t octets_len)
{
    const struct signer_key *key = signing->key;
    struct ipc_sign wanted = {.scheme = scheme};
    struct ipc_signed made = {0};
    unsigned digest_len = 0;

    if (signature == NULL) {
        *len = (size_t)EVP_PKEY_get_size(key->public);
        return 1;
    }
    memcpy(wanted.name, key->name, sizeof(wanted.name));
    if (EVP_MD_get_size(signing->digest) > IPC_DIGEST_MAX ||
        EVP_Digest(octets, octets_len, wanted.digest, &digest_len, signing->digest, NULL) != 1) {
        return 0;
    }
    wanted.digest_len = digest_len;
    if (!key->signer->sign(key->signer->owner, &wanted, &made) || made.len == 0 ||
        made.len > sizeof(made.octets) || made.len > max) {
        return 0;
    }
    memcpy(signature, made.octets, made.len);
    *len = made.len;
    return 1;
}

static int signing_ec(void *object, unsigned char *signature, size_t *len, size_t max,
                      const unsigned char *octets, size_t octets_len)
{
    return signing_make(object, IPC_ECDSA, signature, len, max, octets, octets_len);
}

/* TLS asks for PSS and a salt as long as the digest; the older padding is not offered (TLS-03). */
static int signing_rsa(void *object, unsigned char *signature, size_t *len, size_t max,
                       const unsigned char *octets, size_t octets_len)
{
    return signing_make(object, IPC_RSA_PSS, signature, len, max, octets, octets_len);
}

static bool is_pss(const OSSL_PARAM *param)
{
    int number = 0;

    if (param->data_type == OSSL_PARAM_UTF8_STRING) {
        return strcmp(param->data, OSSL_PKEY_RSA_PAD_MODE_PSS) == 0;
    }
    return OSSL_PARAM_get_int(param, &number) && number == RSA_PKCS1_PSS_PADDING;
}

static int signing_set_params(void *object, const OSSL_PARAM params[])
{
    const OSSL_PARAM *padding =
        params == NULL ? NULL : OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE);

    (void)object;
    return padding == NULL || is_pss(padding);
}

static const OSSL_PARAM *signing_settable_params(void *object, void *provider)
{
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
        OSSL_PARAM_END,
    };

    (void)object;
    (void)provider;
    return params;
}

#define SIGNING_FUNCTIONS(make)                                                                    \
    FUNCTION(OSSL_FUNC_SIGNATURE_NEWCTX, signing_new),                                             \
        FUNCTION(OSSL_FUNC_SIGNATURE_FREECTX, signing_free),                                       \
        FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, signing_begin),                             \
        FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, make),                                           \
        FUNCTION(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, signing_set_params),                          \
        FUNCTION(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, signing_settable_params)

static const OSSL_DISPATCH ec_signing_functions[] = {SIGNING_FUNCTIONS(signing_ec), {0, NULL}};
static const OSSL_DISPATCH rsa_signing_functions[] = {SIGNING_FUNCTIONS(signing_rsa), {0, NULL}};

/*
 * The provider.
 */

static const OSSL_ALGORITHM *provider_query(void *provider, int operation, int *is_not_kept)
{
    static const OSSL_ALGORITHM keys[] = {
        {"EC:id-ecPublicKey:1.2.840.10045.2.1", "provider=sipwarden", ec_key_functions, NULL},
        {"RSA:rsaEncryption:1.2.840.113549.1.1.1", "provider=sipwarden", rsa_key_functions, NULL},
        {NULL, NULL, NULL, NULL},
    };
    static const OSSL_ALGORITHM signatures[] = {
        {"ECDSA", "provider=sipwarden", ec_signing_functions, NULL},
        {"RSA:rsaEncryption:1.2.840.113549.1.1.1", "provider=sipwarden", rsa_signing_functions,
         NULL},
        {NULL, NULL, NULL, NULL},
    };

    (void)provider;
    *is_not_kept = 0;
    return operation == OSSL_OP_KEYMGMT ? keys : operation == OSSL_OP_SIGNATURE ? signatures : NULL;
}

static int provider_begin(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in,
                          const OSSL_DISPATCH **out, void **provider)
{
    static const OSSL_DISPATCH functions[] = {
        FUNCTION(OSSL_FUNC_PROVIDER_QUERY_OPERATION, provider_query), {0, NULL}};

    (void)in;
    *out = functions;
    *provider = (void *)(uintptr_t)core; /* only to be something */
    return 1;
}

/* Whoever names no provider gets OpenSSL's own algorithms. */
bool tls_provider_load(struct tls_provider *provider)
{
    tzset(); /* which reads a file the first time, and dates of certificates ask for it */
    provider->usual = OSSL_PROVIDER_load(NULL, "default");
    if (OSSL_PROVIDER_available(NULL, provider_name) != 1) {
        (void)OSSL_PROVIDER_add_builtin(NULL, provider_name, provider_begin);
    }
    provider->own = OSSL_PROVIDER_load(NULL, provider_name);
    return provider->usual != NULL && provider->own != NULL &&
           EVP_set_default_properties(NULL, "?provider=default") == 1;
}

void tls_provider_unload(struct tls_provider *provider)
{
    (void)OSSL_PROVIDER_unload(provider->own);
    (void)OSSL_PROVIDER_unload(provider->usual);
}

/*
 * Keys of certificates.
 */

static bool key_is_usable(EVP_PKEY *key)
{
    int bits = key == NULL ? 0 : EVP_PKEY_get_bits(key);

    if (bits > 0 && EVP_PKEY_is_a(key, "EC")) {
        return bits >= EC_BITS_MIN;
    }
    return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX && EVP_PKEY_is_a(key, "RSA");
}

bool tls_key_name(EVP_PKEY *key, uint8_t name[IPC_KEY_NAME_LEN])
{
    unsigned char *octets = NULL;
    int len = key_is_usable(key) ? i2d_PUBKEY(key, &octets) : 0;
    unsigned name_len = 0;
    bool is_done =
        len > 0 && EVP_Digest(octets, (size_t)len, name, &name_len, EVP_sha256(), NULL) == 1;

    OPENSSL_free(octets);
    return is_done && name_len == IPC_KEY_NAME_LEN;
}

EVP_PKEY *tls_signer_key(const struct tls_signer *signer, X509 *certificate)
{
    struct signer_key key = {.signer = signer, .public = X509_get0_pubkey(certificate)};
    void *at = &key;
    OSSL_PARAM params[] = {OSSL_PARAM_octet_ptr(key_param, &at, 0), OSSL_PARAM_END};
    EVP_PKEY_CTX *context = NULL;
    EVP_PKEY *made = NULL;

    params[0] = OSSL_PARAM_construct_octet_ptr(key_param, &at, sizeof(key));
    if (!tls_key_name(key.public, key.name)) {
        return NULL;
    }
    context = EVP_PKEY_CTX_new_from_name(NULL, EVP_PKEY_is_a(key.public, "EC") ? "EC" : "RSA",
                                         "provider=sipwarden");
    if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &made, EVP_PKEY_KEYPAIR, params) != 1) {
        made = NULL;
    }
    EVP_PKEY_CTX_free(context);
    return made;
}

/*
 * The other side.
 */

static const EVP_MD *digest_of(uint32_t len)
{
    return len == 32 ? EVP_sha256() : len == 48 ? EVP_sha384() : len == 64 ? EVP_sha512() : NULL;
}

bool tls_sign(EVP_PKEY *key, const struct ipc_sign *wanted, struct ipc_signed *made)
{
    const EVP_MD *digest = digest_of(wanted->digest_len);
    bool is_rsa = wanted->scheme == IPC_RSA_PSS;
    EVP_PKEY_CTX *context = NULL;
    size_t len = sizeof(made->octets);

    made->len = 0;
    if (digest == NULL || wanted->scheme > IPC_RSA_PSS ||
        !EVP_PKEY_is_a(key, is_rsa ? "RSA" : "EC")) {
        return false;
    }
    context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (context != NULL && EVP_PKEY_sign_init(context) == 1 &&
        EVP_PKEY_CTX_set_signature_md(context, digest) == 1 &&
        (!is_rsa || (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
                     EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1)) &&
        EVP_PKEY_sign(context, made->octets, &len, wanted->digest, wanted->digest_len) == 1) {
        made->len = (uint32_t)len;
    }
    EVP_PKEY_CTX_free(context);
    ERR_clear_error();
    return made->len > 0;
}
