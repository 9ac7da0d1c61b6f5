/*
 * The sockets of a policy: opened, taken over by the next one, steered among the workers.
 */
#include "app/run/holdings.h"

#include "app/run/capacity.h"
#include "app/run/memory.h"
#include "app/run/page.h"
#include "app/say.h"
#include "base/must.h"
#include "io/socket.h"
#include "io/steer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void holding_listener_close(struct holding_listener *listener)
{
    for (unsigned kind = 0; kind < UDP_KIND_COUNT; kind++) {
        for (unsigned i = 0; i < CREW_MAX; i++) {
            if (listener->fds[kind][i] >= 0) {
                (void)close(listener->fds[kind][i]);
            }
            listener->fds[kind][i] = -1;
        }
    }
}

/* The order of opening is the order in the group: steer.h. */
static bool listener_open_kind(struct holding_listener *listener, enum udp_kind kind,
                               uint32_t workers, bool is_shared, struct fault *fault)
{
    bool is_stream = transport_is_stream(listener->transport);

    for (uint32_t i = 0; i < workers; i++) {
        int fd = is_stream ? socket_open_tcp_listener(&listener->address, is_shared, fault)
                           : socket_open_udp(&listener->address, is_shared, fault);

        if (fd < 0) {
            return false;
        }
        if (kind == UDP_STRANGERS) {
            socket_set_receive_buffer(fd, STEER_STRANGERS_BUFFER);
        }
        listener->fds[kind][i] = fd;
    }
    return true;
}

static bool listener_open(struct holding_listener *listener, uint32_t workers, bool has_strangers,
                          struct fault *fault)
{
    bool is_shared = workers > 1 || has_strangers;

    for (unsigned i = 0; i < CREW_MAX; i++) {
        listener->fds[UDP_NEIGHBOURS][i] = listener->fds[UDP_STRANGERS][i] = -1;
    }
    if (listener_open_kind(listener, UDP_NEIGHBOURS, workers, is_shared, fault) &&
        (!has_strangers ||
         listener_open_kind(listener, UDP_STRANGERS, workers, is_shared, fault))) {
        return true;
    }
    holding_listener_close(listener);
    return false;
}

/* Where anybody may come, strangers are the neighbours. */
static bool has_strangers(const struct policy *policy, const struct policy_listener *listener)
{
    return listener->transport == TRANSPORT_UDP && !policy->zones[listener->zone].accepts_unknown;
}

/* The prefixes of all peers of a zone, on the heap. */
static struct prefix *zone_prefixes(const struct policy *policy, uint16_t zone, uint32_t *count)
{
    struct prefix *prefixes;
    uint32_t total = 0;

    for (uint32_t i = 0; i < policy->peer_count; i++) {
        total += policy->peers[i].zone == zone ? policy->peers[i].address_count : 0;
    }
    prefixes = calloc(total + 1, sizeof(*prefixes));
    must(prefixes != NULL);
    *count = 0;
    for (uint32_t i = 0; i < policy->peer_count; i++) {
        const struct policy_peer *peer = &policy->peers[i];

        for (uint32_t n = 0; peer->zone == zone && n < peer->address_count; n++) {
            prefixes[(*count)++] = peer->addresses[n];
        }
    }
    return prefixes;
}

static void holdings_steer(const struct holdings *holdings, const struct policy *policy)
{
    struct fault fault;
    uint32_t count;

    for (uint32_t i = 0; i < holdings->listener_count; i++) {
        const struct holding_listener *listener = &holdings->listeners[i];

        if (listener->fds[UDP_STRANGERS][0] < 0) {
            continue;
        }
        struct prefix *known = zone_prefixes(policy, policy->listeners[i].zone, &count);
        if (!steer_attach(listener->fds[UDP_NEIGHBOURS][0], listener->address.family, known, count,
                          holdings->start.workers, &fault)) {
            say("strangers share the buffer of neighbours: %s", fault.text);
        }
        free(known);
    }
}

static const struct holding_listener *listener_find(const struct holdings *holdings,
                                                    const struct policy_listener *wanted)
{
    for (uint32_t i = 0; i < holdings->listener_count; i++) {
        const struct holding_listener *listener = &holdings->listeners[i];

        if (listener->transport == wanted->transport &&
            address_equal(&listener->address, &wanted->address)) {
            return listener;
        }
    }
    return NULL;
}

static bool policy_keeps(const struct policy *policy, const struct holding_listener *listener)
{
    for (uint32_t i = 0; i < policy->listener_count; i++) {
        if (policy->listeners[i].transport == listener->transport &&
            address_equal(&policy->listeners[i].address, &listener->address)) {
            return true;
        }
    }
    return false;
}

static void listeners_undo(struct holding_listener *listeners, uint32_t count,
                           const bool is_new[POLICY_LISTENERS_MAX])
{
    for (uint32_t i = 0; i < count; i++) {
        if (is_new[i]) {
            holding_listener_close(&listeners[i]);
        }
    }
}

static bool listener_tell_marks(const struct holding_listener *listener, struct fault *fault)
{
    for (unsigned kind = 0; kind < UDP_KIND_COUNT; kind++) {
        for (unsigned k = 0; k < CREW_MAX && listener->fds[kind][k] >= 0; k++) {
            if (!socket_tell_marks(listener->fds[kind][k], fault)) {
                return false;
            }
        }
    }
    return true;
}

/* Datagrams come with their marks once somebody looks at them. */
static void holdings_tell_marks(const struct holdings *holdings, const struct policy *policy)
{
    struct fault fault;

    for (uint32_t i = 0; policy->ipsec_mark != 0 && i < holdings->listener_count; i++) {
        const struct holding_listener *listener = &holdings->listeners[i];

        if (listener->transport == TRANSPORT_UDP && !listener_tell_marks(listener, &fault)) {
            say("nobody is seen to come through IPsec: %s", fault.text);
            return;
        }
    }
}

bool holdings_change_listeners(struct holdings *holdings, const struct policy *policy,
                               bool is_new[POLICY_LISTENERS_MAX], struct fault *fault)
{
    struct holding_listener changed[POLICY_LISTENERS_MAX] = {0}; /* 70 kB, once a policy */

    for (uint32_t i = 0; i < policy->listener_count; i++) {
        const struct policy_listener *wanted = &policy->listeners[i];
        const struct holding_listener *held = listener_find(holdings, wanted);

        is_new[i] = held == NULL;
        if (held != NULL) {
            changed[i] = *held;
            continue;
        }
        changed[i].address = wanted->address;
        changed[i].transport = wanted->transport;
        if (!listener_open(&changed[i], holdings->start.workers, has_strangers(policy, wanted),
                           fault)) {
            listeners_undo(changed, i, is_new);
            return false;
        }
    }
    for (uint32_t i = 0; i < holdings->listener_count; i++) {
        if (!policy_keeps(policy, &holdings->listeners[i])) {
            holding_listener_close(&holdings->listeners[i]);
        }
    }
    memcpy(holdings->listeners, changed, policy->listener_count * sizeof(changed[0]));
    holdings->listener_count = policy->listener_count;
    holdings_tell_marks(holdings, policy);
    holdings_steer(holdings, policy);
    return true;
}
