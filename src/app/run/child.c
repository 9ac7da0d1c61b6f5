#include "app/run/child.h"

#include "app/run/memory.h"
#include "app/say.h"
#include "app/verbs.h"
#include "base/must.h"
#include "guard/control.h"
#include "io/privileges.h"
#include "io/tls_book.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

void child_book_free(struct slice book)
{
    if (book.at != NULL) {
        explicit_bzero((void *)(uintptr_t)book.at, book.len);
        free((void *)(uintptr_t)book.at);
    }
}

static int *give(struct ipc_message *message)
{
    return &message->descriptors[0];
}

/* Keeps the message's descriptor in place of what was there. */
static void keep_descriptor(int *place, int *descriptor)
{
    if (*place >= 0) {
        (void)close(*place);
    }
    *place = *descriptor;
    *descriptor = -1;
}

static void hear_start(struct child *child, struct ipc_message *message)
{
    ipc_take(message, &child->start);
    keep_descriptor(&child->folder, give(message));
}

static void hear_policy(struct child *child, struct ipc_message *message)
{
    struct ipc_policy policy;

    ipc_take(message, &policy);
    child->policy_version = policy.version;
    (void)memory_read(message->descriptors[0], POLICY_FILE_MAX, &child->policy_text);
    child->lists_len = policy.lists_len;
    keep_descriptor(&child->lists, &message->descriptors[1]);
}

static void hear_book(struct child *child, struct ipc_message *message)
{
    child_book_free(child->book);
    if (!memory_read(message->descriptors[0], TLS_BOOK_MAX, &child->book)) {
        child->book = SLICE_NONE;
    }
}

static void hear_memory(struct child *child, struct ipc_message *message)
{
    struct ipc_memory memory;
    struct child_memory *kept = message->type == IPC_COUNTERS ? &child->counters : &child->vault;

    ipc_take(message, &memory);
    if (message->type == IPC_TABLES && memory.worker < CREW_MAX) {
        kept = &child->tables[memory.worker];
    }
    kept->len = memory.len;
    kept->key = memory.key;
    keep_descriptor(&kept->fd, give(message));
}

static void hear_listener(struct child *child, struct ipc_message *message)
{
    struct ipc_listener listener;

    ipc_take(message, &listener);
    if (listener.worker < CREW_MAX && listener.index < POLICY_LISTENERS_MAX &&
        listener.kind < UDP_KIND_COUNT) {
        keep_descriptor(&child->listeners[listener.worker][listener.kind][listener.index],
                        give(message));
    }
}

static void hear_link(struct child *child, struct ipc_message *message)
{
    struct ipc_link_to to;

    ipc_take(message, &to);
    if (to.role < ROLE_COUNT && to.worker < CREW_LINKS) {
        keep_descriptor(&child->links[to.role][to.worker], give(message));
    }
}

/* Ports that somebody else has come without descriptors: the gate finds -1 in their place. */
static void hear_ports(struct child *child, struct ipc_message *message)
{
    struct ipc_ports ports;

    ipc_take(message, &ports);
    bool is_missing = message->descriptor_count == 0;
    if (ports.first != child->port_count || ports.count > IPC_DESCRIPTORS_MAX ||
        (!is_missing && ports.count != message->descriptor_count)) {
        return;
    }
    int *more = realloc(child->ports, (child->port_count + ports.count) * sizeof(*more));
    if (more == NULL) {
        return;
    }
    child->ports = more;
    for (uint32_t i = 0; i < ports.count; i++) {
        child->ports[child->port_count++] = is_missing ? -1 : message->descriptors[i];
        message->descriptors[i] = -1;
    }
}

static void hear_folder(struct child *child, struct ipc_message *message)
{
    keep_descriptor(&child->journal, give(message));
}

static void hear_collector(struct child *child, struct ipc_message *message)
{
    keep_descriptor(&child->collector, give(message));
}

static void hear_certificate(struct child *child, struct ipc_message *message)
{
    ipc_take(message, &child->certificate);
}

