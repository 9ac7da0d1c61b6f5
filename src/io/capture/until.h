/*
 * When a live source ends: at SIGINT or SIGTERM, or when its time is over.
 *
 * The two signals are blocked and read from a descriptor, so that whoever waits for octets waits
 * for them, too, and the report is still written.
 */
#pragma once

#include "base/fault.h"

#include <poll.h>
#include <signal.h>
#include <stdint.h>

struct until {
    sigset_t before; /* what was blocked */
    int signals;     /* descriptor; -1 while not open */
    uint64_t end_ms; /* monotonic; UINT64_MAX: never */
};

/* seconds 0: until a signal. */
bool until_open(struct until *until, uint64_t seconds, struct fault *fault);
void until_close(struct until *until);

/* Waits for the descriptors, polls[1] and on; polls[0] is set here.  With may_wait false only asks.
 * False when it is over. */
bool until_poll(const struct until *until, struct pollfd *polls, unsigned count, bool may_wait);
