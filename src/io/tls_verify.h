/*
 * Whether a certificate is whom we expect: chain, time, revocation, purpose, name (TLS-08 to 10).
 */
#pragma once

#include "io/tls_credentials.h"

/* For SSL_CTX_set_cert_verify_callback: notes in what is expected why it was not. */
int tls_verify(X509_STORE_CTX *chain, void *argument);

/* Of a session that goes on: its certificate was verified when it began, but may have ended since,
 * and the name may have been somebody else's.  Lists and roots cannot have changed: with them the
 * keys of tickets do. */
enum tls_reason tls_verify_again(struct tls *tls);

/* When a certificate ends, since 1970; 0 when it cannot be said. */
int64_t tls_certificate_until(const X509 *certificate);
