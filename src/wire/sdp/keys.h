/*
 * How a medium says it is protected: crypto lines (RFC 4568), fingerprints (RFC 8122), ICE.
 *
 * A line that asks for something we do not do, or is not as it must be, counts as absent (SRT-03).
 */
#pragma once

#include "base/text.h"
#include "wire/media_keys.h"
#include "wire/sdp/sdp.h"

enum { SDP_CRYPTO_TAG_MAX = 999999999 }; /* RFC 4568 9.1: nine digits */

struct sdp_crypto {
    uint32_t tag;
    struct media_key key; /* suite NONE: no usable line */
};

struct sdp_keys {
    struct sdp_crypto crypto;             /* the first usable line, which its sender likes best */
    struct media_fingerprint fingerprint; /* the first usable one; hash NONE: there is none */
    uint8_t setup;                        /* enum sdp_setup */
    bool has_crypto, has_fingerprint;     /* lines stand there, usable or not */
    bool has_ice;                         /* with a name and a password (RFC 8839 5.4) */
};

/* Of a medium; what its level does not say the session's does.  suites: bit per enum media_suite
 * that is usable. */
void sdp_keys_read(struct sdp_keys *keys, const struct sdp *sdp, const struct sdp_media *media,
                   uint8_t suites);

/* The value of one line; false when it is not usable.  A suite of ours that must not be used is
 * readable all the same. */
bool sdp_crypto_read(struct sdp_crypto *crypto, struct slice value);
bool sdp_fingerprint_read(struct media_fingerprint *fingerprint, struct slice value);

/* Whole lines with their CRLF. */
void sdp_crypto_write(struct text *text, uint32_t tag, const struct media_key *key);
void sdp_fingerprint_write(struct text *text, const struct media_fingerprint *fingerprint);
