/*
 * A child of the parent: what it was given before it began, and how it begins.
 *
 * Every child is the same program started anew, so that nothing of the parent's memory is in it.
 * It knows one descriptor, the connection to the parent, and is told everything else over it.
 */
#pragma once

#include "app/file.h"
#include "app/run/crew.h"
#include "io/ipc.h"
#include "io/udp.h"

enum {
    CHILD_DESCRIPTOR = 3, /* the connection to the parent */
};

struct child_memory {
    int fd;
    size_t len;
    struct hash_key key;
};

struct child {
    enum ipc_role role;
    struct ipc_start start;
    struct ipc_link parent;
    struct slice policy_text;
    struct slice book; /* for TLS: certificates, or the keeper's secrets; on the heap */
    uint32_t policy_version;
    int lists; /* sealed memory; -1: none */
    size_t lists_len;
    int folder;    /* where the process is locked in */
    int journal;   /* -1: none */
    int collector; /* of the border; -1: nobody collects */
    struct child_memory counters, vault;
    struct child_memory tables[CREW_MAX];
    /* By worker and kind; -1: none. */
    int listeners[CREW_MAX][UDP_KIND_COUNT][POLICY_LISTENERS_MAX];
    int links[ROLE_COUNT][CREW_LINKS]; /* -1: none yet */
    int *ports;                        /* of media */
    uint32_t port_count;
    struct ipc_certificate certificate; /* of media; wiped once the gate has it */
    int introductions;
};

/* What a role does once it was told everything; the exit status. */
int border_main(struct child *child);
int media_main(struct child *child);
int keeper_main(struct child *child);
int recorder_main(struct child *child);
int resolver_main(struct child *child);

/* The whole life of a child. */
int child_main(struct slice name);

/* The recipe.  False, after saying so, when something could not be given up. */
bool child_drop(struct child *child);
bool child_confine(struct child *child);
void child_is_running(struct child *child);

/* What a child without workers hears once it runs. */
struct child_calls {
    void (*link)(void *owner, uint32_t worker, int fd);
    void (*take_policy)(void *owner, struct policy *policy); /* which becomes the owner's */
    void (*take_secrets)(void *owner, struct slice book);    /* borrowed; may be NULL */
    void (*end)(void *owner);                                /* the parent is gone; may be NULL */
    void *owner;
};

/* From the first policy and links, through the last of the recipe, until the parent is gone. */
int child_live(struct child *child, struct loop *loop, const struct child_calls *calls);

/* Nothing of it stays in memory. */
void child_book_free(struct slice book);

size_t keeper_vault_size(void);

/* The policy the child was given; NULL after saying why. */
struct policy *child_policy(struct slice text, uint32_t version);

/* What a process is made of: zeroed; without it there is no process. */
void *child_memory_new(size_t len);

/* The memory mapped; NULL after saying so. */
void *child_map(const struct child_memory *memory, const char *what);
