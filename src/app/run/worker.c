#include "app/run/worker.h"

#include "app/run/capacity.h"
#include "app/run/hand.h"
#include "app/say.h"
#include "base/must.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

enum {
    WORKER_STREAM_MEMORY = 64 << 20, /* octets under way on streams: 256 of the largest messages */
};

static void worker_want(void *owner, uint32_t connection, uint16_t listener,
                        const struct address *remote)
{
    struct worker *worker = owner;
    const struct ipc_open open = {
        .connection = connection, .worker = worker->index, .listener = listener, .remote = *remote};

    hand_wanted(worker, &open);
}

static bool worker_open_sockets(struct worker *worker, const struct worker_setup *setup)
{
    const struct policy *policy = worker->policy;
    const struct tcp_owner owner = {.receive = worker_receive,
                                    .failed = worker_note_failed,
                                    .wanted = worker_want,
                                    .secure = worker_secure,
                                    .closed = worker_note_closed,
                                    .owner = worker};
    const struct tcp_settings settings = {
        .connections_max = setup->start->connections,
        .memory_max = WORKER_STREAM_MEMORY,
        .idle_ms = policy->timers.connection_idle,
        .whole_ms = policy->timers.message_whole,
        .connect_ms = WORKER_CONNECT_MS,
        .first_id = worker->index + 1,
        .id_step = worker->count,
        .key = setup->key,
    };

    worker->udp = udp_new(&worker->loop, worker_receive, worker_note_failed, worker);
    worker->tcp = tcp_new(&worker->loop, &owner, &settings);
    if (worker->udp == NULL || worker->tcp == NULL) {
        return false;
    }
    udp_set_mark(worker->udp, policy->ipsec_mark);
    tcp_set_mark(worker->tcp, policy->ipsec_mark);
    return true;
}

static struct random *worker_random(void)
{
    uint8_t seed[RANDOM_SEED_LEN];
    struct random *random = NULL;

    if (getrandom(seed, sizeof(seed), 0) == (ssize_t)sizeof(seed)) {
        random = random_new(seed);
    }
    explicit_bzero(seed, sizeof(seed));
    return random;
}

static bool worker_take_tables(struct worker *worker, const struct worker_setup *setup)
{
    const struct state_capacity capacity = capacity_of_worker(setup->start);

    if (setup->tables_len < state_size(&capacity)) {
        say("border: the tables need %zu octets and have %zu", state_size(&capacity),
            setup->tables_len);
        return false;
    }
    worker->state = state_init(setup->tables, setup->tables_len, &capacity, &setup->key,
                               loop_now_ms(&worker->loop));
    return worker->state != NULL;
}

static bool worker_make(struct worker *worker, const struct worker_setup *setup)
{
    worker->outbox_room = malloc(OUTBOX_ROOM);
    worker->tallies = tallies_new(POLICY_PEERS_MAX);
    worker->random = worker_random();
    if (worker->outbox_room == NULL || worker->tallies == NULL || worker->random == NULL) {
        return false;
    }
    tallies_share(worker->tallies, worker->count);
    outbox_init(&worker->outbox, worker->outbox_room, OUTBOX_ROOM);
    if (setup->collector >= 0) {
        worker->mirror = mirror_new(setup->collector);
        if (worker->mirror == NULL) {
            return false;
        }
    }
    for (uint32_t i = 0; worker->count > 1 && i < worker->count; i++) {
        worker->in[i] = ring_new(WORKER_RING);
        if (worker->in[i] == NULL) {
            return false;
        }
    }
    return worker_take_tables(worker, setup) && worker_open_sockets(worker, setup);
}

static void worker_hear(void *owner, struct ipc_link *link, struct ipc_message *message)
{
    struct worker *worker = owner;

    (void)link;
    if (message->type == IPC_KEYS) {
        struct ipc_keys keys;

        ipc_take(message, &keys);
        worker_take_keys(worker, &keys);
        explicit_bzero(&keys, sizeof(keys));
    } else if (message->type == IPC_ANSWER) {
        struct ipc_answer answer;

        ipc_take(message, &answer);
        worker_hear_answer(worker, &answer);
    } else if (message->type == IPC_REPORT) {
        struct media_report report;

        ipc_take(message, &report);
        worker_hear_report(worker, &report);
    }
}

struct worker *worker_new(const struct worker_setup *setup)
{
    struct worker *worker = calloc(1, sizeof(*worker));
    const struct links_owner links = {.received = worker_hear, .owner = worker};
    struct fault fault = {.text = "memory"};

    if (worker == NULL || !loop_init(&worker->loop, &fault)) {
        say("border: %s", fault.text);
        free(worker);
        return NULL;
    }
    worker->crew = setup->crew;
    worker->index = setup->index;
    worker->count = setup->start->workers;
    worker->node = (uint16_t)setup->start->node;
    worker->fingerprint = setup->start->fingerprint;
    worker->plan = setup->plan;
    worker->policy = plan_policy(setup->plan);
    notes_init(&worker->notes, loop_now_us(&worker->loop));
    notes_follow_policy(&worker->notes, worker->policy);
    worker->page = setup->page;
    for (unsigned i = 0; i < POLICY_LISTENERS_MAX; i++) {
        worker->early[UDP_NEIGHBOURS][i] = worker->early[UDP_STRANGERS][i] = -1;
    }
    tls_budget_init(&worker->tls_budget, &setup->key, loop_now_us(&worker->loop));
    links_init(&worker->links, &worker->loop, ROLE_BORDER, &links);
    loop_on_wake(&worker->loop, hand_take, worker);
    loop_before_wait(&worker->loop, worker_wait, worker);
    loop_alarm_open(&worker->loop, &worker->tick, worker_tick, worker);
    loop_alarm_open(&worker->loop, &worker->beat, worker_beat, worker);
    if (!worker_make(worker, setup)) {
        say("border: no memory for a worker");
        return NULL; /* the process ends */
    }
    worker_beat(worker);
    return worker;
}

