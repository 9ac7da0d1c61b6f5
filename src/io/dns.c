#include "io/dns.h"

#include "base/must.h"
#include "io/dns_order.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/random.h>

/* A socket of the library: it opens and closes them, we wait for them. */
struct dns_socket {
    struct dns_socket *next;
    struct loop_watch watch;
    struct dns *dns;
    int fd;
};

/* One question on its way to an answer. */
struct lookup {
    struct dns *dns;
    uint32_t tag;
    unsigned pending; /* queries of this step */
    uint32_t ttl_s;
    bool is_given_up; /* nobody answers: further steps would only take more time */
    char host[DNS_NAME_MAX + 1];
    uint16_t port;
    uint8_t transport;
    struct dns_service services[DNS_SERVICES_MAX];
    unsigned service_count;
    struct dns_srv srvs[DNS_SRVS_MAX];
    unsigned srv_count;
};

/* A query of a look-up, and what it is for. */
struct query {
    struct lookup *lookup;
    unsigned index; /* service or target */
};

struct dns {
    struct loop *loop;
    ares_channel channel;
    struct loop_alarm alarm;
    dns_answered *answered;
    void *owner;
    struct dns_socket *sockets;
    unsigned lookup_count;
    uint64_t questions;
    bool is_closing;
};

/*
 * The library's sockets and time.
 */

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

/*
 * Answers.
 */

/* The shortest time of any record of the answer; the library keeps it to itself. */
static uint32_t answer_ttl(const unsigned char *octets, int len)
{
    uint32_t ttl = DNS_TTL_MAX_S;
    ns_msg message;
    ns_rr record;

    if (ns_initparse(octets, len, &message) != 0) {
        return DNS_TTL_FAILED_S;
    }
    for (int i = 0; i < ns_msg_count(message, ns_s_an); i++) {
        if (ns_parserr(&message, ns_s_an, i, &record) == 0 && ns_rr_ttl(record) < ttl) {
            ttl = ns_rr_ttl(record);
        }
    }
    return ttl;
}

static void lookup_note_ttl(struct lookup *lookup, const unsigned char *octets, int len)
{
    uint32_t ttl = answer_ttl(octets, len);

    if (ttl < lookup->ttl_s) {
        lookup->ttl_s = ttl;
    }
}

static void answer_add(struct name_answer *answer, const struct dns_srv *srv,
                       const struct address *address)
{
    if (answer->count == NAME_TARGETS_MAX) {
        return;
    }
    struct name_target *target = &answer->targets[answer->count++];
    target->address = *address;
    target->address.port = srv->port;
    target->transport = srv->transport;
}

static void lookup_end(struct lookup *lookup)
{
    struct dns *dns = lookup->dns;
    struct name_answer answer = {.count = 0};

    for (unsigned i = 0; i < lookup->srv_count; i++) {
        const struct dns_srv *srv = &lookup->srvs[i];

        for (unsigned family = 0; family < 2; family++) {
            for (unsigned j = 0; j < srv->counts[family]; j++) {
                answer_add(&answer, srv, &srv->addresses[family][j]);
            }
        }
    }
    answer.ttl_seconds = lookup->ttl_s < DNS_TTL_MIN_S ? DNS_TTL_MIN_S : lookup->ttl_s;
    if (answer.count == 0) {
        answer.ttl_seconds = DNS_TTL_FAILED_S;
    }
    dns->lookup_count--;
    dns->answered(dns->owner, lookup->tag, &answer);
    free(lookup);
}

/*
 * Steps.
 */

static void lookup_ask(struct lookup *lookup, const char *name, ns_type type, unsigned index,
                       ares_callback answered)
{
    struct query *query = malloc(sizeof(*query));

    must(query != NULL);
    *query = (struct query){.lookup = lookup, .index = index};
    lookup->pending++;
    lookup->dns->questions++;
    ares_query(lookup->dns->channel, name, ns_c_in, (int)type, answered, query);
}

