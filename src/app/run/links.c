#include "app/run/links.h"

#include "app/say.h"
#include "base/must.h"

#include <unistd.h>

static void on_received(void *owner, struct ipc_link *link, struct ipc_message *message)
{
    struct links *links = owner;

    links->owner.received(links->owner.owner, link, message);
}

/* The parent starts the other one again and hands down another connection. */
static void on_ended(void *owner, struct ipc_link *link, bool is_refused)
{
    struct links *links = owner;

    if (is_refused) {
        say("%s: the %s said what it may not", ipc_role_name(links->me), ipc_role_name(link->peer));
    }
}

static void links_open(struct links *links, unsigned slot)
{
    const struct ipc_owner owner = {.received = on_received, .ended = on_ended, .owner = links};
    struct ipc_link *link = &links->slots[slot];
    struct fault fault = {.text = "memory"};
    int fd = links->next[slot];

    links->next[slot] = -1;
    if (!ipc_link_init(link, fd, links->me, links->peers[slot]) ||
        !ipc_link_watch(link, links->loop, &owner, &fault)) {
        say("%s: no link to the %s: %s", ipc_role_name(links->me),
            ipc_role_name(links->peers[slot]), fault.text);
        _exit(3);
    }
    link->tag = slot;
    if (links->owner.opened != NULL) {
        links->owner.opened(links->owner.owner, link);
    }
}

static void on_closed(void *owner)
{
    struct links *links = owner;

    for (unsigned slot = 0; slot < LINKS_MAX; slot++) {
        if (links->next[slot] >= 0 && links->slots[slot].kept == NULL) {
            links_open(links, slot);
        }
    }
}

void links_init(struct links *links, struct loop *loop, enum ipc_role me,
                const struct links_owner *owner)
{
    *links = (struct links){.loop = loop, .me = me, .owner = *owner};
    for (unsigned slot = 0; slot < LINKS_MAX; slot++) {
        links->next[slot] = -1;
    }
}

void links_set(struct links *links, unsigned slot, enum ipc_role peer, int fd)
{
    must(slot < LINKS_MAX);
    struct ipc_link *link = &links->slots[slot];

    if (links->next[slot] >= 0) {
        (void)close(links->next[slot]);
    }
    links->next[slot] = fd;
    links->peers[slot] = peer;
    if (link->is_open) {
        ipc_link_close(link, on_closed, links);
    } else if (link->kept == NULL) {
        links_open(links, slot);
    }
}

void links_close(struct links *links)
{
    for (unsigned slot = 0; slot < LINKS_MAX; slot++) {
        if (links->next[slot] >= 0) {
            (void)close(links->next[slot]);
            links->next[slot] = -1;
        }
        ipc_link_close(&links->slots[slot], NULL, NULL);
    }
}
