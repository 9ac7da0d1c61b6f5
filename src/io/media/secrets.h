/*
 * What protects the media of one side: a cipher each way, and how its keys come about.
 *
 * An order brings the keys of SDES; they are wiped from what is kept of the order as soon as the
 * ciphers have them.  An order that brings the same keys again changes nothing: numbers already
 * used stay used.
 */
#pragma once

#include "io/media/cipher.h"
#include "wire/media_order.h"

struct gate_secrets {
    struct cipher *seal, *open;    /* NULL: not agreed yet */
    uint64_t seal_name, open_name; /* keyed hashes of the keys they have; 0: of none */
};

/* The keys of an order, taken out of told.  mask keys the hashes. */
void gate_secrets_order(struct gate_secrets *secrets, struct media_side *told, uint64_t mask);
void gate_secrets_free(struct gate_secrets *secrets);
