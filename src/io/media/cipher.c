#include "io/media/cipher.h"

#include "wire/octets.h"

#include <srtp2/srtp.h>
#include <stdlib.h>

enum {
    RTP_LEN_MIN = 12,
    CONTROL_LEN_MIN = 8,
    RTP_SSRC_AT = 8,
    CONTROL_SSRC_AT = 4,
};

struct cipher {
    srtp_t session;
    uint32_t sources[CIPHER_SOURCES_MAX]; /* the latest last */
    unsigned source_count;
};

static void suite_choose(srtp_policy_t *policy, enum media_suite suite)
{
    switch (suite) {
    case MEDIA_SUITE_AES_256_GCM:
        srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy->rtp);
        srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy->rtcp);
        return;
    case MEDIA_SUITE_AES_128_GCM:
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy->rtp);
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy->rtcp);
        return;
    case MEDIA_SUITE_AES_128_CM:
    case MEDIA_SUITE_NONE:
    case MEDIA_SUITE_COUNT:
        break;
    }
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy->rtp);
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy->rtcp);
}

struct cipher *cipher_new(const struct media_key *key, bool is_sealing)
{
    struct cipher *cipher = NULL;
    struct media_key copy = *key; /* the library asks for octets it might write */
    srtp_policy_t policy = {
        .ssrc = {.type = is_sealing ? ssrc_any_outbound : ssrc_any_inbound},
        .key = copy.octets,
        .window_size = CIPHER_WINDOW,
    };

    if (key->suite == MEDIA_SUITE_NONE || key->suite >= MEDIA_SUITE_COUNT) {
        return NULL;
    }
    cipher = calloc(1, sizeof(*cipher));
    if (cipher != NULL) {
        suite_choose(&policy, key->suite);
        if (srtp_create(&cipher->session, &policy) != srtp_err_status_ok) {
            free(cipher);
            cipher = NULL;
        }
    }
    media_wipe(&copy, sizeof(copy));
    return cipher;
}

void cipher_free(struct cipher *cipher)
{
    if (cipher != NULL) {
        (void)srtp_dealloc(cipher->session);
        free(cipher);
    }
}

/* The library begins its own library with the first session and ends it with the last, and both
 * open files: so a first one is kept. */
struct cipher *ciphers_begin(void)
{
    static const struct media_key key = {.suite = MEDIA_SUITE_AES_128_CM};
    static const struct media_key counted = {.suite = MEDIA_SUITE_AES_256_GCM};
    struct cipher *first = NULL, *probe = NULL;

    if (srtp_init() != srtp_err_status_ok || (first = cipher_new(&key, true)) == NULL) {
        return NULL;
    }
    probe = cipher_new(&counted, false);
    if (probe == NULL) {
        cipher_free(first);
        return NULL;
    }
    cipher_free(probe);
    return first;
}

static bool source_is_known(const struct cipher *cipher, uint32_t ssrc)
{
    for (unsigned i = cipher->source_count; i > 0; i--) {
        if (cipher->sources[i - 1] == ssrc) {
            return true;
        }
    }
    return false;
}

/* Each SSRC costs the library memory. */
static bool source_may_come(const struct cipher *cipher, uint32_t ssrc)
{
    return cipher->source_count < CIPHER_SOURCES_MAX || source_is_known(cipher, ssrc);
}

static void source_note(struct cipher *cipher, uint32_t ssrc)
{
    if (!source_is_known(cipher, ssrc)) {
        cipher->sources[cipher->source_count++] = ssrc;
    }
}

static bool is_long_enough(bool is_control, size_t len)
{
    return len >= (is_control ? CONTROL_LEN_MIN : RTP_LEN_MIN) && len <= UINT16_MAX;
}

static uint32_t source_of(const char *at, bool is_control)
{
    return octets_32(at + (is_control ? CONTROL_SSRC_AT : RTP_SSRC_AT));
}

enum cipher_opened cipher_open(struct cipher *cipher, bool is_control, char *at, size_t *len)
{
    int octets = (int)*len;
    srtp_err_status_t status;

    if (!is_long_enough(is_control, *len) || !source_may_come(cipher, source_of(at, is_control))) {
        return CIPHER_FORGED;
    }
    status = is_control ? srtp_unprotect_rtcp(cipher->session, at, &octets)
                        : srtp_unprotect(cipher->session, at, &octets);
    if (status == srtp_err_status_replay_fail || status == srtp_err_status_replay_old) {
        return CIPHER_REPLAYED;
    }
    if (status != srtp_err_status_ok || octets < 0) {
        return CIPHER_FORGED;
    }
    *len = (size_t)octets;
    source_note(cipher, source_of(at, is_control));
    return CIPHER_OPENED;
}

bool cipher_seal(struct cipher *cipher, bool is_control, char *at, size_t *len)
{
    int octets = (int)*len;
    srtp_err_status_t status;

    if (!is_long_enough(is_control, *len) || !source_may_come(cipher, source_of(at, is_control))) {
        return false;
    }
    status = is_control ? srtp_protect_rtcp(cipher->session, at, &octets)
                        : srtp_protect(cipher->session, at, &octets);
    if (status != srtp_err_status_ok || octets < 0) {
        return false;
    }
    *len = (size_t)octets;
    source_note(cipher, source_of(at, is_control));
    return true;
}
