#include "app/run/holdings.h"

#include "app/run/capacity.h"
#include "app/run/memory.h"
#include "app/run/page.h"
#include "app/run/pools.h"
#include "app/say.h"
#include "base/must.h"
#include "io/media/ports.h"
#include "io/socket.h"
#include "io/steer.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SPARE_DESCRIPTORS =
        1024, /* beside sockets: links, memory, files, and what the border accepts */
    PATH_MAX_LEN = 4096,
};

/*
 * Whom the children become.
 */

static bool user_find(struct ipc_start *start, const struct policy *policy, struct fault *fault)
{
    char name[64] = "nobody";
    const struct passwd *user = NULL;

    if (getuid() != 0) {
        return true; /* we are nobody special already */
    }
    if (!slice_is_empty(policy->user)) {
        (void)snprintf(name, sizeof(name), "%.*s", (int)policy->user.len, policy->user.at);
    }
    user = getpwnam(name);
    if (user == NULL) {
        return fault_set(fault, "there is no user \"%s\"", name);
    }
    start->user = user->pw_uid;
    start->group = user->pw_gid;
    return true;
}

/*
 * Memory.
 */

static bool memory_hold(struct holding_memory *memory, const char *name, size_t len,
                        bool is_looked_at, struct fault *fault)
{
    memory->len = len;
    memory->fd = memory_new(name, len, fault);
    if (memory->fd < 0) {
        return false;
    }
    if (is_looked_at) {
        memory->at = memory_map(memory->fd, len);
        return memory->at != NULL || fault_set(fault, "memory for %s: %s", name, strerror(errno));
    }
    return true;
}

static void memory_drop(struct holding_memory *memory)
{
    memory_unmap(memory->at, memory->len);
    if (memory->fd >= 0) {
        (void)close(memory->fd);
    }
    *memory = (struct holding_memory){.fd = -1};
}

static bool memories_open(struct holdings *holdings, struct fault *fault)
{
    const struct state_capacity capacity = capacity_of_worker(&holdings->start);
    const uint32_t workers = holdings->start.workers;
    const size_t pages[ROLE_COUNT] = {
        [ROLE_BORDER] = workers * sizeof(struct worker_page),
        [ROLE_MEDIA] = sizeof(struct media_totals),
        [ROLE_KEEPER] = sizeof(struct keeper_page),
        [ROLE_RECORDER] = sizeof(struct recorder_page),
        [ROLE_RESOLVER] = sizeof(struct resolver_page),
    };

    for (uint32_t i = 0; i < workers; i++) {
        if (!memory_hold(&holdings->tables[i], "tables", state_size(&capacity), false, fault)) {
            return false;
        }
    }
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        if (pages[role] > 0 &&
            !memory_hold(&holdings->counters[role], "counters", pages[role], true, fault)) {
            return false;
        }
    }
    return memory_hold(&holdings->vault, "vault", keeper_vault_size(), false, fault);
}

/*
 * Sockets.
 */

static void listener_close(struct holding_listener *listener)
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
    listener_close(listener);
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
            listener_close(&listeners[i]);
        }
    }
}

/* Datagrams come with their marks once somebody looks at them. */
static void holdings_tell_marks(const struct holdings *holdings, const struct policy *policy)
{
    struct fault fault;

    for (uint32_t i = 0; policy->ipsec_mark != 0 && i < holdings->listener_count; i++) {
        const struct holding_listener *listener = &holdings->listeners[i];

        for (unsigned kind = 0; kind < UDP_KIND_COUNT; kind++) {
            for (unsigned k = 0; k < CREW_MAX && listener->fds[kind][k] >= 0; k++) {
                if (listener->transport == TRANSPORT_UDP &&
                    !socket_tell_marks(listener->fds[kind][k], &fault)) {
                    say("nobody is seen to come through IPsec: %s", fault.text);
                    return;
                }
            }
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
            listener_close(&holdings->listeners[i]);
        }
    }
    memcpy(holdings->listeners, changed, policy->listener_count * sizeof(changed[0]));
    holdings->listener_count = policy->listener_count;
    holdings_tell_marks(holdings, policy);
    holdings_steer(holdings, policy);
    return true;
}

static bool ports_open(struct holdings *holdings, const struct policy *policy, struct fault *fault)
{
    holdings->pool_count = pools_of_policy(policy, holdings->pools);
    holdings->port_count = media_sockets_count(holdings->pools, holdings->pool_count);
    if (holdings->port_count == 0) {
        return true;
    }
    holdings->ports = malloc(holdings->port_count * sizeof(*holdings->ports));
    if (holdings->ports == NULL) {
        return fault_set(fault, "no memory for media ports");
    }
    if (!media_sockets_open(holdings->ports, holdings->pools, holdings->pool_count, fault)) {
        free(holdings->ports);
        holdings->ports = NULL;
        holdings->port_count = 0;
        return false;
    }
    return true;
}

