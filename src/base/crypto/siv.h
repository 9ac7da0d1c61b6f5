/*
 * Short tokens that only we can make: AES-128-SIV (RFC 5297), base32hex in lower case.
 *
 * Deterministic authenticated encryption: no nonce that could repeat after a kill or across
 * siblings.  The associated data binds a token to where it may be used.
 */
#pragma once

#include "base/text.h"

enum {
    SIV_KEY_LEN = 32,
    SIV_PLAIN_MAX = 64,
    SIV_TOKEN_MAX = 1 + (16 + SIV_PLAIN_MAX) * 8 / 5 + 2, /* key id, tag and plain in base32 */
};

struct siv;

/* NULL when memory ends.  id (0..31) is the first letter of every token made with this key. */
struct siv *siv_new(const uint8_t key[SIV_KEY_LEN], unsigned id);
void siv_free(struct siv *siv);
unsigned siv_id(const struct siv *siv);

/* False only when text has no room. */
bool siv_seal(const struct siv *siv, struct slice bound, struct slice plain, struct text *token);

/* The key id a token names; false when it cannot be a token of ours. */
bool siv_token_key(struct slice token, unsigned *id);

/* plain must have SIV_PLAIN_MAX octets of room.  False: not made by this key for this bound; which
 * of the two is not told. */
bool siv_open(const struct siv *siv, struct slice bound, struct slice token, char *plain,
              size_t *plain_len);

/* A keyed, one-way name for something that must be named the same each time (the Call-ID of
 * a registration): letters octets of [a-v0-9]. */
bool siv_name(const struct siv *siv, struct slice what, char *at, size_t letters);
