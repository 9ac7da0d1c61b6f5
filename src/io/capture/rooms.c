#include "io/capture/rooms.h"

#include "io/capture/pages.h"

static bool class_init(struct room_class *rooms, uint32_t size, uint32_t count)
{
    void *slots = pages_new(pool_size(sizeof(struct room), count));

    rooms->size = size;
    rooms->count = count;
    rooms->memory = pages_new((size_t)size * (count + 1));
    rooms->pool.slots = slots;
    if (slots == NULL || rooms->memory == NULL) {
        return false;
    }
    pool_init(&rooms->pool, slots, sizeof(struct room), count);
    return true;
}

static void class_close(struct room_class *rooms)
{
    pages_free(rooms->pool.slots, pool_size(sizeof(struct room), rooms->count));
    pages_free(rooms->memory, (size_t)rooms->size * (rooms->count + 1));
}

bool rooms_init(struct rooms *rooms)
{
    *rooms = (struct rooms){0};
    return class_init(&rooms->classes[0], ROOM_SHORT, ROOMS_SHORT) &&
           class_init(&rooms->classes[1], ROOM_LONG, ROOMS_LONG);
}

void rooms_close(struct rooms *rooms)
{
    class_close(&rooms->classes[0]);
    class_close(&rooms->classes[1]);
}

static struct room_class *class_of(struct rooms *rooms, const struct room *room)
{
    return &rooms->classes[room->max == ROOM_LONG];
}

void room_give(struct rooms *rooms, struct room **room)
{
    if (*room != NULL) {
        struct room_class *class = class_of(rooms, *room);

        recent_remove(&class->recent, &(*room)->link);
        pool_give(&class->pool, *room);
        *room = NULL;
    }
}

static struct room *room_of(struct recent_link *link)
{
    return (struct room *)((char *)link - offsetof(struct room, link));
}

static struct room *room_take(struct rooms *rooms, struct room_class *class, struct room **owner)
{
    struct room *room = pool_take(&class->pool);

    if (room == NULL) {
        room_give(rooms, room_of(class->recent.oldest)->owner);
        room = pool_take(&class->pool);
    }
    room->owner = owner;
    room->memory = class->memory + (size_t)pool_handle(&class->pool, room).index * class->size;
    room->max = class->size;
    recent_add(&class->recent, &room->link);
    return room;
}

static void room_append(struct room *room, struct slice bytes)
{
    if (room->max - room->end < bytes.len) {
        memmove(room->memory, room->memory + room->at, room->end - room->at);
        room->end -= room->at;
        room->at = 0;
    }
    memcpy(room->memory + room->end, bytes.at, bytes.len);
    room->end += (uint32_t)bytes.len;
}

bool room_put(struct rooms *rooms, struct room **room, struct slice bytes)
{
    struct slice kept = *room == NULL ? SLICE_NONE : room_slice(*room);
    size_t len = kept.len + bytes.len;

    if (len > ROOM_LONG) {
        return false;
    }
    if (*room == NULL) {
        *room = room_take(rooms, &rooms->classes[len > ROOM_SHORT], room);
    } else if (len > (*room)->max) {
        struct room *wide = room_take(rooms, &rooms->classes[1], room);

        room_append(wide, kept);
        room_give(rooms, room);
        *room = wide;
    }
    recent_touch(&class_of(rooms, *room)->recent, &(*room)->link);
    room_append(*room, bytes);
    return true;
}
