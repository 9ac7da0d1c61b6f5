/*
 * Timers, in milliseconds of whatever clock the caller lives by.
 *
 * Setting and stopping cost the same however many timers run.  A timer is a member of the record
 * it belongs to; the wheel holds pointers, so it is made anew by each worker.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { WHEEL_LEVELS = 5, WHEEL_SLOTS = 64 }; /* 64^5 ms: 12 days; later deadlines wait aside */

struct wheel_timer {
    struct wheel_timer *next, **link; /* NULL while not set */
    uint64_t due_ms;
    uint32_t kind;  /* the owner's: which timer of the record this is */
    uint32_t owner; /* the owner's: index of the record */
};

struct wheel {
    uint64_t now_ms;
    uint64_t busy[WHEEL_LEVELS]; /* bit per slot that holds a timer */
    struct wheel_timer *slots[WHEEL_LEVELS][WHEEL_SLOTS];
    struct wheel_timer *far; /* beyond the turn of the slowest level */
    struct wheel_timer *due, **due_end;
    uint32_t count; /* timers set */
};

/* The wheel stays where it is made: timers point into it. */
void wheel_init(struct wheel *wheel, uint64_t now_ms);

/* A timer already set is moved.  A deadline in the past is due at the next wheel_take. */
void wheel_set(struct wheel *wheel, struct wheel_timer *timer, uint64_t due_ms);
void wheel_stop(struct wheel *wheel, struct wheel_timer *timer); /* one not set is left alone */

static inline bool wheel_is_set(const struct wheel_timer *timer)
{
    return timer->link != 0;
}

/* Advances to now and takes one timer that is due, the earliest deadline first, or NULL.  The timer
 * is no longer set.  Call until NULL.  A clock that goes back is waited for. */
struct wheel_timer *wheel_take(struct wheel *wheel, uint64_t now_ms);

/* When wheel_take should be called next at the latest; UINT64_MAX when no timer is set.  May be
 * early (a slot is looked into), never late. */
uint64_t wheel_next_ms(const struct wheel *wheel);
