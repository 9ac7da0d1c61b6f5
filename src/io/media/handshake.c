#include "io/media/handshake.h"

#include "base/hash.h"
#include "io/media/sender.h"
#include "wire/rtp/stun.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum {
    SECOND_US = 1000000,
    RIVAL_US =
        2 * SECOND_US, /* then another candidate may begin a handshake in place of the first */
    PROOF_ATTRIBUTE = 4 + STUN_PROOF_LEN,
};

/* They cost more than media do. */
static bool checks_pay(struct gate_secrets *secrets, uint64_t now_us)
{
    if (secrets->checks.rate == 0) {
        bucket_init(&secrets->checks, SECRETS_CHECKS_RATE, SECRETS_CHECKS_BURST, now_us);
    }
    bucket_fill(&secrets->checks, now_us);
    if (!bucket_has(&secrets->checks, 1)) {
        return false;
    }
    bucket_take(&secrets->checks, 1);
    return true;
}

/*
 * ICE.
 */

/* "ours:theirs": what stands in front is ours (RFC 8445 7.3). */
static bool is_for_us(const struct media_side *told, struct slice username)
{
    struct slice ours = slice_of(told->ice_ufrag, sizeof(told->ice_ufrag));

    return username.len > ours.len && username.at[ours.len] == ':' && slice_starts(username, ours);
}

static bool proof_make(const struct media_side *told, struct slice bytes,
                       uint8_t proof[EVP_MAX_MD_SIZE])
{
    unsigned len = 0;

    return HMAC(EVP_sha1(), told->ice_password, sizeof(told->ice_password),
                (const unsigned char *)bytes.at, bytes.len, proof, &len) != NULL &&
           len == STUN_PROOF_LEN;
}

/* The length counts only up to the proof while it is computed. */
static bool is_proven(const struct media_side *told, const struct gate_packet *packet,
                      const struct stun_check *check)
{
    uint8_t proof[EVP_MAX_MD_SIZE];
    bool is_right = false;

    if (check->proof != NULL) {
        stun_length_set(packet->at, check->proven.len + PROOF_ATTRIBUTE);
        is_right = proof_make(told, check->proven, proof) &&
                   CRYPTO_memcmp(proof, check->proof, STUN_PROOF_LEN) == 0;
        stun_length_set(packet->at, packet->len);
    }
    return is_right;
}

static struct slice answer_make(const struct media_side *told, const struct gate_packet *packet,
                                const struct stun_check *check)
{
    size_t len = stun_answer_write(packet->room, check->id, &packet->source);
    uint8_t proof[EVP_MAX_MD_SIZE];

    stun_length_set(packet->room, len + PROOF_ATTRIBUTE);
    if (!proof_make(told, slice_of(packet->room, len), proof)) {
        return SLICE_NONE;
    }
    return slice_of(packet->room, stun_answer_prove(packet->room, len, proof));
}

enum media_reason gate_check_take(struct gate_side *side, const struct gate_packet *packet,
                                  struct gate_verdict *verdict)
{
    struct stun_check check;
    bool is_party = address_equal(&packet->source, &side->from);

    if (packet->is_cut || packet->len > GATE_PACKET_MAX ||
        !stun_check_read(&check, slice_of(packet->at, packet->len)) ||
        !is_for_us(&side->told, check.username)) {
        verdict->is_strange = !is_party;
        return MEDIA_FORGED;
    }
    if (!checks_pay(&side->secrets, packet->now_us)) {
        return MEDIA_TOO_FAST;
    }
    if (!is_proven(&side->told, packet, &check)) {
        verdict->is_strange = !is_party;
        return MEDIA_FORGED;
    }
    if (!packet->is_control && !is_party &&
        (check.nominates || side->from.family == ADDRESS_NONE)) {
        gate_side_learn_proven(side, &packet->source);
        verdict->was_learned = true;
    } else if (packet->is_control && check.nominates) {
        gate_side_learn_control(side, &packet->source);
    }
    verdict->answer = answer_make(&side->told, packet, &check);
    return MEDIA_HANDSHAKE;
}

/*
 * DTLS.
 */

static uint64_t cookie_of(const struct address *source, uint64_t mask)
{
    const struct hash_key key = {.k0 = mask, .k1 = ~mask};

    return hash_bytes(&key, slice_of((const char *)source, sizeof(*source)));
}

static bool dtls_open(struct gate_side *side, const struct dtls_setup *setup,
                      const struct address *with, uint64_t mask, uint64_t now_us)
{
    struct gate_secrets *secrets = &side->secrets;
    const struct dtls_wish wish = {
        .is_client = side->told.is_dtls_client,
        .suites = side->told.suites,
        .fingerprint = side->told.fingerprint,
        .cookie = cookie_of(with, mask),
    };

    dtls_free(secrets->dtls);
    secrets->dtls = dtls_new(setup, &wish);
    secrets->dtls_with = *with;
    secrets->dtls_begun_us = now_us;
    return secrets->dtls != NULL;
}

