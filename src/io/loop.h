/*
 * One thread's turn: wait, hand out what is ready, ring the alarms.
 *
 * A thin cover over libuv, so that watches and alarms are members of whatever they belong to and
 * the clock is read once per turn.  Nothing here knows what the descriptors carry.
 */
#pragma once

#include "base/fault.h"

#include <stdint.h>
#include <uv.h>

enum { LOOP_READABLE = UV_READABLE, LOOP_WRITABLE = UV_WRITABLE };

/* All times are of the monotonic clock. */
struct loop {
    uv_loop_t uv;
    uv_async_t wake;
    uv_prepare_t before_wait;
    void (*woken)(void *owner);
    void *woken_owner;
    void (*waits)(void *owner);
    void *waits_owner;
    uint64_t now_us;
};

typedef void loop_ready(void *owner, unsigned events);
typedef void loop_rings(void *owner);
typedef void loop_closed(void *owner);

/* A descriptor that is waited for.  The descriptor stays its owner's. */
struct loop_watch {
    uv_poll_t poll;
    loop_ready *ready;
    loop_closed *closed;
    void *owner;
    unsigned events; /* waited for now */
};

struct loop_alarm {
    uv_timer_t timer;
    loop_rings *rings;
    void *owner;
    uint64_t due_ms; /* UINT64_MAX while not set */
};

struct loop_signal {
    uv_signal_t signal;
    loop_rings *rings;
    void *owner;
};

bool loop_init(struct loop *loop, struct fault *fault);
/* Everything must have been closed by its owner; closings still under way are waited for. */
void loop_end(struct loop *loop);

void loop_run(struct loop *loop);         /* until loop_stop, or nothing is left to wait for */
void loop_run_at_once(struct loop *loop); /* what is ready now */
void loop_stop(struct loop *loop);

/* Read at the beginning of each call-back; between two call-backs nobody needs it finer. */
static inline uint64_t loop_now_us(const struct loop *loop)
{
    return loop->now_us;
}

static inline uint64_t loop_now_ms(const struct loop *loop)
{
    return loop->now_us / 1000;
}

/* Reads the clock again, for whoever did something long. */
void loop_read_clock(struct loop *loop);

/* The only function that other threads may call: woken is called once, or once for several. */
void loop_wake(struct loop *loop);
void loop_on_wake(struct loop *loop, void (*woken)(void *owner), void *owner);

/* Called each time before the loop waits. */
void loop_before_wait(struct loop *loop, void (*waits)(void *owner), void *owner);

bool loop_watch_open(struct loop *loop, struct loop_watch *watch, int fd, struct fault *fault);
void loop_watch_for(struct loop_watch *watch, unsigned events); /* 0: nothing */
/* The descriptor may be closed at once, the watch's memory is needed until closed was called. */
void loop_watch_close(struct loop_watch *watch, loop_closed *closed);

void loop_alarm_open(struct loop *loop, struct loop_alarm *alarm, loop_rings *rings, void *owner);
/* UINT64_MAX: never.  Setting the same time again costs nothing. */
void loop_alarm_at(struct loop_alarm *alarm, uint64_t due_ms);
void loop_alarm_close(struct loop_alarm *alarm);

void loop_signal_close(struct loop_signal *signal);
bool loop_signal_open(struct loop *loop, struct loop_signal *signal, int number, loop_rings *rings,
                      void *owner, struct fault *fault);
