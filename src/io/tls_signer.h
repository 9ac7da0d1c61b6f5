/*
 * Private keys that are elsewhere: OpenSSL is given a key whose signatures somebody else makes.
 *
 * It is a provider of our own with two algorithms, EC and RSA, that knows the public half of a key
 * and asks its signer for everything the private half is needed for.  What is asked is a digest
 * with its scheme; padding and curve are the signer's business.
 */
#pragma once

#include "io/ipc_types.h"

#include <openssl/provider.h>
#include <openssl/x509.h>

struct tls_signer {
    /* False when there is no signature. */
    bool (*sign)(void *owner, const struct ipc_sign *wanted, struct ipc_signed *made);
    void *owner;
};

/* What OpenSSL signs with in a process: before it is confined, and until it ends. */
struct tls_provider {
    OSSL_PROVIDER *usual, *own;
};
bool tls_provider_load(struct tls_provider *provider);
void tls_provider_unload(struct tls_provider *provider); /* nobody has keys of signers any more */

/* The name of a key: SHA-256 of its public half.  False when it is of no kind we use. */
bool tls_key_name(EVP_PKEY *key, uint8_t name[IPC_KEY_NAME_LEN]);

/* A key for a certificate; NULL when that is of no kind we use.  The signer outlives it. */
EVP_PKEY *tls_signer_key(const struct tls_signer *signer, X509 *certificate);

/* What the other side of it does: signs with a private key.  False when the key is of another kind
 * than the scheme, or the digest of no length we know. */
bool tls_sign(EVP_PKEY *key, const struct ipc_sign *wanted, struct ipc_signed *made);
