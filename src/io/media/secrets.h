/*
 * What protects the media of one side: a cipher each way, and how its keys come about.
 *
 * An order brings the keys of SDES; they are wiped from what is kept of the order as soon as the
 * ciphers have them.  Of DTLS an order brings the fingerprint, and a handshake the keys.  An order
 * that says nothing new changes nothing: numbers already used stay used.
 */
#pragma once

#include "io/media/bucket.h"
#include "io/media/cipher.h"
#include "io/media/dtls.h"
#include "wire/media_order.h"

enum {
    SECRETS_CHECKS_RATE = 50, /* ICE checks and handshakes of a side each second */
    SECRETS_CHECKS_BURST = 100,
};

struct gate_secrets {
    uint8_t protection;            /* enum media_protection, as ordered last */
    struct cipher *seal, *open;    /* NULL: not agreed yet */
    uint64_t seal_name, open_name; /* of SDES: keyed hashes of the keys they have; 0: of none */
    struct dtls *dtls;             /* a handshake under way, or just over; NULL: none */
    struct address dtls_with;      /* whom with */
    uint64_t dtls_begun_us;
    struct bucket checks;
};

/* What an order says anew of a side; before is what was told before, with its keys wiped.  The keys
 * are taken out of told.  mask keys the hashes. */
void gate_secrets_order(struct gate_secrets *secrets, const struct media_side *before,
                        struct media_side *told, uint64_t mask);
void gate_secrets_free(struct gate_secrets *secrets);
