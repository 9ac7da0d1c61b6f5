/*
 * Who was busy last: a list whose oldest member is the first to make room.
 */
#pragma once

#include <stddef.h>

struct recent_link {
    struct recent_link *older, *newer;
};

struct recent {
    struct recent_link *oldest, *newest;
};

static inline void recent_add(struct recent *recent, struct recent_link *link)
{
    *link = (struct recent_link){.older = recent->newest};
    if (recent->newest != NULL) {
        recent->newest->newer = link;
    } else {
        recent->oldest = link;
    }
    recent->newest = link;
}

static inline void recent_remove(struct recent *recent, struct recent_link *link)
{
    if (link->older != NULL) {
        link->older->newer = link->newer;
    } else {
        recent->oldest = link->newer;
    }
    if (link->newer != NULL) {
        link->newer->older = link->older;
    } else {
        recent->newest = link->older;
    }
}

static inline void recent_touch(struct recent *recent, struct recent_link *link)
{
    if (recent->newest != link) {
        recent_remove(recent, link);
        recent_add(recent, link);
    }
}
