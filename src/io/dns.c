#include "base/must.h"
#include "io/dns_inside.h"

#include <stdlib.h>

/* A socket of the library: it opens and closes them, we wait for them. */
struct dns_socket {
    struct dns_socket *next;
    struct loop_watch watch;
    struct dns *dns;
    int fd;
};

static void dns_set_alarm(struct dns *dns)
{
    struct timeval left;

    if (dns->is_closing) {
        return;
    }
    if (ares_timeout(dns->channel, NULL, &left) == NULL) {
        loop_alarm_at(&dns->alarm, UINT64_MAX);
        return;
    }
    uint64_t after_ms = (uint64_t)left.tv_sec * 1000 + (uint64_t)left.tv_usec / 1000 + 1;
    loop_alarm_at(&dns->alarm, loop_now_ms(dns->loop) + after_ms);
}

static void on_alarm(void *owner)
{
    struct dns *dns = owner;

    ares_process_fd(dns->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    dns_set_alarm(dns);
}

static void on_ready(void *owner, unsigned events)
{
    struct dns_socket *socket = owner;
    struct dns *dns = socket->dns;

    ares_process_fd(dns->channel, (events & LOOP_READABLE) != 0 ? socket->fd : ARES_SOCKET_BAD,
                    (events & LOOP_WRITABLE) != 0 ? socket->fd : ARES_SOCKET_BAD);
    dns_set_alarm(dns);
}

static void on_socket_closed(void *owner)
{
    free(owner);
}

static struct dns_socket *socket_find(struct dns *dns, int fd)
{
    for (struct dns_socket *socket = dns->sockets; socket != NULL; socket = socket->next) {
        if (socket->fd == fd) {
            return socket;
        }
    }
    return NULL;
}

static struct dns_socket *socket_add(struct dns *dns, int fd)
{
    struct dns_socket *socket = calloc(1, sizeof(*socket));
    struct fault fault;

    must(socket != NULL);
    socket->dns = dns;
    socket->fd = fd;
    socket->watch.ready = on_ready;
    socket->watch.owner = socket;
    if (!loop_watch_open(dns->loop, &socket->watch, fd, &fault)) {
        free(socket);
        return NULL; /* its query runs into its time-out */
    }
    socket->next = dns->sockets;
    dns->sockets = socket;
    return socket;
}

static void socket_remove(struct dns *dns, struct dns_socket *socket)
{
    struct dns_socket **link = &dns->sockets;

    while (*link != socket) {
        link = &(*link)->next;
    }
    *link = socket->next;
    loop_watch_close(&socket->watch, on_socket_closed);
}

/* Called before the library closes a socket, with nothing to wait for. */
static void on_socket_state(void *owner, ares_socket_t fd, int readable, int writable)
{
    struct dns *dns = owner;
    struct dns_socket *socket = socket_find(dns, fd);
    unsigned events = (readable ? LOOP_READABLE : 0U) | (writable ? LOOP_WRITABLE : 0U);

    if (events == 0) {
        if (socket != NULL) {
            socket_remove(dns, socket);
        }
        return;
    }
    if (socket == NULL) {
        socket = socket_add(dns, fd);
    }
    if (socket != NULL) {
        loop_watch_for(&socket->watch, events);
    }
}

bool dns_ask(struct dns *dns, const struct dns_question *question, uint32_t tag)
{
    struct lookup *lookup = NULL;

    if (dns->is_closing || dns->lookup_count == DNS_LOOKUPS_MAX || question->host.len == 0 ||
        question->host.len > DNS_NAME_MAX) {
        return false;
    }
    lookup = calloc(1, sizeof(*lookup));
    if (lookup == NULL) {
        return false;
    }
    dns->lookup_count++;
    lookup->dns = dns;
    lookup->tag = tag;
    lookup->ttl_s = DNS_TTL_MAX_S;
    lookup->port = question->port;
    lookup->transport = question->transport;
    memcpy(lookup->host, question->host.at, question->host.len);
    lookup_begin(lookup);
    dns_set_alarm(dns);
    return true;
}

static bool dns_refused(struct dns *dns, int status, struct fault *fault)
{
    free(dns);
    return fault_set(fault, "DNS: %s", ares_strerror(status));
}

struct dns *dns_new(struct loop *loop, const char *servers, dns_answered *answered, void *owner,
                    struct fault *fault)
{
    struct dns *dns = calloc(1, sizeof(*dns));
    struct ares_options options = {
        .flags = ARES_FLAG_EDNS | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
        .timeout = DNS_TRY_MS,
        .tries = DNS_TRIES,
        .ednspsz = 1232, /* what passes everywhere without fragments */
        .sock_state_cb = on_socket_state,
        .sock_state_cb_data = dns,
    };
    const int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ |
                     ARES_OPT_SOCK_STATE_CB;

    if (dns == NULL) {
        (void)fault_set(fault, "DNS: no memory");
        return NULL;
    }
    dns->loop = loop;
    dns->answered = answered;
    dns->owner = owner;
    int status = ares_init_options(&dns->channel, &options, mask);
    if (status != ARES_SUCCESS) {
        (void)dns_refused(dns, status, fault);
        return NULL;
    }
    if (servers != NULL) {
        status = ares_set_servers_ports_csv(dns->channel, servers);
    }
    if (status != ARES_SUCCESS) {
        ares_destroy(dns->channel);
        (void)dns_refused(dns, status, fault);
        return NULL;
    }
    loop_alarm_open(loop, &dns->alarm, on_alarm, dns);
    return dns;
}

void dns_close(struct dns *dns)
{
    dns->is_closing = true;
    loop_alarm_close(&dns->alarm);
    ares_destroy(dns->channel);
}

void dns_free(struct dns *dns)
{
    free(dns);
}

uint64_t dns_questions(const struct dns *dns)
{
    return dns->questions;
}
