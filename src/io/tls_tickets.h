/*
 * What tickets of sessions are sealed with: keys of our own making that nobody keeps.
 *
 * A ticket lets a peer come back without public-key arithmetic.  Keys change twice a day, and with
 * every reload: then whoever was believed is looked at anew, with the roots and lists of now.
 */
#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    TLS_TICKET_KEYS = 2,                  /* one seals, the one before still opens */
    TLS_TICKET_KEY_MS = 12 * 3600 * 1000, /* TLS-06 */
    TLS_TICKET_S = 3600,                  /* of a ticket: so long a revoked peer may come back */
};

struct tls_ticket_key {
    unsigned char name[16], cipher[32], mac[32];
};

struct tls_tickets {
    struct tls_ticket_key keys[TLS_TICKET_KEYS]; /* newest first */
    uint64_t made_ms;
};

/* A new key; with forget nothing older opens. */
void tls_tickets_renew(struct tls_tickets *tickets, bool forget, uint64_t now_ms);

/* The context gives tickets from now on; they outlive it. */
void tls_tickets_serve(struct tls_tickets *tickets, SSL_CTX *context);
