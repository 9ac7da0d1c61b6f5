/*
 * Whether a certificate is whom we expect: chain, time, revocation, purpose, name (TLS-08 to 10).
 */
#pragma once

#include "io/tls_credentials.h"

/* For SSL_CTX_set_cert_verify_callback: notes in what is expected why it was not. */
int tls_verify(X509_STORE_CTX *chain, void *argument);

/* The same of a certificate that was verified when its session began: time, list, name may have
 * changed since. */
enum tls_reason tls_verify_again(X509 *certificate, struct tls_expected *expected);
