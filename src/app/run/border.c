#include "app/run/border.h"

#include "app/run/hand.h"
#include "app/run/memory.h"
#include "app/say.h"
#include "base/must.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

struct border {
    struct child *child;
    uint32_t count;
    struct worker *workers[CHILD_WORKERS_MAX];
    struct hash_key key;
    struct policy *policy, *old_policy;
    struct plan *plan, *old_plan;
    struct worker_page *pages;

    /* Written by the workers, looked at by the main thread. */
    atomic_uint begun, took_policy;
    atomic_bool idle[CHILD_WORKERS_MAX];
    bool is_begun, is_drained;
};

struct worker *border_worker(struct border *border, uint32_t index)
{
    return border->workers[index];
}

const struct hash_key *border_key(const struct border *border)
{
    return &border->key;
}

void border_want_connection(struct border *border, const struct ipc_open *open)
{
    if (!ipc_say(&border->child->parent, IPC_OPEN, open)) {
        const struct worker_command command = {.kind = COMMAND_OPENED,
                                               .number = open->connection,
                                               .fd = -1};

        if (open->worker == 0) {
            worker_obey(border->workers[0], &command);
        } else {
            (void)hand_command(border->workers[0], open->worker, &command);
        }
    }
}

/*
 * What the workers note.
 */

void border_note_begun(struct border *border)
{
    (void)atomic_fetch_add(&border->begun, 1);
    loop_wake(&border->workers[0]->loop);
}

void border_note_policy(struct border *border)
{
    (void)atomic_fetch_add(&border->took_policy, 1);
    loop_wake(&border->workers[0]->loop);
}

void border_note_drained(struct border *border, uint32_t worker, bool is_idle)
{
    atomic_store(&border->idle[worker], is_idle);
    loop_wake(&border->workers[0]->loop);
}

static void border_policy_is_taken(struct border *border)
{
    const struct ipc_policy taken = {.version = border->policy->version};

    plan_free(border->old_plan);
    policy_free(border->old_policy);
    border->old_plan = NULL;
    border->old_policy = NULL;
    (void)ipc_say(&border->child->parent, IPC_TAKEN, &taken);
}

static bool border_is_idle(const struct border *border)
{
    for (uint32_t i = 0; i < border->count; i++) {
        if (!atomic_load(&border->idle[i])) {
            return false;
        }
    }
    return true;
}

void border_look(struct border *border)
{
    if (!border->is_begun && atomic_load(&border->begun) == border->count) {
        border->is_begun = true;
        child_is_running(border->child);
    }
    if (border->old_plan != NULL && atomic_load(&border->took_policy) == border->count) {
        border_policy_is_taken(border);
    }
    if (!border->is_drained && border_is_idle(border)) {
        const struct ipc_none none = {0};

        border->is_drained = true;
        (void)ipc_say(&border->child->parent, IPC_DRAINED, &none);
    }
}

/*
 * What the parent says.
 */

static void border_tell(struct border *border, uint32_t worker,
                        const struct worker_command *command)
{
    bool is_told = worker < border->count;

    if (is_told && worker > 0) {
        is_told = hand_command(border->workers[0], worker, command);
    } else if (is_told) {
        worker_obey(border->workers[0], command);
    }
    if (!is_told && command->fd >= 0) {
        (void)close(command->fd);
    }
}

static int take_descriptor(struct ipc_message *message)
{
    int fd = message->descriptor_count > 0 ? message->descriptors[0] : -1;

    if (fd >= 0) {
        message->descriptors[0] = -1;
    }
    return fd;
}

static void hear_listener(struct border *border, struct ipc_message *message)
{
    struct worker_command command = {.kind = COMMAND_LISTENER};
    struct ipc_listener listener;

    ipc_take(message, &listener);
    command.number = listener.index;
    command.fd = take_descriptor(message);
    border_tell(border, listener.worker, &command);
}

static void hear_link(struct border *border, struct ipc_message *message)
{
    struct worker_command command = {.kind = COMMAND_LINK};
    struct ipc_link_to to;

    ipc_take(message, &to);
    command.number = to.role;
    command.fd = take_descriptor(message);
    border_tell(border, to.role < ROLE_COUNT ? to.worker : UINT32_MAX, &command);
}

static void hear_opened(struct border *border, struct ipc_message *message)
{
    struct worker_command command = {.kind = COMMAND_OPENED};
    struct ipc_opened opened;

    ipc_take(message, &opened);
    command.number = opened.connection;
    command.fd = take_descriptor(message);
    border_tell(border, opened.worker, &command);
}

static void hear_drain(struct border *border, struct ipc_message *message)
{
    const struct worker_command command = {.kind = COMMAND_DRAIN, .fd = -1};

    (void)message;
    for (uint32_t i = 0; i < border->count; i++) {
        border_tell(border, i, &command);
    }
}

static bool is_same_listener(const struct policy_listener *a, const struct policy_listener *b)
{
    return a->transport == b->transport && address_equal(&a->address, &b->address);
}

