/*
 * The parent: starts the children, gives them what they need, starts them again.
 *
 * It reads files and opens sockets, and never reads a packet.
 */
#pragma once

#include "app/file.h"
#include "app/lists.h"
#include "app/run/credentials.h"
#include "app/run/doors.h"
#include "app/run/holdings.h"
#include "app/run/links.h"
#include "app/run/notify.h"

enum {
    PARENT_BEAT_MS = 1000,
    PARENT_LISTS_MS = 5000, /* how often files beside the policy are looked at */
    PARENT_LISTS_REFUSED_MS = 60000,
    PARENT_HUNG_MS = 10000,       /* a worker whose clock stands so long is killed */
    PARENT_BACKOFF_MS = 100,      /* before a child is started again; doubled each time ... */
    PARENT_BACKOFF_MAX_MS = 5000, /* ... up to this */
    PARENT_STEADY_MS = 60000,     /* a child that ran so long is started again at once */
    PARENT_STARTING_MS = 30000,   /* a child that does not begin is killed */
    PARENT_LEAVING_MS = 3000,     /* what has not ended by itself is killed */
};

enum child_state {
    CHILD_ABSENT,   /* not wanted, or not yet */
    CHILD_STARTING, /* told everything, not yet heard of */
    CHILD_RUNNING,
    CHILD_RESTING, /* died; started again when its time has come */
};

struct parent;

struct parent_child {
    struct parent *parent;
    enum ipc_role role;
    enum child_state state;
    pid_t pid;
    struct ipc_link link;
    bool has_link;     /* until its closing is over */
    int introductions; /* to the gate; -1 */
    uint64_t started_ms, due_ms, backoff_ms;
    uint64_t starts;
    uint32_t policy_version; /* in force there */
};

struct parent {
    struct loop loop;
    struct loop_alarm beat;
    struct loop_signal hangup, terminate, interrupt, child_ended;
    struct holdings holdings;
    struct doors doors;
    struct credentials credentials;
    struct policy_file file;
    struct policy *policy; /* of the file */
    int policy_memory;     /* its text, sealed */
    struct lists_files *lists_files;
    int lists_memory; /* what lies beside it, sealed */
    size_t lists_len;
    uint64_t lists_due_ms; /* when the files are looked at again */
    uint32_t feeds_refused, lists_refused;
    const char *policy_path;
    const char *state_folder;
    struct parent_child children[ROLE_COUNT];
    struct notify notify;
    struct control *control;
    uint64_t started_ms, policy_since_ms;
    uint64_t drain_until_ms, leave_until_ms;
    bool is_ready, is_draining, is_leaving, wants_reload;
    uint32_t reloads, reloads_refused;
};

/* Runs the store until it is told to end; the exit status. */
int parent_run(const char *policy_path, const char *state_folder);

/* children.c */
void children_init(struct parent *parent);
void children_start_due(struct parent *parent);
bool children_are_running(const struct parent *parent);
bool children_carry_calls(const struct parent *parent); /* whatever else is being started again */
bool child_has_policy(const struct parent_child *child);
void children_kill(struct parent *parent, int signal);
unsigned children_alive(const struct parent *parent);
void children_reap(struct parent *parent);
void children_watch(struct parent *parent); /* who hangs is killed */
void child_kill_hung(struct parent_child *child, const char *what);

/* children_tell.c */
bool child_is_told(const struct parent_child *child);
bool child_tell_all(struct parent_child *child);
void children_take_policy(struct parent *parent, const bool is_new[POLICY_LISTENERS_MAX]);

/* parent.c */
void parent_hear(void *owner, struct ipc_link *link, struct ipc_message *message);
void parent_look(struct parent *parent); /* after anything changed */
