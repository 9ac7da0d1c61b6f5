#include "app/audit/ground.h"

#include "app/audit/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECT_MS = 1000, SLICE_MS = 20 };

uint64_t ground_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t ground_clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static socklen_t socket_address(const struct address *address, struct sockaddr_storage *storage)
{
    *storage = (struct sockaddr_storage){0};
    if (address->family == ADDRESS_V6) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)storage;

        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(address->port);
        memcpy(&in6->sin6_addr, address->bytes, 16);
        return sizeof(*in6);
    }
    struct sockaddr_in *in = (struct sockaddr_in *)storage;

    in->sin_family = AF_INET;
    in->sin_port = htons(address->port);
    memcpy(&in->sin_addr, address->bytes, 4);
    return sizeof(*in);
}

static struct address address_of_socket(const struct sockaddr_storage *storage)
{
    struct address address = {0};

    if (storage->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)storage;

        address.family = ADDRESS_V6;
        address.port = ntohs(in6->sin6_port);
        memcpy(address.bytes, &in6->sin6_addr, 16);
    } else {
        const struct sockaddr_in *in = (const struct sockaddr_in *)storage;

        address.family = ADDRESS_V4;
        address.port = ntohs(in->sin_port);
        memcpy(address.bytes, &in->sin_addr, 4);
    }
    return address;
}

static bool vantage_open(struct vantage *vantage, const struct address *place, const char *name,
                         struct fault *fault)
{
    struct sockaddr_storage storage;
    socklen_t len = socket_address(place, &storage);
    int size = 4 << 20; /* what arrives while a report is being written */

