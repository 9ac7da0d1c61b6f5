/*
 * RFC 5297 over OpenSSL's AES.
 *
 * OpenSSL has AES-SIV itself, but must be given the key anew for every message, which allocates and
 * costs six times as much; it also passes over an empty plain text.  What is ours here is the
 * arrangement of its CBC and CTR (S2V and CMAC), and the tests hold it against OpenSSL's.
 */
#include "base/crypto/siv.h"

#include "base/must.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

enum {
    BLOCK = 16,
    HALF_KEY = SIV_KEY_LEN / 2,
    IDS = 32, /* a letter of base32 */
    SEALED_MAX = BLOCK + SIV_PLAIN_MAX,
    CHUNK = 16 * BLOCK, /* what is given to CBC at once; the bound of a token fits */
};

struct siv {
    EVP_CIPHER_CTX *mac;    /* AES-128-CBC with the first half of the key */
    EVP_CIPHER_CTX *stream; /* AES-128-CTR with the second */
    uint8_t whole[BLOCK];   /* CMAC's subkeys: for a last block that is whole, */
    uint8_t padded[BLOCK];  /* and for one that had to be padded */
    uint8_t zero_mac[BLOCK];
    unsigned id;
};

static const char letters32[] = "0123456789abcdefghijklmnopqrstuv";

static void block_xor(uint8_t block[BLOCK], const uint8_t other[BLOCK])
{
    for (unsigned i = 0; i < BLOCK; i++) {
        block[i] ^= other[i];
    }
}

/* Times x in GF(2^128), without a branch on secret bits. */
static void block_double(uint8_t block[BLOCK])
{
    uint8_t carry = (uint8_t)(0x87 & -(block[0] >> 7));

    for (unsigned i = 0; i < BLOCK - 1; i++) {
        block[i] = (uint8_t)(block[i] << 1 | block[i + 1] >> 7);
    }
    block[BLOCK - 1] = (uint8_t)(block[BLOCK - 1] << 1 ^ carry);
}

/* Continues the chain; len is whole blocks, at most CHUNK.  The last block is the chain's state. */
static void chain(const struct siv *siv, const void *octets, size_t len, uint8_t last[BLOCK])
{
    uint8_t out[CHUNK];
    int out_len = 0;

    must(EVP_EncryptUpdate(siv->mac, out, &out_len, octets, (int)len) == 1);
    must((size_t)out_len == len);
    memcpy(last, out + len - BLOCK, BLOCK);
}

/* AES-CMAC (RFC 4493). */
static void cmac(const struct siv *siv, struct slice message, uint8_t mac[BLOCK])
{
    static const uint8_t zeros[BLOCK];
    uint8_t last[BLOCK] = {0};

    must(EVP_EncryptInit_ex2(siv->mac, NULL, NULL, zeros, NULL) == 1);
    while (message.len > BLOCK) {
        size_t len = (message.len - 1) / BLOCK * BLOCK;

        if (len > CHUNK) {
            len = CHUNK;
        }
        chain(siv, message.at, len, mac);
        message = slice_skip(message, len);
    }
    if (message.len > 0) {
        memcpy(last, message.at, message.len);
    }
    if (message.len == BLOCK) {
        block_xor(last, siv->whole);
    } else {
        last[message.len] = 0x80;
        block_xor(last, siv->padded);
    }
    chain(siv, last, BLOCK, mac);
}

/* S2V (RFC 5297 2.4) of one or two strings and the plain text. */
static void s2v(const struct siv *siv, const struct slice *bound, unsigned count,
                struct slice plain, uint8_t tag[BLOCK])
{
    uint8_t sum[BLOCK], mac[BLOCK], last[SIV_PLAIN_MAX] = {0};
    size_t last_len = plain.len;

    memcpy(sum, siv->zero_mac, BLOCK);
    for (unsigned i = 0; i < count; i++) {
        cmac(siv, bound[i], mac);
        block_double(sum);
        block_xor(sum, mac);
    }
    if (plain.len > 0) {
        memcpy(last, plain.at, plain.len);
    }
    if (plain.len < BLOCK) {
        last[plain.len] = 0x80;
        last_len = BLOCK;
        block_double(sum);
    }
    block_xor(last + last_len - BLOCK, sum);
    cmac(siv, slice_of((const char *)last, last_len), tag);
    OPENSSL_cleanse(last, sizeof(last));
}

/* Both ways; the tag is the counter, but for the two bits that let it be counted up cheaply. */
static void stream(const struct siv *siv, const uint8_t tag[BLOCK], const void *from, size_t len,
                   void *to)
{
    uint8_t counter[BLOCK];
    int to_len = 0;

    if (len == 0) {
        return;
    }
    memcpy(counter, tag, BLOCK);
    counter[8] &= 0x7f;
    counter[12] &= 0x7f;
    must(EVP_EncryptInit_ex2(siv->stream, NULL, NULL, counter, NULL) == 1);
    must(EVP_EncryptUpdate(siv->stream, to, &to_len, from, (int)len) == 1);
    must((size_t)to_len == len);
}

static void subkeys_init(struct siv *siv)
{
    static const uint8_t zeros[BLOCK];

    must(EVP_EncryptInit_ex2(siv->mac, NULL, NULL, zeros, NULL) == 1);
    chain(siv, zeros, BLOCK, siv->whole);
    block_double(siv->whole);
    memcpy(siv->padded, siv->whole, BLOCK);
    block_double(siv->padded);
    cmac(siv, slice_of((const char *)zeros, BLOCK), siv->zero_mac);
}

