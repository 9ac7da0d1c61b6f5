/*
 * Links to other processes that may be started anew: then the parent hands down another connection
 * for the same slot, and the old link is closed before the new one takes its place.
 */
#pragma once

#include "io/ipc.h"

enum { LINKS_MAX = 65 }; /* workers and the porter, crew.h; roles are fewer */

struct links_owner {
    void (*received)(void *owner, struct ipc_link *link, struct ipc_message *message);
    void (*opened)(void *owner, struct ipc_link *link); /* may be NULL */
    void *owner;
};

struct links {
    struct loop *loop;
    enum ipc_role me;
    struct links_owner owner;
    struct ipc_link slots[LINKS_MAX]; /* tag: the slot's number */
    enum ipc_role peers[LINKS_MAX];
    int next[LINKS_MAX]; /* while the old one closes; -1: none */
};

void links_init(struct links *links, struct loop *loop, enum ipc_role me,
                const struct links_owner *owner);

/* The descriptor becomes the link's. */
void links_set(struct links *links, unsigned slot, enum ipc_role peer, int fd);

/* Whether there ever was one. */
static inline bool links_has(const struct links *links, unsigned slot)
{
    return links->peers[slot] != 0;
}

void links_close(struct links *links);

static inline struct ipc_link *links_at(struct links *links, unsigned slot)
{
    return &links->slots[slot];
}
