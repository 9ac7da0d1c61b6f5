#include "app/run/tls_expiry.h"

#include "base/must.h"
#include "io/tls_book.h"
#include "io/tls_verify.h"

#include <stdlib.h>

enum { SECONDS_A_DAY = 24 * 3600 };

static const int64_t thresholds[] = {30, 14, 7, 1, -1}; /* CT-ENC-04 */

unsigned tls_thresholds_passed(int64_t days)
{
    unsigned passed = 0;

    while (passed < ARRAY_COUNT(thresholds) && days <= thresholds[passed]) {
        passed++;
    }
    return passed;
}

static uint8_t already_told(const struct tls_expiries *old, const struct tls_expiry *expiry)
{
    for (unsigned i = 0; i < old->count; i++) {
        if (old->all[i].zone == expiry->zone && old->all[i].until_s == expiry->until_s) {
            return old->all[i].told;
        }
    }
    return 0;
}

void tls_expiries_read(struct tls_expiries *expiries, struct slice book)
{
    struct tls_expiries *old = malloc(sizeof(*old));
    struct tls_entry entry;

    must(old != NULL);
    *old = *expiries;
    expiries->count = 0;
    while (expiries->count < TLS_EXPIRIES_MAX && tls_book_next(&book, &entry)) {
        X509 *certificate =
            entry.kind == TLS_ENTRY_CHAIN ? tls_read_certificate(entry.octets) : NULL;

        if (certificate != NULL) {
            struct tls_expiry *expiry = &expiries->all[expiries->count++];

            *expiry = (struct tls_expiry){.zone = entry.owner,
                                          .until_s = tls_certificate_until(certificate)};
            (void)tls_names_at(certificate, 0, expiry->name);
            expiry->told = already_told(old, expiry);
            X509_free(certificate);
        }
    }
    free(old);
}

const struct tls_expiry *tls_expiries_next(struct tls_expiries *expiries, int64_t now_s,
                                           int64_t *days)
{
    for (unsigned i = 0; i < expiries->count; i++) {
        struct tls_expiry *expiry = &expiries->all[i];
        int64_t left_s = expiry->until_s - now_s;

        *days = left_s < 0 ? -1 : left_s / SECONDS_A_DAY;
        if (tls_thresholds_passed(*days) > expiry->told) {
            expiry->told = (uint8_t)tls_thresholds_passed(*days);
            return expiry;
        }
    }
    return NULL;
}
