/*
 * The media gate: a process that passes packets between the two sides of the streams it was told
 * of, and answers nobody.
 *
 * It opens no socket and no file: the parent hands it all ports, one order connection per worker,
 * and its limits.  Streams outlive the workers; when one is killed its audio goes on.
 */
#pragma once

#include "base/hash.h"
#include "io/media/certificate.h"
#include "wire/media_order.h"

struct media_limits {
#define MEDIA_LIMIT(name, usual, what) uint32_t name;
#include "io/media/limits.def"
#undef MEDIA_LIMIT
};

/* Counted by the gate alone; others may look at any time. */
struct media_totals {
#define MEDIA_TOTAL(name, written, what) uint64_t name;
#include "io/media/totals.def"
#undef MEDIA_TOTAL
    uint64_t dropped[MEDIA_REASON_COUNT];
};

enum { MEDIA_WORKERS_MAX = 64 };

struct media_setup {
    const struct media_pool *pools;
    uint32_t pool_count;
    const int *sockets; /* as media_sockets_open filled them; -1 where a port is left out */

    /* A SOCK_SEQPACKET connection per worker, never blocking, worker's number = index; -1: the
     * parent introduces that worker later. */
    const int *workers;
    uint32_t worker_count;

    /* SOCK_SEQPACKET to the parent, or -1.  Each message is a struct media_introduction with one
     * descriptor: the new connection of a worker that was started anew.  When the parent closes its
     * end the gate stops. */
    int parent;

    struct media_limits limits;
    struct media_totals *totals; /* zeroed and shared with who wants to look, or NULL */
    const struct media_certificate *certificate; /* for DTLS; NULL: there is none */
    struct hash_key key; /* chance: hides SSRCs, keeps tables of strangers even */
};

struct media_introduction {
    uint32_t worker;
};

struct gate;

/* Everything that is asked of the kernel once: memory, the means to wait.  What is handed over in
 * the setup stays the caller's memory and must last.  NULL when it was refused. */
struct gate *media_gate_new(const struct media_setup *setup);

/* Afterwards a gate only waits, receives, sends, sets options of its sockets, closes and reads the
 * clock.  Returns when the parent closes its end. */
void media_gate_run(struct gate *gate);

/* With the connections of the workers; ports and parent stay open. */
void media_gate_free(struct gate *gate);

/* All three.  1 when the kernel refused at start, else 0. */
int media_run(const struct media_setup *setup);
