/*
 * Letting packets gather: a turn costs more than what it carries, so a busy worker takes fewer and
 * fuller ones.  An idle one waits for nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    GATHER_RATE = 8000,       /* packets in a second from which on it pays (performance 4) */
    GATHER_NS = 250000,       /* what it may add to the delay of one */
    GATHER_WINDOW_US = 50000, /* over which the rate is taken */
};

struct gather {
    uint64_t since_us, packets; /* when the window began, and how many there were then */
    bool is_busy;
};

/* Before each wait: packets counts all so far. */
void gather_wait(struct gather *gather, uint64_t packets, uint64_t now_us);
