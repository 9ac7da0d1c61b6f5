/*
 * The stream of AES-256-CTR in blocks.  Each block begins with the key and counter of the next, and
 * what was handed out is wiped: who reads our memory later learns nothing about numbers given
 * before.
 */
#include "base/crypto/random.h"

#include "base/must.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

struct random {
    EVP_CIPHER_CTX *cipher;
    size_t used; /* octets of block that are gone */
    uint8_t block[RANDOM_BLOCK];
};

enum { RANDOM_KEY_LEN = 32 }; /* the other 16 octets of a seed are the counter */

static bool random_seed(struct random *random, const uint8_t seed[RANDOM_SEED_LEN])
{
    return EVP_EncryptInit_ex2(random->cipher, NULL, seed, seed + RANDOM_KEY_LEN, NULL) == 1;
}

static void random_fill(struct random *random)
{
    static const uint8_t zeros[RANDOM_BLOCK];
    int len = 0;

    must(EVP_EncryptUpdate(random->cipher, random->block, &len, zeros, RANDOM_BLOCK) == 1);
    must(len == RANDOM_BLOCK && random_seed(random, random->block));
    OPENSSL_cleanse(random->block, RANDOM_SEED_LEN);
    random->used = RANDOM_SEED_LEN;
}

struct random *random_new(const uint8_t seed[RANDOM_SEED_LEN])
{
    struct random *random = calloc(1, sizeof(*random));

    if (random == NULL) {
        return NULL;
    }
    random->used = RANDOM_BLOCK;
    random->cipher = EVP_CIPHER_CTX_new();
    if (random->cipher == NULL ||
        EVP_EncryptInit_ex2(random->cipher, EVP_aes_256_ctr(), NULL, NULL, NULL) != 1 ||
        !random_seed(random, seed)) {
        random_free(random);
        return NULL;
    }
    return random;
}

void random_free(struct random *random)
{
    if (random != NULL) {
        EVP_CIPHER_CTX_free(random->cipher);
        OPENSSL_cleanse(random, sizeof(*random));
        free(random);
    }
}

void random_bytes(struct random *random, void *at, size_t len)
{
    uint8_t *to = at;

    while (len > 0) {
        if (random->used == RANDOM_BLOCK) {
            random_fill(random);
        }
        uint8_t *from = random->block + random->used;
        size_t part = RANDOM_BLOCK - random->used;
        if (part > len) {
            part = len;
        }
        memcpy(to, from, part);
        memset(from, 0, part);
        random->used += part;
        to += part;
        len -= part;
    }
}

uint64_t random_number(struct random *random)
{
    uint8_t octets[8];
    uint64_t number = 0;

    random_bytes(random, octets, sizeof(octets));
    /* The same number on every machine: a run is replayed from its seed. */
    for (size_t i = 0; i < sizeof(octets); i++) {
        number |= (uint64_t)octets[i] << 8 * i;
    }
    return number;
}

uint32_t random_below(struct random *random, uint32_t limit)
{
    must(limit > 0);
    /* Of the 2^32 numbers the first (2^32 mod limit) are thrown again; the rest divide evenly. */
    uint32_t unfair = -limit % limit;
    for (;;) {
        uint32_t number = (uint32_t)random_number(random);

        if (number >= unfair) {
            return number % limit;
        }
    }
}

void random_letters(struct random *random, char *at, size_t letters)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    enum { LETTERS = sizeof(alphabet) - 1, FAIR = 256 / LETTERS * LETTERS, DRAWN = 32 };
    uint8_t octets[DRAWN];

    /* One draw makes most names: one octet in sixty-four is not fair and passed over. */
    while (letters > 0) {
        random_bytes(random, octets, sizeof(octets));
        for (size_t i = 0; i < sizeof(octets) && letters > 0; i++) {
            if (octets[i] < FAIR) {
                *at++ = alphabet[octets[i] % LETTERS];
                letters--;
            }
        }
    }
}
