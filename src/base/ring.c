/*
 * Places count upwards for ever; the buffer is twice the capacity, so a record that begins before
 * the end lies whole behind it.  Free room is counted in places, and so the part of a lap written
 * behind the end is never needed at the beginning before it was read.  No page of the second half
 * is touched beyond the longest record.
 */
#include "base/ring.h"

#include "base/must.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    RING_LINE = 64,               /* a cache line: writer and reader do not share one */
    RING_HEAD = sizeof(uint64_t), /* the record's length, and the alignment of records */
    RING_CAPACITY_MIN = 64,
};

#define RING_CAPACITY_MAX ((size_t)1 << 40) /* far beyond any memory; keeps the sums in range */

struct ring {
    alignas(RING_LINE) char *buffer;
    size_t capacity;

    /* The writer's line. */
    alignas(RING_LINE) atomic_size_t written;
    size_t read_seen; /* as far as the writer knows */
    _Atomic uint64_t refused;

    /* The reader's line. */
    alignas(RING_LINE) atomic_size_t read;
    size_t written_seen; /* as far as the reader knows */
};

struct ring *ring_new(size_t capacity)
{
    size_t rounded = RING_CAPACITY_MIN;

    must(capacity <= RING_CAPACITY_MAX);
    while (rounded < capacity) {
        rounded *= 2;
    }
    struct ring *ring = aligned_alloc(RING_LINE, sizeof(*ring));
    char *buffer = calloc(2, rounded);
    if (ring == NULL || buffer == NULL) {
        free(ring);
        free(buffer);
        return NULL;
    }
    *ring = (struct ring){.buffer = buffer, .capacity = rounded};
    return ring;
}

void ring_free(struct ring *ring)
{
    if (ring != NULL) {
        free(ring->buffer);
        free(ring);
    }
}

static char *ring_at(const struct ring *ring, size_t place)
{
    return ring->buffer + (place & (ring->capacity - 1));
}

/* Head and octets, rounded up so that the next head is aligned. */
static size_t record_size(uint64_t len)
{
    return (RING_HEAD + (size_t)len + RING_HEAD - 1) / RING_HEAD * RING_HEAD;
}

/* False when the sum is more than max. */
static bool pieces_len(const struct slice *pieces, unsigned count, size_t max, size_t *len)
{
    *len = 0;
    for (unsigned i = 0; i < count; i++) {
        if (pieces[i].len > max - *len) {
            return false;
        }
        *len += pieces[i].len;
    }
    return true;
}

static bool ring_has_room(struct ring *ring, size_t written, size_t size)
{
    if (size <= ring->capacity - (written - ring->read_seen)) {
        return true;
    }
    ring->read_seen = atomic_load_explicit(&ring->read, memory_order_acquire);
    return size <= ring->capacity - (written - ring->read_seen);
}

bool ring_put(struct ring *ring, const struct slice *pieces, unsigned count)
{
    size_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    size_t len;

    if (!pieces_len(pieces, count, ring->capacity - RING_HEAD, &len) ||
        !ring_has_room(ring, written, record_size(len))) {
        atomic_fetch_add_explicit(&ring->refused, 1, memory_order_relaxed);
        return false;
    }
    char *at = ring_at(ring, written);
    memcpy(at, &(uint64_t){len}, RING_HEAD);
    at += RING_HEAD;
    for (unsigned i = 0; i < count; i++) {
        if (pieces[i].len > 0) {
            memcpy(at, pieces[i].at, pieces[i].len);
            at += pieces[i].len;
        }
    }
    atomic_store_explicit(&ring->written, written + record_size(len), memory_order_release);
    return true;
}

size_t ring_room(struct ring *ring)
{
    size_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);

    ring->read_seen = atomic_load_explicit(&ring->read, memory_order_acquire);
    return ring->capacity - (written - ring->read_seen);
}

static uint64_t record_len(const char *at)
{
    uint64_t len;

    memcpy(&len, at, RING_HEAD);
    return len;
}

bool ring_peek(struct ring *ring, struct slice *record)
{
    size_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);

    if (read == ring->written_seen) {
        ring->written_seen = atomic_load_explicit(&ring->written, memory_order_acquire);
    }
    if (read == ring->written_seen) {
        *record = SLICE_NONE;
        return false;
    }
    const char *at = ring_at(ring, read);
    *record = slice_of(at + RING_HEAD, (size_t)record_len(at));
    return true;
}

void ring_drop(struct ring *ring)
{
    size_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);

    must(read != ring->written_seen);
    size_t size = record_size(record_len(ring_at(ring, read)));
    atomic_store_explicit(&ring->read, read + size, memory_order_release);
}

uint64_t ring_refused(const struct ring *ring)
{
    return atomic_load_explicit(&ring->refused, memory_order_relaxed);
}
