/*
 * The process that judges and relays: its workers, and what the parent says to them.
 */

#include "app/run/child.h"
#include "app/run/memory.h"
#include "app/run/porter.h"
#include "app/run/worker.h"
#include "app/say.h"
#include "base/must.h"
#include "guard/event.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { TIMER_SLACK_NS = 1000 }; /* a quarter of a millisecond is to be no more (gather.h) */

/* Sealed memory of the parent, mapped. */
struct border_lists {
    const void *at;
    size_t len;
};

struct border {
    struct child *child;
    struct crew crew;
    struct policy *policy, *old_policy;
    struct plan *plan, *old_plan;
    struct border_lists lists, old_lists;
    struct worker_page *pages;
    struct tls_provider provider;
    pthread_barrier_t threads_are_there;
    bool is_begun, is_drained;
};

/*
 * What the workers note.
 */

static void border_want(void *owner, const struct ipc_open *open)
{
    struct border *border = owner;
    const struct worker_command refused = {.kind = COMMAND_OPENED,
                                           .number = open->connection,
                                           .fd = -1};

    if (!ipc_say(&border->child->parent, IPC_OPEN, open)) {
        crew_tell(&border->crew, open->worker, &refused);
    }
}

static void lists_unmap(struct border_lists *lists)
{
    memory_unmap((void *)(uintptr_t)lists->at, lists->len);
    *lists = (struct border_lists){.at = NULL};
}

static void border_policy_is_taken(struct border *border)
{
    const struct ipc_policy taken = {.version = border->policy->version};

    plan_free(border->old_plan);
    lists_unmap(&border->old_lists);
    policy_free(border->old_policy);
    border->old_plan = NULL;
    border->old_policy = NULL;
    (void)ipc_say(&border->child->parent, IPC_TAKEN, &taken);
}

static void border_look(void *owner)
{
    struct border *border = owner;
    const struct ipc_none none = {0};

    if (!border->is_begun && crew_has_begun(&border->crew)) {
        const struct worker_command begin = {.kind = COMMAND_BEGIN, .fd = -1};

        border->is_begun = true;
        crew_tell_all(&border->crew, &begin);
        child_is_running(border->child);
    }
    if (border->old_plan != NULL && crew_has_policy(&border->crew)) {
        border_policy_is_taken(border);
    }
    if (!border->is_drained && crew_is_idle(&border->crew)) {
        border->is_drained = true;
        (void)ipc_say(&border->child->parent, IPC_DRAINED, &none);
    }
}

/*
 * What the parent says.
 */

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
    if (listener.kind >= UDP_KIND_COUNT) {
        return;
    }
    command.number = listener.index;
    command.kind_of_socket = listener.kind;
    command.fd = take_descriptor(message);
    crew_tell(&border->crew, listener.worker, &command);
}

static void hear_link(struct border *border, struct ipc_message *message)
{
    struct worker_command command = {.kind = COMMAND_LINK};
    struct ipc_link_to to;

    ipc_take(message, &to);
    command.number = to.role;
    command.fd = take_descriptor(message);
    if (to.role == ROLE_KEEPER && to.worker == border->crew.count) {
        porter_take_keeper(border->crew.porter, command.fd);
        return;
    }
    crew_tell(&border->crew, to.role < ROLE_COUNT ? to.worker : UINT32_MAX, &command);
}

static void hear_opened(struct border *border, struct ipc_message *message)
{
    struct worker_command command = {.kind = COMMAND_OPENED};
    struct ipc_opened opened;

    ipc_take(message, &opened);
    command.number = opened.connection;
    command.fd = take_descriptor(message);
    crew_tell(&border->crew, opened.worker, &command);
}

static void hear_book(struct border *border, struct ipc_message *message)
{
    struct slice book;

    if (memory_read(message->descriptors[0], TLS_BOOK_MAX, &book)) {
        worker_take_book(border->crew.workers[0], book);
        porter_take_book(border->crew.porter, book);
    }
}

