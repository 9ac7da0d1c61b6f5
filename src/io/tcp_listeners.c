/*
 * Listeners: connections are accepted in bounded numbers, of a source and in all.
 */
#include "base/must.h"
#include "io/connection.h"
#include "io/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    TCP_ACCEPTS = 64,    /* of one turn of one listener */
    TCP_PAUSE_MS = 1000, /* of a listener when no descriptor is left */
};

void listener_resume(struct tcp_listener *listener)
{
    loop_watch_for(&listener->watch, LOOP_READABLE);
}

static void listener_take(struct tcp_listener *listener, int fd, const struct address *remote)
{
    struct tcp *tcp = listener->tcp;
    const struct tcp_listener_settings *settings = &listener->settings;
    struct flow flow = {.remote = *remote,
                        .listener = listener->index,
                        .transport = (uint8_t)settings->transport};
    uint32_t source = sources_take(&tcp->sources, remote, settings->source_max);

    if (source == 0) {
        tcp->counts.refused_source++;
        (void)close(fd);
        return;
    }
    tcp_make_room(tcp);
    struct connection *connection = tcp_add(tcp, &flow);
    if (connection == NULL) {
        tcp->counts.refused_full++;
        sources_give(&tcp->sources, source);
        (void)close(fd);
        return;
    }
    connection->source = source;
    connection->is_accepted = true;
    connection->is_protected = tcp->mark != 0 && socket_mark(fd) == tcp->mark;
    if (transport_is_secure(settings->transport)) {
        tcp->counts.accepted++;
        tcp_add_stranger(connection);
        tcp_set_timer(connection, CONNECTION_IDLE, tcp->settings.idle_ms);
        connection_secure(connection, fd, false);
        return;
    }
    if (!connection_begin_web(connection) || !connection_start(connection, fd, CONNECTION_UP)) {
        (void)close(fd);
        connection->state = CONNECTION_WANTED;
        connection_close(connection);
        return;
    }
    tcp->counts.accepted++;
    tcp_add_stranger(connection);
    tcp_set_timer(connection, CONNECTION_WHOLE, tcp->settings.whole_ms);
    tcp_set_timer(connection, CONNECTION_IDLE, tcp->settings.idle_ms);
}

/* Without descriptors the listener would be ready for ever: it rests. */
static void listener_pause(struct tcp_listener *listener)
{
    struct tcp *tcp = listener->tcp;
    uint64_t due_ms = loop_now_ms(tcp->loop) + TCP_PAUSE_MS;

    tcp->counts.refused_full++;
    loop_watch_for(&listener->watch, 0);
    wheel_set(&tcp->wheel, &listener->pause, due_ms);
    if (due_ms < tcp->alarm.due_ms) {
        loop_alarm_at(&tcp->alarm, due_ms);
    }
}

static void on_listener_ready(void *owner, unsigned events)
{
    struct tcp_listener *listener = owner;
    const int one = 1;

    (void)events;
    for (unsigned i = 0; i < TCP_ACCEPTS; i++) {
        struct socket_address from = {.len = sizeof(from.storage)};
        struct address remote;
        int fd = accept4(listener->fd, &from.any, &from.len, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
                listener_pause(listener);
            }
            return;
        }
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        socket_address_read(&from.any, &remote);
        listener_take(listener, fd, &remote);
    }
}

static void on_listener_closed(void *owner)
{
    free(owner);
}

bool tcp_listen(struct tcp *tcp, uint16_t listener, int fd,
                const struct tcp_listener_settings *settings, struct fault *fault)
{
    must(listener < TCP_LISTENERS_MAX && tcp->listeners[listener] == NULL);
    struct tcp_listener *new = calloc(1, sizeof(*new));
    if (new == NULL) {
        return fault_set(fault, "no memory for a listener");
    }
    *new = (struct tcp_listener){.tcp = tcp, .settings = *settings, .fd = fd, .index = listener};
    new->pause.kind = CONNECTION_TIMER_COUNT;
    new->pause.owner = listener;
    if (fd >= 0) {
        new->watch.ready = on_listener_ready;
        new->watch.owner = new;
        if (!loop_watch_open(tcp->loop, &new->watch, fd, fault)) {
            free(new);
            return false;
        }
        loop_watch_for(&new->watch, LOOP_READABLE);
    }
    tcp->listeners[listener] = new;
    return true;
}

void tcp_set_listener(struct tcp *tcp, uint16_t listener,
                      const struct tcp_listener_settings *settings)
{
    if (tcp->listeners[listener] != NULL) {
        tcp->listeners[listener]->settings = *settings;
    }
}

void tcp_unlisten(struct tcp *tcp, uint16_t listener)
{
    struct tcp_listener *old = tcp->listeners[listener];

    if (old == NULL) {
        return;
    }
    tcp->listeners[listener] = NULL;
    wheel_stop(&tcp->wheel, &old->pause);
    if (old->fd < 0) {
        free(old);
        return;
    }
    loop_watch_close(&old->watch, on_listener_closed);
    (void)close(old->fd);
}

void tcp_renumber(struct tcp *tcp, const uint16_t renumbered[TCP_LISTENERS_MAX])
{
    struct tcp_listener *moved[TCP_LISTENERS_MAX] = {0};

    tcp_renumber_connections(tcp, renumbered);
    for (uint16_t i = 0; i < TCP_LISTENERS_MAX; i++) {
        struct tcp_listener *listener = tcp->listeners[i];

        if (listener == NULL) {
            continue;
        }
        if (renumbered[i] >= TCP_LISTENERS_MAX) {
            tcp_unlisten(tcp, i);
            continue;
        }
        listener->index = renumbered[i];
        listener->pause.owner = renumbered[i];
        moved[renumbered[i]] = listener;
    }
    memcpy(tcp->listeners, moved, sizeof(moved));
}
