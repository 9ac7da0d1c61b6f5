/*
 * Secrets of TLS connections, as programs log them for whoever debugs them: a line each, named by
 * the random number the client began with (the NSS key log format).
 *
 * From a file, or from the secrets a pcapng file carries.  Bounded: what does not fit is counted.
 */
#pragma once

#include "base/fault.h"
#include "base/slice.h"

enum {
    KEYLOG_MAX = 65536, /* connections */
    KEYLOG_RANDOM = 32,
    KEYLOG_SECRET_MAX = 48, /* SHA-384; a master secret */
    KEYLOG_FILE_MAX = 64 << 20,
};

enum keylog_kind {
    KEYLOG_MASTER, /* CLIENT_RANDOM: up to TLS 1.2 */
    KEYLOG_CLIENT, /* CLIENT_TRAFFIC_SECRET_0: TLS 1.3 */
    KEYLOG_SERVER, /* SERVER_TRAFFIC_SECRET_0 */
    KEYLOG_KIND_COUNT,
};

struct keylog;

struct keylog *keylog_new(void); /* NULL without memory */
void keylog_free(struct keylog *keylog);

/* Lines that are none are passed over. */
void keylog_add(struct keylog *keylog, struct slice lines);
bool keylog_load(struct keylog *keylog, const char *path, struct fault *fault);

uint32_t keylog_count(const struct keylog *keylog); /* connections */

/* Empty when it is not known. */
struct slice keylog_find(const struct keylog *keylog, const uint8_t random[KEYLOG_RANDOM],
                         enum keylog_kind kind);
