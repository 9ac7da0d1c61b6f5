/*
 * Rooms for messages that are not whole yet.
 *
 * Most streams need none: a message that lies whole in its segment is read there.  The rest begin
 * in a short room and move into a long one.  When rooms run out, whoever was silent longest loses
 * its room and finds the pointer empty.
 */
#pragma once

#include "base/pool.h"
#include "base/slice.h"
#include "io/capture/recent.h"

enum {
    ROOM_SHORT = 8 * 1024,  /* the head of nearly every message */
    ROOM_LONG = 512 * 1024, /* the longest message (SIP_MESSAGE_MAX) and the longest frame */
    ROOMS_SHORT = 2048,     /* 16 MiB */
    ROOMS_LONG = 32,        /* 16 MiB */
};

struct room {
    struct pool_slot slot;
    struct recent_link link;
    struct room **owner; /* emptied when the room is taken away */
    char *memory;
    uint32_t at, end; /* the octets in use */
    uint32_t max;
};

struct room_class {
    struct pool pool;
    struct recent recent;
    char *memory;
    uint32_t size;
    uint32_t count;
};

struct rooms {
    struct room_class classes[2]; /* short, long */
};

bool rooms_init(struct rooms *rooms);
void rooms_close(struct rooms *rooms);

/* Appends to *room, which is taken when empty; false when even a long room is too short. */
bool room_put(struct rooms *rooms, struct room **room, struct slice bytes);
void room_give(struct rooms *rooms, struct room **room);

static inline struct slice room_slice(const struct room *room)
{
    return slice_of(room->memory + room->at, room->end - room->at);
}

static inline void room_skip(struct room *room, size_t len)
{
    room->at += (uint32_t)len;
}
