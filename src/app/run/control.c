#include "app/run/control.h"

#include "app/run/paths.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    CONTROL_ASKERS_MAX = 8, /* at the same time; further ones wait in the kernel */
    CONTROL_LINE_MAX = 64,
    CONTROL_ANSWER_MAX = 4 << 20, /* 4096 peers of 200 octets, many times over */
    CONTROL_PATIENCE_MS = 2000,   /* for the line, and for the answer to be taken */
};

struct asker {
    struct loop_watch watch;
    struct control *control;
    uint64_t since_ms;
    int fd;
    bool is_there, is_closing;
    size_t line_len;
    char line[CONTROL_LINE_MAX];
    struct text answer;
    size_t sent;
};

struct control {
    struct parent *parent;
    struct loop_watch watch;
    struct loop_alarm alarm;
    int fd;
    struct asker askers[CONTROL_ASKERS_MAX];
};

static void asker_closed(void *owner)
{
    struct asker *asker = owner;

    free(asker->answer.at);
    memset(asker, 0, sizeof(*asker));
}

static void asker_close(struct asker *asker)
{
    if (asker->is_there && !asker->is_closing) {
        asker->is_closing = true;
        loop_watch_close(&asker->watch, asker_closed);
        (void)close(asker->fd);
    }
}

static void asker_send(struct asker *asker)
{
    struct slice left = slice_skip(text_slice(&asker->answer), asker->sent);
    ssize_t len = send(asker->fd, left.at, left.len, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (len < 0 && errno != EAGAIN) {
        asker_close(asker);
        return;
    }
    asker->sent += len > 0 ? (size_t)len : 0;
    if (asker->sent == asker->answer.len) {
        asker_close(asker);
    }
}

static void asker_answer(struct asker *asker, struct slice line)
{
    struct text *answer = &asker->answer;
    char *room = malloc(CONTROL_ANSWER_MAX);

    if (room == NULL) {
        asker_close(asker);
        return;
    }
    text_init(answer, room, CONTROL_ANSWER_MAX);
    if (slice_equal(line, SLICE("status"))) {
        status_write(answer, asker->control->parent);
    } else if (slice_equal(line, SLICE("status json"))) {
        status_write_json(answer, asker->control->parent);
    } else if (slice_equal(line, SLICE("journal"))) {
        text_put(answer, asker->control->parent->policy->journal);
        text_put_octet(answer, '\n');
    } else {
        text_put(answer, SLICE("unknown\n"));
    }
    loop_watch_for(&asker->watch, LOOP_WRITABLE);
    asker_send(asker);
}

static void asker_read(struct asker *asker)
{
    ssize_t len = recv(asker->fd, asker->line + asker->line_len,
                       sizeof(asker->line) - asker->line_len, MSG_DONTWAIT);

    if (len < 0 && errno == EAGAIN) {
        return;
    }
    if (len <= 0) {
        asker_close(asker);
        return;
    }
    asker->line_len += (size_t)len;
    struct slice line = slice_of(asker->line, asker->line_len);
    size_t end = slice_find(line, '\n');
    if (end < line.len) {
        asker_answer(asker, slice_head(line, end));
    } else if (asker->line_len == sizeof(asker->line)) {
        asker_close(asker);
    }
}

static void on_asker_ready(void *owner, unsigned events)
{
    struct asker *asker = owner;

    (void)events;
    if (asker->answer.at != NULL) {
        asker_send(asker);
    } else {
        asker_read(asker);
    }
}

static struct asker *asker_free(struct control *control)
{
    for (unsigned i = 0; i < CONTROL_ASKERS_MAX; i++) {
        if (!control->askers[i].is_there) {
            return &control->askers[i];
        }
    }
    return NULL;
}

static bool is_allowed(int fd)
{
    struct ucred who;
    socklen_t len = sizeof(who);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 &&
           (who.uid == 0 || who.uid == geteuid());
}

static void on_door_ready(void *owner, unsigned events)
{
    struct control *control = owner;
    struct asker *asker = asker_free(control);
    struct fault fault;

    (void)events;
    int fd = accept4(control->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        return;
    }
    if (asker == NULL || !is_allowed(fd)) {
        (void)close(fd);
        return;
    }
    *asker = (struct asker){.control = control, .fd = fd, .is_there = true};
    asker->since_ms = loop_now_ms(&control->parent->loop);
    asker->watch.ready = on_asker_ready;
    asker->watch.owner = asker;
    if (!loop_watch_open(&control->parent->loop, &asker->watch, fd, &fault)) {
        asker->is_there = false;
        (void)close(fd);
        return;
    }
    loop_watch_for(&asker->watch, LOOP_READABLE);
    loop_alarm_at(&control->alarm, asker->since_ms + CONTROL_PATIENCE_MS);
}

static void on_alarm(void *owner)
{
    struct control *control = owner;
    uint64_t now_ms = loop_now_ms(&control->parent->loop);
    uint64_t next_ms = UINT64_MAX;

    for (unsigned i = 0; i < CONTROL_ASKERS_MAX; i++) {
        struct asker *asker = &control->askers[i];
        uint64_t due_ms = asker->since_ms + CONTROL_PATIENCE_MS;

        if (asker->is_there && due_ms <= now_ms) {
            asker_close(asker);
        } else if (asker->is_there && due_ms < next_ms) {
            next_ms = due_ms;
        }
    }
    loop_alarm_at(&control->alarm, next_ms);
}

static int door_open(const char *folder, struct fault *fault)
{
    struct sockaddr_un name;
    int fd = -1;

    if (!control_name(folder, &name, fault)) {
        return -1;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    mode_t mask = umask(0177);
    (void)unlink(name.sun_path);
    bool is_bound = fd >= 0 && bind(fd, (struct sockaddr *)(void *)&name, sizeof(name)) == 0 &&
                    listen(fd, CONTROL_ASKERS_MAX) == 0;
    (void)umask(mask);
    if (!is_bound) {
        (void)fault_set(fault, "%s: %s", name.sun_path, strerror(errno));
        if (fd >= 0) {
            (void)close(fd);
        }
        return -1;
    }
    return fd;
}

struct control *control_open(struct parent *parent, struct fault *fault)
{
    struct control *control = calloc(1, sizeof(*control));

    if (control == NULL) {
        (void)fault_set(fault, "no memory for the control socket");
        return NULL;
    }
    control->parent = parent;
    control->fd = door_open(parent->state_folder, fault);
    control->watch.ready = on_door_ready;
    control->watch.owner = control;
    if (control->fd < 0 || !loop_watch_open(&parent->loop, &control->watch, control->fd, fault)) {
        free(control);
        return NULL;
    }
    loop_alarm_open(&parent->loop, &control->alarm, on_alarm, control);
    loop_watch_for(&control->watch, LOOP_READABLE);
    return control;
}

void control_close(struct control *control)
{
    struct sockaddr_un name;
    struct fault fault;

    if (control == NULL) {
        return;
    }
    for (unsigned i = 0; i < CONTROL_ASKERS_MAX; i++) {
        asker_close(&control->askers[i]);
    }
    if (control_name(control->parent->state_folder, &name, &fault)) {
        (void)unlink(name.sun_path);
    }
    loop_alarm_close(&control->alarm);
    (void)close(control->fd);
    loop_watch_close(&control->watch, NULL);
}

void control_free(struct control *control)
{
    free(control);
}
