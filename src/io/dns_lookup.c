/*
 * A look-up's steps: NAPTR, SRV, addresses, each as far as the question leaves it open.
 */
#include "base/must.h"
#include "io/dns_inside.h"

#include <arpa/nameser.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/random.h>

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

void lookup_begin(struct lookup *lookup)
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
