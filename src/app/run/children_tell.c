/*
 * What children are told: everything at their start, links when another starts, a new policy.
 */
#include "app/run/parent.h"

#include "app/say.h"
#include "base/must.h"

#include <unistd.h>

enum {
    TELL_WAIT_MS = 5000, /* a child that does not read what it is told is given up */
};

/* Who talks to whom, beside the parent: every worker of the border with each of these; with the
 * keeper also the porter, who counts as one worker more. */
static const enum ipc_role companions[] = {ROLE_MEDIA, ROLE_KEEPER, ROLE_RECORDER, ROLE_RESOLVER};

bool child_is_told(const struct parent_child *child)
{
    return child->state == CHILD_STARTING || child->state == CHILD_RUNNING;
}

static bool child_tell(struct parent_child *child, enum ipc_type type, struct slice payload,
                       const int *fds, unsigned fd_count)
{
    return ipc_send_now(&child->link, type, payload, fds, fd_count, TELL_WAIT_MS);
}

#define tell(child, type, object, fds, count)                                                      \
    child_tell((child), (type), slice_of((const char *)(object), sizeof(*(object))), (fds), (count))

static bool tell_memory(struct parent_child *child, enum ipc_type type,
                        const struct holding_memory *memory, uint32_t worker)
{
    const struct ipc_memory told = {.len = memory->len,
                                    .worker = worker,
                                    .key = child->parent->holdings.key};

    return tell(child, type, &told, &memory->fd, 1);
}

static bool tell_policy(struct parent_child *child)
{
    const struct ipc_policy told = {.version = child->parent->policy->version,
                                    .len = (uint32_t)child->parent->file.text.len,
                                    .lists_len = child->parent->lists_len};
    const int memories[] = {child->parent->policy_memory, child->parent->lists_memory};

    return tell(child, IPC_POLICY, &told, memories, 2);
}

static bool tell_book(struct parent_child *child)
{
    const struct credentials *credentials = &child->parent->credentials;
    const struct ipc_book book = {.len = credentials->book_len};
    const struct ipc_book secrets = {.len = credentials->secrets_len};

    if (child->role == ROLE_KEEPER) {
        return tell(child, IPC_SECRETS, &secrets, &credentials->secrets, 1);
    }
    return child->role != ROLE_BORDER ||
           tell(child, IPC_CERTIFICATES, &book, &credentials->book, 1);
}

static bool tell_listener(struct parent_child *child, uint32_t index)
{
    const struct holding_listener *listener = &child->parent->holdings.listeners[index];
    bool is_done = true;

    for (uint32_t kind = 0; kind < UDP_KIND_COUNT; kind++) {
        for (uint32_t worker = 0; worker < child->parent->holdings.start.workers; worker++) {
            const struct ipc_listener told = {.index = index, .worker = worker, .kind = kind};
            const int *fd = &listener->fds[kind][worker];

            is_done = is_done && (*fd < 0 || tell(child, IPC_LISTENER, &told, fd, 1));
        }
    }
    return is_done;
}

static bool tell_border(struct parent_child *child)
{
    const struct holdings *holdings = &child->parent->holdings;
    const struct ipc_none none = {0};
    bool is_done =
        holdings->collector < 0 || tell(child, IPC_COLLECTOR, &none, &holdings->collector, 1);

    for (uint32_t i = 0; i < holdings->listener_count; i++) {
        is_done = is_done && tell_listener(child, i);
    }
    for (uint32_t i = 0; i < holdings->start.workers; i++) {
        is_done = is_done && tell_memory(child, IPC_TABLES, &holdings->tables[i], i);
    }
    return is_done;
}

/* Missing ports are no descriptors: they are left out, and the gate finds -1 in their place. */
static bool tell_ports(struct parent_child *child)
{
    const struct holdings *holdings = &child->parent->holdings;

    for (uint32_t first = 0; first < holdings->port_count;) {
        struct ipc_ports told = {.first = first};
        bool is_missing = holdings->ports[first] < 0;

        while (first + told.count < holdings->port_count && told.count < IPC_DESCRIPTORS_MAX &&
               (holdings->ports[first + told.count] < 0) == is_missing) {
            told.count++;
        }
        if (!tell(child, IPC_PORTS, &told, holdings->ports + first, is_missing ? 0 : told.count)) {
            return false;
        }
        first += told.count;
    }
    return true;
}

static bool tell_certificate(struct parent_child *child)
{
    const struct media_certificate *held = &child->parent->holdings.certificate;
    struct ipc_certificate certificate = {.len = held->len, .key_len = held->key_len};

    static_assert(sizeof(certificate.octets) == sizeof(held->octets), "one room is the other's");
    static_assert(sizeof(certificate.key) == sizeof(held->key), "one room is the other's");
    memcpy(certificate.octets, held->octets, sizeof(certificate.octets));
    memcpy(certificate.key, held->key, sizeof(certificate.key));
    bool is_done = tell(child, IPC_CERTIFICATE, &certificate, NULL, 0);
    media_wipe(&certificate, sizeof(certificate));
    return is_done;
}

