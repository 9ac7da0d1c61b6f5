#include "app/run/parent.h"

#include "app/run/capacity.h"
#include "app/run/control.h"
#include "app/run/memory.h"
#include "app/run/page.h"
#include "app/run/paths.h"
#include "app/run/pools.h"
#include "app/say.h"
#include "app/verbs.h"
#include "base/must.h"
#include "io/privileges.h"
#include "io/socket.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* What is handed down together. */
struct handed {
    struct policy_file file;
    int policy_memory, lists_memory;
    size_t lists_len;
};

static void parent_set_policy(struct parent *parent, const struct handed *handed)
{
    const struct policy_file *file = &handed->file;

    must(doors_change(&parent->doors, parent->policy, file->policy));
    if (parent->file.policy != NULL) {
        file->policy->version = parent->policy->version + 1;
        policy_file_free(&parent->file);
        (void)close(parent->policy_memory);
        (void)close(parent->lists_memory);
    }
    parent->lists_memory = handed->lists_memory;
    parent->lists_len = handed->lists_len;
    parent->file = *file;
    parent->policy = file->policy;
    parent->policy_memory = handed->policy_memory;
}

static void on_feed_told(void *owner, struct slice feed, const char *what)
{
    struct parent *parent = owner;

    (void)feed;
    (void)what;
    parent->feeds_refused++; /* the reason goes down with the lists, and the border tells it */
}

static void handed_drop(struct handed *handed)
{
    policy_file_free(&handed->file);
    if (handed->policy_memory >= 0) {
        (void)close(handed->policy_memory);
    }
    if (handed->lists_memory >= 0) {
        (void)close(handed->lists_memory);
    }
}

/* The policy and what lies beside it, read and sealed; nothing is kept when it fails. */
static bool handed_read(struct parent *parent, struct handed *handed, struct fault *fault)
{
    struct lists *lists = NULL;

    *handed = (struct handed){.policy_memory = -1, .lists_memory = -1};
    if (policy_file_read(&handed->file, parent->policy_path)) {
        lists = lists_read(parent->lists_files, handed->file.policy, on_feed_told, parent);
    }
    if (lists != NULL) {
        handed->policy_memory = memory_sealed("policy", handed->file.text, fault);
        handed->lists_memory = memory_sealed("lists", lists_octets(lists), fault);
        handed->lists_len = lists_octets(lists).len;
    }
    lists_free(lists);
    if (handed->policy_memory >= 0 && handed->lists_memory >= 0) {
        return true;
    }
    handed_drop(handed);
    return false;
}

/*
 * Reload: everything is tried before anything is changed.
 */

static bool is_reload_over(const struct parent *parent)
{
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        const struct parent_child *child = &parent->children[role];

        if (child_is_told(child) && !child_has_policy(child)) {
            return false;
        }
    }
    return true;
}

/* What is reserved, member by member: there are octets between them. */
static bool reserves_same(const struct ipc_start *a, const struct ipc_start *b)
{
    return a->exchanges == b->exchanges && a->dialogs == b->dialogs &&
           a->registrations == b->registrations && a->media_streams == b->media_streams &&
           a->connections == b->connections && a->text_octets == b->text_octets &&
           a->workers == b->workers;
}

static void say_what_waits(const struct parent *parent, const struct policy *policy)
{
    struct media_pool pools[MEDIA_POOLS_MAX];
    struct ipc_start wanted = parent->holdings.start;

    capacity_of_policy(&wanted, policy);
    if (!reserves_same(&wanted, &parent->holdings.start)) {
        say("capacity: what is reserved changes at the next start");
    }
    if (!slice_equal(policy->journal, parent->policy->journal) ||
        !slice_equal(policy->user, parent->policy->user)) {
        say("journal, user: they change at the next start");
    }
    if (policy->hep.to.family != ADDRESS_NONE &&
        !address_equal(&policy->hep.to, &parent->policy->hep.to)) {
        say("hep: who collects changes at the next start");
    }
    if (pools_of_policy(policy, pools) != parent->holdings.pool_count ||
        memcmp(pools, parent->holdings.pools, parent->holdings.pool_count * sizeof(pools[0])) !=
            0) {
        say("media: the ports change at the next start");
    }
}

