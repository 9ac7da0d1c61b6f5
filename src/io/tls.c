#include "io/tls.h"

#include "base/must.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>

enum { TLS_RECORD = 16 * 1024 }; /* octets of the largest one */

static const struct {
    const char *written, *what;
} reasons[TLS_REASON_COUNT] = {
    [TLS_GOOD] = {"good", "nothing is wrong"},
#define REASON(name, written, what) [TLS_##name] = {written, what},
#include "io/tls_reasons.def"
#undef REASON
};

const char *tls_reason_written(enum tls_reason reason)
{
    return reasons[reason].written;
}

const char *tls_reason_what(enum tls_reason reason)
{
    return reasons[reason].what;
}

/* What OpenSSL says of a call that moved nothing, as a socket would say it. */
static ssize_t tls_result(struct tls *tls, int result)
{
    int error = SSL_get_error(tls->ssl, result);

    ERR_clear_error();
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        errno = EAGAIN;
        return -1;
    }
    if (error == SSL_ERROR_ZERO_RETURN) {
        return 0;
    }
    if (error == SSL_ERROR_SYSCALL && errno != 0 && errno != EAGAIN) {
        return -1;
    }
    errno = EPROTO;
    return -1;
}

ssize_t tls_read(struct tls *tls, char *room, size_t max)
{
    size_t len = 0;

    ERR_clear_error();
    errno = 0;
    int result = SSL_read_ex(tls->ssl, room, max, &len);
    if (tls->is_broken) {
        errno = EPROTO;
        return -1;
    }
    if (result != 1) {
        return tls_result(tls, result);
    }
    tls->key_updates = 0;
    return (ssize_t)len;
}

/* One record's worth of the pieces, in one place.  A record that was begun is made of exactly the
 * octets it was begun with. */
static size_t gather(const struct iovec *pieces, unsigned count, char room[TLS_RECORD], size_t max)
{
    size_t len = 0;

    for (unsigned i = 0; i < count && len < max; i++) {
        size_t part = pieces[i].iov_len < max - len ? pieces[i].iov_len : max - len;

        memcpy(room + len, pieces[i].iov_base, part);
        len += part;
    }
    return len;
}

static ssize_t write_record(struct tls *tls, const void *octets, size_t len)
{
    size_t written = 0;

    ERR_clear_error();
    errno = 0;
    int result = SSL_write_ex(tls->ssl, octets, len, &written);
    if (result == 1) {
        must(tls->pending == 0 || written == tls->pending);
        tls->pending = 0;
        return (ssize_t)written;
    }
    ssize_t said = tls_result(tls, result);
    if (said < 0 && errno == EAGAIN) {
        tls->pending = len;
    }
    return said == 0 ? -1 : said;
}

ssize_t tls_write(struct tls *tls, const struct iovec *pieces, unsigned count)
{
    char room[TLS_RECORD];
    size_t max = tls->pending > 0 ? tls->pending : sizeof(room);

    if (tls->is_broken) {
        errno = EPROTO;
        return -1;
    }
    if (count == 1 && tls->pending == 0 && pieces[0].iov_len <= sizeof(room)) {
        return write_record(tls, pieces[0].iov_base, pieces[0].iov_len);
    }
    return write_record(tls, room, gather(pieces, count, room, max));
}

bool tls_has_more(const struct tls *tls)
{
    return SSL_has_pending(tls->ssl) == 1;
}

void tls_finish(struct tls *tls)
{
    if (tls->pending == 0 && !tls->is_broken) {
        (void)SSL_shutdown(tls->ssl);
    }
    ERR_clear_error();
}

void tls_free(struct tls *tls)
{
    if (tls != NULL) {
        SSL_free(tls->ssl);
    }
    free(tls);
}