/* Where each listener of the old policy is in the new one. */
static void listeners_compare(const struct policy *old, const struct policy *new,
                              uint16_t renumbered[POLICY_LISTENERS_MAX])
{
    for (uint32_t i = 0; i < POLICY_LISTENERS_MAX; i++) {
        renumbered[i] = LISTENER_NONE;
    }
    for (uint32_t i = 0; i < old->listener_count; i++) {
        for (uint32_t j = 0; j < new->listener_count; j++) {
            if (is_same_listener(&old->listeners[i], &new->listeners[j])) {
                renumbered[i] = (uint16_t)j;
            }
        }
    }
}

/* The new policy goes to every worker; the old one is freed when all have it.  The parent does not
 * send another before it heard that. */
static void hear_policy(struct border *border, struct ipc_message *message)
{
    struct worker_command command = {.kind = COMMAND_POLICY, .fd = -1};
    struct ipc_policy told;
    struct slice text;

    ipc_take(message, &told);
    if (border->old_plan != NULL || !memory_read(message->descriptors[0], POLICY_FILE_MAX, &text)) {
        return;
    }
    struct policy *policy = child_policy(text, told.version);
    struct plan *plan = policy == NULL ? NULL : plan_new(policy);
    free((void *)(uintptr_t)text.at);
    if (plan == NULL) {
        policy_free(policy);
        return;
    }
    border->old_policy = border->policy;
    border->old_plan = border->plan;
    border->policy = policy;
    border->plan = plan;
    command.plan = plan;
    listeners_compare(border->old_policy, policy, command.renumbered);
    atomic_store(&border->took_policy, 0);
    for (uint32_t i = 0; i < border->count; i++) {
        border_tell(border, i, &command);
    }
}

static void border_hear(void *owner, struct ipc_link *link, struct ipc_message *message)
{
    struct border *border = owner;

    (void)link;
    if (message->type == IPC_POLICY) {
        hear_policy(border, message);
    } else if (message->type == IPC_LISTENER) {
        hear_listener(border, message);
    } else if (message->type == IPC_LINK) {
        hear_link(border, message);
    } else if (message->type == IPC_OPENED) {
        hear_opened(border, message);
    } else if (message->type == IPC_DRAIN) {
        hear_drain(border, message);
    }
}

/* Without the parent there is nobody who could start us again. */
static void border_parent_ended(void *owner, struct ipc_link *link, bool is_refused)
{
    (void)owner;
    (void)link;
    _exit(is_refused ? 3 : 0);
}

/*
 * Beginning.
 */

static void *worker_thread(void *argument)
{
    struct worker *worker = argument;

    loop_run(&worker->loop);
    return NULL;
}

static bool border_new_workers(struct border *border)
{
    struct child *child = border->child;
    struct worker_setup setup = {
        .border = border, .start = &child->start, .plan = border->plan, .key = border->key};

    for (uint32_t i = 0; i < border->count; i++) {
        setup.index = i;
        setup.tables = &child->tables[i];
        setup.page = &border->pages[i];
        border->workers[i] = worker_new(&setup);
        if (border->workers[i] == NULL) {
            return false;
        }
    }
    return true;
}

/* Before their threads run: what the parent gave goes to its worker. */
static void border_equip_workers(struct border *border)
{
    struct child *child = border->child;

    for (uint32_t i = 0; i < border->count; i++) {
        for (uint16_t listener = 0; listener < POLICY_LISTENERS_MAX; listener++) {
            if (child->listeners[i][listener] >= 0) {
                worker_listen(border->workers[i], listener, child->listeners[i][listener]);
            }
        }
        for (unsigned role = 0; role < ROLE_COUNT; role++) {
            if (child->links[role][i] >= 0) {
                worker_link(border->workers[i], (enum ipc_role)role, child->links[role][i]);
            }
        }
    }
}

static bool border_start_threads(struct border *border)
{
    for (uint32_t i = 1; i < border->count; i++) {
        pthread_t thread;

        if (pthread_create(&thread, NULL, worker_thread, border->workers[i]) != 0) {
            say("border: no thread for worker %u", i);
            return false;
        }
    }
    return true;
}

static bool border_read_policy(struct border *border)
{
    border->policy = child_policy(border->child->policy_text, border->child->policy_version);
    border->plan = border->policy == NULL ? NULL : plan_new(border->policy);
    return border->plan != NULL;
}

int border_main(struct child *child)
{
    struct border *border = child_memory_new(sizeof(*border));
    const struct ipc_owner parent = {.received = border_hear,
                                     .ended = border_parent_ended,
                                     .owner = border};
    struct fault fault;

    border->child = child;
    border->count = child->start.workers;
    must(border->count >= 1 && border->count <= CHILD_WORKERS_MAX);
    border->key = child->tables[0].key; /* the same as before: calls stay with their worker */
    border->pages = child_map(&child->counters, "counters");
    if (border->pages == NULL || child->counters.len < border->count * sizeof(*border->pages) ||
        !child_drop(child) || !border_read_policy(border) || !border_new_workers(border)) {
        return 3;
    }
    border_equip_workers(border);
    if (!ipc_link_watch(&child->parent, &border->workers[0]->loop, &parent, &fault) ||
        !border_start_threads(border) || !child_confine(child)) {
        return 3;
    }
    loop_run(&border->workers[0]->loop);
    return 0;
}
