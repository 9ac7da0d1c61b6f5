#include "app/run/notify.h"

#include "base/slice.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static uint64_t watchdog_interval(void)
{
    const char *usec = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");
    uint64_t number;

    if (usec == NULL || !slice_number(slice_string(usec), UINT64_MAX, &number)) {
        return 0;
    }
    uint64_t whose;
    if (pid != NULL &&
        (!slice_number(slice_string(pid), INT32_MAX, &whose) || whose != (uint64_t)getpid())) {
        return 0;
    }
    return number / 1000 / 2; /* twice in the time allowed */
}

void notify_open(struct notify *notify)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    const char *path = getenv("NOTIFY_SOCKET");
    size_t len = path == NULL ? 0 : strlen(path);

    *notify = (struct notify){.fd = -1, .watchdog_ms = watchdog_interval()};
    if (len > 1 && len < sizeof(name.sun_path) && (path[0] == '/' || path[0] == '@')) {
        memcpy(name.sun_path, path, len);
        name.sun_path[0] = path[0] == '@' ? '\0' : '/';
        notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
        if (notify->fd >= 0 && connect(notify->fd, (struct sockaddr *)(void *)&name, size) != 0) {
            (void)close(notify->fd);
            notify->fd = -1;
        }
    }
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
}

void notify_tell(const struct notify *notify, const char *state)
{
    if (notify->fd >= 0) {
        (void)!send(notify->fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}

void notify_reloading(const struct notify *notify)
{
    char state[64];
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    (void)snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%lld%06ld",
                   (long long)now.tv_sec, now.tv_nsec / 1000);
    notify_tell(notify, state);
}
