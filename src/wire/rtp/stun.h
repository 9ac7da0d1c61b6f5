/*
 * STUN as ICE uses it (RFC 8489, RFC 8445 7): a check of whether somebody is there, and its answer.
 *
 * The proof, HMAC-SHA1 over what stands before it, is computed by who has the means.
 */
#pragma once

#include "base/address.h"
#include "base/text.h"

enum {
    STUN_ID_LEN = 12,
    STUN_PROOF_LEN = 20,
    STUN_ANSWER_MAX = 20 + 24 + 24 + 8, /* header, address, proof, checksum */
    STUN_USERNAME_MAX = 513,            /* RFC 8489 14.3 */
};

struct stun_check {
    const char *id;        /* STUN_ID_LEN octets */
    struct slice username; /* empty when absent */
    struct slice proven;   /* what its proof is about: with a length that ends behind the proof */
    const char *proof;     /* STUN_PROOF_LEN octets; NULL when absent */
    bool nominates;        /* USE-CANDIDATE */
};

/* A request of the method Binding, whole, with nothing in it that we would have to know and do not.
 */
bool stun_check_read(struct stun_check *check, struct slice bytes);

/* The length field of a message as it counts for a proof or a checksum that stands at octets. */
void stun_length_set(char *message, size_t octets);

/* A success that says where the check came from, without its proof; stun_answer_prove completes
 * it. */
size_t stun_answer_write(char room[STUN_ANSWER_MAX], const char *id, const struct address *source);
size_t stun_answer_prove(char room[STUN_ANSWER_MAX], size_t len,
                         const uint8_t proof[STUN_PROOF_LEN]);