struct siv *siv_new(const uint8_t key[SIV_KEY_LEN], unsigned id)
{
    static const uint8_t zeros[BLOCK];

    must(id < IDS);
    struct siv *siv = calloc(1, sizeof(*siv));
    if (siv == NULL) {
        return NULL;
    }
    siv->id = id;
    siv->mac = EVP_CIPHER_CTX_new();
    siv->stream = EVP_CIPHER_CTX_new();
    if (siv->mac == NULL || siv->stream == NULL ||
        EVP_EncryptInit_ex2(siv->mac, EVP_aes_128_cbc(), key, zeros, NULL) != 1 ||
        EVP_EncryptInit_ex2(siv->stream, EVP_aes_128_ctr(), key + HALF_KEY, zeros, NULL) != 1) {
        siv_free(siv);
        return NULL;
    }
    EVP_CIPHER_CTX_set_padding(siv->mac, 0);
    subkeys_init(siv);
    return siv;
}

void siv_free(struct siv *siv)
{
    if (siv != NULL) {
        EVP_CIPHER_CTX_free(siv->mac);
        EVP_CIPHER_CTX_free(siv->stream);
        OPENSSL_cleanse(siv, sizeof(*siv));
        free(siv);
    }
}

unsigned siv_id(const struct siv *siv)
{
    return siv->id;
}

static size_t letters_len(size_t octets)
{
    return (octets * 8 + 4) / 5;
}

/* letters may be fewer than the octets would make. */
static void letters_write(char *at, size_t letters, const uint8_t *octets, size_t len)
{
    unsigned bits = 0, held = 0;

    for (size_t i = 0; letters > 0; letters--) {
        if (held < 5) {
            bits = bits << 8 | (i < len ? octets[i] : 0);
            i++;
            held += 8;
        }
        held -= 5;
        *at++ = letters32[bits >> held & 31];
        bits &= (1U << held) - 1;
    }
}

static int letter_value(char letter)
{
    if (letter >= '0' && letter <= '9') {
        return letter - '0';
    }
    if (letter >= 'a' && letter <= 'v') {
        return letter - 'a' + 10;
    }
    return letter >= 'A' && letter <= 'V' ? letter - 'A' + 10 : -1;
}

/* False for other octets, for a length no octets have, and for bits behind the last octet: each
 * token has one spelling. */
static bool letters_read(struct slice letters, uint8_t *octets, size_t len)
{
    unsigned bits = 0, held = 0;

    for (size_t i = 0; i < letters.len; i++) {
        int value = letter_value(letters.at[i]);

        if (value < 0) {
            return false;
        }
        bits = bits << 5 | (unsigned)value;
        held += 5;
        if (held >= 8) {
            if (len == 0) {
                return false;
            }
            held -= 8;
            *octets++ = (uint8_t)(bits >> held);
            len--;
            bits &= (1U << held) - 1;
        }
    }
    return len == 0 && held < 5 && bits == 0;
}

bool siv_seal(const struct siv *siv, struct slice bound, struct slice plain, struct text *token)
{
    uint8_t sealed[SEALED_MAX];
    size_t letters = letters_len(BLOCK + plain.len);

    if (plain.len > SIV_PLAIN_MAX) {
        return false;
    }
    if (1 + letters > token->max - token->len) {
        token->is_full = true;
        return false;
    }
    s2v(siv, &bound, 1, plain, sealed);
    stream(siv, sealed, plain.at, plain.len, sealed + BLOCK);
    token->at[token->len++] = letters32[siv->id];
    letters_write(token->at + token->len, letters, sealed, BLOCK + plain.len);
    token->len += letters;
    return true;
}

/* The octets a token carries, tag and sealed; their count is told by the letters. */
static bool token_read(struct slice token, unsigned *id, uint8_t sealed[SEALED_MAX], size_t *len)
{
    if (token.len < 1 + letters_len(BLOCK) || token.len > 1 + letters_len(SEALED_MAX)) {
        return false;
    }
    int value = letter_value(token.at[0]);
    *len = (token.len - 1) * 5 / 8;
    if (value < 0 || !letters_read(slice_skip(token, 1), sealed, *len)) {
        return false;
    }
    *id = (unsigned)value;
    return true;
}

bool siv_token_key(struct slice token, unsigned *id)
{
    uint8_t sealed[SEALED_MAX];
    size_t len;

    return token_read(token, id, sealed, &len);
}

bool siv_open(const struct siv *siv, struct slice bound, struct slice token, char *plain,
              size_t *plain_len)
{
    uint8_t sealed[SEALED_MAX], tag[BLOCK];
    size_t len;
    unsigned id;

    *plain_len = 0;
    if (!token_read(token, &id, sealed, &len) || id != siv->id) {
        return false;
    }
    len -= BLOCK;
    stream(siv, sealed, sealed + BLOCK, len, plain);
    s2v(siv, &bound, 1, slice_of(plain, len), tag);
    if (CRYPTO_memcmp(tag, sealed, BLOCK) != 0) {
        OPENSSL_cleanse(plain, len);
        return false;
    }
    *plain_len = len;
    return true;
}

bool siv_name(const struct siv *siv, struct slice what, char *at, size_t letters)
{
    /* Two bound strings where a token has one: no name is ever a token's tag. */
    struct slice bound[] = {SLICE("name"), what};
    uint8_t tag[BLOCK];

    if (letters > SIV_NAME_MAX) {
        return false;
    }
    s2v(siv, bound, ARRAY_COUNT(bound), SLICE_NONE, tag);
    letters_write(at, letters, tag, BLOCK);
    return true;
}
