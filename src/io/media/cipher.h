/*
 * SRTP of one direction of one side (RFC 3711): sealed and opened in place, by libsrtp2.
 *
 * What is opened was sent by who has the key, and comes once.  A wrong packet changes nothing.
 */
#pragma once

#include "wire/media_keys.h"

enum {
    CIPHER_TRAILER_MAX = 32, /* octets a packet grows by at most: a tag, and the index of SRTCP */
    CIPHER_WINDOW = 128,     /* SRT-10: how far back a packet may come late */
    CIPHER_SOURCES_MAX = 64, /* SSRCs one key is used for: a new one at each offer of a long call */
};

struct cipher;

enum cipher_opened { CIPHER_OPENED, CIPHER_FORGED, CIPHER_REPLAYED };

/* Once in a process, before it is confined: the library opens files and keeps them until what is
 * returned is freed, after all others.  NULL when it cannot work here. */
struct cipher *ciphers_begin(void);

/* NULL without a key or when memory ends.  is_sealing says which way it is used. */
struct cipher *cipher_new(const struct media_key *key, bool is_sealing);
void cipher_free(struct cipher *cipher); /* NULL: nothing */

/* RTP or RTCP of *len octets at an address divisible by four, which gets shorter.  What was not
 * OPENED is spoilt. */
enum cipher_opened cipher_open(struct cipher *cipher, bool is_control, char *at, size_t *len);

/* The same way back; behind it is room for CIPHER_TRAILER_MAX octets.  False when its number was
 * used before: the same key stream twice would show both packets.  For the same reason no source is
 * ever forgotten: one too many is not sealed. */
bool cipher_seal(struct cipher *cipher, bool is_control, char *at, size_t *len);
