/*
 * Children are started, watched, reaped, and started again.
 */
#include "app/run/parent.h"

#include "app/run/page.h"
#include "app/say.h"
#include "base/must.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Before the border, so that their links are there when it starts. */
static const enum ipc_role starting_order[] = {ROLE_RECORDER, ROLE_KEEPER, ROLE_RESOLVER,
                                               ROLE_MEDIA, ROLE_BORDER};

static bool is_wanted(const struct parent *parent, enum ipc_role role)
{
    return role != ROLE_PARENT && (role != ROLE_MEDIA || parent->holdings.port_count > 0);
}

/* In the new process: nothing but the program anew, knowing one descriptor. */
static _Noreturn void child_become(enum ipc_role role, int fd)
{
    char name[64];
    char *const arguments[] = {name, "--child", (char *)(uintptr_t)ipc_role_name(role), NULL};
    sigset_t none;

    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)snprintf(name, sizeof(name), "sipwarden: %s", ipc_role_name(role));
    if (fd == CHILD_DESCRIPTOR) {
        (void)fcntl(fd, F_SETFD, 0);
    } else {
        (void)dup2(fd, CHILD_DESCRIPTOR);
    }
    (void)execv("/proc/self/exe", arguments);
    say("%s: %s", ipc_role_name(role), strerror(errno));
    _exit(3);
}

static void child_rest(struct parent_child *child)
{
    uint64_t now_ms = loop_now_ms(&child->parent->loop);

    if (now_ms - child->started_ms >= PARENT_STEADY_MS) {
        child->backoff_ms = 0;
    }
    child->state = CHILD_RESTING;
    child->pid = 0;
    child->due_ms = now_ms + child->backoff_ms;
    child->backoff_ms = child->backoff_ms == 0 ? PARENT_BACKOFF_MS : child->backoff_ms * 2;
    if (child->backoff_ms > PARENT_BACKOFF_MAX_MS) {
        child->backoff_ms = PARENT_BACKOFF_MAX_MS;
    }
}

static void child_link_closed(void *owner)
{
    struct parent_child *child = owner;

    child->has_link = false;
    parent_look(child->parent);
}

/* That the other end is gone is known before the process is: what is left is to be reaped. */
static void child_link_ended(void *owner, struct ipc_link *link, bool is_refused)
{
    struct parent_child *child = owner;

    (void)link;
    if (is_refused) {
        say("the %s said what it may not", ipc_role_name(child->role));
        (void)kill(child->pid, SIGKILL);
    }
}

static void child_hear(void *owner, struct ipc_link *link, struct ipc_message *message)
{
    struct parent_child *child = owner;

    parent_hear(child, link, message);
}

static bool child_fork(struct parent_child *child, struct fault *fault)
{
    sigset_t all, before;
    int ends[2];

    if (!ipc_pair(ends, fault)) {
        return false;
    }
    /* Between fork and exec a signal would be heard by the handlers of both. */
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &before);
    child->pid = fork();
    if (child->pid == 0) {
        child_become(child->role, ends[1]);
    }
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    (void)close(ends[1]);
    if (child->pid < 0) {
        (void)close(ends[0]);
        return fault_set(fault, "fork: %s", strerror(errno));
    }
    const struct ipc_owner owner = {.received = child_hear,
                                    .ended = child_link_ended,
                                    .owner = child};
    child->has_link = ipc_link_init(&child->link, ends[0], ROLE_PARENT, child->role);
    return child->has_link && ipc_link_watch(&child->link, &child->parent->loop, &owner, fault);
}

static void child_start(struct parent_child *child)
{
    struct fault fault = {.text = "memory"};

    child->started_ms = loop_now_ms(&child->parent->loop);
    child->starts++;
    child->policy_version = child->parent->policy->version;
    if (!child_fork(child, &fault)) {
        say("%s: %s", ipc_role_name(child->role), fault.text);
        child_rest(child);
        return;
    }
    if (!child_tell_all(child)) {
        say("%s: could not be told what it needs", ipc_role_name(child->role));
        (void)kill(child->pid, SIGKILL);
    }
    child->state = CHILD_STARTING;
}

