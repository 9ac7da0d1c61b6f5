/*
 * The order of what the DNS says, without any DNS: RFC 3263 4.1 and 4.2, RFC 2782.
 */
#pragma once

#include "base/slice.h"
#include "wire/packet.h"

enum {
    DNS_NAME_MAX = 255,    /* RFC 1035, written out */
    DNS_NAPTRS_MAX = 16,   /* of one answer; further ones are not looked at */
    DNS_SERVICES_MAX = 5,  /* SRV names of one look-up: one a transport */
    DNS_SRVS_MAX = 16,     /* targets of one look-up */
    DNS_ADDRESSES_MAX = 8, /* of one target and family */
};

struct dns_naptr {
    uint16_t order, preference;
    struct slice flags, service, replacement;
};

/* A name that has SRV records, for one transport. */
struct dns_service {
    char name[DNS_NAME_MAX + 1];
    uint8_t transport;
};

struct dns_srv {
    char target[DNS_NAME_MAX + 1];
    uint16_t priority, weight, port;
    uint8_t transport, service;                     /* of which service: they are not mixed */
    struct address addresses[2][DNS_ADDRESSES_MAX]; /* IPv6, IPv4 */
    uint8_t counts[2];
};

/* Services of the NAPTR records in the order they are to be tried: those with flag "s" whose
 * transport we speak. */
unsigned dns_order_naptrs(struct dns_naptr *naptrs, unsigned count,
                          struct dns_service services[DNS_SERVICES_MAX]);

/* The service names when there is no NAPTR: those of the transport asked for, or all. */
unsigned dns_guess_services(struct slice host, uint8_t transport,
                            struct dns_service services[DNS_SERVICES_MAX]);

/* By service, then priority; among equals by weight and chance.  chance(below) is 0 .. below-1. */
void dns_order_srvs(struct dns_srv *srvs, unsigned count, uint32_t (*chance)(uint32_t below));
