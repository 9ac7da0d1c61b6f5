/*
 * When our certificates end, and whether it is time to say so: 30, 14, 7 and 1 days before, and
 * when it is too late.
 */
#pragma once

#include "base/slice.h"
#include "io/tls_names.h"

enum { TLS_EXPIRIES_MAX = 64 /* zones */ };

struct tls_expiry {
    uint32_t zone;   /* id */
    int64_t until_s; /* since 1970 */
    uint8_t told;    /* thresholds told */
    char name[TLS_NAME_MAX + 1];
};

struct tls_expiries {
    struct tls_expiry all[TLS_EXPIRIES_MAX];
    unsigned count;
};

/* Of the certificates of a book; what was told of one that stays is not told again. */
void tls_expiries_read(struct tls_expiries *expiries, struct slice book);

/* The next one to be told, days left in *days (below 0: it is over); NULL when there is none. */
const struct tls_expiry *tls_expiries_next(struct tls_expiries *expiries, int64_t now_s,
                                           int64_t *days);

/* How many thresholds a certificate with so many days left has passed. */
unsigned tls_thresholds_passed(int64_t days);
