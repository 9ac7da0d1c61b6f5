/*
 * Telling systemd, when it asked to be told (NOTIFY_SOCKET): READY, RELOADING, STOPPING, WATCHDOG.
 */
#pragma once

#include <stdint.h>

struct notify {
    int fd;               /* -1: nobody asked */
    uint64_t watchdog_ms; /* how often WATCHDOG is to be told; 0: never */
};

/* Reads and removes the variables, so that no child has them. */
void notify_open(struct notify *notify);
void notify_tell(const struct notify *notify, const char *state);
/* RELOADING wants to know when. */
void notify_reloading(const struct notify *notify);