/* As many descriptors as the sockets need; the children inherit the limit. */
static bool allow_descriptors(const struct policy *policy, struct fault *fault)
{
    struct media_pool pools[MEDIA_POOLS_MAX];
    uint32_t pool_count = pools_of_policy(policy, pools);
    rlim_t wanted = SPARE_DESCRIPTORS + media_sockets_count(pools, pool_count) +
                    policy->capacity.connections +
                    UDP_KIND_COUNT * policy->listener_count * policy->capacity.workers;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) {
        return true;
    }
    limit.rlim_cur = wanted;
    if (limit.rlim_max < wanted) {
        limit.rlim_max = wanted;
    }
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ||
           fault_set(fault,
                     "%llu descriptors are needed for ports and connections and not allowed: "
                     "raise the limit (LimitNOFILE, ulimit -n) or reserve fewer",
                     (unsigned long long)wanted);
}

/*
 * Folders.
 */

static int folder_open(const char *path, mode_t mode, struct fault *fault)
{
    int fd = -1;

    if (mkdir(path, mode) == 0 || errno == EEXIST) {
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (fd < 0) {
        (void)fault_set(fault, "%s: %s", path, strerror(errno));
    }
    return fd;
}

static bool folders_open(struct holdings *holdings, const struct policy *policy,
                         const char *state_folder, struct fault *fault)
{
    char path[PATH_MAX_LEN];

    (void)snprintf(path, sizeof(path), "%s/empty", state_folder);
    holdings->empty_folder = folder_open(path, 0555, fault);
    if (holdings->empty_folder < 0) {
        return false;
    }
    if (slice_is_empty(policy->journal)) {
        return true;
    }
    (void)snprintf(path, sizeof(path), "%.*s", (int)policy->journal.len, policy->journal.at);
    holdings->journal_folder = folder_open(path, 0750, fault);
    if (holdings->journal_folder < 0) {
        return false;
    }
    if (holdings->start.user != 0 &&
        fchown(holdings->journal_folder, holdings->start.user, holdings->start.group) != 0) {
        return fault_set(fault, "%s: %s", path, strerror(errno));
    }
    return true;
}

static bool collector_open(struct holdings *holdings, const struct policy *policy,
                           struct fault *fault)
{
    if (policy->hep.to.family == ADDRESS_NONE) {
        return true;
    }
    holdings->collector = socket_open_udp_to(&policy->hep.to, fault);
    return holdings->collector >= 0;
}

/*
 * All of it.
 */

void holdings_init(struct holdings *holdings)
{
    memset(holdings, 0, sizeof(*holdings));
    holdings->empty_folder = holdings->journal_folder = holdings->vault.fd = -1;
    holdings->collector = -1;
    for (unsigned i = 0; i < CREW_MAX; i++) {
        holdings->tables[i].fd = -1;
    }
    for (unsigned i = 0; i < ROLE_COUNT; i++) {
        holdings->counters[i].fd = -1;
    }
}

/* Sites of one consortium have different names; tokens of one are no tokens at another anyway. */
static uint32_t node_of_site(struct slice site)
{
    const struct hash_key fixed = {0x736970, 0x77617264656e};

    return (uint32_t)hash_bytes(&fixed, site) & 0xFFFF;
}

/* Calls are told its fingerprint, so a gate that is started anew has the same. */
static bool certificate_hold(struct holdings *holdings, struct fault *fault)
{
    if (!media_certificate_make(&holdings->certificate)) {
        return fault_set(fault, "the certificate of the media gate could not be made");
    }
    holdings->start.fingerprint = media_certificate_fingerprint(&holdings->certificate);
    return true;
}

bool holdings_open(struct holdings *holdings, const struct policy *policy, const char *state_folder,
                   struct fault *fault)
{
    bool is_new[POLICY_LISTENERS_MAX];

    capacity_of_policy(&holdings->start, policy);
    holdings->start.node = node_of_site(policy->site);
    must(getrandom(&holdings->key, sizeof(holdings->key), 0) == sizeof(holdings->key));
    return user_find(&holdings->start, policy, fault) && certificate_hold(holdings, fault) &&
           allow_descriptors(policy, fault) &&
           holdings_change_listeners(holdings, policy, is_new, fault) &&
           ports_open(holdings, policy, fault) && collector_open(holdings, policy, fault) &&
           folders_open(holdings, policy, state_folder, fault) && memories_open(holdings, fault);
}

void holdings_close(struct holdings *holdings)
{
    for (uint32_t i = 0; i < holdings->listener_count; i++) {
        listener_close(&holdings->listeners[i]);
    }
    if (holdings->ports != NULL) {
        media_sockets_close(holdings->ports, holdings->port_count);
        free(holdings->ports);
    }
    for (unsigned i = 0; i < CREW_MAX; i++) {
        memory_drop(&holdings->tables[i]);
    }
    for (unsigned i = 0; i < ROLE_COUNT; i++) {
        memory_drop(&holdings->counters[i]);
    }
    memory_drop(&holdings->vault);
    media_wipe(&holdings->certificate, sizeof(holdings->certificate));
    const int others[] = {holdings->empty_folder, holdings->journal_folder, holdings->collector};
    for (size_t i = 0; i < ARRAY_COUNT(others); i++) {
        if (others[i] >= 0) {
            (void)close(others[i]);
        }
    }
    holdings_init(holdings);
}
