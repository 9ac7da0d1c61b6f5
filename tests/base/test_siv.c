#include "../expect.h"

#include "base/crypto/siv.h"

#include <openssl/evp.h>

/* RFC 5297 A.1. */
static const uint8_t rfc_key[SIV_KEY_LEN] = {
    0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9, 0xf8, 0xf7, 0xf6, 0xf5, 0xf4, 0xf3, 0xf2, 0xf1, 0xf0,
    0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff,
};
#define RFC_BOUND                                                                                  \
    SLICE("\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"                       \
          "\x20\x21\x22\x23\x24\x25\x26\x27")
#define RFC_PLAIN SLICE("\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee")
#define RFC_SEALED                                                                                 \
    SLICE("\x85\x63\x2d\x07\xc6\xe8\xf3\x7f\x95\x0a\xcd\x32\x0a\x2e\xcc\x93"                       \
          "\x40\xc0\x2b\x96\x90\xc4\xdc\x04\xda\xef\x7f\x6a\xfe\x5c")

/* Base32hex as a sum of bits, the slow and obvious way. */
static void letters_expected(struct slice octets, char *at)
{
    static const char letters[] = "0123456789abcdefghijklmnopqrstuv";

    for (size_t bit = 0; bit < octets.len * 8; bit += 5) {
        unsigned value = 0;

        for (size_t i = bit; i < bit + 5; i++) {
            unsigned octet = i / 8 < octets.len ? (unsigned char)octets.at[i / 8] : 0;
            value = value << 1 | (octet >> (7 - i % 8) & 1);
        }
        *at++ = letters[value];
    }
    *at = '\0';
}

static void as_in_rfc_5297(void **state)
{
    struct siv *siv = siv_new(rfc_key, 31);
    char room[SIV_TOKEN_MAX], expected[SIV_TOKEN_MAX + 1] = "v";
    char plain[SIV_PLAIN_MAX];
    struct text token;
    size_t len;

    (void)state;
    text_init(&token, room, sizeof(room));
    assert_true(siv_seal(siv, RFC_BOUND, RFC_PLAIN, &token));
    letters_expected(RFC_SEALED, expected + 1);
    expect_slice(text_slice(&token), expected);
    assert_true(siv_open(siv, RFC_BOUND, text_slice(&token), plain, &len));
    assert_true(slice_equal(slice_of(plain, len), RFC_PLAIN));
    assert_int_equal(siv_id(siv), 31);
    siv_free(siv);
    siv_free(NULL);
}

/* What OpenSSL's own AES-SIV makes of it; plain is not empty. */
static void openssl_seal(const uint8_t *key, struct slice bound, struct slice plain, char *sealed)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-128-SIV", NULL);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int len = 0;

    assert_non_null(cipher);
    assert_int_equal(EVP_EncryptInit_ex2(context, cipher, key, NULL, NULL), 1);
    assert_int_equal(
        EVP_EncryptUpdate(context, NULL, &len, (const unsigned char *)bound.at, (int)bound.len), 1);
    assert_int_equal(EVP_EncryptUpdate(context, (unsigned char *)sealed + 16, &len,
                                       (const unsigned char *)plain.at, (int)plain.len),
                     1);
    assert_int_equal(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, sealed), 1);
    EVP_CIPHER_CTX_free(context);
    EVP_CIPHER_free(cipher);
}

static void as_openssl_does(void **state)
{
    char octets[1200], sealed[16 + SIV_PLAIN_MAX], expected[SIV_TOKEN_MAX + 1];
    uint64_t seed = 4;

    (void)state;
    for (unsigned round = 0; round < 500; round++) {
        uint8_t key[SIV_KEY_LEN];
        char room[SIV_TOKEN_MAX];
        struct text token;

        for (size_t i = 0; i < sizeof(octets); i++) {
            octets[i] = (char)chance(&seed);
        }
        memcpy(key, octets, sizeof(key));
        struct slice bound = slice_of(octets, 1 + chance_below(&seed, round % 2 == 0 ? 60 : 1100));
        struct slice plain = slice_of(octets + 100, 1 + chance_below(&seed, SIV_PLAIN_MAX));
        struct siv *siv = siv_new(key, 0);
        text_init(&token, room, sizeof(room));
        assert_true(siv_seal(siv, bound, plain, &token));
        openssl_seal(key, bound, plain, sealed);
        letters_expected(slice_of(sealed, 16 + plain.len), expected);
        expect_slice(slice_skip(text_slice(&token), 1), expected);
        siv_free(siv);
    }
}