void worker_link(struct worker *worker, enum ipc_role role, int fd)
{
    links_set(&worker->links, role, role, fd);
}

static void keys_free(struct siv *keys[STATE_KEYS_MAX])
{
    for (unsigned i = 0; i < STATE_KEYS_MAX; i++) {
        siv_free(keys[i]);
        keys[i] = NULL;
    }
}

/* A process that ends does not take the trouble; tests do. */
void worker_free(struct worker *worker)
{
    udp_free(worker->udp);
    tcp_close(worker->tcp);
    links_close(&worker->links);
    loop_alarm_close(&worker->tick);
    loop_alarm_close(&worker->beat);
    loop_end(&worker->loop);
    tcp_free(worker->tcp);
    relay_free(worker->relay);
    keys_free(worker->keys);
    random_free(worker->random);
    mirror_free(worker->mirror);
    tallies_free(worker->tallies);
    for (unsigned i = 0; i < CREW_MAX; i++) {
        ring_free(worker->in[i]);
    }
    free(worker->outbox_room);
    free(worker);
}

/*
 * Keys.
 */

static bool worker_begin(struct worker *worker)
{
    struct relay_setup setup = {
        .plan = worker->plan,
        .state = worker->state,
        .random = worker->random,
        .tallies = worker->tallies,
        .node = worker->node,
        .worker = (uint16_t)worker->index,
        .now_ms = loop_now_ms(&worker->loop),
        .media_port_shares = worker->count,
        .fingerprint = worker->fingerprint,
    };

    memcpy(setup.keys, worker->keys, sizeof(setup.keys));
    worker->relay = relay_new(&setup);
    return worker->relay != NULL;
}

void worker_take_keys(struct worker *worker, const struct ipc_keys *keys)
{
    struct siv *old[STATE_KEYS_MAX];

    memcpy(old, worker->keys, sizeof(old));
    memset(worker->keys, 0, sizeof(worker->keys));
    for (unsigned i = 0; i < keys->count && i < STATE_KEYS_MAX && i < IPC_KEYS_MAX; i++) {
        worker->keys[i] = siv_new(keys->keys[i].octets, keys->keys[i].id & 31);
    }
    if (worker->keys[0] == NULL) {
        memcpy(worker->keys, old, sizeof(old));
        return;
    }
    if (worker->relay != NULL) {
        relay_keys(worker->relay, (const struct siv *const *)worker->keys);
        keys_free(old);
        return;
    }
    if (!worker_begin(worker)) {
        say("border: no memory for the relay");
        _exit(3);
    }
    crew_note_begun(worker->crew);
    worker_tick(worker);
}

/*
 * Sockets.
 */

void worker_listen(struct worker *worker, uint16_t listener, enum udp_kind kind, int fd)
{
    const struct policy *policy = worker->policy;
    struct fault fault = {.text = "no such listener"};
    bool is_open = false;

    if (!worker->is_open && listener < POLICY_LISTENERS_MAX) {
        worker->early[kind][listener] = fd; /* nobody is heard before somebody can answer */
        return;
    }
    if (listener < policy->listener_count) {
        struct tcp_listener_settings settings = worker_listener_settings(policy, listener);

        is_open = settings.transport == TRANSPORT_UDP
                      ? udp_open(worker->udp, listener, kind, fd, &settings.local, &fault)
                      : tcp_listen(worker->tcp, listener, fd, &settings, &fault);
    }
    if (!is_open) {
        say("border: %s", fault.text);
        (void)close(fd);
    }
}

void worker_listen_early(struct worker *worker, int fds[UDP_KIND_COUNT][POLICY_LISTENERS_MAX])
{
    for (unsigned kind = 0; kind < UDP_KIND_COUNT; kind++) {
        for (uint16_t i = 0; i < POLICY_LISTENERS_MAX; i++) {
            if (fds[kind][i] >= 0) {
                worker_listen(worker, i, (enum udp_kind)kind, fds[kind][i]);
            }
        }
    }
}

static void worker_open(struct worker *worker)
{
    worker->is_open = true;
    for (unsigned kind = 0; kind < UDP_KIND_COUNT; kind++) {
        for (uint16_t i = 0; i < POLICY_LISTENERS_MAX; i++) {
            if (worker->early[kind][i] >= 0) {
                worker_listen(worker, i, (enum udp_kind)kind, worker->early[kind][i]);
                worker->early[kind][i] = -1;
            }
        }
    }
}

void worker_opened(struct worker *worker, uint32_t connection, int fd)
{
    worker->counts.connects_refused += fd < 0;
    tcp_opened(worker->tcp, connection, fd);
}

void worker_drain(struct worker *worker)
{
    worker->is_draining = true;
    if (worker->relay != NULL) {
        relay_drain(worker->relay);
    }
}

void worker_obey(struct worker *worker, const struct worker_command *command)
{
    switch (command->kind) {
    case COMMAND_BEGIN:
        worker_open(worker);
        return;
    case COMMAND_LISTENER:
        worker_listen(worker, (uint16_t)command->number, (enum udp_kind)command->kind_of_socket,
                      command->fd);
        return;
    case COMMAND_LINK:
        worker_link(worker, (enum ipc_role)command->number, command->fd);
        return;
    case COMMAND_OPENED:
        worker_opened(worker, command->number, command->fd);
        return;
    case COMMAND_POLICY:
        worker_take_policy(worker, command->plan, command->renumbered);
        return;
    case COMMAND_DRAIN:
        worker_drain(worker);
        return;
    }
}