static void hear_introductions(struct child *child, struct ipc_message *message)
{
    keep_descriptor(&child->introductions, give(message));
}

typedef void hear_function(struct child *child, struct ipc_message *message);

/* What is not here is not expected before the child runs. */
static hear_function *const hears[IPC_TYPE_COUNT] = {
    [IPC_START] = hear_start,
    [IPC_POLICY] = hear_policy,
    [IPC_CERTIFICATES] = hear_book,
    [IPC_SECRETS] = hear_book,
    [IPC_COUNTERS] = hear_memory,
    [IPC_TABLES] = hear_memory,
    [IPC_VAULT] = hear_memory,
    [IPC_LISTENER] = hear_listener,
    [IPC_LINK] = hear_link,
    [IPC_PORTS] = hear_ports,
    [IPC_CERTIFICATE] = hear_certificate,
    [IPC_INTRODUCE] = hear_introductions,
    [IPC_FOLDER] = hear_folder,
    [IPC_COLLECTOR] = hear_collector,
};

static bool child_hear(struct child *child)
{
    struct ipc_room room;
    struct ipc_message message;

    while (ipc_receive_now(&child->parent, &room, &message)) {
        if (message.type == IPC_GO) {
            return true;
        }
        if (hears[message.type] != NULL) {
            hears[message.type](child, &message);
        }
        ipc_close_descriptors(&message);
    }
    return false;
}

void *child_memory_new(size_t len)
{
    void *at = calloc(1, len);

    must(at != NULL);
    return at;
}

static void child_init(struct child *child, enum ipc_role role)
{
    memset(child, 0, sizeof(*child));
    child->role = role;
    child->lists = child->folder = child->journal = child->collector = child->introductions =
        child->counters.fd = child->vault.fd = -1;
    for (uint32_t worker = 0; worker < CREW_MAX; worker++) {
        child->tables[worker].fd = -1;
        for (unsigned i = 0; i < POLICY_LISTENERS_MAX; i++) {
            child->listeners[worker][UDP_NEIGHBOURS][i] = -1;
            child->listeners[worker][UDP_STRANGERS][i] = -1;
        }
    }
    for (unsigned i = 0; i < ROLE_COUNT; i++) {
        for (uint32_t worker = 0; worker < CREW_LINKS; worker++) {
            child->links[i][worker] = -1;
        }
    }
}

/* Ending is the parent's business: what a terminal sends to all is not for us. */
static void child_ignore_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGUSR1, SIGUSR2};

    for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
        (void)signal(numbers[i], SIG_IGN);
    }
}

/* Standard output is the recorder's: nobody else can write what looks like an event. */
static void child_forget_standard(enum ipc_role role)
{
    int nowhere = open("/dev/null", O_RDWR);

    if (nowhere >= 0) {
        (void)dup2(nowhere, STDIN_FILENO);
        if (role != ROLE_RECORDER) {
            (void)dup2(nowhere, STDOUT_FILENO);
        }
        (void)close(nowhere);
    }
}

typedef int main_function(struct child *child);

static main_function *const mains[ROLE_COUNT] = {
    [ROLE_BORDER] = border_main,     [ROLE_MEDIA] = media_main,       [ROLE_KEEPER] = keeper_main,
    [ROLE_RECORDER] = recorder_main, [ROLE_RESOLVER] = resolver_main,
};

int child_main(struct slice name)
{
    enum ipc_role role = ROLE_COUNT;

    for (unsigned i = 0; i < ROLE_COUNT; i++) {
        if (slice_equal(name, slice_string(ipc_role_name(i)))) {
            role = i;
        }
    }
    if (role == ROLE_COUNT || mains[role] == NULL) {
        return EXIT_USAGE;
    }
    struct child *child = child_memory_new(sizeof(*child));
    privileges_forget(CHILD_DESCRIPTOR);
    child_forget_standard(role);
    child_ignore_signals();
    child_init(child, role);
    if (!ipc_link_init(&child->parent, CHILD_DESCRIPTOR, role, ROLE_PARENT) || !child_hear(child)) {
        return EXIT_RUNTIME;
    }
    return mains[role](child);
}