/* What every answer begins with: false when there is nothing in it, or nobody to hear it. */
static bool query_take(struct query *query, int status, struct lookup **lookup, unsigned *index)
{
    *lookup = query->lookup;
    *index = query->index;
    free(query);
    (*lookup)->pending--;
    if (status == ARES_ETIMEOUT || status == ARES_ECONNREFUSED || status == ARES_EDESTRUCTION ||
        status == ARES_ECANCELLED) {
        (*lookup)->is_given_up = true;
    }
    return status == ARES_SUCCESS;
}

/* True when the step is over and another may follow. */
static bool lookup_goes_on(struct lookup *lookup)
{
    if (lookup->pending > 0) {
        return false;
    }
    if (lookup->dns->is_closing) {
        lookup->dns->lookup_count--;
        free(lookup);
        return false;
    }
    if (lookup->is_given_up) {
        lookup_end(lookup);
        return false;
    }
    return true;
}

static void srv_add_address(struct dns_srv *srv, unsigned family, const struct address *address)
{
    if (srv->counts[family] < DNS_ADDRESSES_MAX) {
        srv->addresses[family][srv->counts[family]++] = *address;
    }
}

static void on_v4(void *argument, int status, int timeouts, unsigned char *octets, int len)
{
    struct ares_addrttl found[DNS_ADDRESSES_MAX];
    int count = DNS_ADDRESSES_MAX;
    struct lookup *lookup;
    unsigned index;

    (void)timeouts;
    if (query_take(argument, status, &lookup, &index) &&
        ares_parse_a_reply(octets, len, NULL, found, &count) == ARES_SUCCESS) {
        lookup_note_ttl(lookup, octets, len);
        for (int i = 0; i < count; i++) {
            struct address address = {.family = ADDRESS_V4};

            memcpy(address.bytes, &found[i].ipaddr, 4);
            srv_add_address(&lookup->srvs[index], 0, &address);
        }
    }
    if (lookup_goes_on(lookup)) {
        lookup_end(lookup);
    }
}

static void on_v6(void *argument, int status, int timeouts, unsigned char *octets, int len)
{
    struct ares_addr6ttl found[DNS_ADDRESSES_MAX];
    int count = DNS_ADDRESSES_MAX;
    struct lookup *lookup;
    unsigned index;

    (void)timeouts;
    if (query_take(argument, status, &lookup, &index) &&
        ares_parse_aaaa_reply(octets, len, NULL, found, &count) == ARES_SUCCESS) {
        lookup_note_ttl(lookup, octets, len);
        for (int i = 0; i < count; i++) {
            struct address address = {.family = ADDRESS_V6};

            memcpy(address.bytes, &found[i].ip6addr, 16);
            srv_add_address(&lookup->srvs[index], 1, &address);
        }
    }
    if (lookup_goes_on(lookup)) {
        lookup_end(lookup);
    }
}

static void lookup_ask_addresses(struct lookup *lookup)
{
    lookup->pending++; /* an answer may come before all were asked */
    for (unsigned i = 0; i < lookup->srv_count; i++) {
        lookup_ask(lookup, lookup->srvs[i].target, ns_t_a, i, on_v4);
        lookup_ask(lookup, lookup->srvs[i].target, ns_t_aaaa, i, on_v6);
    }
    lookup->pending--;
    if (lookup_goes_on(lookup)) {
        lookup_end(lookup);
    }
}

/* The host itself is the only target. */
static void lookup_take_host(struct lookup *lookup)
{
    struct dns_srv *srv = &lookup->srvs[0];
    uint8_t transport = lookup->transport < TRANSPORT_COUNT ? lookup->transport : TRANSPORT_UDP;

    *srv = (struct dns_srv){.port = lookup->port, .transport = transport};
    memcpy(srv->target, lookup->host, sizeof(srv->target));
    if (srv->port == 0) {
        srv->port = transport_is_secure(transport) ? 5061 : 5060;
    }
    lookup->srv_count = 1;
}

static uint32_t chance(uint32_t below)
{
    uint32_t number = 0;

    (void)!getrandom(&number, sizeof(number), 0);
    return (uint32_t)((uint64_t)number * below >> 32);
}

