/*
 * A source of octets, looked at through a window that only moves forward.
 *
 * However long the source, the memory stays the same.  What was shown stays valid until the window
 * is asked to show more.
 */
#pragma once

#include "base/slice.h"

/* Up to max octets to at: their count, 0 at the end, or a negative errno. */
typedef ptrdiff_t capture_read(void *from, char *at, size_t max);

struct window {
    capture_read *read;
    void *from;
    char *memory;
    size_t max;      /* octets of memory */
    size_t at, end;  /* what is in memory and not yet taken */
    uint64_t offset; /* of the octet at `at`, in the source */
    int failure;     /* errno of a failed read, after which the source has ended */
    bool is_ended;
};

void window_init(struct window *window, capture_read *read, void *from, char *memory, size_t max);

/* Makes the next len octets lie in one piece; false when the source ends before.  len <= max. */
bool window_fill(struct window *window, size_t len);

/* Past len octets; false when the source ends before. */
bool window_skip(struct window *window, uint64_t len);

static inline bool window_need(struct window *window, size_t len)
{
    return len <= window->end - window->at || window_fill(window, len);
}

static inline const char *window_at(const struct window *window)
{
    return window->memory + window->at;
}

static inline size_t window_left(const struct window *window)
{
    return window->end - window->at;
}

static inline void window_take(struct window *window, size_t len)
{
    window->at += len;
    window->offset += len;
}