static void parent_reload(struct parent *parent)
{
    bool is_new[POLICY_LISTENERS_MAX];
    struct fault fault = {.text = "the policy cannot be read"};
    struct credentials credentials;
    struct handed handed;
    bool is_read = handed_read(parent, &handed, &fault);

    credentials_init(&credentials);
    if (!is_read || !credentials_read(&credentials, handed.file.policy, &fault) ||
        !holdings_change_listeners(&parent->holdings, handed.file.policy, is_new, &fault)) {
        say("nothing is changed: %s", fault.text);
        parent->reloads_refused++;
        credentials_close(&credentials);
        if (is_read) {
            handed_drop(&handed);
        }
        return;
    }
    say_what_waits(parent, handed.file.policy);
    credentials_close(&parent->credentials);
    parent->credentials = credentials;
    parent_set_policy(parent, &handed);
    parent->policy_since_ms = loop_now_ms(&parent->loop);
    children_take_policy(parent, is_new);
    parent->reloads++;
    say("policy %u is handed down", parent->policy->version);
}

/* A file beside the policy that changed is as good as a signal. */
static void parent_look_at_lists(struct parent *parent)
{
    uint64_t now_ms = loop_now_ms(&parent->loop);

    if (now_ms < parent->lists_due_ms || parent->is_draining || parent->is_leaving) {
        return;
    }
    /* After a reload that was refused nobody is in a hurry. */
    parent->lists_due_ms =
        now_ms + (parent->reloads_refused == parent->lists_refused ? PARENT_LISTS_MS
                                                                   : PARENT_LISTS_REFUSED_MS);
    parent->lists_refused = parent->reloads_refused;
    if (lists_files_changed(parent->lists_files, parent->policy)) {
        parent->wants_reload = true;
    }
}

static void on_hangup(void *owner)
{
    struct parent *parent = owner;

    if (parent->is_draining || parent->is_leaving) {
        return;
    }
    notify_reloading(&parent->notify);
    parent->wants_reload = true;
    parent_look(parent);
}

/*
 * The end.
 */

static void parent_leave(struct parent *parent)
{
    if (parent->is_leaving) {
        return;
    }
    parent->is_leaving = true;
    parent->leave_until_ms = loop_now_ms(&parent->loop) + PARENT_LEAVING_MS;
    notify_tell(&parent->notify, "STOPPING=1");
    /* Each ends when its connection to us does; who does not is killed later. */
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        struct parent_child *child = &parent->children[role];

        if (child->pid > 0 && child->introductions >= 0) {
            (void)close(child->introductions);
            child->introductions = -1;
        }
        if (child->pid > 0) {
            (void)shutdown(child->link.fd, SHUT_RDWR);
        }
    }
}

/* The first one lets calls end; the second does not wait. */
static void on_terminate(void *owner)
{
    struct parent *parent = owner;
    const struct ipc_none none = {0};
    struct parent_child *border = &parent->children[ROLE_BORDER];
    uint32_t wait_ms = parent->policy->timers.drain;

    if (parent->is_draining || border->state != CHILD_RUNNING || wait_ms == 0) {
        parent_leave(parent);
        return;
    }
    say("draining: calls have %u s to end", wait_ms / 1000);
    parent->is_draining = true;
    parent->drain_until_ms = loop_now_ms(&parent->loop) + wait_ms;
    notify_tell(&parent->notify, "STOPPING=1");
    (void)ipc_say(&border->link, IPC_DRAIN, &none);
}

static void on_child_ended(void *owner)
{
    struct parent *parent = owner;

    children_reap(parent);
    parent_look(parent);
}

/*
 * What the children say.
 */

/* What goes to a peer behind IPsec has the mark, too: so the packet filter can hold it back where
 * there is no security association. */
