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

static void cipher_order(struct cipher **cipher, uint64_t *name, const struct media_key *key,
                         bool is_sealing, uint64_t mask)
{
    uint64_t wanted = key_name(key, mask);

    if (*name != wanted) {
        cipher_free(*cipher);
        *cipher = cipher_new(key, is_sealing);
        *name = *cipher == NULL ? 0 : wanted;
    }
}

static void secrets_forget(struct gate_secrets *secrets)
{
    cipher_free(secrets->seal);
    cipher_free(secrets->open);
    dtls_free(secrets->dtls);
    secrets->seal = secrets->open = NULL;
    secrets->seal_name = secrets->open_name = 0;
    secrets->dtls = NULL;
    secrets->dtls_begun_us = 0;
}

/* SRT-07: another certificate, another part or new ICE begin another handshake; nothing else does.
 */
static bool is_other_handshake(const struct media_side *before, const struct media_side *told)
{
    return before->is_dtls_client != told->is_dtls_client ||
           !media_fingerprint_equal(&before->fingerprint, &told->fingerprint) ||
           memcmp(before->ice_ufrag, told->ice_ufrag, sizeof(told->ice_ufrag)) != 0;
}

void gate_secrets_order(struct gate_secrets *secrets, const struct media_side *before,
                        struct media_side *told, uint64_t mask)
{
    if (secrets->protection != told->protection ||
        (told->protection == MEDIA_DTLS && is_other_handshake(before, told))) {
        secrets_forget(secrets);
        secrets->protection = told->protection;
    }
    if (told->protection == MEDIA_SDES) {
        cipher_order(&secrets->seal, &secrets->seal_name, &told->send, true, mask);
        cipher_order(&secrets->open, &secrets->open_name, &told->receive, false, mask);
    }
    media_wipe(&told->send, sizeof(told->send));
    media_wipe(&told->receive, sizeof(told->receive));
}

void gate_secrets_free(struct gate_secrets *secrets)
{
    secrets_forget(secrets);
    secrets->protection = MEDIA_CLEAR;
}
