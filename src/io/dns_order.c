#include "io/dns_order.h"

#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>

/* RFC 3263 4.1, RFC 7118: the service of a NAPTR, and the name where its SRV records are. */
static const struct {
    struct slice service;
    const char *prefix;
    uint8_t transport;
} transports[] = {
    {SLICE_INIT("SIPS+D2T"), "_sips._tcp", TRANSPORT_TLS},
    {SLICE_INIT("SIP+D2T"), "_sip._tcp", TRANSPORT_TCP},
    {SLICE_INIT("SIP+D2U"), "_sip._udp", TRANSPORT_UDP},
    {SLICE_INIT("SIPS+D2W"), "_sips._ws", TRANSPORT_WSS},
    {SLICE_INIT("SIP+D2W"), "_sip._ws", TRANSPORT_WS},
};

static int compare_naptrs(const void *a, const void *b)
{
    const struct dns_naptr *first = a;
    const struct dns_naptr *second = b;

    return first->order != second->order ? first->order - second->order
                                         : first->preference - second->preference;
}

static bool service_set(struct dns_service *service, struct slice name, uint8_t transport)
{
    if (name.len == 0 || name.len > DNS_NAME_MAX) {
        return false;
    }
    memcpy(service->name, name.at, name.len);
    service->name[name.len] = '\0';
    service->transport = transport;
    return true;
}

unsigned dns_order_naptrs(struct dns_naptr *naptrs, unsigned count,
                          struct dns_service services[DNS_SERVICES_MAX])
{
    unsigned found = 0;

    qsort(naptrs, count, sizeof(naptrs[0]), compare_naptrs);
    for (unsigned i = 0; i < count && found < DNS_SERVICES_MAX; i++) {
        if (!slice_equal_nocase(naptrs[i].flags, SLICE("s"))) {
            continue;
        }
        for (unsigned j = 0; j < ARRAY_COUNT(transports); j++) {
            if (slice_equal_nocase(naptrs[i].service, transports[j].service) &&
                service_set(&services[found], naptrs[i].replacement, transports[j].transport)) {
                found++;
                break;
            }
        }
    }
    return found;
}

/* Without NAPTR only what everybody speaks is guessed: WebSocket has to be said. */
static bool is_guessed(uint8_t wanted, uint8_t transport)
{
    return wanted == transport ||
           (wanted == TRANSPORT_COUNT && transport != TRANSPORT_WS && transport != TRANSPORT_WSS);
}

unsigned dns_guess_services(struct slice host, uint8_t transport,
                            struct dns_service services[DNS_SERVICES_MAX])
{
    unsigned found = 0;

    for (unsigned i = 0; i < ARRAY_COUNT(transports) && found < DNS_SERVICES_MAX; i++) {
        char name[DNS_NAME_MAX + 1];
        int len =
            snprintf(name, sizeof(name), "%s.%.*s", transports[i].prefix, (int)host.len, host.at);

        if (is_guessed(transport, transports[i].transport) && len > 0 &&
            (size_t)len < sizeof(name) &&
            service_set(&services[found], slice_of(name, (size_t)len), transports[i].transport)) {
            found++;
        }
    }
    return found;
}

static int compare_srvs(const void *a, const void *b)
{
    const struct dns_srv *first = a;
    const struct dns_srv *second = b;

    if (first->service != second->service) {
        return first->service - second->service;
    }
    if (first->priority != second->priority) {
        return first->priority - second->priority;
    }
    /* Those without weight come first, so that they have a small chance (RFC 2782). */
    return (first->weight != 0) - (second->weight != 0);
}

static bool is_same_level(const struct dns_srv *a, const struct dns_srv *b)
{
    return a->service == b->service && a->priority == b->priority;
}

/* Moves one of the level, chosen by weight, to its front. */
static void srv_choose(struct dns_srv *level, unsigned count, uint32_t (*chance)(uint32_t below))
{
    uint32_t total = 0;
    uint32_t sum = 0;
    unsigned chosen = 0;

    for (unsigned i = 0; i < count; i++) {
        total += level[i].weight;
    }
    uint32_t lot = chance(total + 1);
    for (chosen = 0; chosen < count - 1; chosen++) {
        sum += level[chosen].weight;
        if (sum >= lot) {
            break;
        }
    }
    struct dns_srv first = level[chosen];
    memmove(level + 1, level, chosen * sizeof(level[0]));
    level[0] = first;
}

void dns_order_srvs(struct dns_srv *srvs, unsigned count, uint32_t (*chance)(uint32_t below))
{
    qsort(srvs, count, sizeof(srvs[0]), compare_srvs);
    for (unsigned begin = 0; begin < count; begin++) {
        unsigned end = begin + 1;

        while (end < count && is_same_level(&srvs[begin], &srvs[end])) {
            end++;
        }
        srv_choose(&srvs[begin], end - begin, chance);
    }
}