static void hear_drain(struct border *border, struct ipc_message *message)
{
    const struct worker_command command = {.kind = COMMAND_DRAIN, .fd = -1};

    (void)message;
    crew_tell_all(&border->crew, &command);
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

static uint64_t calendar_now_us(void)
{
    struct timespec calendar;

    (void)clock_gettime(CLOCK_REALTIME, &calendar);
    return (uint64_t)calendar.tv_sec * 1000000 + (uint64_t)calendar.tv_nsec / 1000;
}

/* How far the calendar is ahead of the loop's clock. */
static uint64_t calendar_ahead_us(void)
{
    struct timespec calendar, clock;

    (void)clock_gettime(CLOCK_REALTIME, &calendar);
    (void)clock_gettime(CLOCK_MONOTONIC, &clock);
    return ((uint64_t)calendar.tv_sec - (uint64_t)clock.tv_sec) * 1000000;
}

/* A plan with the lists that came with the policy; NULL when memory ends. */
static struct plan *plan_make(const struct policy *policy, int fd, size_t len,
                              struct border_lists *lists)
{
    struct plan *plan = policy == NULL ? NULL : plan_new(policy);

    *lists = (struct border_lists){.at = memory_map_sealed(fd, len), .len = len};
    if (plan == NULL || lists->at == NULL ||
        !plan_use(plan, lists_open(slice_of(lists->at, len)))) {
        plan_free(plan);
        lists_unmap(lists);
        return NULL;
    }
    plan_set_calendar(plan, calendar_ahead_us());
    return plan;
}

/* A feed that was not taken is an event: who keeps the events is who keeps the feeds. */
static void feeds_tell(struct border *border)
{
    const struct lists *lists = plan_lists(border->plan);
    char room[2048];
    struct text text;

    for (uint32_t i = 0; i < border->policy->feed_count; i++) {
        struct slice note = lists_feed_note(lists, i);

        if (note.len == 0) {
            continue;
        }
        text_init(&text, room, sizeof(room));
        event_write_feed(&text, border->policy, i, note, calendar_now_us());
        (void)ipc_send(links_at(&border->crew.workers[0]->links, ROLE_RECORDER), IPC_EVENT,
                       text_slice(&text), NULL, 0);
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
    struct border_lists lists;
    struct plan *plan = plan_make(policy, message->descriptors[1], told.lists_len, &lists);
    free((void *)(uintptr_t)text.at);
    if (plan == NULL) {
        policy_free(policy);
        return;
    }
    border->old_policy = border->policy;
    border->old_plan = border->plan;
    border->old_lists = border->lists;
    border->lists = lists;
    border->policy = policy;
    border->plan = plan;
    command.plan = plan;
    listeners_compare(border->old_policy, policy, command.renumbered);
    feeds_tell(border);
    crew_new_policy(&border->crew);
    crew_tell_all(&border->crew, &command);
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
    } else if (message->type == IPC_CERTIFICATES) {
        hear_book(border, message);
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

/* What a thread needs to come into being (its stack, its part of the heap) is asked for before the
 * process is held to the system calls of its role. */
static void *worker_thread(void *argument)
{
    struct worker *worker = argument;
    struct border *border = worker->crew->owner;

    free(malloc(1));
    (void)pthread_barrier_wait(&border->threads_are_there);
    (void)prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
    loop_run(&worker->loop);
    return NULL;
}

static void *porter_thread(void *argument)
{
    struct border *border = argument;

    free(malloc(1));
    (void)pthread_barrier_wait(&border->threads_are_there);
    porter_live(border->crew.porter);
    return NULL;
}

static bool border_new_workers(struct border *border)
{
    struct child *child = border->child;
    struct worker_setup setup = {.crew = &border->crew,
                                 .start = &child->start,
                                 .plan = border->plan};

    for (uint32_t i = 0; i < border->crew.count; i++) {
        setup.index = i;
        setup.tables = child_map(&child->tables[i], "tables");
        setup.tables_len = child->tables[i].len;
        setup.key = child->tables[i].key;
        setup.page = &border->pages[i];
        setup.collector = child->collector;
        border->crew.workers[i] = setup.tables == NULL ? NULL : worker_new(&setup);
        if (border->crew.workers[i] == NULL) {
            return false;
        }
    }
    return true;
}

/* Before their threads run: what the parent gave goes to its worker. */
static void border_equip_workers(struct border *border)
{
    struct child *child = border->child;

    for (uint32_t i = 0; i < border->crew.count; i++) {
        worker_listen_early(border->crew.workers[i], child->listeners[i]);
        for (unsigned role = 0; role < ROLE_COUNT; role++) {
            if (child->links[role][i] >= 0) {
                worker_link(border->crew.workers[i], (enum ipc_role)role, child->links[role][i]);
            }
        }
    }
    if (child->links[ROLE_KEEPER][border->crew.count] >= 0) {
        porter_take_keeper(border->crew.porter, child->links[ROLE_KEEPER][border->crew.count]);
    }
    worker_take_book(border->crew.workers[0], child->book);
    porter_take_book(border->crew.porter, child->book);
}

static bool border_start_threads(struct border *border)
{
    pthread_t porter;

    if (pthread_barrier_init(&border->threads_are_there, NULL, border->crew.count + 1) != 0 ||
        pthread_create(&porter, NULL, porter_thread, border) != 0) {
        say("border: no thread for the porter");
        return false;
    }
    for (uint32_t i = 1; i < border->crew.count; i++) {
        pthread_t thread;

        if (pthread_create(&thread, NULL, worker_thread, border->crew.workers[i]) != 0) {
            say("border: no thread for worker %u", i);
            return false;
        }
    }
    (void)pthread_barrier_wait(&border->threads_are_there);
    return true;
}

static bool border_read_policy(struct border *border)
{
    border->policy = child_policy(border->child->policy_text, border->child->policy_version);
    border->plan =
        plan_make(border->policy, border->child->lists, border->child->lists_len, &border->lists);
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
    border->crew.count = child->start.workers;
    border->crew.look = border_look;
    border->crew.want = border_want;
    border->crew.owner = border;
    must(border->crew.count >= 1 && border->crew.count <= CREW_MAX);
    border->crew.key = child->tables[0].key; /* the same as before: calls stay with their worker */
    border->pages = child_map(&child->counters, "counters");
    if (!tls_provider_load(&border->provider)) {
        say("border: OpenSSL does not take our signer");
        return 3;
    }
    if (border->pages == NULL ||
        child->counters.len < border->crew.count * sizeof(*border->pages) || !child_drop(child) ||
        !border_read_policy(border) || !border_new_workers(border)) {
        return 3;
    }
    border->crew.porter = porter_new(&border->crew);
    if (border->crew.porter == NULL) {
        return 3;
    }
    border_equip_workers(border);
    if (!ipc_link_watch(&child->parent, &border->crew.workers[0]->loop, &parent, &fault) ||
        !border_start_threads(border) || !child_confine(child)) {
        return 3;
    }
    (void)prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
    loop_run(&border->crew.workers[0]->loop);
    return 0;
}