static bool tell_media(struct parent_child *child)
{
    const struct ipc_none none = {0};
    struct fault fault;
    int ends[2];

    if (!tell_ports(child) || !tell_certificate(child) || !ipc_pair(ends, &fault)) {
        return false;
    }
    bool is_done = tell(child, IPC_INTRODUCE, &none, &ends[1], 1);
    (void)close(ends[1]);
    child->introductions = ends[0];
    return is_done;
}

static bool tell_role(struct parent_child *child)
{
    const struct holdings *holdings = &child->parent->holdings;
    const struct ipc_none none = {0};

    switch (child->role) {
    case ROLE_BORDER:
        return tell_book(child) && tell_border(child);
    case ROLE_MEDIA:
        return tell_media(child);
    case ROLE_KEEPER:
        return tell_book(child) && tell_memory(child, IPC_VAULT, &holdings->vault, 0);
    case ROLE_RECORDER:
        return holdings->journal_folder < 0 ||
               tell(child, IPC_FOLDER, &none, &holdings->journal_folder, 1);
    case ROLE_PARENT:
    case ROLE_RESOLVER:
    case ROLE_COUNT:
        return true;
    }
    return true;
}

/* The gate, once it runs, is told of workers by its own words. */
static bool tell_link(struct parent_child *child, enum ipc_role to, uint32_t worker, int fd)
{
    const struct ipc_link_to told = {.role = to, .worker = worker};
    const struct media_introduction introduction = {.worker = worker};

    if (child->role == ROLE_MEDIA && child_is_told(child)) {
        return ipc_send_bare(child->introductions,
                             slice_of((const char *)&introduction, sizeof(introduction)), fd);
    }
    return tell(child, IPC_LINK, &told, &fd, 1);
}

/* A new connection between a child that starts and one that is there.  If that one has just died,
 * its successor will connect. */
static bool children_connect(struct parent_child *starting, struct parent_child *other,
                             uint32_t worker)
{
    struct fault fault;
    int ends[2];

    if (!ipc_pair(ends, &fault)) {
        say("%s", fault.text);
        return false;
    }
    (void)tell_link(other, starting->role, worker, ends[1]);
    bool is_done = tell_link(starting, other->role, worker, ends[0]);
    (void)close(ends[0]);
    (void)close(ends[1]);
    return is_done;
}

static bool child_connect(struct parent_child *child)
{
    struct parent *parent = child->parent;
    struct parent_child *border = &parent->children[ROLE_BORDER];
    bool is_done = true;

    for (size_t i = 0; i < ARRAY_COUNT(companions); i++) {
        struct parent_child *companion = &parent->children[companions[i]];
        bool is_ours = child == border ? child_is_told(companion)
                                       : child == companion && child_is_told(border);

        uint32_t links = parent->holdings.start.workers + (companions[i] == ROLE_KEEPER);

        for (uint32_t worker = 0; is_ours && worker < links; worker++) {
            is_done =
                children_connect(child, child == border ? companion : border, worker) && is_done;
        }
    }
    return is_done;
}

bool child_tell_all(struct parent_child *child)
{
    struct parent *parent = child->parent;
    struct ipc_start start = parent->holdings.start;
    const struct ipc_none none = {0};
    const int *folder = child->role == ROLE_RECORDER && parent->holdings.journal_folder >= 0
                            ? &parent->holdings.journal_folder
                            : &parent->holdings.empty_folder;

    start.role = child->role;
    return tell(child, IPC_START, &start, folder, 1) && tell_policy(child) &&
           tell_memory(child, IPC_COUNTERS, &parent->holdings.counters[child->role], 0) &&
           tell_role(child) && child_connect(child) && tell(child, IPC_GO, &none, NULL, 0);
}

void children_take_policy(struct parent *parent, const bool is_new[POLICY_LISTENERS_MAX])
{
    struct parent_child *border = &parent->children[ROLE_BORDER];

    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        struct parent_child *child = &parent->children[role];

        if (role != ROLE_MEDIA && child_is_told(child) &&
            !(tell_book(child) && tell_policy(child))) {
            child_kill_hung(child, "does not listen");
        }
    }
    for (uint32_t i = 0; child_is_told(border) && i < parent->holdings.listener_count; i++) {
        if (is_new[i] && !tell_listener(border, i)) {
            child_kill_hung(border, "does not listen");
            return;
        }
    }
}
