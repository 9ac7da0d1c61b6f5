#include "io/media/secrets.h"

#include "base/hash.h"

static uint64_t key_name(const struct media_key *key, uint64_t mask)
{
    const struct hash_key hash = {.k0 = mask, .k1 = ~mask};
    size_t len = media_suite_key_len((enum media_suite)key->suite);
    uint64_t pieces[2] = {
        hash_bytes(&hash, slice_of((const char *)key->octets, len)),
        key->suite,
    };

    return key->suite == MEDIA_SUITE_NONE
               ? 0
               : hash_bytes(&hash, slice_of((const char *)pieces, sizeof(pieces))) | 1;
}

static void cipher_order(struct cipher **cipher, uint64_t *name, struct media_key *key,
                         bool is_sealing, uint64_t mask)
{
    uint64_t wanted = key_name(key, mask);

    if (*name != wanted) {
        cipher_free(*cipher);
        *cipher = cipher_new(key, is_sealing);
        *name = *cipher == NULL ? 0 : wanted;
    }
    media_wipe(key, sizeof(*key));
}

void gate_secrets_order(struct gate_secrets *secrets, struct media_side *told, uint64_t mask)
{
    if (told->protection != MEDIA_SDES) {
        media_wipe(&told->send, sizeof(told->send));
        media_wipe(&told->receive, sizeof(told->receive));
    }
    cipher_order(&secrets->seal, &secrets->seal_name, &told->send, true, mask);
    cipher_order(&secrets->open, &secrets->open_name, &told->receive, false, mask);
}

void gate_secrets_free(struct gate_secrets *secrets)
{
    cipher_free(secrets->seal);
    cipher_free(secrets->open);
    media_wipe(secrets, sizeof(*secrets));
}
