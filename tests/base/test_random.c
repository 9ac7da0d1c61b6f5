#include "../expect.h"

#include "base/crypto/random.h"

#include <openssl/evp.h>

static const uint8_t seed_a[RANDOM_SEED_LEN] = {1, 2, 3, [47] = 9};
static const uint8_t seed_b[RANDOM_SEED_LEN] = {1, 2, 3, [47] = 8};

static void replayed_from_its_seed(void **state)
{
    struct random *one = random_new(seed_a), *two = random_new(seed_a);
    struct random *other = random_new(seed_b);
    uint8_t at_once[3 * RANDOM_BLOCK], in_parts[sizeof(at_once)], others[sizeof(at_once)];

    (void)state;
    random_bytes(one, at_once, sizeof(at_once));
    for (size_t at = 0, len = 1; at < sizeof(in_parts); at += len, len = len % 97 + 1) {
        if (len > sizeof(in_parts) - at) {
            len = sizeof(in_parts) - at;
        }
        random_bytes(two, in_parts + at, len);
    }
    random_bytes(other, others, sizeof(others));
    assert_memory_equal(at_once, in_parts, sizeof(at_once));
    assert_memory_not_equal(at_once, others, RANDOM_BLOCK);
    assert_memory_not_equal(at_once, at_once + RANDOM_BLOCK, RANDOM_BLOCK);
    random_free(one);
    random_free(two);
    random_free(other);
    random_free(NULL);
}

/* The first octets handed out are those of AES-256-CTR behind the next key and counter. */
static void it_is_aes_ctr(void **state)
{
    static const uint8_t zeros[RANDOM_SEED_LEN + 32];
    struct random *random = random_new(seed_a);
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    uint8_t stream[sizeof(zeros)], given[32];
    int len = 0;

    (void)state;
    assert_int_equal(EVP_EncryptInit_ex2(cipher, EVP_aes_256_ctr(), seed_a, seed_a + 32, NULL), 1);
    assert_int_equal(EVP_EncryptUpdate(cipher, stream, &len, zeros, (int)sizeof(zeros)), 1);
    random_bytes(random, given, sizeof(given));
    assert_memory_equal(given, stream + RANDOM_SEED_LEN, sizeof(given));
    EVP_CIPHER_CTX_free(cipher);
    random_free(random);
}

static void below_is_fair_and_below(void **state)
{
    enum { FACES = 6, THROWS = 60000 };
    struct random *random = random_new(seed_a);
    unsigned seen[FACES] = {0};

    (void)state;
    for (unsigned i = 0; i < THROWS; i++) {
        uint32_t face = random_below(random, FACES);

        assert_true(face < FACES);
        seen[face]++;
    }
    for (unsigned face = 0; face < FACES; face++) {
        assert_in_range(seen[face], 9600, 10400);
    }
    assert_int_equal(random_below(random, 1), 0);
    for (unsigned i = 0; i < 100; i++) {
        assert_true(random_below(random, UINT32_MAX) < UINT32_MAX);
        assert_true(random_below(random, 0x80000001) <= 0x80000000);
    }
    random_free(random);
}

static void below_nothing(void *random)
{
    random_below(random, 0);
}

static void nothing_is_below_zero(void **state)
{
    struct random *random = random_new(seed_a);

    (void)state;
    assert_true(breaks_promise(below_nothing, random));
    random_free(random);
}

static void all_letters_and_no_others(void **state)
{
    struct random *random = random_new(seed_a);
    char letters[36 * 1000 + 1];
    unsigned seen[256] = {0};

    (void)state;
    letters[sizeof(letters) - 1] = '#';
    random_letters(random, letters, sizeof(letters) - 1);
    assert_int_equal(letters[sizeof(letters) - 1], '#');
    for (size_t i = 0; i < sizeof(letters) - 1; i++) {
        seen[(unsigned char)letters[i]]++;
    }
    for (unsigned octet = 0; octet < 256; octet++) {
        bool is_letter = (octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9');

        if (is_letter) {
            assert_in_range(seen[octet], 850, 1150);
        } else {
            assert_int_equal(seen[octet], 0);
        }
    }
    random_letters(random, letters, 0);
    random_free(random);
}

static void numbers_use_all_bits(void **state)
{
    struct random *random = random_new(seed_b);
    uint64_t ones = 0, zeros = 0;

    (void)state;
    for (unsigned i = 0; i < 64; i++) {
        uint64_t number = random_number(random);

        ones |= number;
        zeros |= ~number;
    }
    assert_true(ones == UINT64_MAX && zeros == UINT64_MAX);
    random_free(random);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replayed_from_its_seed),    cmocka_unit_test(it_is_aes_ctr),
        cmocka_unit_test(below_is_fair_and_below),   cmocka_unit_test(nothing_is_below_zero),
        cmocka_unit_test(all_letters_and_no_others), cmocka_unit_test(numbers_use_all_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
