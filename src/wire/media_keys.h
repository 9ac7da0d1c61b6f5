/*
 * How media are protected, and the keys they are sealed with.
 *
 * Keys are in records and orders and nowhere else: never in a text, an event or a copy.  Whoever
 * took one out of an order wipes the order.
 */
#pragma once

#include "base/slice.h"

enum media_protection {
    MEDIA_CLEAR,
    MEDIA_SDES, /* keys were said in the descriptions (RFC 4568) */
    MEDIA_DTLS, /* keys are agreed on the media's own path (RFC 5763, RFC 5764) */
};
enum { MEDIA_PROTECTION_COUNT = MEDIA_DTLS + 1 };

enum media_suite {
    MEDIA_SUITE_NONE,
#define MEDIA_SUITE(name, written, key_len, salt_len, dtls) MEDIA_SUITE_##name,
#include "wire/media_suites.def"
#undef MEDIA_SUITE
    MEDIA_SUITE_COUNT,
};

enum {
    MEDIA_KEY_MAX = 44, /* octets of the longest key and its salt */
    MEDIA_SUITES_ALL = (1 << MEDIA_SUITE_COUNT) - 2,
    MEDIA_FINGERPRINT_MAX = 64,  /* SHA-512 */
    MEDIA_UFRAG_LETTERS = 8,     /* RFC 8445 5.3 asks for 24 bits; letters have 5.1 each */
    MEDIA_PASSWORD_LETTERS = 26, /* ... and for 128 */
};

struct media_key {
    uint8_t suite; /* enum media_suite; NONE: there is no key */
    uint8_t octets[MEDIA_KEY_MAX];
};

/* Hashes a certificate may be known by (RFC 8122 5); weaker ones are not believed (SRT-06). */
enum media_hash { MEDIA_HASH_NONE, MEDIA_SHA_256, MEDIA_SHA_384, MEDIA_SHA_512 };
enum { MEDIA_HASH_COUNT = MEDIA_SHA_512 + 1 };

struct media_fingerprint {
    uint8_t hash; /* enum media_hash */
    uint8_t octets[MEDIA_FINGERPRINT_MAX];
};

/* Of a suite: as SDP writes it, and the octets of its key with its salt. */
struct slice media_suite_written(enum media_suite suite);
size_t media_suite_key_len(enum media_suite suite);
size_t media_suite_salt_len(enum media_suite suite); /* behind the key, counted above */
/* NONE when the word names none of ours. */
enum media_suite media_suite_find(struct slice word);

/* As SDP writes it, "sha-256", and the octets of its result; letters compare in any case. */
struct slice media_hash_written(enum media_hash hash);
size_t media_hash_len(enum media_hash hash);
enum media_hash media_hash_find(struct slice word);

bool media_key_equal(const struct media_key *a, const struct media_key *b);
bool media_fingerprint_equal(const struct media_fingerprint *a, const struct media_fingerprint *b);

/* Keys and passwords of media that stand in a copy of a message become x: "inline:" of SDES and
 * "a=ice-pwd:", in any letters. */
void media_keys_mask(char *at, size_t len);

/* Octets that were a secret and are one no more; no compiler leaves it out. */
void media_wipe(void *at, size_t len);
