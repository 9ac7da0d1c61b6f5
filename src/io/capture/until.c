#include "io/capture/until.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ms(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool until_open(struct until *until, uint64_t seconds, struct fault *fault)
{
    sigset_t signals;

    *until = (struct until){.signals = -1, .end_ms = UINT64_MAX};
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &signals, &until->before) != 0) {
        return fault_set(fault, "signals: %s", strerror(errno));
    }
    until->signals = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    if (until->signals < 0) {
        (void)sigprocmask(SIG_SETMASK, &until->before, NULL);
        return fault_set(fault, "signals: %s", strerror(errno));
    }
    if (seconds > 0) {
        until->end_ms = now_ms() + seconds * 1000;
    }
    return true;
}

/* The signal is taken first: unblocked while it waits, it would end the process. */
void until_close(struct until *until)
{
    struct signalfd_siginfo taken;

    if (until->signals < 0) {
        return;
    }
    while (read(until->signals, &taken, sizeof(taken)) == sizeof(taken)) {
    }
    (void)close(until->signals);
    until->signals = -1;
    (void)sigprocmask(SIG_SETMASK, &until->before, NULL);
}

static int wait_ms(const struct until *until, bool may_wait)
{
    if (!may_wait) {
        return 0;
    }
    if (until->end_ms == UINT64_MAX) {
        return -1;
    }
    uint64_t now = now_ms();
    uint64_t left = until->end_ms > now ? until->end_ms - now : 0;
    return left > INT_MAX ? INT_MAX : (int)left;
}

bool until_poll(const struct until *until, struct pollfd *polls, unsigned count, bool may_wait)
{
    polls[0] = (struct pollfd){.fd = until->signals, .events = POLLIN};
    while (poll(polls, count, wait_ms(until, may_wait)) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    return polls[0].revents == 0 && (until->end_ms == UINT64_MAX || now_ms() < until->end_ms);
}
