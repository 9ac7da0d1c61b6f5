/* Crypto lines and fingerprints, read and written (RFC 4568, RFC 8122; rules SRT-02, SRT-03). */
#include "wire/sdp/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define KEY30 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"

static bool is_usable(const char *value)
{
    struct sdp_crypto crypto;

    return sdp_crypto_read(&crypto, slice_string(value));
}

static void test_crypto(void **state)
{
    struct sdp_crypto crypto;

    (void)state;
    assert_true(sdp_crypto_read(&crypto, SLICE("7 AES_CM_128_HMAC_SHA1_80 inline:" KEY30
                                               "|2^31 WSH=128 -x=1")));
    assert_int_equal(crypto.tag, 7);
    assert_int_equal(crypto.key.suite, MEDIA_SUITE_AES_128_CM);
    for (uint8_t i = 0; i < 30; i++) {
        assert_int_equal(crypto.key.octets[i], i);
    }
    assert_true(is_usable("999999999 AEAD_AES_128_GCM inline:"
                          "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw=="));
    assert_true(is_usable("1 AEAD_AES_128_GCM inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw"));
    assert_true(is_usable("1 AEAD_AES_256_GCM inline:"
                          "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKis="));
}

static void test_crypto_refused(void **state)
{
    static const char *const lines[] = {
        "",
        "1",
        "1 AES_CM_128_HMAC_SHA1_80",
        "01 AES_CM_128_HMAC_SHA1_80 inline:" KEY30,
        "1234567890 AES_CM_128_HMAC_SHA1_80 inline:" KEY30,
        "-1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30,
        "1 AES_CM_128_HMAC_SHA1_32 inline:" KEY30,
        "1 F8_128_HMAC_SHA1_80 inline:" KEY30,
        "1 aes_cm_128_hmac_sha1_80 inline:" KEY30,
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30 "A",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30 "==",
        "1 AES_CM_128_HMAC_SHA1_80 inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxw",
        "1 AES_CM_128_HMAC_SHA1_80 inline:AAECAwQFBgcICQoLDA0O DxAREhMUFRYXGBkaGxwd",
        "1 AES_CM_128_HMAC_SHA1_80 inline:AAECAwQFBgcICQoLDA0*DxAREhMUFRYXGBkaGxwd",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30 "|2^49",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30 "|2^31|1:4",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30 ";inline:" KEY30,
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30 " UNENCRYPTED_SRTP",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30 " UNENCRYPTED_SRTCP",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30 " UNAUTHENTICATED_SRTP",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30 " KDR=1",
        "1 AES_CM_128_HMAC_SHA1_80 base64:" KEY30,
        /* The last digit has bits that say nothing, and they say something. */
        "1 AEAD_AES_128_GCM inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaG1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (is_usable(lines[i])) {
            fail_msg("usable: %s", lines[i]);
        }
    }
}

static void test_crypto_written(void **state)
{
    (void)state;
    for (enum media_suite suite = MEDIA_SUITE_NONE + 1; suite < MEDIA_SUITE_COUNT; suite++) {
        struct media_key key = {.suite = (uint8_t)suite};
        struct sdp_crypto crypto;
        char room[160];
        struct text text;
        struct slice line;

        for (size_t i = 0; i < media_suite_key_len(suite); i++) {
            key.octets[i] = (uint8_t)(250 * i + 7);
        }
        text_init(&text, room, sizeof(room));
        sdp_crypto_write(&text, 3, &key);
        line = slice_trim(text_slice(&text));
        assert_true(slice_starts(line, SLICE("a=crypto:3 ")));
        assert_true(sdp_crypto_read(&crypto, slice_skip(line, 9)));
        assert_int_equal(crypto.tag, 3);
        assert_true(media_key_equal(&crypto.key, &key));
    }
}

static void test_fingerprints(void **state)
{
    static const char sha256[] = "sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"
                                 "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff";
    struct media_fingerprint fingerprint, again;
    char room[256];
    struct text text;

    (void)state;
    assert_true(sdp_fingerprint_read(&fingerprint, slice_string(sha256)));
    assert_int_equal(fingerprint.hash, MEDIA_SHA_256);
    assert_int_equal(fingerprint.octets[31], 0xFF);
    text_init(&text, room, sizeof(room));
    sdp_fingerprint_write(&text, &fingerprint);
    assert_true(sdp_fingerprint_read(&again, slice_skip(slice_trim(text_slice(&text)), 14)));
    assert_true(media_fingerprint_equal(&fingerprint, &again));
    for (size_t len = 0; len < sizeof(sha256) - 1; len++) {
        assert_false(sdp_fingerprint_read(&again, slice_of(sha256, len)));
    }
    assert_false(sdp_fingerprint_read(
        &again, SLICE("sha-1 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33")));
    assert_false(
        sdp_fingerprint_read(&again, SLICE("md5 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF")));
}

static void test_of_a_medium(void **state)
{
    static const char text[] =
        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
        "a=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"
        "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\na=setup:actpass\r\n"
        "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n"
        "m=audio 4000 RTP/SAVP 8\r\n"
        "a=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:" KEY30 "\r\n"
        "a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:" KEY30 "\r\n"
        "m=audio 4002 RTP/SAVP 8\r\na=setup:passive\r\n";
    struct sdp sdp;
    struct sdp_keys keys;

    (void)state;
    assert_int_equal(sdp_read(&sdp, SLICE(text)), SDP_READ);
    sdp_keys_read(&keys, &sdp, &sdp.media[0], MEDIA_SUITES_ALL);
    assert_int_equal(keys.crypto.tag, 2);
    assert_true(keys.has_crypto && keys.has_fingerprint && keys.has_ice);
    assert_int_equal(keys.fingerprint.hash, MEDIA_SHA_256);
    assert_int_equal(keys.setup, SDP_SETUP_ACTPASS);
    sdp_keys_read(&keys, &sdp, &sdp.media[0], 1 << MEDIA_SUITE_AES_256_GCM);
    assert_int_equal(keys.crypto.key.suite, MEDIA_SUITE_NONE);
    assert_true(keys.has_crypto);
    sdp_keys_read(&keys, &sdp, &sdp.media[1], MEDIA_SUITES_ALL);
    assert_false(keys.has_crypto);
    assert_int_equal(keys.setup, SDP_SETUP_PASSIVE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crypto),         cmocka_unit_test(test_crypto_refused),
        cmocka_unit_test(test_crypto_written), cmocka_unit_test(test_fingerprints),
        cmocka_unit_test(test_of_a_medium),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