static uint32_t mark_towards(const struct policy *policy, uint16_t zone,
                             const struct address *remote)
{
    uint16_t peer = policy_peer_at(policy, zone, remote);

    return peer != POLICY_NONE && policy->peers[peer].is_ipsec ? policy->ipsec_mark : 0;
}

static void hear_open(struct parent *parent, struct ipc_link *link, struct ipc_message *message)
{
    struct ipc_open open;
    struct fault fault;
    int fd = -1;

    ipc_take(message, &open);
    const struct ipc_opened opened = {.connection = open.connection, .worker = open.worker};
    if (doors_may_open(&parent->doors, parent->policy, open.listener, &open.remote)) {
        const struct policy_listener *from = &parent->policy->listeners[open.listener];

        fd = socket_open_tcp_marked(&from->address, &open.remote,
                                    mark_towards(parent->policy, from->zone, &open.remote), &fault);
    }
    (void)ipc_send(link, IPC_OPENED, slice_of((const char *)&opened, sizeof(opened)), &fd,
                   fd >= 0 ? 1 : 0);
    if (fd >= 0) {
        (void)close(fd);
    }
}

/* Of an older policy: its names have other numbers. */
static void hear_known(struct parent *parent, struct ipc_message *message)
{
    struct ipc_answer known;

    ipc_take(message, &known);
    if (known.version == parent->policy->version) {
        doors_hear(&parent->doors, &known.answer);
    }
}

void parent_hear(void *owner, struct ipc_link *link, struct ipc_message *message)
{
    struct parent_child *child = owner;
    struct parent *parent = child->parent;

    if (message->type == IPC_OPEN) {
        hear_open(parent, link, message);
        return;
    }
    if (message->type == IPC_KNOWN) {
        hear_known(parent, message);
        return;
    }
    if (message->type == IPC_RUNNING && child->state == CHILD_STARTING) {
        child->state = CHILD_RUNNING;
        say("%s %d running", ipc_role_name(child->role), (int)child->pid);
    } else if (message->type == IPC_TAKEN) {
        struct ipc_policy taken;

        ipc_take(message, &taken);
        child->policy_version = taken.version;
    } else if (message->type == IPC_DRAINED && parent->is_draining) {
        say("no call is up any more");
        parent_leave(parent);
    }
    parent_look(parent);
}

/*
 * Looking after everything.
 */

static void parent_note_ready(struct parent *parent)
{
    char state[64];

    parent->is_ready = true;
    (void)snprintf(state, sizeof(state), "READY=1\nMAINPID=%d\nSTATUS=running", (int)getpid());
    notify_tell(&parent->notify, state);
    say("ready, pid %d, %u listeners, %u workers", (int)getpid(), parent->holdings.listener_count,
        parent->holdings.start.workers);
}

static void parent_end_children(struct parent *parent)
{
    uint64_t now_ms = loop_now_ms(&parent->loop);

    if (children_alive(parent) == 0) {
        loop_stop(&parent->loop);
    } else if (now_ms >= parent->leave_until_ms) {
        children_kill(parent, SIGKILL);
    }
}

void parent_look(struct parent *parent)
{
    if (parent->is_leaving) {
        parent_end_children(parent);
        return;
    }
    if (parent->is_draining && loop_now_ms(&parent->loop) >= parent->drain_until_ms) {
        say("the time for calls to end is over");
        parent_leave(parent);
        return;
    }
    children_start_due(parent);
    if (!parent->is_ready && children_carry_calls(parent)) {
        parent_note_ready(parent);
    }
    if (parent->wants_reload && is_reload_over(parent)) {
        parent->wants_reload = false;
        parent_reload(parent);
        notify_tell(&parent->notify, "READY=1");
    }
}

static uint64_t parent_next_ms(const struct parent *parent)
{
    uint64_t beat_ms = PARENT_BEAT_MS;
    uint64_t next_ms = 0;

    if (parent->notify.watchdog_ms > 0 && parent->notify.watchdog_ms < beat_ms) {
        beat_ms = parent->notify.watchdog_ms;
    }
    next_ms = loop_now_ms(&parent->loop) + beat_ms;

    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        const struct parent_child *child = &parent->children[role];

        if (!parent->is_leaving && child->state == CHILD_RESTING && !child->has_link &&
            child->due_ms < next_ms) {
            next_ms = child->due_ms;
        }
    }
    return next_ms;
}

