#include "io/capture/hep.h"

#include "base/must.h"
#include "io/capture/pages.h"
#include "io/capture/sniff.h"
#include "io/socket.h"
#include "wire/hep/hep.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

enum {
    POLL_OURS = 1, /* behind the one of until */
    POLL_SENDERS,
    UDP_UNASKED = 64, /* datagrams until it is asked whether it is over */
    ACCEPTS_MAX = 16, /* connections taken in one turn */
};

/* One connection.  What is in its room from at on has not been taken. */
struct sender {
    int fd;
    bool has_ended;
    uint64_t spoke; /* the turn in which it last said something */
    size_t at, end;
    char *room; /* HEP_MAX octets */
};

struct hep_receiver {
    const struct until *until;
    int fd;
    bool is_stream;
    uint32_t number;
    uint64_t octets, turn;
    struct capture_counts counts;
    struct pollfd polls[POLL_SENDERS + HEP_SENDERS_MAX];
    struct sender senders[HEP_SENDERS_MAX];
    unsigned sender_count;
    unsigned framing; /* the sender whose octets are being cut */
    char rooms[HEP_SENDERS_MAX][HEP_MAX];
};

static const struct {
    uint8_t protocol;
    uint8_t transport;
} transports[] = {
    {HEP_PROTOCOL_UDP, TRANSPORT_UDP},
    {HEP_PROTOCOL_TCP, TRANSPORT_TCP},
    {HEP_PROTOCOL_TLS, TRANSPORT_TLS},
};

static bool transport_of(uint8_t protocol, uint8_t *transport)
{
    for (size_t i = 0; i < ARRAY_COUNT(transports); i++) {
        if (transports[i].protocol == protocol) {
            *transport = transports[i].transport;
            return true;
        }
    }
    return false;
}

