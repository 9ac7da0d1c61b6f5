#include "io/loop.h"

#include "base/must.h"

#include <time.h>

void loop_read_clock(struct loop *loop)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    loop->now_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static struct loop *loop_of(const uv_handle_t *handle)
{
    return uv_loop_get_data(uv_handle_get_loop(handle));
}

static void on_wake(uv_async_t *async)
{
    struct loop *loop = async->data;

    loop_read_clock(loop);
    if (loop->woken != NULL) {
        loop->woken(loop->woken_owner);
    }
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct loop *loop = prepare->data;

    loop->waits(loop->waits_owner);
}

void loop_before_wait(struct loop *loop, void (*waits)(void *owner), void *owner)
{
    loop->waits = waits;
    loop->waits_owner = owner;
    (void)uv_prepare_start(&loop->before_wait, on_prepare);
}

bool loop_init(struct loop *loop, struct fault *fault)
{
    *loop = (struct loop){.now_us = 0};
    int error = uv_loop_init(&loop->uv);
    if (error != 0) {
        return fault_set(fault, "event loop: %s", uv_strerror(error));
    }
    uv_loop_set_data(&loop->uv, loop);
    error = uv_async_init(&loop->uv, &loop->wake, on_wake);
    if (error != 0) {
        (void)uv_loop_close(&loop->uv);
        return fault_set(fault, "event loop: %s", uv_strerror(error));
    }
    loop->wake.data = loop;
    (void)uv_prepare_init(&loop->uv, &loop->before_wait);
    loop->before_wait.data = loop;
    /* Being wakeable is no reason to go on. */
    uv_unref((uv_handle_t *)&loop->wake);
    uv_unref((uv_handle_t *)&loop->before_wait);
    loop_read_clock(loop);
    return true;
}

void loop_end(struct loop *loop)
{
    uv_close((uv_handle_t *)&loop->wake, NULL);
    uv_close((uv_handle_t *)&loop->before_wait, NULL);
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
    must(uv_loop_close(&loop->uv) == 0);
}

void loop_run(struct loop *loop)
{
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_run_at_once(struct loop *loop)
{
    (void)uv_run(&loop->uv, UV_RUN_NOWAIT);
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}

void loop_wake(struct loop *loop)
{
    (void)uv_async_send(&loop->wake);
}

void loop_on_wake(struct loop *loop, void (*woken)(void *owner), void *owner)
{
    loop->woken = woken;
    loop->woken_owner = owner;
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct loop_watch *watch = poll->data;
    unsigned ready = (unsigned)events;

    loop_read_clock(loop_of((uv_handle_t *)poll));
    if (status < 0) {
        /* libuv stops a watch when the descriptor has an error to tell.  It is what the next read
         * or write will say, so both are tried and the watch goes on. */
        ready = watch->events;
        watch->events = 0;
        loop_watch_for(watch, ready);
    }
    watch->ready(watch->owner, ready);
}

bool loop_watch_open(struct loop *loop, struct loop_watch *watch, int fd, struct fault *fault)
{
    int error = uv_poll_init(&loop->uv, &watch->poll, fd);

    if (error != 0) {
        return fault_set(fault, "descriptor %d cannot be waited for: %s", fd, uv_strerror(error));
    }
    watch->poll.data = watch;
    watch->events = 0;
    return true;
}

void loop_watch_for(struct loop_watch *watch, unsigned events)
{
    if (watch->events == events) {
        return;
    }
    watch->events = events;
    if (events == 0) {
        (void)uv_poll_stop(&watch->poll);
    } else {
        (void)uv_poll_start(&watch->poll, (int)events, on_ready);
    }
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct loop_watch *watch = handle->data;

    if (watch->closed != NULL) {
        watch->closed(watch->owner);
    }
}

void loop_watch_close(struct loop_watch *watch, loop_closed *closed)
{
    watch->closed = closed;
    watch->events = 0;
    uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
}

static void on_alarm(uv_timer_t *timer)
{
    struct loop_alarm *alarm = timer->data;

    loop_read_clock(loop_of((uv_handle_t *)timer));
    alarm->due_ms = UINT64_MAX;
    alarm->rings(alarm->owner);
}

void loop_alarm_open(struct loop *loop, struct loop_alarm *alarm, loop_rings *rings, void *owner)
{
    (void)uv_timer_init(&loop->uv, &alarm->timer);
    alarm->timer.data = alarm;
    alarm->rings = rings;
    alarm->owner = owner;
    alarm->due_ms = UINT64_MAX;
}

void loop_alarm_at(struct loop_alarm *alarm, uint64_t due_ms)
{
    if (alarm->due_ms == due_ms) {
        return;
    }
    alarm->due_ms = due_ms;
    if (due_ms == UINT64_MAX) {
        (void)uv_timer_stop(&alarm->timer);
        return;
    }
    /* libuv counts from its own, cached idea of now: both are milliseconds of the same clock. */
    uint64_t now_ms = uv_now(uv_handle_get_loop((uv_handle_t *)&alarm->timer));
    (void)uv_timer_start(&alarm->timer, on_alarm, due_ms > now_ms ? due_ms - now_ms : 0, 0);
}

void loop_alarm_close(struct loop_alarm *alarm)
{
    uv_close((uv_handle_t *)&alarm->timer, NULL);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct loop_signal *signal = handle->data;

    (void)number;
    loop_read_clock(loop_of((uv_handle_t *)handle));
    signal->rings(signal->owner);
}

bool loop_signal_open(struct loop *loop, struct loop_signal *signal, int number, loop_rings *rings,
                      void *owner, struct fault *fault)
{
    int error = uv_signal_init(&loop->uv, &signal->signal);

    if (error == 0) {
        signal->signal.data = signal;
        signal->rings = rings;
        signal->owner = owner;
        error = uv_signal_start(&signal->signal, on_signal, number);
    }
    if (error != 0) {
        return fault_set(fault, "signal %d: %s", number, uv_strerror(error));
    }
    return true;
}

void loop_signal_close(struct loop_signal *signal)
{
    uv_close((uv_handle_t *)&signal->signal, NULL);
}