static void every_length_comes_back(void **state)
{
    struct siv *siv = siv_new(rfc_key, 7);
    char secret[SIV_PLAIN_MAX], room[SIV_TOKEN_MAX], plain[SIV_PLAIN_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(secret); i++) {
        secret[i] = (char)(i * 37);
    }
    for (size_t len = 0; len <= SIV_PLAIN_MAX; len++) {
        struct text token;
        size_t plain_len = 99;
        unsigned id = 99;

        text_init(&token, room, sizeof(room));
        assert_true(siv_seal(siv, SLICE("bound"), slice_of(secret, len), &token));
        assert_true(siv_token_key(text_slice(&token), &id));
        assert_int_equal(id, 7);
        assert_true(siv_open(siv, SLICE("bound"), text_slice(&token), plain, &plain_len));
        assert_int_equal(plain_len, len);
        assert_memory_equal(plain, secret, len);
    }
    siv_free(siv);
}

static void the_same_each_time(void **state)
{
    struct siv *one = siv_new(rfc_key, 1), *two = siv_new(rfc_key, 1);
    char room_a[SIV_TOKEN_MAX], room_b[SIV_TOKEN_MAX];
    struct text a, b;

    (void)state;
    text_init(&a, room_a, sizeof(room_a));
    text_init(&b, room_b, sizeof(room_b));
    assert_true(siv_seal(one, SLICE("x"), SLICE("leg 5"), &a));
    assert_true(siv_seal(one, SLICE("y"), SLICE("between"), &b));
    text_init(&b, room_b, sizeof(room_b));
    assert_true(siv_seal(two, SLICE("x"), SLICE("leg 5"), &b));
    assert_true(slice_equal(text_slice(&a), text_slice(&b)));
    siv_free(one);
    siv_free(two);
}

static void expect_refused(const struct siv *siv, struct slice bound, struct slice token)
{
    char plain[SIV_PLAIN_MAX];
    size_t len = 99;

    assert_false(siv_open(siv, bound, token, plain, &len));
    assert_int_equal(len, 0);
}

static void any_other_octet_is_refused(void **state)
{
    struct siv *siv = siv_new(rfc_key, 3);
    char room[SIV_TOKEN_MAX + 1];
    struct text text;

    (void)state;
    text_init(&text, room, SIV_TOKEN_MAX);
    assert_true(siv_seal(siv, SLICE("peer 4"), SLICE("leg 12, worker 3"), &text));
    struct slice token = text_slice(&text);
    for (size_t i = 0; i < token.len; i++) {
        char octet = room[i];

        for (unsigned other = 0; other < 256; other++) {
            room[i] = (char)other;
            if ((char)other != octet && ((other ^ (unsigned char)octet) != 32 || octet < 'a')) {
                expect_refused(siv, SLICE("peer 4"), token);
            }
        }
        room[i] = octet;
    }
    room[token.len] = '0';
    expect_refused(siv, SLICE("peer 4"), slice_of(room, token.len + 1));
    for (size_t len = 0; len < token.len; len++) {
        expect_refused(siv, SLICE("peer 4"), slice_head(token, len));
    }
    siv_free(siv);
}

static void bound_to_its_place_and_key(void **state)
{
    uint8_t other_key[SIV_KEY_LEN];
    struct siv *siv = siv_new(rfc_key, 3), *renamed = siv_new(rfc_key, 4), *other;
    char room[SIV_TOKEN_MAX];
    struct text token;

    (void)state;
    memcpy(other_key, rfc_key, sizeof(other_key));
    other_key[31] ^= 1;
    other = siv_new(other_key, 3);
    text_init(&token, room, sizeof(room));
    assert_true(siv_seal(siv, SLICE("peer 4"), SLICE("leg 12"), &token));
    expect_refused(siv, SLICE("peer 5"), text_slice(&token));
    expect_refused(siv, SLICE("peer 4 "), text_slice(&token));
    expect_refused(siv, SLICE_NONE, text_slice(&token));
    expect_refused(renamed, SLICE("peer 4"), text_slice(&token));
    expect_refused(other, SLICE("peer 4"), text_slice(&token));
    siv_free(siv);
    siv_free(renamed);
    siv_free(other);
}

static void upper_case_is_read(void **state)
{
    struct siv *siv = siv_new(rfc_key, 20);
    char room[SIV_TOKEN_MAX], plain[SIV_PLAIN_MAX];
    struct text token;
    size_t len;

    (void)state;
    text_init(&token, room, sizeof(room));
    assert_true(siv_seal(siv, SLICE("b"), SLICE("plain"), &token));
    for (size_t i = 0; i < token.len; i++) {
        if (room[i] >= 'a') {
            room[i] = (char)(room[i] - 32);
        }
    }
    assert_true(siv_open(siv, SLICE("b"), text_slice(&token), plain, &len));
    expect_slice(slice_of(plain, len), "plain");
    siv_free(siv);
}

