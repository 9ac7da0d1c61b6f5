/*
 * Which events are told: a flood must not become a flood of events, nor a habit of a neighbour.
 *
 * What changed nothing but the message (noted, stripped) is told a few times per control and peer,
 * then counted; everything together is bounded per second.  The tallies count all of it.
 */
#pragma once

#include "guard/inspect.h"

enum {
    TELL_MAX = 2000,    /* events of one second */
    TELL_SAME_MAX = 10, /* of one control and peer that changed little, in ... */
    TELL_SAME_S = 10,   /* ... so many seconds */
    TELL_PLACES = 4096, /* controls and peers by hash; those that meet share their number */
};

struct tell {
    uint64_t second, same_window;
    uint32_t told;             /* in that second */
    uint8_t same[TELL_PLACES]; /* in that window */
};

bool tell_is_wanted(struct tell *tell, const struct inspection *inspection, uint64_t now_us);