static uint64_t now_us(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* One agent's clock must not move that of all others. */
static uint64_t time_of(struct hep_receiver *receiver, const struct hep_packet *hep)
{
    uint64_t now = now_us();
    uint64_t off = hep->when_us > now ? hep->when_us - now : now - hep->when_us;

    if (off <= HEP_CLOCK_OFF_US) {
        return hep->when_us;
    }
    capture_counted(&receiver->counts, CAPTURE_HEP_CLOCK);
    return now;
}

/* What is counted of a packet that is no SIP message; CAPTURE_SIP when it is one. */
static enum capture_count kind_of(const struct hep_packet *hep, uint8_t *transport)
{
    if (hep->is_compressed && hep->payload.len == 0) {
        return CAPTURE_HEP_COMPRESSED;
    }
    if (hep->content != HEP_CONTENT_SIP || !transport_of(hep->protocol, transport)) {
        return CAPTURE_HEP_OTHER;
    }
    if (hep->from.family == ADDRESS_NONE || hep->from.family != hep->to.family) {
        return CAPTURE_HEP_BROKEN;
    }
    switch (sniff_datagram(hep->payload)) {
    case SNIFF_SIP:
        return CAPTURE_SIP;
    case SNIFF_KEEPALIVE:
        return CAPTURE_KEEPALIVE;
    case SNIFF_MORE:
    case SNIFF_RTP:
    case SNIFF_STUN:
    case SNIFF_DTLS:
    case SNIFF_SIGCOMP:
    case SNIFF_HEP:
    case SNIFF_TLS:
    case SNIFF_HTTP:
    case SNIFF_OTHER:
        break;
    }
    return CAPTURE_HEP_OTHER;
}

/* True when there is a message in the HEP packet. */
static bool packet_take(struct hep_receiver *receiver, struct slice bytes, struct packet *packet)
{
    struct capture_counts *counts = &receiver->counts;
    struct hep_packet hep;
    uint8_t transport = TRANSPORT_UDP;

    receiver->number++;
    capture_counted(counts, CAPTURE_HEP);
    if (hep_read(&hep, bytes) != HEP_READ) {
        capture_counted(counts, CAPTURE_HEP_BROKEN);
        return false;
    }
    enum capture_count kind = kind_of(&hep, &transport);
    capture_counted(counts, kind);
    if (kind != CAPTURE_SIP) {
        return false;
    }
    capture_counted(counts, transport == TRANSPORT_UDP ? CAPTURE_SIP_UDP : CAPTURE_SIP_TCP);
    *packet = (struct packet){
        .bytes = hep.payload,
        .when_us = time_of(receiver, &hep),
        .flow = {.remote = hep.from, .listener = LISTENER_NONE, .transport = transport},
        .local = hep.to,
        .number = receiver->number,
    };
    return true;
}

/* One datagram after the other; whether it is over is asked when none waits, and now and then. */
static bool datagram_next(struct hep_receiver *receiver, struct packet *packet)
{
    for (;;) {
        bool is_due = ++receiver->turn % UDP_UNASKED == 0;

        if (is_due && !until_poll(receiver->until, receiver->polls, POLL_OURS, false)) {
            return false;
        }
        ssize_t got = recv(receiver->fd, receiver->rooms[0], HEP_MAX, 0);
        if (got >= 0) {
            receiver->octets += (uint64_t)got;
            if (packet_take(receiver, slice_of(receiver->rooms[0], (size_t)got), packet)) {
                return true;
            }
        } else if (!until_poll(receiver->until, receiver->polls, POLL_SENDERS, true)) {
            return false;
        }
    }
}

/* The last one takes its place, and the room that became free stays with the place left. */
static void sender_remove(struct hep_receiver *receiver, unsigned index)
{
    struct sender *gone = &receiver->senders[index];
    struct sender *last = &receiver->senders[--receiver->sender_count];
    char *room = gone->room;

    (void)close(gone->fd);
    *gone = *last;
    *last = (struct sender){.fd = -1, .room = room};
}

static void sender_add(struct hep_receiver *receiver, int fd)
{
    unsigned index = receiver->sender_count;

    if (index == HEP_SENDERS_MAX) {
        unsigned silent = 0;

        for (unsigned i = 1; i < index; i++) {
            if (receiver->senders[i].spoke < receiver->senders[silent].spoke) {
                silent = i;
            }
        }
        sender_remove(receiver, silent);
        capture_counted(&receiver->counts, CAPTURE_HEP_EVICTED);
        index--;
    }
    struct sender *sender = &receiver->senders[index];
    *sender = (struct sender){.fd = fd, .spoke = receiver->turn, .room = sender->room};
    receiver->sender_count++;
    capture_counted(&receiver->counts, CAPTURE_HEP_CONNECTIONS);
}

/* The next packet of its octets; empty when there is none yet.  False when the connection is over:
 * its end, or no HEP. */
static bool sender_frame(struct hep_receiver *receiver, struct sender *sender, struct slice *bytes)
{
    struct slice left = slice_of(sender->room + sender->at, sender->end - sender->at);
    size_t len = 0;

    *bytes = SLICE_NONE;
    switch (hep_frame(left, &len)) {
    case HEP_READ:
        *bytes = slice_head(left, len);
        sender->at += len;
        return true;
    case HEP_PARTIAL:
        if (sender->has_ended && left.len > 0) {
            capture_counted(&receiver->counts, CAPTURE_HEP_BROKEN);
        }
        return !sender->has_ended;
    case HEP_FOREIGN:
    case HEP_BROKEN:
        break;
    }
    capture_counted(&receiver->counts, CAPTURE_HEP_BROKEN);
    return false;
}

/* A whole packet fits in the room, so there is always some for more of an unfinished one. */
static void sender_receive(struct hep_receiver *receiver, struct sender *sender)
{
    memmove(sender->room, sender->room + sender->at, sender->end - sender->at);
    sender->end -= sender->at;
    sender->at = 0;
    must(sender->end < HEP_MAX);
    ssize_t got = recv(sender->fd, sender->room + sender->end, HEP_MAX - sender->end, 0);
    if (got > 0) {
        sender->end += (size_t)got;
        sender->spoke = receiver->turn;
        receiver->octets += (uint64_t)got;
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        sender->has_ended = true;
    }
}

static void senders_accept(struct hep_receiver *receiver)
{
    for (unsigned i = 0; i < ACCEPTS_MAX; i++) {
        int fd = accept4(receiver->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0) {
            return;
        }
        sender_add(receiver, fd);
    }
}

/* Waits for octets and takes a room full of each connection; false when it is over. */
static bool senders_receive(struct hep_receiver *receiver)
{
    unsigned count = receiver->sender_count;

    for (unsigned i = 0; i < count; i++) {
        receiver->polls[POLL_SENDERS + i] =
            (struct pollfd){.fd = receiver->senders[i].fd, .events = POLLIN};
    }
    if (!until_poll(receiver->until, receiver->polls, POLL_SENDERS + count, true)) {
        return false;
    }
    receiver->turn++;
    receiver->framing = 0;
    for (unsigned i = 0; i < count; i++) {
        if (receiver->polls[POLL_SENDERS + i].revents != 0) {
            sender_receive(receiver, &receiver->senders[i]);
        }
    }
    if (receiver->polls[POLL_OURS].revents != 0) {
        senders_accept(receiver);
    }
    return true;
}

static bool stream_next(struct hep_receiver *receiver, struct packet *packet)
{
    struct slice bytes;

    do {
        while (receiver->framing < receiver->sender_count) {
            struct sender *sender = &receiver->senders[receiver->framing];

            if (!sender_frame(receiver, sender, &bytes)) {
                sender_remove(receiver, receiver->framing);
            } else if (bytes.len == 0) {
                receiver->framing++;
            } else if (packet_take(receiver, bytes, packet)) {
                return true;
            }
        }
    } while (senders_receive(receiver));
    return false;
}

bool hep_next(struct hep_receiver *receiver, struct packet *packet)
{
    return receiver->is_stream ? stream_next(receiver, packet) : datagram_next(receiver, packet);
}

static bool where_read(const char *where, struct address *address, bool *is_stream,
                       struct fault *fault)
{
    struct slice rest = slice_string(where);
    struct slice transport;

    (void)slice_cut(&rest, ':', &transport);
    *is_stream = slice_equal(transport, SLICE("tcp"));
    return ((*is_stream || slice_equal(transport, SLICE("udp"))) &&
            address_read_port(address, rest) && address->port != 0) ||
           fault_set(fault, "%s: not udp:ADDRESS:PORT or tcp:ADDRESS:PORT", where);
}

struct hep_receiver *hep_open(const char *where, const struct until *until, struct fault *fault)
{
    struct address local;
    bool is_stream = false;

    if (!where_read(where, &local, &is_stream, fault)) {
        return NULL;
    }
    struct hep_receiver *receiver = pages_new(sizeof(*receiver));
    if (receiver == NULL) {
        (void)fault_set(fault, "no memory to receive HEP");
        return NULL;
    }
    receiver->until = until;
    receiver->is_stream = is_stream;
    for (unsigned i = 0; i < HEP_SENDERS_MAX; i++) {
        receiver->senders[i] = (struct sender){.fd = -1, .room = receiver->rooms[i]};
    }
    receiver->fd = is_stream ? socket_open_tcp_listener(&local, false, fault)
                             : socket_open_udp(&local, false, fault);
    receiver->polls[POLL_OURS] = (struct pollfd){.fd = receiver->fd, .events = POLLIN};
    if (receiver->fd < 0) {
        hep_close(receiver);
        return NULL;
    }
    return receiver;
}

void hep_close(struct hep_receiver *receiver)
{
    if (receiver == NULL) {
        return;
    }
    while (receiver->sender_count > 0) {
        sender_remove(receiver, receiver->sender_count - 1);
    }
    if (receiver->fd >= 0) {
        (void)close(receiver->fd);
    }
    pages_free(receiver, sizeof(*receiver));
}

const struct capture_counts *hep_counts(const struct hep_receiver *receiver)
{
    return &receiver->counts;
}

uint64_t hep_octets(const struct hep_receiver *receiver)
{
    return receiver->octets;
}
