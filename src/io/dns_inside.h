/*
 * Inside the look-ups, for dns.c and dns_lookup.c alone.
 */
#pragma once

#include "io/dns.h"
#include "io/dns_order.h"

#include <ares.h>

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

/* From the first question to the one answer; the look-up is gone then. */
void lookup_begin(struct lookup *lookup);
