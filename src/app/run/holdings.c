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
 * Ports.
 */

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
        holding_listener_close(&holdings->listeners[i]);
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
