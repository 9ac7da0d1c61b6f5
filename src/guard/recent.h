/*
 * How often something happened just now: counts that are forgotten again.
 *
 * For controls whose rule is about more than one message.  A fixed table, one per worker; what is
 * known is a keyed hash and a count, so nobody's name is kept.  Where two keys meet, the older one
 * goes: a count may be too low, never too high.
 */
#pragma once

#include "guard/inspect.h"

enum {
    RECENT_WAYS = 4,
    RECENT_PLACES = 16384, /* a quarter of a megabyte: what a busy minute of messages needs */
};

/* What is counted; each name is a space of its own. */
enum recent_kind {
    RECENT_FAILED_USER,   /* credentials refused, by user and source */
    RECENT_FAILED_SOURCE, /* users whose credentials were refused, by source */
    RECENT_RECEIVER,      /* messages, by sender and receiver */
    RECENT_RECEIVERS,     /* receivers, by sender */
    RECENT_SAME_TEXT,     /* receivers of one text, by sender's side and text */
    RECENT_NOTIFICATION,  /* NOTIFYs, by subscription */
    RECENT_MESSAGE_ID,    /* wrapped messages, by sender and name */
    RECENT_DISPOSITION,   /* notifications about one wrapped message */
    RECENT_PASSAGE,       /* the same call in again, by session and called */
    RECENT_DEVICE_USER,   /* REGISTERs, by device and user */
    RECENT_DEVICE_USERS,  /* users, by device */
    RECENT_UNKNOWN_USER,  /* asked for and not there, by source and user */
    RECENT_UNKNOWN_USERS, /* such users, by source */
    RECENT_DIALLED,       /* calls, by source and number as dialled */
    RECENT_DIALLED_TAIL,  /* ways one number was dialled, by source and its end */
    RECENT_KIND_COUNT,
};

struct recent_place {
    uint64_t key; /* 0: never used */
    uint32_t since_s;
    uint32_t count;
};

struct recent {
    struct recent_place places[RECENT_PLACES];
};

/* The names of what is counted; a control fills in what it needs. */
struct recent_key {
    enum recent_kind kind;
    struct slice a, b;
};

/* One more: how many in the window that is open, this one counted.  A window is of window_s
 * seconds from its first.  0 without tallies. */
uint32_t recent_count(struct inspection *inspection, const struct recent_key *key,
                      uint32_t window_s);
/* How many so far. */
uint32_t recent_of(const struct inspection *inspection, const struct recent_key *key,
                   uint32_t window_s);
