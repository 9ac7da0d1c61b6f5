/*
 * The gate's certificate for DTLS (RFC 5763): made at the start of the store, signed by itself,
 * known by its fingerprint alone.
 */
#pragma once

#include "wire/media_keys.h"

enum {
    CERTIFICATE_MAX = 768,     /* octets of DER: a P-256 certificate without names has about 350 */
    CERTIFICATE_KEY_MAX = 192, /* its key has 121 */
};

struct media_certificate {
    uint32_t len, key_len;
    uint8_t octets[CERTIFICATE_MAX], key[CERTIFICATE_KEY_MAX];
};

/* False when the library refuses. */
bool media_certificate_make(struct media_certificate *certificate);

/* SHA-256; hash NONE when there is no certificate. */
struct media_fingerprint media_certificate_fingerprint(const struct media_certificate *certificate);
