/*
 * Who a certificate says it is, as RFC 5922 7.1 reads it: URIs "sip:domain" among the alternative
 * names; only when there are none, DNS names.  Never the common name, never a wildcard.
 */
#pragma once

#include "base/slice.h"

#include <openssl/x509.h>

enum {
    TLS_NAME_MAX = 253, /* RFC 1035 */
    TLS_NAMES_MAX = 64, /* of one certificate that are looked at, TLS-08 */
};

/* Of the names of a certificate the first that is among the expected ones, whole and in any case
 * (7.2): copied to found, terminated.  False when there is none. */
bool tls_names_match(const X509 *certificate, const struct slice *expected, unsigned count,
                     char found[TLS_NAME_MAX + 1]);

/* The n-th of its names, for who lists them; false when there are fewer. */
bool tls_names_at(const X509 *certificate, unsigned index, char name[TLS_NAME_MAX + 1]);

/* "sip:domain" without user, port or parameter: the domain; else empty. */
struct slice tls_name_of_uri(struct slice uri);