    vantage->stream = malloc(GROUND_STREAM_MAX);
    vantage->udp = socket(storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (vantage->stream == NULL || vantage->udp < 0 ||
        bind(vantage->udp, (struct sockaddr *)&storage, len) != 0) {
        char shown[ADDRESS_TEXT_MAX + 1];
        struct text text;

        text_init(&text, shown, sizeof(shown) - 1);
        address_write(&text, place);
        shown[text.len] = '\0';
        return fault_set(fault,
                         "the %s cannot be at udp %s: %s; remedy: end what listens there, or "
                         "give this machine the address",
                         name, shown, strerror(errno));
    }
    setsockopt(vantage->udp, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    return true;
}

bool ground_open(struct ground *ground, struct scope *scope, const char *folder,
                 struct fault *fault)
{
    ground->scope = scope;
    ground->room = malloc(GROUND_MESSAGE_MAX);
    ground->framed = malloc(sizeof(*ground->framed));
    if (ground->room == NULL || ground->framed == NULL) {
        return fault_set(fault, "no memory");
    }
    for (unsigned i = 0; i < VANTAGE_COUNT; i++) {
        ground->vantages[i].udp = ground->vantages[i].tcp = -1;
    }
    ground->file = folder_open(folder, "octets.pcapng", "wbe");
    if (ground->file == NULL ||
        !capture_write_start(&ground->record, capture_put_file, ground->file,
                             SLICE("sipwarden audit"), scope->name)) {
        return fault_set(fault, "cannot write %s/octets.pcapng: %s", folder, strerror(errno));
    }
    for (unsigned i = 0; i < VANTAGE_COUNT; i++) {
        if (scope->places[i].family != ADDRESS_NONE &&
            !vantage_open(&ground->vantages[i], &scope->places[i], vantage_name(i), fault)) {
            return false;
        }
    }
    return true;
}

void ground_hang_up(struct ground *ground, enum vantage_id id)
{
    struct vantage *vantage = &ground->vantages[id];

    if (vantage->tcp >= 0) {
        close(vantage->tcp);
    }
    vantage->tcp = -1;
    vantage->stream_len = 0;
    vantage->is_gone = false;
}

void ground_close(struct ground *ground)
{
    for (unsigned i = 0; i < VANTAGE_COUNT; i++) {
        if (ground->vantages[i].udp >= 0) {
            close(ground->vantages[i].udp);
        }
        ground_hang_up(ground, i);
        free(ground->vantages[i].stream);
    }
    if (ground->file != NULL) {
        fclose(ground->file);
    }
    free(ground->room);
    free(ground->framed);
}

bool ground_move(struct ground *ground, enum vantage_id id, const struct address *place,
                 struct fault *fault)
{
    struct vantage *vantage = &ground->vantages[id];

    ground_hang_up(ground, id);
    close(vantage->udp);
    vantage->udp = -1;
    free(vantage->stream);
    vantage->called_ms = 0;
    ground->scope->places[id] = *place;
    return vantage_open(vantage, place, vantage_name(id), fault);
}

bool ground_is_there(const struct ground *ground, enum vantage_id id)
{
    return ground->vantages[id].udp >= 0;
}

static void record(struct ground *ground, const struct address *from, const struct address *to,
                   enum transport transport, struct slice bytes, const char *what)
{
    char comment[512];
    struct packet packet = {
        .bytes = bytes,
        .when_us = ground_now_us(),
        .flow = {.remote = *from, .listener = LISTENER_NONE, .transport = (uint8_t)transport},
        .local = *to,
    };

    int len = snprintf(comment, sizeof(comment), "%s %s",
                       ground->comment != NULL ? ground->comment : "", what);
    capture_write_packet(&ground->record, &packet, slice_of(comment, (size_t)len));
}

/* No more in a second than the scope says. */
static void pace(struct ground *ground)
{
    uint64_t now_ms = ground_clock_ms();

    if (now_ms / 1000 != ground->second) {
        ground->second = now_ms / 1000;
        ground->sent_this_second = 0;
    }
    if (ground->sent_this_second >= ground->scope->rate && !ground->is_hearing) {
        ground_wait(ground, 1000 - now_ms % 1000, NULL, NULL);
        ground->second = ground_clock_ms() / 1000;
        ground->sent_this_second = 0;
    }
    ground->sent_this_second++;
}

/* No more calls in a second from one sender than a subscriber may begin. */
static void pace_calls(struct ground *ground, enum vantage_id from, struct slice bytes)
{
    struct vantage *vantage = &ground->vantages[from];
    uint64_t apart_ms = 1000 / ground->scope->calls;
    uint64_t now_ms = ground_clock_ms();

    if (!slice_starts(bytes, SLICE("INVITE ")) && !slice_starts(bytes, SLICE("SUBSCRIBE "))) {
        return;
    }
    if (now_ms < vantage->called_ms + apart_ms) {
        ground_wait(ground, vantage->called_ms + apart_ms - now_ms, NULL, NULL);
    }
    vantage->called_ms = ground_clock_ms();
}

static bool may_send(struct ground *ground, struct slice bytes)
{
    if (*ground->is_stopped != 0) {
        return false;
    }
    if (!scope_allows(bytes)) {
        ground->refused++;
        return false;
    }
    return true;
}

static bool tcp_connect(struct vantage *vantage, const struct address *place,
                        const struct scope_socket *to)
{
    struct sockaddr_storage storage;
    struct address here = *place;
    int one = 1;

    here.port = 0;
    vantage->tcp = socket(place->family == ADDRESS_V6 ? AF_INET6 : AF_INET,
                          SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (vantage->tcp < 0) {
        return false;
    }
    socklen_t len = socket_address(&here, &storage);
    setsockopt(vantage->tcp, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (bind(vantage->tcp, (struct sockaddr *)&storage, len) != 0) {
        return false;
    }
    len = socket_address(&to->address, &storage);
    if (connect(vantage->tcp, (struct sockaddr *)&storage, len) != 0 && errno != EINPROGRESS) {
        return false;
    }
    struct pollfd wait = {.fd = vantage->tcp, .events = POLLOUT};
    int error = 0;
    socklen_t error_len = sizeof(error);

    if (poll(&wait, 1, CONNECT_MS) != 1 ||
        getsockopt(vantage->tcp, SOL_SOCKET, SO_ERROR, &error, &error_len) != 0 || error != 0) {
        return false;
    }
    len = sizeof(storage);
    getsockname(vantage->tcp, (struct sockaddr *)&storage, &len);
    vantage->tcp_from = address_of_socket(&storage);
    vantage->to = *to;
    return true;
}

static bool tcp_send(struct ground *ground, enum vantage_id from, const struct scope_socket *to,
                     struct slice bytes)
{
    struct vantage *vantage = &ground->vantages[from];

    if (vantage->tcp >= 0 &&
        (vantage->is_gone || !address_equal(&vantage->to.address, &to->address))) {
        ground_hang_up(ground, from);
    }
    if (vantage->tcp < 0 && !tcp_connect(vantage, &ground->scope->places[from], to)) {
        ground_hang_up(ground, from);
        return false;
    }
    while (bytes.len > 0) {
        ssize_t sent = send(vantage->tcp, bytes.at, bytes.len, MSG_NOSIGNAL);

        if (sent < 0 && errno == EAGAIN) {
            struct pollfd wait = {.fd = vantage->tcp, .events = POLLOUT};

            if (poll(&wait, 1, CONNECT_MS) != 1) {
                return false;
            }
            continue;
        }
        if (sent <= 0) {
            return false;
        }
        bytes = slice_skip(bytes, (size_t)sent);
    }
    return true;
}

static bool udp_send(struct ground *ground, enum vantage_id from, const struct address *to,
                     struct slice bytes)
{
    struct sockaddr_storage storage;
    socklen_t len = socket_address(to, &storage);

    return sendto(ground->vantages[from].udp, bytes.at, bytes.len, 0, (struct sockaddr *)&storage,
                  len) == (ssize_t)bytes.len;
}

bool ground_send(struct ground *ground, enum vantage_id from, const struct scope_socket *to,
                 struct slice bytes)
{
    if (!ground_is_there(ground, from) || !may_send(ground, bytes)) {
        return false;
    }
    pace(ground);
    pace_calls(ground, from, bytes);
    ground->sent++;
    if (to->transport == TRANSPORT_UDP) {
        record(ground, &ground->scope->places[from], &to->address, to->transport, bytes, "sent");
        return udp_send(ground, from, &to->address, bytes);
    }
    bool is_out = tcp_send(ground, from, to, bytes);
    record(ground, &ground->vantages[from].tcp_from, &to->address, to->transport, bytes,
           is_out ? "sent" : "sent, not taken whole");
    return is_out;
}

bool ground_answer(struct ground *ground, enum vantage_id from, const struct address *to,
                   struct slice bytes)
{
    ground->sent++;
    record(ground, &ground->scope->places[from], to, TRANSPORT_UDP, bytes, "answered");
    return *ground->is_stopped == 0 && udp_send(ground, from, to, bytes);
}

static void hear(struct ground *ground, const struct heard *heard, const struct address *local)
{
    ground->received++;
    record(ground, &heard->from, local, heard->transport, heard->bytes, "heard");
    ground->is_hearing = true;
    ground->hears(ground->owner, heard);
    ground->is_hearing = false;
}

static void udp_hear(struct ground *ground, enum vantage_id id)
{
    struct sockaddr_storage storage;
    socklen_t len = sizeof(storage);
    ssize_t got = 0;

    while ((got = recvfrom(ground->vantages[id].udp, ground->room, GROUND_MESSAGE_MAX, 0,
                           (struct sockaddr *)&storage, &len)) >= 0) {
        struct heard heard = {.at = id,
                              .transport = TRANSPORT_UDP,
                              .from = address_of_socket(&storage),
                              .bytes = slice_of(ground->room, (size_t)got),
                              .when_us = ground_now_us()};

        hear(ground, &heard, &ground->scope->places[id]);
        len = sizeof(storage);
    }
}

/* Whole messages at the front of the stream. */
static void stream_cut(struct ground *ground, enum vantage_id id)
{
    struct vantage *vantage = &ground->vantages[id];
    struct slice rest = slice_of(vantage->stream, vantage->stream_len);
    struct sip_message *message = ground->framed;

    for (;;) {
        while (rest.len > 0 && (rest.at[0] == '\r' || rest.at[0] == '\n')) {
            rest = slice_skip(rest, 1);
        }
        if (rest.len == 0 || sip_read(message, rest, true) != SIP_READ) {
            break;
        }
        struct heard heard = {.at = id,
                              .transport = vantage->to.transport,
                              .from = vantage->to.address,
                              .bytes = message->bytes,
                              .when_us = ground_now_us()};
        size_t len = message->bytes.len;

        hear(ground, &heard, &vantage->tcp_from);
        rest = slice_skip(rest, len);
    }
    memmove(vantage->stream, rest.at, rest.len);
    vantage->stream_len = rest.len;
}

static void tcp_hear(struct ground *ground, enum vantage_id id)
{
    struct vantage *vantage = &ground->vantages[id];
    ssize_t got = recv(vantage->tcp, vantage->stream + vantage->stream_len,
                       GROUND_STREAM_MAX - vantage->stream_len, 0);

    if (got <= 0) {
        vantage->is_gone = got == 0 || (errno != EAGAIN && errno != EINTR);
        return;
    }
    vantage->stream_len += (size_t)got;
    stream_cut(ground, id);
}

void ground_wait(struct ground *ground, uint64_t ms, bool (*is_done)(void *), void *asked)
{
    uint64_t until = ground_clock_ms() + ms;

    for (;;) {
        struct pollfd waits[VANTAGE_COUNT * 2];
        uint64_t now = ground_clock_ms();

        if (*ground->is_stopped != 0 || (is_done != NULL && is_done(asked))) {
            return;
        }
        for (unsigned i = 0; i < VANTAGE_COUNT; i++) {
            const struct vantage *vantage = &ground->vantages[i];

            waits[i] = (struct pollfd){.fd = vantage->udp, .events = POLLIN};
            waits[VANTAGE_COUNT + i] =
                (struct pollfd){.fd = vantage->is_gone ? -1 : vantage->tcp, .events = POLLIN};
        }
        uint64_t left = now >= until ? 0 : until - now;
        int ready =
            poll(waits, sizeof(waits) / sizeof(waits[0]), (int)(left < SLICE_MS ? left : SLICE_MS));

        for (unsigned i = 0; ready > 0 && i < VANTAGE_COUNT; i++) {
            if (waits[i].revents != 0) {
                udp_hear(ground, i);
            }
            if (waits[VANTAGE_COUNT + i].revents != 0) {
                tcp_hear(ground, i);
            }
        }
        if (left == 0) {
            return;
        }
    }
}
