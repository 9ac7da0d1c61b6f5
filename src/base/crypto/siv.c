/*
 * RFC 5297 over OpenSSL's AES.
 *
 * OpenSSL has AES-SIV itself, but must be given the key anew for every message, which allocates and
 * costs six times as much; it also passes over an empty plain text.  What is ours here is the
 * arrangement of its CBC and CTR (S2V and CMAC), and the tests hold it against OpenSSL's.
 */
#include "base/crypto/siv.h"

#include "base/must.h"

#include <endian.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

enum {
    BLOCK = 16,
    HALF_KEY = SIV_KEY_LEN / 2,
    IDS = 32, /* a letter of base32 */
    SEALED_MAX = BLOCK + SIV_PLAIN_MAX,
    CHUNK = 16 * BLOCK, /* what is given to CBC at once; the bound of a token fits */
    GROUP = 5,          /* octets that are whole letters, */
    GROUP_LETTERS = 8,  /* so many */
};

/*
 * A chain never ends: setting a new initial vector costs more than all the rest of a token.  What
 * is to begin anew is combined with what the chain stands at, which then falls out.
 */
struct chain {
    EVP_CIPHER_CTX *cbc;
    uint8_t at[BLOCK]; /* the last block that came out */
};

struct siv {
    struct chain *mac;    /* AES-128-CBC with the first half of the key */
    struct chain *stream; /* and with the second: block for block, it makes the key stream of CTR */
    uint8_t whole[BLOCK]; /* CMAC's subkeys: for a last block that is whole, */
    uint8_t padded[BLOCK]; /* and for one that had to be padded */
    uint8_t zero_mac[BLOCK];
    unsigned id;
};

static const char letters32[] = "0123456789abcdefghijklmnopqrstuv";

static void block_xor(uint8_t block[BLOCK], const uint8_t other[BLOCK])
{
    uint64_t words[2], others[2];

    memcpy(words, block, BLOCK);
    memcpy(others, other, BLOCK);
    words[0] ^= others[0];
    words[1] ^= others[1];
    memcpy(block, words, BLOCK);
}

static uint64_t word_read(const uint8_t octets[8])
{
    uint64_t word;

    memcpy(&word, octets, sizeof(word));
    return be64toh(word);
}

static void word_write(uint8_t octets[8], uint64_t word)
{
    word = htobe64(word);
    memcpy(octets, &word, sizeof(word));
}

/* Times x in GF(2^128), without a branch on secret bits. */
static void block_double(uint8_t block[BLOCK])
{
    uint64_t high = word_read(block), low = word_read(block + 8);
    uint64_t carry = 0x87 & -(high >> 63);

    word_write(block, high << 1 | low >> 63);
    word_write(block + 8, low << 1 ^ carry);
}

/* Goes on with len octets: whole blocks, at most CHUNK. */
static void chain_go(struct chain *chain, const void *octets, size_t len)
{
    uint8_t out[CHUNK];
    int out_len = 0;

    must(EVP_EncryptUpdate(chain->cbc, out, &out_len, octets, (int)len) == 1);
    must((size_t)out_len == len);
    memcpy(chain->at, out + len - BLOCK, BLOCK);
}

/* Begins anew, as from a vector of zeros, with one block. */
static void chain_begin(struct chain *chain, const void *octets)
{
    uint8_t first[BLOCK];

    memcpy(first, octets, BLOCK);
    block_xor(first, chain->at);
    chain_go(chain, first, BLOCK);
}