static void srv_add(struct lookup *lookup, const struct ares_srv_reply *reply, unsigned service)
{
    struct slice target = slice_string(reply->host);

    /* "." says that the service is decidedly not there. */
    if (lookup->srv_count == DNS_SRVS_MAX || target.len > DNS_NAME_MAX || target.len == 0 ||
        slice_equal(target, SLICE("."))) {
        return;
    }
    struct dns_srv *srv = &lookup->srvs[lookup->srv_count++];
    *srv = (struct dns_srv){.priority = reply->priority,
                            .weight = reply->weight,
                            .port = reply->port,
                            .transport = lookup->services[service].transport,
                            .service = (uint8_t)service};
    memcpy(srv->target, target.at, target.len);
}

static void on_srv(void *argument, int status, int timeouts, unsigned char *octets, int len)
{
    struct ares_srv_reply *replies = NULL;
    struct lookup *lookup;
    unsigned service;

    (void)timeouts;
    if (query_take(argument, status, &lookup, &service) &&
        ares_parse_srv_reply(octets, len, &replies) == ARES_SUCCESS) {
        lookup_note_ttl(lookup, octets, len);
        for (const struct ares_srv_reply *reply = replies; reply != NULL; reply = reply->next) {
            srv_add(lookup, reply, service);
        }
        ares_free_data(replies);
    }
    if (!lookup_goes_on(lookup)) {
        return;
    }
    if (lookup->srv_count == 0) {
        lookup_take_host(lookup);
    }
    dns_order_srvs(lookup->srvs, lookup->srv_count, chance);
    lookup_ask_addresses(lookup);
}

static void lookup_ask_services(struct lookup *lookup)
{
    unsigned count = lookup->service_count;

    if (count == 0) {
        lookup_take_host(lookup);
        lookup_ask_addresses(lookup);
        return;
    }
    /* The name may be known to have no answer before the next is asked: the look-up would end. */
    lookup->pending++;
    for (unsigned i = 0; i < count; i++) {
        lookup_ask(lookup, lookup->services[i].name, ns_t_srv, i, on_srv);
    }
    lookup->pending--;
    if (lookup->pending == 0 && lookup_goes_on(lookup)) {
        lookup_take_host(lookup);
        lookup_ask_addresses(lookup);
    }
}

static void on_naptr(void *argument, int status, int timeouts, unsigned char *octets, int len)
{
    struct dns_naptr naptrs[DNS_NAPTRS_MAX];
    struct ares_naptr_reply *replies = NULL;
    struct lookup *lookup;
    unsigned count = 0;
    unsigned index;

    (void)timeouts;
    if (query_take(argument, status, &lookup, &index) &&
        ares_parse_naptr_reply(octets, len, &replies) == ARES_SUCCESS) {
        lookup_note_ttl(lookup, octets, len);
        for (const struct ares_naptr_reply *reply = replies;
             reply != NULL && count < DNS_NAPTRS_MAX; reply = reply->next) {
            naptrs[count++] = (struct dns_naptr){
                .order = reply->order,
                .preference = reply->preference,
                .flags = slice_string((const char *)reply->flags),
                .service = slice_string((const char *)reply->service),
                .replacement = slice_string(reply->replacement),
            };
        }
        lookup->service_count = dns_order_naptrs(naptrs, count, lookup->services);
        ares_free_data(replies);
    }
    if (!lookup_goes_on(lookup)) {
        return;
    }
    if (lookup->service_count == 0) {
        lookup->service_count =
            dns_guess_services(slice_string(lookup->host), lookup->transport, lookup->services);
    }
    lookup_ask_services(lookup);
}

static void lookup_begin(struct lookup *lookup)
{
    if (lookup->port != 0) {
        lookup_take_host(lookup);
        lookup_ask_addresses(lookup);
    } else if (lookup->transport < TRANSPORT_COUNT) {
        lookup->service_count =
            dns_guess_services(slice_string(lookup->host), lookup->transport, lookup->services);
        lookup_ask_services(lookup);
    } else {
        lookup_ask(lookup, lookup->host, ns_t_naptr, 0, on_naptr);
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

/*
 * Beginning and end.
 */

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
