#include "app/run/secrets.h"

#include "base/must.h"
#include "io/tls_book.h"
#include "io/tls_signer.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>

enum { SECRETS_COUNT_MAX = 1024 }; /* what fits a book */

struct secret {
    uint8_t name[IPC_KEY_NAME_LEN];
    EVP_PKEY *key;
};

struct secrets {
    uint32_t count;
    struct secret all[SECRETS_COUNT_MAX];
};

/* The parent found it right; one that is not is left out, and whoever wants it gets no signature.
 */
static void secrets_add(struct secrets *secrets, struct slice octets)
{
    struct secret *secret = &secrets->all[secrets->count];
    struct slice pem = slice_skip(octets, IPC_KEY_NAME_LEN);

    if (octets.len <= IPC_KEY_NAME_LEN || secrets->count == SECRETS_COUNT_MAX) {
        return;
    }
    BIO *text = BIO_new_mem_buf(pem.at, (int)pem.len);
    secret->key = text == NULL ? NULL : PEM_read_bio_PrivateKey(text, NULL, NULL, NULL);
    BIO_free(text);
    ERR_clear_error();
    if (secret->key != NULL) {
        memcpy(secret->name, octets.at, IPC_KEY_NAME_LEN);
        secrets->count++;
    }
}

struct secrets *secrets_new(struct slice book)
{
    struct secrets *secrets = calloc(1, sizeof(*secrets));
    struct tls_entry entry;

    must(secrets != NULL);
    while (tls_book_next(&book, &entry)) {
        if (entry.kind == TLS_ENTRY_SECRET) {
            secrets_add(secrets, entry.octets);
        }
    }
    return secrets;
}

void secrets_free(struct secrets *secrets)
{
    for (uint32_t i = 0; secrets != NULL && i < secrets->count; i++) {
        EVP_PKEY_free(secrets->all[i].key);
    }
    free(secrets);
}

uint32_t secrets_count(const struct secrets *secrets)
{
    return secrets == NULL ? 0 : secrets->count;
}

bool secrets_sign(const struct secrets *secrets, const struct ipc_sign *wanted,
                  struct ipc_signed *made)
{
    for (uint32_t i = 0; secrets != NULL && i < secrets->count; i++) {
        if (memcmp(secrets->all[i].name, wanted->name, IPC_KEY_NAME_LEN) == 0) {
            return tls_sign(secrets->all[i].key, wanted, made);
        }
    }
    made->len = 0;
    return false;
}
