/*
 * TLS connections of a capture, read with the secrets of a key log: records in, what was said out.
 *
 * TLS 1.2 and 1.3 with AEAD suites (RFC 5246, 5288, 7905, 8446), by OpenSSL's ciphers.  The
 * handshake is followed as far as the keys need it: randoms, version, suite.  Nothing is verified
 * but the seal of each record; what does not open is not shown.
 */
#pragma once

#include "io/capture/keylog.h"

enum {
    TLS_RECORD_HEAD = 5,
    TLS_RECORD_MAX = 16384 + 2048, /* RFC 5246 6.2.3 */
    TLS_SESSIONS = 2048,           /* read at once; the one silent longest is forgotten */
    TLS_TRIALS = 64, /* records that may precede the first with the traffic key: a handshake */
};

struct tls_reader;

struct tls_reader *tls_reader_new(const struct keylog *keylog); /* NULL without memory */
void tls_reader_free(struct tls_reader *reader);

/* The length of the record that bytes begin with; 0: more octets are needed; SIZE_MAX: no record.
 */
size_t tls_record_len(struct slice bytes);

/* One record of side 0 or 1 of a connection.  *plain: what was said in it, until the next call; may
 * be empty.  False: the connection cannot be read (no secret, another suite, a seal that does not
 * fit). */
bool tls_record_read(struct tls_reader *reader, uint32_t connection, unsigned side,
                     struct slice record, struct slice *plain);
