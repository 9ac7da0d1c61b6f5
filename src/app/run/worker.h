/*
 * A worker: one thread that owns its calls, its sockets, its clock.
 *
 *     inspect, act, tell, send
 *
 * Everything around these four is getting packets in and news to the right place.  Workers share
 * nothing but the policy, a value; what belongs to another is handed over by a ring.
 */
#pragma once

#include "app/run/crew.h"
#include "app/run/gather.h"
#include "app/run/links.h"
#include "app/run/mirror.h"
#include "app/run/notes.h"
#include "app/run/page.h"
#include "app/run/tell.h"
#include "app/run/tls_budget.h"
#include "app/run/tls_expiry.h"
#include "base/ring.h"
#include "guard/inspect.h"
#include "io/tcp.h"
#include "io/udp.h"
#include "relay/relay.h"

enum {
    WORKER_NEWS_MAX = 1024,   /* failed messages and closed connections of one turn */
    WORKER_BEAT_MS = 250,     /* counters shown, wall clock compared */
    WORKER_CONNECT_MS = 4000, /* for a next hop: as long as the relay waits for one */
    WORKER_RING = 8 << 20,    /* octets handed over and not yet taken, per pair of workers */
};

/* What was noticed while something was being sent, for the relay to hear afterwards. */
struct worker_news {
    uint32_t failed[WORKER_NEWS_MAX]; /* references */
    uint32_t closed[WORKER_NEWS_MAX]; /* connections */
    unsigned failed_count, closed_count;
};

struct worker {
    struct crew *crew;
    uint32_t index, count; /* of workers */
    uint16_t node;
    struct media_fingerprint fingerprint; /* of the gate */
    struct loop loop;
    struct loop_alarm tick, beat;
    struct udp *udp;
    struct tcp *tcp;

    struct mirror *mirror; /* NULL when nobody collects */

    const struct plan *plan;
    const struct policy *policy;
    struct state *state;
    struct tallies *tallies;
    struct random *random;
    struct relay *relay; /* NULL until the keeper's keys came */
    struct siv *keys[STATE_KEYS_MAX];
    struct inspection inspection;
    struct outbox outbox;
    struct worker_news news;
    struct sip_message peek; /* of a packet that may be another worker's */

    struct links links; /* by role: media, resolver, recorder, keeper */
    bool is_open;       /* every worker of the crew has its relay: sockets may be read */
    /* Listeners to be opened then; -1: none. */
    int early[UDP_KIND_COUNT][POLICY_LISTENERS_MAX];
    struct ring *in[CREW_MAX]; /* written by that worker alone */

    uint64_t wall_offset_us; /* wall clock less monotonic clock */
    struct tell tell;
    struct notes notes;
    struct gather gather;
    bool is_draining;
    struct worker_counts counts;
    uint64_t tls_told_second; /* events of TLS told in it, below */
    unsigned tls_told;
    uint64_t drained;    /* octets read from datagrams until the last beat */
    uint64_t drained_us; /* when that was */
    struct tls_budget tls_budget;
    struct tls_expiries tls_expiries; /* of worker 0 */
    uint64_t expiries_due_ms;
    struct worker_page *page;
    char event_room[IPC_TEXT_MAX];
    char *outbox_room;
};

/* What a worker needs from its process. */
struct worker_setup {
    struct crew *crew;
    uint32_t index;
    const struct ipc_start *start;
    const struct plan *plan;
    void *tables; /* as a former worker left them */
    size_t tables_len;
    struct worker_page *page;
    int collector;       /* descriptor shared by all workers; -1: none */
    struct hash_key key; /* of the tables */
};

/* NULL after saying why. */
struct worker *worker_new(const struct worker_setup *setup);
void worker_free(struct worker *worker);

/* Of the worker's own thread. */
void worker_link(struct worker *worker, enum ipc_role role, int fd);
void worker_listen(struct worker *worker, uint16_t listener, enum udp_kind kind, int fd);
void worker_listen_early(struct worker *worker, int fds[UDP_KIND_COUNT][POLICY_LISTENERS_MAX]);
void worker_take_keys(struct worker *worker, const struct ipc_keys *keys);
void worker_take_policy(struct worker *worker, const struct plan *plan,
                        const uint16_t renumbered[POLICY_LISTENERS_MAX]);
void worker_opened(struct worker *worker, uint32_t connection, int fd);
void worker_drain(struct worker *worker);

void worker_obey(struct worker *worker, const struct worker_command *command);

/* worker_policy.c */
struct tcp_listener_settings worker_listener_settings(const struct policy *policy,
                                                      uint16_t listener);

/* worker_tls.c: to the porter and back. */
void worker_secure(void *owner, uint32_t connection, int fd, const struct flow *flow,
                   bool is_client);
void worker_hear_porter(struct worker *worker);
void worker_take_book(struct worker *worker, struct slice book); /* worker 0; borrowed */
void worker_look_at_expiries(struct worker *worker);
void worker_note_alias(struct worker *worker, const struct packet *packet);
void worker_note_clear(struct worker *worker, const struct packet *packet);
void worker_move_ledger(struct worker *worker, const struct policy *old);

/* worker_turn.c: what arrives. */
void worker_trip(struct worker *worker, const struct packet *packet);
bool worker_is_filling(const struct worker *worker); /* the outbox is to be sent now */
void worker_receive(void *owner, const struct packet *packets, unsigned count);
void worker_note_failed(void *owner, uint32_t reference);
void worker_note_closed(void *owner, uint32_t connection);
void worker_send(struct worker *worker);
void worker_hear_answer(struct worker *worker, const struct ipc_answer *answer);
void worker_hear_report(struct worker *worker, const struct media_report *report);
void worker_tick(void *owner);
void worker_wait(void *owner);
void worker_beat(void *owner);
