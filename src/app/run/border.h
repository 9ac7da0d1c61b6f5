/*
 * The process that judges and relays: its workers, and what the parent says to them.
 */
#pragma once

#include "app/run/worker.h"

/* What the main thread tells a worker; descriptors and memory go with it. */
enum worker_command_kind {
    COMMAND_LISTENER, /* number: index; fd */
    COMMAND_LINK,     /* number: role; fd */
    COMMAND_OPENED,   /* number: connection; fd or -1 */
    COMMAND_POLICY,   /* plan, renumbered */
    COMMAND_DRAIN,
};

struct worker_command {
    enum worker_command_kind kind;
    uint32_t number;
    int fd;
    const struct plan *plan;
    uint16_t renumbered[POLICY_LISTENERS_MAX]; /* by old index: the new one, or LISTENER_NONE */
};

struct worker *border_worker(struct border *border, uint32_t index);
const struct hash_key *border_key(const struct border *border);

/* Of the main thread. */
void border_look(struct border *border); /* at what the workers noted */
void border_want_connection(struct border *border, const struct ipc_open *open);

/* From any worker's thread. */
void border_note_begun(struct border *border);
void border_note_policy(struct border *border);
void border_note_drained(struct border *border, uint32_t worker, bool is_idle);
