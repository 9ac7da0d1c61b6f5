#include "io/tls_handshakes.h"

#include "base/must.h"
#include "io/tls_verify.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/socket.h>

struct handshake {
    struct tls_handshakes *all;
    struct handshake *older, *newer; /* by the time they began, which is that of their ends */
    struct loop_watch watch;
    struct tls *tls;
    struct tls_expected expected;
    struct tls_outcome outcome; /* of the connection from the start */
    uint64_t until_ms;
    bool is_connecting;
    struct slice names[TLS_EXPECTED_MAX];
    char name_room[]; /* what the names show */
};

struct tls_handshakes {
    struct loop *loop;
    struct loop_alarm alarm;
    struct tls_handshakes_owner owner;
    struct tls_credentials *credentials;
    struct handshake *oldest, *newest;
    uint32_t count, max;
};

/*
 * In the list.
 */

static void handshakes_set_alarm(struct tls_handshakes *all)
{
    loop_alarm_at(&all->alarm, all->oldest == NULL ? UINT64_MAX : all->oldest->until_ms);
}

static void handshake_add(struct tls_handshakes *all, struct handshake *handshake)
{
    handshake->all = all;
    handshake->older = all->newest;
    *(all->newest != NULL ? &all->newest->newer : &all->oldest) = handshake;
    all->newest = handshake;
    all->count++;
    handshakes_set_alarm(all);
}

static void handshake_remove(struct handshake *handshake)
{
    struct tls_handshakes *all = handshake->all;

    *(handshake->older != NULL ? &handshake->older->newer : &all->oldest) = handshake->newer;
    *(handshake->newer != NULL ? &handshake->newer->older : &all->newest) = handshake->older;
    all->count--;
    handshakes_set_alarm(all);
}

static void handshake_release(void *owner)
{
    free(owner);
}

/*
 * The end of one.
 */

static void handshake_end(struct handshake *handshake, enum tls_reason reason)
{
    struct tls_outcome *outcome = &handshake->outcome;
    struct tls_handshakes *all = handshake->all;

    handshake_remove(handshake);
    outcome->reason = reason;
    memcpy(outcome->shown, handshake->expected.shown, sizeof(outcome->shown));
    handshake->tls->expected = NULL;
    if (reason == TLS_GOOD) {
        outcome->tls = handshake->tls;
    } else {
        tls_free(handshake->tls);
    }
    loop_watch_close(&handshake->watch, handshake_release);
    all->owner.done(all->owner.owner, outcome);
}

enum { ALERT_LAST = SSL_AD_REASON_OFFSET + 255 };

/* Alerts that came are above a thousand.  What our own key does not do is the keeper's not
 * answering. */
static enum tls_reason reason_of_library(int reason)
{
    switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
        return TLS_NOT_TLS;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_UNKNOWN_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
        return TLS_OLD_VERSION;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_GROUPS:
    case SSL_R_WRONG_CIPHER_RETURNED:
    case SSL_R_WRONG_SIGNATURE_TYPE:
        return TLS_NO_SUITE;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
        return TLS_NO_CERTIFICATE;
    case SSL_R_EXCESSIVE_MESSAGE_SIZE:
        return TLS_TOO_LARGE;
    case SSL_R_EE_KEY_TOO_SMALL:
    case SSL_R_CA_KEY_TOO_SMALL:
    case SSL_R_CA_MD_TOO_WEAK:
        return TLS_WEAK;
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
        return TLS_ENDED;
    case ERR_R_EVP_LIB:
        return TLS_NO_KEEPER;
    default:
        return reason > SSL_AD_REASON_OFFSET && reason <= ALERT_LAST ? TLS_NOT_WANTED : TLS_BROKEN;
    }
}

static enum tls_reason handshake_reason(const struct handshake *handshake, int error)
{
    unsigned long first = ERR_peek_error();

    if (handshake->expected.reason != TLS_GOOD) {
        return handshake->expected.reason;
    }
    if (first != 0) {
        return ERR_GET_LIB(first) == ERR_LIB_SSL ? reason_of_library(ERR_GET_REASON(first))
                                                 : TLS_BROKEN;
    }
    return error == SSL_ERROR_SYSCALL || error == SSL_ERROR_ZERO_RETURN ? TLS_ENDED : TLS_BROKEN;
}