static bool child_says(const struct child *child, const struct fault *fault)
{
    say("%s: %s", ipc_role_name(child->role), fault->text);
    return false;
}

bool child_drop(struct child *child)
{
    struct fault fault;
    struct privileges privileges = {.folder = child->folder,
                                    .user = child->start.user,
                                    .group = child->start.group};

    child->folder = -1;
    return privileges_drop(&privileges, &fault) || child_says(child, &fault);
}

bool child_confine(struct child *child)
{
    struct fault fault;

    return privileges_confine(child->role, &fault) || child_says(child, &fault);
}

void child_is_running(struct child *child)
{
    const struct ipc_none none = {0};

    (void)ipc_say(&child->parent, IPC_RUNNING, &none);
}

struct policy *child_policy(struct slice text, uint32_t version)
{
    struct policy_complaints *complaints = policy_complaints_new();
    struct policy *policy = NULL;

    if (complaints != NULL) {
        policy = policy_read(text, SLICE("policy"), control_names(), complaints);
    }
    if (policy == NULL) {
        say("a policy the parent took is not taken by its child");
    } else {
        policy->version = version;
    }
    policy_complaints_free(complaints);
    return policy;
}

void *child_map(const struct child_memory *memory, const char *what)
{
    void *at = memory_map(memory->fd, memory->len);

    if (at == NULL) {
        say("the memory of %s could not be mapped", what);
    }
    return at;
}

/*
 * The life of a child that has nothing but a loop.
 */

struct life {
    struct child *child;
    struct child_calls calls;
};

static void life_take_policy(struct life *life, struct slice text, uint32_t version)
{
    struct policy *policy = child_policy(text, version);

    if (policy == NULL) {
        return;
    }
    life->calls.take_policy(life->calls.owner, policy);
}

static void life_hear(void *owner, struct ipc_link *link, struct ipc_message *message)
{
    struct life *life = owner;

    if (message->type == IPC_LINK) {
        struct ipc_link_to to;

        ipc_take(message, &to);
        if (to.role == ROLE_BORDER && to.worker < CREW_LINKS) {
            life->calls.link(life->calls.owner, to.worker, message->descriptors[0]);
            message->descriptors[0] = -1;
        }
    } else if (message->type == IPC_SECRETS && life->calls.take_secrets != NULL) {
        struct slice book;

        if (memory_read(message->descriptors[0], TLS_BOOK_MAX, &book)) {
            life->calls.take_secrets(life->calls.owner, book);
            child_book_free(book);
        }
    } else if (message->type == IPC_POLICY) {
        struct ipc_policy policy;
        struct slice text;

        ipc_take(message, &policy);
        if (memory_read(message->descriptors[0], POLICY_FILE_MAX, &text)) {
            life_take_policy(life, text, policy.version);
            free((void *)(uintptr_t)text.at);
            (void)ipc_say(link, IPC_TAKEN, &policy);
        }
    }
}

static void life_ended(void *owner, struct ipc_link *link, bool is_refused)
{
    struct life *life = owner;

    (void)link;
    if (life->calls.end != NULL) {
        life->calls.end(life->calls.owner);
    }
    _exit(is_refused ? 3 : 0);
}

int child_live(struct child *child, struct loop *loop, const struct child_calls *calls)
{
    struct life life = {.child = child, .calls = *calls};
    const struct ipc_owner owner = {.received = life_hear, .ended = life_ended, .owner = &life};
    struct fault fault;

    life_take_policy(&life, child->policy_text, child->policy_version);
    for (uint32_t i = 0; i < CREW_LINKS; i++) {
        if (child->links[ROLE_BORDER][i] >= 0) {
            calls->link(calls->owner, i, child->links[ROLE_BORDER][i]);
        }
    }
    if (!ipc_link_watch(&child->parent, loop, &owner, &fault) || !child_confine(child)) {
        return 3;
    }
    child_is_running(child);
    loop_run(loop);
    return 0;
}