/* AES-CMAC (RFC 4493). */
static void cmac(const struct siv *siv, struct slice message, uint8_t mac[BLOCK])
{
    uint8_t last[BLOCK] = {0};
    bool has_begun = message.len > BLOCK;

    if (has_begun) {
        chain_begin(siv->mac, message.at);
        message = slice_skip(message, BLOCK);
    }
    while (message.len > BLOCK) {
        size_t len = (message.len - 1) / BLOCK * BLOCK;

        if (len > CHUNK) {
            len = CHUNK;
        }
        chain_go(siv->mac, message.at, len);
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
    if (has_begun) {
        chain_go(siv->mac, last, BLOCK);
    } else {
        chain_begin(siv->mac, last);
    }
    memcpy(mac, siv->mac->at, BLOCK);
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
    const uint8_t *in = from;
    uint8_t counter[BLOCK];
    uint8_t *out = to;

    memcpy(counter, tag, BLOCK);
    counter[8] &= 0x7f;
    counter[12] &= 0x7f;
    for (size_t i = 0; i < len; i++) {
        if (i % BLOCK == 0) {
            chain_begin(siv->stream, counter);
            word_write(counter + 8, word_read(counter + 8) + 1);
        }
        out[i] = in[i] ^ siv->stream->at[i % BLOCK];
    }
}

static struct chain *chain_new(const uint8_t key[HALF_KEY])
{
    static const uint8_t zeros[BLOCK];
    struct chain *chain = calloc(1, sizeof(*chain));

    if (chain == NULL) {
        return NULL;
    }
    chain->cbc = EVP_CIPHER_CTX_new();
    if (chain->cbc == NULL ||
        EVP_EncryptInit_ex2(chain->cbc, EVP_aes_128_cbc(), key, zeros, NULL) != 1) {
        EVP_CIPHER_CTX_free(chain->cbc);
        free(chain);
        return NULL;
    }
    EVP_CIPHER_CTX_set_padding(chain->cbc, 0);
    return chain;
}

static void chain_free(struct chain *chain)
{
    if (chain != NULL) {
        EVP_CIPHER_CTX_free(chain->cbc);
        OPENSSL_cleanse(chain, sizeof(*chain));
        free(chain);
    }
}

static void subkeys_init(struct siv *siv)
{
    static const uint8_t zeros[BLOCK];

    chain_begin(siv->mac, zeros);
    memcpy(siv->whole, siv->mac->at, BLOCK);
    block_double(siv->whole);
    memcpy(siv->padded, siv->whole, BLOCK);
    block_double(siv->padded);
    cmac(siv, slice_of((const char *)zeros, BLOCK), siv->zero_mac);
}

struct siv *siv_new(const uint8_t key[SIV_KEY_LEN], unsigned id)
{
    must(id < IDS);
    struct siv *siv = calloc(1, sizeof(*siv));
    if (siv == NULL) {
        return NULL;
    }
    siv->id = id;
    siv->mac = chain_new(key);
    siv->stream = chain_new(key + HALF_KEY);
    if (siv->mac == NULL || siv->stream == NULL) {
        siv_free(siv);
        return NULL;
    }
    subkeys_init(siv);
    return siv;
}

void siv_free(struct siv *siv)
{
    if (siv != NULL) {
        chain_free(siv->mac);
        chain_free(siv->stream);
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

/* letters may be fewer than the octets would make.  Octets of a last group that is not whole are
 * followed by zeros. */
static void letters_write(char *at, size_t letters, const uint8_t *octets, size_t len)
{
    for (size_t i = 0; i < letters; i += GROUP_LETTERS) {
        size_t here = letters - i < GROUP_LETTERS ? letters - i : GROUP_LETTERS;
        uint64_t bits = 0;

        for (size_t k = 0; k < GROUP; k++) {
            bits = bits << 8 | (k < len ? octets[k] : 0);
        }
        for (size_t k = 0; k < here; k++) {
            *at++ = letters32[bits >> (35 - 5 * k) & 31];
        }
        octets += GROUP;
        len -= len < GROUP ? len : GROUP;
    }
}

/* One more than what a letter stands for, upper case as lower case; 0: no letter. */
// clang-format off
static const uint8_t letter_values[256] = {
    ['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6, ['6'] = 7, ['7'] = 8,
    ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['g'] = 17, ['h'] = 18, ['i'] = 19, ['j'] = 20, ['k'] = 21, ['l'] = 22, ['m'] = 23,
    ['n'] = 24, ['o'] = 25, ['p'] = 26, ['q'] = 27, ['r'] = 28, ['s'] = 29, ['t'] = 30,
    ['u'] = 31, ['v'] = 32, ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15,
    ['F'] = 16, ['G'] = 17, ['H'] = 18, ['I'] = 19, ['J'] = 20, ['K'] = 21, ['L'] = 22,
    ['M'] = 23, ['N'] = 24, ['O'] = 25, ['P'] = 26, ['Q'] = 27, ['R'] = 28, ['S'] = 29,
    ['T'] = 30, ['U'] = 31, ['V'] = 32,
};
// clang-format on

/* False for other octets, for a length no octets have, and for bits behind the last octet: each
 * token has one spelling. */
static bool letters_read(struct slice letters, uint8_t *octets, size_t len)
{
    bool is_broken = letters.len != letters_len(len);

    for (size_t i = 0; i < letters.len && !is_broken; i += GROUP_LETTERS) {
        size_t here = letters.len - i < GROUP_LETTERS ? letters.len - i : GROUP_LETTERS;
        size_t whole = len < GROUP ? len : GROUP;
        uint64_t bits = 0;

        for (size_t k = 0; k < GROUP_LETTERS; k++) {
            uint8_t value = k < here ? letter_values[(uint8_t)letters.at[i + k]] : 1;

            is_broken |= value == 0;
            bits = bits << 5 | ((value - 1U) & 31);
        }
        for (size_t k = 0; k < whole; k++) {
            *octets++ = (uint8_t)(bits >> (32 - 8 * k));
        }
        is_broken |= whole < GROUP && (bits << (24 + 8 * whole)) != 0;
        len -= whole;
    }
    return !is_broken;
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
    uint8_t value = letter_values[(uint8_t)token.at[0]];
    *len = (token.len - 1) * 5 / 8;
    if (value == 0 || !letters_read(slice_skip(token, 1), sealed, *len)) {
        return false;
    }
    *id = value - 1U;
    return true;
}

char siv_letter(const struct siv *siv)
{
    return letters32[siv->id];
}

bool siv_token_key(struct slice token, unsigned *id)
{
    uint8_t sealed[SEALED_MAX];
    size_t len;

    return token_read(token, id, sealed, &len);
}

bool siv_token_is(struct slice token, struct slice other)
{
    return token.len == other.len && CRYPTO_memcmp(token.at, other.at, token.len) == 0;
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
