/*
 * SipHash-1-3 (Aumasson, Bernstein): one round for each word, three at the end.
 */
#include "base/hash.h"

struct siphash {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static inline void siphash_round(struct siphash *s)
{
    s->v0 += s->v1;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

static inline struct siphash siphash_begin(const struct hash_key *key)
{
    return (struct siphash){
        key->k0 ^ 0x736f6d6570736575U,
        key->k1 ^ 0x646f72616e646f6dU,
        key->k0 ^ 0x6c7967656e657261U,
        key->k1 ^ 0x7465646279746573U,
    };
}

static inline void siphash_word(struct siphash *s, uint64_t word)
{
    s->v3 ^= word;
    siphash_round(s);
    s->v0 ^= word;
}

/* Little end first on every machine; compilers make one load of it. */
static inline uint64_t word_read(const char *at)
{
    const unsigned char *octets = (const unsigned char *)at;

    return (uint64_t)octets[0] | (uint64_t)octets[1] << 8 | (uint64_t)octets[2] << 16 |
           (uint64_t)octets[3] << 24 | (uint64_t)octets[4] << 32 | (uint64_t)octets[5] << 40 |
           (uint64_t)octets[6] << 48 | (uint64_t)octets[7] << 56;
}

/* All whole words, then a last one: what is left, with the length in its top octet. */
static inline void siphash_slice(struct siphash *s, struct slice bytes)
{
    uint64_t last = (uint64_t)bytes.len << 56;
    size_t whole = bytes.len & ~(size_t)7;

    for (size_t i = 0; i < whole; i += 8) {
        siphash_word(s, word_read(bytes.at + i));
    }
    for (size_t i = whole; i < bytes.len; i++) {
        last |= (uint64_t)(unsigned char)bytes.at[i] << 8 * (i - whole);
    }
    siphash_word(s, last);
}

static inline uint64_t siphash_end(struct siphash *s)
{
    s->v2 ^= 0xff;
    siphash_round(s);
    siphash_round(s);
    siphash_round(s);
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

uint64_t hash_bytes(const struct hash_key *key, struct slice bytes)
{
    struct siphash s = siphash_begin(key);

    siphash_slice(&s, bytes);
    return siphash_end(&s);
}

uint64_t hash_pair(const struct hash_key *key, struct slice a, struct slice b)
{
    struct siphash s = siphash_begin(key);

    /* The length goes first: it says where a ends, so no two pairs are the same words. */
    siphash_word(&s, (uint64_t)a.len);
    siphash_slice(&s, a);
    siphash_slice(&s, b);
    return siphash_end(&s);
}