void children_init(struct parent *parent)
{
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        parent->children[role] = (struct parent_child){
            .parent = parent,
            .role = role,
            .introductions = -1,
            .state = is_wanted(parent, role) ? CHILD_RESTING : CHILD_ABSENT,
        };
    }
}

void children_start_due(struct parent *parent)
{
    for (size_t i = 0; i < ARRAY_COUNT(starting_order) && !parent->is_leaving; i++) {
        struct parent_child *child = &parent->children[starting_order[i]];

        if (child->state == CHILD_RESTING && !child->has_link &&
            child->due_ms <= loop_now_ms(&parent->loop)) {
            child_start(child);
        }
    }
}

/*
 * Ending.
 */

static void child_ended(struct parent_child *child, int status)
{
    bool was_killed = WIFSIGNALED(status);

    if (!child->parent->is_leaving) {
        say("%s %d ended (%s %d)", ipc_role_name(child->role), (int)child->pid,
            was_killed ? "signal" : "status", was_killed ? WTERMSIG(status) : WEXITSTATUS(status));
    }
    if (child->introductions >= 0) {
        (void)close(child->introductions);
        child->introductions = -1;
    }
    if (child->has_link) {
        ipc_link_close(&child->link, child_link_closed, child);
    }
    child_rest(child);
}

void children_reap(struct parent *parent)
{
    int status = 0;
    pid_t pid = 0;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (unsigned role = 0; role < ROLE_COUNT; role++) {
            if (parent->children[role].pid == pid) {
                child_ended(&parent->children[role], status);
            }
        }
    }
}

void children_kill(struct parent *parent, int signal)
{
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        if (parent->children[role].pid > 0) {
            (void)kill(parent->children[role].pid, signal);
        }
    }
}

unsigned children_alive(const struct parent *parent)
{
    unsigned count = 0;

    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        count += parent->children[role].pid > 0;
    }
    return count;
}

/* The gate keeps its ports, whatever the policy says. */
bool child_has_policy(const struct parent_child *child)
{
    return child->role == ROLE_MEDIA || child->policy_version == child->parent->policy->version;
}

bool children_carry_calls(const struct parent *parent)
{
    return parent->children[ROLE_BORDER].state == CHILD_RUNNING &&
           (!is_wanted(parent, ROLE_MEDIA) || parent->children[ROLE_MEDIA].state == CHILD_RUNNING);
}

bool children_are_running(const struct parent *parent)
{
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        if (is_wanted(parent, role) && parent->children[role].state != CHILD_RUNNING) {
            return false;
        }
    }
    return true;
}

void child_kill_hung(struct parent_child *child, const char *what)
{
    say("%s %d %s: killed", ipc_role_name(child->role), (int)child->pid, what);
    (void)kill(child->pid, SIGKILL);
}

void children_watch(struct parent *parent)
{
    const struct worker_page *pages = parent->holdings.counters[ROLE_BORDER].at;
    struct parent_child *border = &parent->children[ROLE_BORDER];
    uint64_t now_ms = loop_now_ms(&parent->loop);

    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        struct parent_child *child = &parent->children[role];

        if (child->state == CHILD_STARTING && now_ms - child->started_ms > PARENT_STARTING_MS) {
            child_kill_hung(child, "does not begin");
        } else if (child->state == CHILD_RUNNING && !child_has_policy(child) &&
                   now_ms - parent->policy_since_ms > PARENT_HUNG_MS) {
            child_kill_hung(child, "does not take the policy");
        }
    }
    for (uint32_t i = 0; border->state == CHILD_RUNNING && i < parent->holdings.start.workers;
         i++) {
        if (now_ms > pages[i].beat_ms + PARENT_HUNG_MS) {
            child_kill_hung(border, "hangs");
            return;
        }
    }
}
