#include "io/media/strangers.h"

enum {
    SECOND_US = 1000000,
    PORTS_WINDOW_MS = 10000, /* MED-04 */
    V6_NETWORK_LEN = 8,      /* octets of a /64 */
};

static struct address stranger_host(const struct address *source)
{
    struct address host = *source;

    host.port = 0;
    if (host.family == ADDRESS_V6) {
        memset(host.bytes + V6_NETWORK_LEN, 0, sizeof(host.bytes) - V6_NETWORK_LEN);
    }
    return host;
}

static uint32_t stranger_set(const struct strangers *strangers, const struct address *host)
{
    struct slice bytes = slice_of((const char *)host->bytes, sizeof(host->bytes));

    return (uint32_t)(hash_bytes(&strangers->key, bytes) % STRANGERS_SETS);
}

/* STRANGERS_WAYS when the set does not know the host. */
static unsigned stranger_way(const struct stranger set[STRANGERS_WAYS], const struct address *host)
{
    unsigned way = 0;

    while (way < STRANGERS_WAYS && !address_same_host(&set[way].host, host)) {
        way++;
    }
    return way;
}

/* The place of the longest unseen who is not blocked, or NULL. */
static struct stranger *stranger_place(struct stranger set[STRANGERS_WAYS], uint64_t now_us)
{
    struct stranger *longest = NULL;

    for (unsigned i = 0; i < STRANGERS_WAYS; i++) {
        if (set[i].blocked_until_us <= now_us &&
            (longest == NULL || set[i].seen_us < longest->seen_us)) {
            longest = &set[i];
        }
    }
    return longest;
}

/* Known or new; NULL when all places of its set are blocked. */
static struct stranger *stranger_take(struct strangers *strangers, const struct address *host,
                                      uint64_t now_us)
{
    struct stranger *set = strangers->places[stranger_set(strangers, host)];
    unsigned way = stranger_way(set, host);
    struct stranger *place = NULL;

    if (way < STRANGERS_WAYS) {
        return &set[way];
    }
    place = stranger_place(set, now_us);
    if (place != NULL) {
        *place = (struct stranger){.host = *host, .second_us = now_us};
    }
    return place;
}

/* Where this port is remembered, or the place to remember it: a free one, else the oldest. */
static struct stranger_port *stranger_port(struct stranger *stranger, uint32_t port)
{
    struct stranger_port *oldest = &stranger->ports[0];

    for (unsigned i = 0; i < STRANGER_PORTS_MAX; i++) {
        struct stranger_port *one = &stranger->ports[i];

        if (one->port == port + 1) {
            return one;
        }
        if (one->port == 0 || (oldest->port != 0 && one->at_ms < oldest->at_ms)) {
            oldest = one;
        }
    }
    return oldest;
}

/* Distinct ports within the window, this one included. */
static uint32_t stranger_ports(struct stranger *stranger, uint32_t port, uint64_t now_us)
{
    uint64_t now_ms = now_us / 1000;
    uint32_t count = 0;

    *stranger_port(stranger, port) = (struct stranger_port){.port = port + 1, .at_ms = now_ms};
    for (unsigned i = 0; i < STRANGER_PORTS_MAX; i++) {
        const struct stranger_port *one = &stranger->ports[i];

        count += one->port != 0 && now_ms - one->at_ms < PORTS_WINDOW_MS;
    }
    return count;
}

static uint32_t stranger_packets(struct stranger *stranger, uint64_t now_us)
{
    if (now_us - stranger->second_us >= SECOND_US) {
        stranger->second_us = now_us;
        stranger->packets = 0;
    }
    return ++stranger->packets;
}

enum stranger_standing strangers_note(struct strangers *strangers, const struct address *source,
                                      uint32_t port, uint64_t now_us)
{
    struct address host = stranger_host(source);
    struct stranger *stranger = stranger_take(strangers, &host, now_us);
    uint32_t packets, ports;

    if (stranger == NULL) {
        strangers->untracked++;
        return STRANGER_NOTED;
    }
    stranger->seen_us = now_us;
    if (stranger->blocked_until_us > now_us) {
        return STRANGER_BLOCKED;
    }
    packets = stranger_packets(stranger, now_us);
    ports = stranger_ports(stranger, port, now_us);
    if (packets < strangers->block_packets && ports < strangers->block_ports) {
        return STRANGER_NOTED;
    }
    stranger->blocked_until_us = now_us + (uint64_t)strangers->block_s * SECOND_US;
    return STRANGER_BLOCKED_NOW;
}

bool strangers_is_blocked(const struct strangers *strangers, const struct address *source,
                          uint64_t now_us)
{
    struct address host = stranger_host(source);
    const struct stranger *set = strangers->places[stranger_set(strangers, &host)];
    unsigned way = stranger_way(set, &host);

    return way < STRANGERS_WAYS && set[way].blocked_until_us > now_us;
}