static void handshake_succeed(struct handshake *handshake)
{
    SSL *ssl = handshake->tls->ssl;
    struct tls_outcome *outcome = &handshake->outcome;
    int version = SSL_version(ssl);
    struct text suite;

    outcome->version = (uint16_t)version;
    outcome->is_resumed = SSL_session_reused(ssl) == 1;
    text_init(&suite, outcome->suite, sizeof(outcome->suite) - 1); /* all zero before */
    text_put_string(&suite, SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)));
    if (version < TLS1_3_VERSION && SSL_get_extms_support(ssl) != 1) {
        handshake_end(handshake, TLS_NO_SECRET);
        return;
    }
    const X509 *certificate = SSL_get0_peer_certificate(ssl);
    if (certificate != NULL) {
        outcome->until_s = tls_certificate_until(certificate);
    }
    handshake_end(handshake, outcome->is_resumed ? tls_verify_again(handshake->tls) : TLS_GOOD);
}

/*
 * One step.
 */

static bool handshake_is_connected(struct handshake *handshake)
{
    int error = 0;
    socklen_t len = sizeof(error);

    handshake->is_connecting = false;
    return getsockopt(handshake->outcome.fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0;
}

static void handshake_step(struct handshake *handshake)
{
    SSL *ssl = handshake->tls->ssl;

    ERR_clear_error();
    errno = 0;
    int result = SSL_do_handshake(ssl);
    if (result == 1) {
        handshake_succeed(handshake);
        return;
    }
    int error = SSL_get_error(ssl, result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        if (BIO_number_read(SSL_get_rbio(ssl)) > TLS_HANDSHAKE_OCTETS) {
            handshake_end(handshake, TLS_TOO_LARGE);
            return;
        }
        loop_watch_for(&handshake->watch,
                       error == SSL_ERROR_WANT_READ ? LOOP_READABLE : LOOP_WRITABLE);
        return;
    }
    enum tls_reason reason = handshake_reason(handshake, error);
    ERR_clear_error();
    handshake_end(handshake, reason);
}

static void on_ready(void *owner, unsigned events)
{
    struct handshake *handshake = owner;

    (void)events;
    if (handshake->is_connecting && !handshake_is_connected(handshake)) {
        handshake_end(handshake, TLS_NO_CONNECTION);
        return;
    }
    handshake_step(handshake);
}

static void on_alarm(void *owner)
{
    struct tls_handshakes *all = owner;
    uint64_t now_ms = loop_now_ms(all->loop);

    while (all->oldest != NULL && all->oldest->until_ms <= now_ms) {
        handshake_end(all->oldest, all->oldest->is_connecting ? TLS_NO_CONNECTION : TLS_SLOW);
    }
    handshakes_set_alarm(all);
}

/*
 * The beginning of one.
 */

static struct handshake *handshake_new(const struct tls_job *job)
{
    struct handshake *handshake = calloc(1, sizeof(*handshake) + job->names.len + 1);
    struct slice rest, name;

    must(handshake != NULL);
    if (job->names.len > 0) {
        memcpy(handshake->name_room, job->names.at, job->names.len);
    }
    rest = slice_of(handshake->name_room, job->names.len);
    while (handshake->expected.name_count < TLS_EXPECTED_MAX && slice_cut(&rest, '\0', &name)) {
        handshake->names[handshake->expected.name_count++] = name;
    }
    handshake->expected.names = handshake->names;
    handshake->is_connecting = job->is_client;
    handshake->outcome = (struct tls_outcome){
        .connection = job->connection,
        .worker = job->worker,
        .zone = job->zone,
        .peer = job->peer,
        .fd = job->fd,
        .is_client = job->is_client,
        .remote = job->remote,
        .local = job->local,
    };
    return handshake;
}

/* Strangers may come without a certificate where their zone lets them; peers with names may not. */
static int verify_mode(const struct tls_zone *zone, const struct tls_job *job)
{
    if (job->is_client || job->names.len > 0 || zone->terms.clients == TLS_CLIENTS_REQUIRED) {
        return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    }
    return zone->terms.clients == TLS_CLIENTS_OPTIONAL ? SSL_VERIFY_PEER : SSL_VERIFY_NONE;
}

static bool handshake_equip(struct handshake *handshake, const struct tls_zone *zone,
                            const struct tls_roots *roots, const struct tls_job *job)
{
    struct tls *tls = calloc(1, sizeof(*tls));

    must(tls != NULL);
    handshake->tls = tls;
    tls->ssl = SSL_new(job->is_client ? zone->client : zone->server);
    tls->expected = &handshake->expected;
    tls->zone = job->zone;
    tls->peer = job->peer;
    if (tls->ssl == NULL || SSL_set_fd(tls->ssl, job->fd) != 1 ||
        SSL_set_ex_data(tls->ssl, 0, tls) != 1 ||
        SSL_set1_verify_cert_store(tls->ssl, roots->store) != 1) {
        return false;
    }
    SSL_set_verify(tls->ssl, verify_mode(zone, job), NULL);
    /* A ticket is good for whom it was made (TLS-06). */
    const uint32_t whom[2] = {job->zone, job->peer};
    if (SSL_set_session_id_context(tls->ssl, (const unsigned char *)whom, sizeof(whom)) != 1) {
        return false;
    }
    if (!job->is_client) {
        SSL_set_accept_state(tls->ssl);
        return true;
    }
    SSL_set_connect_state(tls->ssl);
    return handshake->expected.name_count == 0 ||
           SSL_set_tlsext_host_name(tls->ssl, handshake->name_room) == 1; /* the first */
}

static void refuse_at_once(struct tls_handshakes *all, struct handshake *handshake,
                           enum tls_reason reason)
{
    handshake->outcome.reason = reason;
    all->owner.done(all->owner.owner, &handshake->outcome);
    tls_free(handshake->tls);
    free(handshake);
}

void tls_handshakes_begin(struct tls_handshakes *all, const struct tls_job *job)
{
    const struct tls_zone *zone = tls_zone_find(all->credentials, job->zone);
    struct handshake *handshake = handshake_new(job);
    struct fault fault;

    if (all->count >= all->max) {
        refuse_at_once(all, handshake, TLS_CROWDED);
        return;
    }
    const struct tls_roots *roots =
        zone == NULL ? NULL : tls_roots_find(all->credentials, job->zone, job->peer);
    if (roots == NULL || !handshake_equip(handshake, zone, roots, job)) {
        refuse_at_once(all, handshake, TLS_NO_ZONE);
        return;
    }
    handshake->expected.crl_grace = zone->terms.crl_grace;
    handshake->watch.ready = on_ready;
    handshake->watch.owner = handshake;
    if (!loop_watch_open(all->loop, &handshake->watch, job->fd, &fault)) {
        refuse_at_once(all, handshake, TLS_NO_CONNECTION);
        return;
    }
    handshake->until_ms = loop_now_ms(all->loop) + TLS_HANDSHAKE_MS;
    handshake_add(all, handshake);
    loop_watch_for(&handshake->watch, job->is_client ? LOOP_WRITABLE : LOOP_READABLE);
}

/*
 * All of them.
 */

struct tls_handshakes *tls_handshakes_new(struct loop *loop, uint32_t max,
                                          const struct tls_handshakes_owner *owner)
{
    struct tls_handshakes *all = calloc(1, sizeof(*all));

    must(all != NULL);
    all->loop = loop;
    all->max = max;
    all->owner = *owner;
    loop_alarm_open(loop, &all->alarm, on_alarm, all);
    return all;
}

void tls_handshakes_close(struct tls_handshakes *all)
{
    while (all->oldest != NULL) {
        struct handshake *handshake = all->oldest;

        handshake_remove(handshake);
        tls_free(handshake->tls);
        loop_watch_close(&handshake->watch, handshake_release);
    }
    loop_alarm_close(&all->alarm);
}

void tls_handshakes_free(struct tls_handshakes *all)
{
    tls_credentials_free(all->credentials);
    free(all);
}

void tls_handshakes_use(struct tls_handshakes *all, struct tls_credentials *credentials)
{
    /* What is under way holds what it needs of the former ones. */
    tls_credentials_free(all->credentials);
    all->credentials = credentials;
}
