/*
 * The workers of one process, and what they note for its main thread, which is worker 0's.
 */
#pragma once

#include "base/hash.h"
#include "io/ipc.h"

#include <stdatomic.h>

enum {
    CREW_MAX = 64,             /* capacity.def */
    CREW_LINKS = CREW_MAX + 1, /* to other processes: the workers, and behind them the porter */
};

struct worker;
struct porter;

struct crew {
    uint32_t count;
    struct worker *workers[CREW_MAX];
    struct porter *porter;
    struct hash_key key; /* whose call is whose: the same after a restart */

    /* Written by the workers, looked at by the main thread. */
    atomic_uint begun, took_policy;
    atomic_bool idle[CREW_MAX];

    /* Both called in the main thread: something was noted; a connection is wanted. */
    void (*look)(void *owner);
    void (*want)(void *owner, const struct ipc_open *open);
    void *owner;
};

/* From any worker's thread. */
void crew_note_begun(struct crew *crew);
void crew_note_policy(struct crew *crew);
void crew_note_idle(struct crew *crew, uint32_t worker, bool is_idle);

bool crew_has_begun(struct crew *crew);
bool crew_has_policy(struct crew *crew); /* all of it, since crew_new_policy */
void crew_new_policy(struct crew *crew);
bool crew_is_idle(struct crew *crew);

/* What the main thread tells a worker; descriptors and memory go with it. */
enum worker_command_kind {
    COMMAND_BEGIN,    /* all have their relays */
    COMMAND_LISTENER, /* number: index; fd */
    COMMAND_LINK,     /* number: role; fd */
    COMMAND_OPENED,   /* number: connection; fd or -1 */
    COMMAND_POLICY,   /* plan, renumbered */
    COMMAND_DRAIN,
};

struct plan;

struct worker_command {
    enum worker_command_kind kind;
    uint32_t number;
    uint32_t kind_of_socket; /* COMMAND_LISTENER: enum udp_kind */
    int fd;
    const struct plan *plan;
    uint16_t renumbered[256]; /* by old index of the listener: the new one, or LISTENER_NONE */
};

/* In the main thread.  What cannot be told is closed. */
void crew_tell(struct crew *crew, uint32_t worker, const struct worker_command *command);
void crew_tell_all(struct crew *crew, const struct worker_command *command);
