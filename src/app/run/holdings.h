/*
 * What the parent owns and its children use: sockets, tables, ports, folders.
 *
 * A child that is killed loses nothing of it: its successor is given the same again.
 */
#pragma once

#include "app/run/child.h"
#include "io/media/gate.h"

struct holding_listener {
    struct address address;
    enum transport transport;
    /* One a worker, in one SO_REUSEPORT group; -1: none.  Strangers have sockets of their own where
     * only neighbours are expected. */
    int fds[UDP_KIND_COUNT][CREW_MAX];
};

struct holding_memory {
    int fd;
    size_t len;
    void *at; /* mapped here, to be looked at; NULL when it is not */
};

struct holdings {
    struct ipc_start start;                                  /* capacities, user */
    struct holding_listener listeners[POLICY_LISTENERS_MAX]; /* of the policy, by its index */
    uint32_t listener_count;
    struct holding_memory tables[CREW_MAX];
    struct hash_key key; /* of the tables */
    struct holding_memory counters[ROLE_COUNT];
    struct holding_memory vault;
    struct media_certificate certificate; /* of the gate, for as long as the store runs */
    struct media_pool pools[MEDIA_POOLS_MAX];
    uint32_t pool_count;
    int *ports;
    uint32_t port_count;
    int empty_folder, journal_folder; /* -1: none */
    int collector;                    /* of copies of what passes; -1: nobody */
};

void holdings_init(struct holdings *holdings); /* nothing is held */

/* Everything a policy asks for; state_folder is where the empty folder is made. */
bool holdings_open(struct holdings *holdings, const struct policy *policy, const char *state_folder,
                   struct fault *fault);
void holdings_close(struct holdings *holdings);

/* The listeners of a new policy, those both have taken over.  On a fault nothing is changed; what
 * is_new says is to be given to the border. */
bool holdings_change_listeners(struct holdings *holdings, const struct policy *policy,
                               bool is_new[POLICY_LISTENERS_MAX], struct fault *fault);

/* Among the files of holdings. */
void holding_listener_close(struct holding_listener *listener);
