#include "wire/rtp/stun.h"

#include "wire/octets.h"
#include "wire/rtp/rtp.h"

enum {
    TYPE_BINDING = 0x0001,
    TYPE_BINDING_SUCCESS = 0x0101,
    ATTRIBUTE_USERNAME = 0x0006,
    ATTRIBUTE_MESSAGE_INTEGRITY = 0x0008,
    ATTRIBUTE_XOR_MAPPED_ADDRESS = 0x0020,
    ATTRIBUTE_PRIORITY = 0x0024,
    ATTRIBUTE_USE_CANDIDATE = 0x0025,
    ATTRIBUTE_FINGERPRINT = 0x8028,
    ATTRIBUTE_OPTIONAL_FROM = 0x8000, /* RFC 8489 14: may be passed over */
    ATTRIBUTE_HEAD = 4,
    FAMILY_V4 = 1,
    FAMILY_V6 = 2,
    CHECKSUM_MASK = 0x5354554E, /* RFC 8489 14.7 */
};

static unsigned number_at(const char *at)
{
    return (unsigned)(uint8_t)at[0] << 8 | (uint8_t)at[1];
}

static void number_write(char *at, unsigned number)
{
    at[0] = (char)(uint8_t)(number >> 8);
    at[1] = (char)(uint8_t)number;
}

static void word_write(char *at, uint32_t word)
{
    number_write(at, word >> 16);
    number_write(at + 2, word & 0xFFFF);
}

/* What stands behind the proof is not proven: only a checksum may. */
static bool attribute_read(struct stun_check *check, struct slice bytes, const char *at,
                           unsigned type, struct slice value)
{
    if (check->proof != NULL) {
        return type == ATTRIBUTE_FINGERPRINT;
    }
    switch (type) {
    case ATTRIBUTE_USERNAME:
        check->username = value;
        return value.len > 0 && value.len <= STUN_USERNAME_MAX;
    case ATTRIBUTE_MESSAGE_INTEGRITY:
        check->proof = value.at;
        check->proven = slice_between(bytes.at, at);
        return value.len == STUN_PROOF_LEN;
    case ATTRIBUTE_USE_CANDIDATE:
        check->nominates = true;
        return true;
    case ATTRIBUTE_PRIORITY:
        return true;
    default:
        return type >= ATTRIBUTE_OPTIONAL_FROM;
    }
}

bool stun_check_read(struct stun_check *check, struct slice bytes)
{
    size_t at = STUN_HEADER_LEN;

    *check = (struct stun_check){.id = bytes.at + 8};
    if (!rtp_is_stun(bytes) || number_at(bytes.at) != TYPE_BINDING) {
        return false;
    }
    while (at < bytes.len) {
        size_t len, padded;

        if (bytes.len - at < ATTRIBUTE_HEAD) {
            return false;
        }
        len = number_at(bytes.at + at + 2);
        padded = (len + 3) & ~(size_t)3;
        if (padded > bytes.len - at - ATTRIBUTE_HEAD ||
            !attribute_read(check, bytes, bytes.at + at, number_at(bytes.at + at),
                            slice_of(bytes.at + at + ATTRIBUTE_HEAD, len))) {
            return false;
        }
        at += ATTRIBUTE_HEAD + padded;
    }
    return true;
}

void stun_length_set(char *message, size_t octets)
{
    number_write(message + 2, (unsigned)(octets - STUN_HEADER_LEN));
}

static uint32_t checksum(const char *at, size_t len)
{
    uint32_t sum = UINT32_MAX;

    for (size_t i = 0; i < len; i++) {
        sum ^= (uint8_t)at[i];
        for (unsigned bit = 0; bit < 8; bit++) {
            sum = (sum & 1) != 0 ? sum >> 1 ^ 0xEDB88320U : sum >> 1;
        }
    }
    return ~sum ^ CHECKSUM_MASK;
}

size_t stun_answer_write(char room[STUN_ANSWER_MAX], const char *id, const struct address *source)
{
    size_t host_len = source->family == ADDRESS_V6 ? 16 : 4;
    char *at = room + STUN_HEADER_LEN;

    number_write(room, TYPE_BINDING_SUCCESS);
    word_write(room + 4, STUN_COOKIE);
    memcpy(room + 8, id, STUN_ID_LEN);
    number_write(at, ATTRIBUTE_XOR_MAPPED_ADDRESS);
    number_write(at + 2, (unsigned)(ATTRIBUTE_HEAD + host_len));
    at[4] = 0;
    at[5] = source->family == ADDRESS_V6 ? FAMILY_V6 : FAMILY_V4;
    number_write(at + 6, source->port ^ (unsigned)(STUN_COOKIE >> 16));
    for (size_t i = 0; i < host_len; i++) {
        /* The cookie and the number of the check stand one behind the other. */
        at[8 + i] = (char)(source->bytes[i] ^ (uint8_t)room[4 + i]);
    }
    return STUN_HEADER_LEN + 2 * ATTRIBUTE_HEAD + host_len;
}

size_t stun_answer_prove(char room[STUN_ANSWER_MAX], size_t len,
                         const uint8_t proof[STUN_PROOF_LEN])
{
    number_write(room + len, ATTRIBUTE_MESSAGE_INTEGRITY);
    number_write(room + len + 2, STUN_PROOF_LEN);
    memcpy(room + len + ATTRIBUTE_HEAD, proof, STUN_PROOF_LEN);
    len += ATTRIBUTE_HEAD + STUN_PROOF_LEN;
    stun_length_set(room, len + 2 * ATTRIBUTE_HEAD);
    number_write(room + len, ATTRIBUTE_FINGERPRINT);
    number_write(room + len + 2, ATTRIBUTE_HEAD);
    word_write(room + len + ATTRIBUTE_HEAD, checksum(room, len));
    return len + 2 * ATTRIBUTE_HEAD;
}
