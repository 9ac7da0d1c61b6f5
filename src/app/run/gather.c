#include "app/run/gather.h"

#include <time.h>

void gather_wait(struct gather *gather, uint64_t packets, uint64_t now_us)
{
    const struct timespec moment = {.tv_nsec = GATHER_NS};
    uint64_t window_us = now_us - gather->since_us;

    if (window_us >= GATHER_WINDOW_US) {
        gather->is_busy = (packets - gather->packets) * 1000000 / window_us >= GATHER_RATE;
        gather->since_us = now_us;
        gather->packets = packets;
    }
    if (gather->is_busy) {
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, NULL);
    }
}