static void no_room_and_too_much(void **state)
{
    struct siv *siv = siv_new(rfc_key, 0);
    char room[SIV_TOKEN_MAX], much[SIV_PLAIN_MAX + 1] = {0};
    struct text token;

    (void)state;
    for (size_t max = 0; max < 34; max++) {
        text_init(&token, room, max);
        assert_false(siv_seal(siv, SLICE("b"), SLICE("12345"), &token));
        assert_true(token.is_full);
        assert_int_equal(token.len, 0);
    }
    text_init(&token, room, 35);
    assert_true(siv_seal(siv, SLICE("b"), SLICE("12345"), &token));
    text_init(&token, room, sizeof(room));
    assert_false(siv_seal(siv, SLICE("b"), slice_of(much, sizeof(much)), &token));
    assert_int_equal(token.len, 0);
    siv_free(siv);
}

static void tokens_that_cannot_be_ours(void **state)
{
    static const char *const refused[] = {
        "",
        "0",
        "00000000000000000000000000",
        "000000000000000000000000000 ",
        "w00000000000000000000000000",
        "000000000000000000000000001",
        "0000000000000000000000000000",
        "z9hG4bK00000000000000000000",
    };
    char longest[SIV_TOKEN_MAX + 8];
    unsigned id;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(refused); i++) {
        if (siv_token_key(slice_string(refused[i]), &id)) {
            fail_msg("\"%s\" was taken for a token", refused[i]);
        }
    }
    assert_true(siv_token_key(SLICE("500000000000000000000000000"), &id));
    assert_int_equal(id, 5);
    memset(longest, '0', sizeof(longest));
    assert_true(siv_token_key(slice_of(longest, 129), &id));
    for (size_t len = 130; len < sizeof(longest); len++) {
        assert_false(siv_token_key(slice_of(longest, len), &id));
    }
}

static void no_octet_behind_is_read(void **state)
{
    struct siv *siv = siv_new(rfc_key, 0);
    struct guarded guarded = guarded_open();
    char room[SIV_TOKEN_MAX];
    struct text token;

    (void)state;
    text_init(&token, room, sizeof(room));
    assert_true(siv_seal(siv, SLICE("b"), SLICE("0123456789abcdef0123"), &token));
    for (size_t len = 0; len < token.len; len++) {
        struct slice part = guarded_copy(&guarded, slice_of(room, len));

        expect_refused(siv, part, part);
    }
    guarded_close(&guarded);
    siv_free(siv);
}

static void names_are_keyed_and_steady(void **state)
{
    uint8_t other_key[SIV_KEY_LEN] = {0};
    struct siv *siv = siv_new(rfc_key, 1), *other = siv_new(other_key, 1);
    char a[SIV_NAME_MAX + 1], b[SIV_NAME_MAX + 1], shorter[8];

    (void)state;
    a[SIV_NAME_MAX] = b[SIV_NAME_MAX] = '\0';
    assert_true(siv_name(siv, SLICE("call-1@host"), a, SIV_NAME_MAX));
    assert_true(siv_name(siv, SLICE("call-1@host"), b, SIV_NAME_MAX));
    assert_string_equal(a, b);
    assert_int_equal(strspn(a, "0123456789abcdefghijklmnopqrstuv"), SIV_NAME_MAX);
    assert_true(siv_name(siv, SLICE("call-1@host"), shorter, sizeof(shorter)));
    assert_memory_equal(shorter, a, sizeof(shorter));
    assert_true(siv_name(siv, SLICE("call-2@host"), b, SIV_NAME_MAX));
    assert_string_not_equal(a, b);
    assert_true(siv_name(other, SLICE("call-1@host"), b, SIV_NAME_MAX));
    assert_string_not_equal(a, b);
    assert_false(siv_name(siv, SLICE("call-1@host"), a, SIV_NAME_MAX + 1));
    siv_free(siv);
    siv_free(other);
}

/* A name must not show the tag of a token over the same words. */
static void names_are_no_tags(void **state)
{
    struct siv *siv = siv_new(rfc_key, 1);
    char name[SIV_NAME_MAX], room[SIV_TOKEN_MAX];
    struct text token;

    (void)state;
    assert_true(siv_name(siv, SLICE("x"), name, sizeof(name)));
    text_init(&token, room, sizeof(room));
    assert_true(siv_seal(siv, SLICE("x"), SLICE_NONE, &token));
    assert_memory_not_equal(name, room + 1, sizeof(name));
    text_init(&token, room, sizeof(room));
    assert_true(siv_seal(siv, SLICE("name"), SLICE("x"), &token));
    assert_memory_not_equal(name, room + 1, sizeof(name));
    siv_free(siv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_in_rfc_5297),
        cmocka_unit_test(as_openssl_does),
        cmocka_unit_test(every_length_comes_back),
        cmocka_unit_test(the_same_each_time),
        cmocka_unit_test(any_other_octet_is_refused),
        cmocka_unit_test(bound_to_its_place_and_key),
        cmocka_unit_test(upper_case_is_read),
        cmocka_unit_test(no_room_and_too_much),
        cmocka_unit_test(tokens_that_cannot_be_ours),
        cmocka_unit_test(no_octet_behind_is_read),
        cmocka_unit_test(names_are_keyed_and_steady),
        cmocka_unit_test(names_are_no_tags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