static bool is_agreed(const struct gate_secrets *secrets)
{
    return secrets->seal != NULL && secrets->open != NULL;
}

/* Whom a handshake is with: who began it, until it is over or leads nowhere.  A hello of another
 * candidate does not touch it; one from just where the party is expected always counts. */
static bool is_with(const struct gate_side *side, const struct gate_packet *packet, bool is_party)
{
    const struct gate_secrets *secrets = &side->secrets;

    if (secrets->dtls == NULL) {
        return false;
    }
    return address_equal(&secrets->dtls_with, &packet->source) ||
           !(is_party || packet->now_us - secrets->dtls_begun_us >= RIVAL_US);
}

static bool may_begin(const struct gate_side *side, const struct gate_packet *packet, bool is_party)
{
    const struct gate_secrets *secrets = &side->secrets;
    bool is_same = address_equal(&secrets->dtls_with, &packet->source);

    if (is_agreed(secrets) || side->told.is_dtls_client ||
        !dtls_is_hello(slice_of(packet->at, packet->len))) {
        return false;
    }
    if (secrets->dtls == NULL || dtls_state(secrets->dtls) == DTLS_FAILED) {
        return true;
    }
    return !is_same && !is_with(side, packet, is_party);
}

static void keys_use(struct gate_side *side, const struct gate_packet *packet, bool is_party,
                     struct gate_verdict *verdict)
{
    struct gate_secrets *secrets = &side->secrets;
    struct dtls_keys keys = dtls_keys_take(secrets->dtls);

    secrets->seal = cipher_new(&keys.send, true);
    secrets->open = cipher_new(&keys.receive, false);
    media_wipe(&keys, sizeof(keys));
    if (!is_party && is_agreed(secrets)) {
        gate_side_learn_proven(side, &packet->source);
        verdict->was_learned = true;
    }
}

enum media_reason gate_dtls_take(struct gate_side *side, const struct gate_packet *packet,
                                 bool is_party, struct gate_verdict *verdict)
{
    struct gate_secrets *secrets = &side->secrets;

    if (side->told.protection != MEDIA_DTLS || side->told.fingerprint.hash == MEDIA_HASH_NONE ||
        packet->dtls == NULL || packet->is_control) {
        return MEDIA_NOT_ALLOWED;
    }
    if (!checks_pay(secrets, packet->now_us)) {
        return MEDIA_TOO_FAST;
    }
    if (may_begin(side, packet, is_party) &&
        !dtls_open(side, packet->dtls, &packet->source, packet->mask, packet->now_us)) {
        return MEDIA_NO_KEYS;
    }
    if (secrets->dtls == NULL || !address_equal(&secrets->dtls_with, &packet->source)) {
        return MEDIA_FORGED;
    }
    dtls_take(secrets->dtls, slice_of(packet->at, packet->len));
    if (dtls_state(secrets->dtls) == DTLS_AGREED && !is_agreed(secrets)) {
        keys_use(side, packet, is_party, verdict);
    }
    return dtls_state(secrets->dtls) == DTLS_FAILED ? MEDIA_FORGED : MEDIA_HANDSHAKE;
}

void gate_dtls_begin(struct gate_side *side, const struct dtls_setup *setup, uint64_t mask,
                     uint64_t now_us)
{
    const struct media_side *told = &side->told;

    if (setup != NULL && told->protection == MEDIA_DTLS && told->is_dtls_client &&
        told->fingerprint.hash != MEDIA_HASH_NONE && side->to.family != ADDRESS_NONE &&
        side->secrets.dtls == NULL && !is_agreed(&side->secrets)) {
        (void)dtls_open(side, setup, &side->to, mask, now_us);
    }
}

void gate_dtls_wait(struct gate_side *side, uint64_t now_us)
{
    struct gate_secrets *secrets = &side->secrets;
    uint64_t passed_us = now_us - secrets->dtls_begun_us;

    if (secrets->dtls == NULL) {
        return;
    }
    dtls_wait(secrets->dtls);
    if (dtls_state(secrets->dtls) == DTLS_AGREED
            ? passed_us >= (uint64_t)(DTLS_LONGEST_S + DTLS_LINGER_S) * SECOND_US
            : passed_us >= (uint64_t)DTLS_LONGEST_S * SECOND_US) {
        dtls_free(secrets->dtls);
        secrets->dtls = NULL;
    }
}