static void on_beat(void *owner)
{
    struct parent *parent = owner;

    children_reap(parent);
    children_watch(parent);
    parent_look_at_lists(parent);
    parent_look(parent);
    if (parent->notify.watchdog_ms > 0 && children_carry_calls(parent)) {
        notify_tell(&parent->notify, "WATCHDOG=1");
    }
    loop_alarm_at(&parent->beat, parent_next_ms(parent));
}

/*
 * The beginning.
 */

static bool parent_hear_signals(struct parent *parent, struct fault *fault)
{
    struct loop *loop = &parent->loop;

    (void)signal(SIGPIPE, SIG_IGN);
    return loop_signal_open(loop, &parent->hangup, SIGHUP, on_hangup, parent, fault) &&
           loop_signal_open(loop, &parent->terminate, SIGTERM, on_terminate, parent, fault) &&
           loop_signal_open(loop, &parent->interrupt, SIGINT, on_terminate, parent, fault) &&
           loop_signal_open(loop, &parent->child_ended, SIGCHLD, on_child_ended, parent, fault);
}

static bool parent_begin(struct parent *parent, struct fault *fault)
{
    struct handed handed;

    fault_set(fault, "%s: not taken", parent->policy_path);
    if (!handed_read(parent, &handed, fault)) {
        return false;
    }
    parent_set_policy(parent, &handed);
    if (!credentials_read(&parent->credentials, parent->policy, fault) ||
        !state_folder_make(parent->state_folder, fault) ||
        !holdings_open(&parent->holdings, parent->policy, parent->state_folder, fault) ||
        !loop_init(&parent->loop, fault) || !parent_hear_signals(parent, fault)) {
        return false;
    }
    parent->control = control_open(parent, fault);
    return parent->control != NULL && privileges_keep_for_parent(fault);
}

static void parent_free(struct parent *parent)
{
    control_free(parent->control);
    credentials_close(&parent->credentials);
    holdings_close(&parent->holdings);
    doors_close(&parent->doors);
    if (parent->file.policy != NULL) {
        policy_file_free(&parent->file);
        (void)close(parent->policy_memory);
        (void)close(parent->lists_memory);
    }
    lists_files_free(parent->lists_files);
    free(parent);
}

/* Everything the loop waits for is closed, so that it can end. */
static void parent_end(struct parent *parent)
{
    struct loop_signal *const signals[] = {&parent->hangup, &parent->terminate, &parent->interrupt,
                                           &parent->child_ended};

    control_close(parent->control);
    loop_alarm_close(&parent->beat);
    for (size_t i = 0; i < ARRAY_COUNT(signals); i++) {
        loop_signal_close(signals[i]);
    }
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        ipc_link_close(&parent->children[role].link, NULL, NULL);
    }
    loop_end(&parent->loop);
}

int parent_run(const char *policy_path, const char *state_folder)
{
    struct parent *parent = calloc(1, sizeof(*parent));
    struct fault fault;

    must(parent != NULL);
    holdings_init(&parent->holdings);
    credentials_init(&parent->credentials);
    parent->lists_files = lists_files_new();
    parent->policy_path = policy_path;
    parent->state_folder = state_folder;
    notify_open(&parent->notify);
    if (!parent_begin(parent, &fault)) {
        say("%s", fault.text);
        parent_free(parent);
        return EXIT_RUNTIME;
    }
    parent->started_ms = loop_now_ms(&parent->loop);
    children_init(parent);
    loop_alarm_open(&parent->loop, &parent->beat, on_beat, parent);
    on_beat(parent);
    loop_run(&parent->loop);
    parent_end(parent);
    say("stopped");
    parent_free(parent);
    return EXIT_OK;
}
