/*
 * Short tokens that only we can make: AES-128-SIV (RFC 5297), base32hex in lower case.
 *
 * Deterministic authenticated encryption: no nonce that could repeat after a kill or across
 * siblings.  The associated data binds a token to where it may be used.  What a token hides is its
 * meaning, not its length.
 *
 * One thread at a time uses a struct siv; each worker has its own of the same key.
 */
#pragma once

#include "base/text.h"

enum {
    SIV_KEY_LEN = 32,
    SIV_PLAIN_MAX = 64,
    SIV_TOKEN_MAX = 1 + (16 + SIV_PLAIN_MAX) * 8 / 5 + 2, /* key id, tag and plain in base32 */
    SIV_NAME_MAX = 25, /* letters: 125 of the 128 bits of a tag */
};

struct siv;

/* NULL when memory ends.  id (0..31) is the first letter of every token made with this key. */
struct siv *siv_new(const uint8_t key[SIV_KEY_LEN], unsigned id);
void siv_free(struct siv *siv);
unsigned siv_id(const struct siv *siv);
char siv_letter(const struct siv *siv); /* the first one of its tokens */

/* False when text has no room (then it is full) or plain is longer than SIV_PLAIN_MAX. */
bool siv_seal(const struct siv *siv, struct slice bound, struct slice plain, struct text *token);

/* The key id a token names; false when it cannot be a token of ours.  Upper case is read as lower
 * case: to most of SIP the two are the same, and somebody on the way may believe it. */
bool siv_token_key(struct slice token, unsigned *id);

/* plain must have SIV_PLAIN_MAX octets of room.  False: not made by this key for this bound; which
 * of the two is not told. */
bool siv_open(const struct siv *siv, struct slice bound, struct slice token, char *plain,
              size_t *plain_len);

/* Whether two tokens are the same, without telling by the time taken how far they are. */
bool siv_token_is(struct slice token, struct slice other);

/* A keyed, one-way name for something that must be named the same each time (the Call-ID of
 * a registration): letters octets of [a-v0-9].  False when letters is more than SIV_NAME_MAX. */
bool siv_name(const struct siv *siv, struct slice what, char *at, size_t letters);
