/*
 * One writer, one reader, records of any size: how workers hand packets over.
 *
 * No lock and no allocation.  The reader sees records whole and in order.  A record that does not
 * fit is refused and counted; nothing ever waits.
 */
#pragma once

#include "base/slice.h"

struct ring;

/* capacity is rounded up to a power of two. */
struct ring *ring_new(size_t capacity);
void ring_free(struct ring *ring);

/* Writer: pieces are joined into one record. */
bool ring_put(struct ring *ring, const struct slice *pieces, unsigned count);

/* Writer: octets, heads included, that fit now at least. */
size_t ring_room(struct ring *ring);

/* Reader: the oldest record, valid until ring_drop; false when there is none. */
bool ring_peek(struct ring *ring, struct slice *record);
void ring_drop(struct ring *ring);

uint64_t ring_refused(const struct ring *ring);
