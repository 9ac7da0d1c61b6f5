/*
 * Attacks on the media of a call: the call is there, its ports are known, and somebody else sends.
 */
#include "app/audit/scripts.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CALLER_PORT = 40000, /* what the caller's descriptions say */
    RTP_LEN = 172,
    PACKETS = 25,
    PACE_MS = 4,
    GOOD_SSRC = 0x1111,
    BAD_SSRC = 0x6666,
};

struct stream {
    int caller, core, stranger;
    struct good_call *call;
};

static int socket_at(const struct address *place, uint16_t port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    memcpy(&in.sin_addr, place->bytes, 4);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&in, sizeof(in)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void stream_close(struct stream *stream)
{
    int fds[] = {stream->caller, stream->core, stream->stranger};

    for (size_t i = 0; i < 3; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
}

static bool stream_open(struct audit *audit, struct stream *stream)
{
    const struct address *places = audit->scope.places;

    *stream = (struct stream){-1, -1, -1, NULL};
    if (places[VANTAGE_CALLER].family != ADDRESS_V4 || places[VANTAGE_CORE].family != ADDRESS_V4) {
        outcome_add(audit->outcome, "", 0, VERDICT_INCONCLUSIVE, 0,
                    "media is tried over IPv4 only");
        return false;
    }
    stream->caller = socket_at(&places[VANTAGE_CALLER], CALLER_PORT);
    stream->core = socket_at(&places[VANTAGE_CORE], CORE_MEDIA_PORT);
    stream->stranger = socket_at(&places[VANTAGE_ATTACKER], 0);
    if (stream->caller < 0 || stream->core < 0 || stream->stranger < 0) {
        outcome_add(audit->outcome, "", 0, VERDICT_INCONCLUSIVE, 0,
                    "ports %d and %d are not free here", CALLER_PORT, CORE_MEDIA_PORT);
        stream_close(stream);
        return false;
    }
    stream->call = script_call(audit);
    if (stream->call == NULL) {
        stream_close(stream);
        return false;
    }
    return true;
}

static void send_packet(int fd, const struct address *to, const void *octets, size_t len)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(to->port)};

    memcpy(&in.sin_addr, to->bytes, 4);
    (void)sendto(fd, octets, len, 0, (struct sockaddr *)&in, sizeof(in));
}

static void send_rtp(struct audit *audit, int fd, const struct address *to, uint32_t ssrc,
                     unsigned count, uint16_t sequence)
{
    for (unsigned i = 0; i < count; i++) {
        uint8_t packet[RTP_LEN] = {0x80, 8};
        uint32_t source = htonl(ssrc), timestamp = htonl((sequence + i) * 160);
        uint16_t number = htons((uint16_t)(sequence + i));

        memcpy(packet + 2, &number, 2);
        memcpy(packet + 4, &timestamp, 4);
        memcpy(packet + 8, &source, 4);
        packet[12] = ssrc == GOOD_SSRC ? 0x55 : 0x66; /* whose it is survives a new SSRC */
        send_packet(fd, to, packet, sizeof(packet));
        audit_wait(audit, PACE_MS);
    }
}

/* How many of whose packets came out. */
static unsigned count_heard(int fd, uint8_t mark, bool *is_other)
{
    uint8_t packet[2048];
    ssize_t len = 0;
    unsigned count = 0;

    while ((len = recv(fd, packet, sizeof(packet), 0)) >= 0) {
        if (len >= RTP_LEN && packet[12] == mark) {
            count++;
        } else {
            *is_other = true;
        }
    }
    return count;
}

static unsigned heard(int fd, uint8_t mark)
{
    bool is_other = false;

    return count_heard(fd, mark, &is_other);
}

static void injected_judge(struct audit *audit, struct stream *stream, const char *what)
{
    unsigned bad = heard(stream->core, 0x66);

    outcome_add(audit->outcome, what, 0, bad > 0 ? VERDICT_FAIL : VERDICT_PASS, 0,
                "%u of %d foreign packets came out at the core", bad, PACKETS);
}

static void good_judge(struct audit *audit, struct stream *stream, uint16_t sequence,
                       const char *what)
{
    send_rtp(audit, stream->caller, &stream->call->caller_media, GOOD_SSRC, PACKETS, sequence);
    audit_wait(audit, audit->settle_ms);
    unsigned good = heard(stream->core, 0x55);
    outcome_add(audit->outcome, what, 0, good + 1 >= PACKETS ? VERDICT_PASS : VERDICT_FAIL, 0,
                "%u of %d packets of the caller came out at the core", good, PACKETS);
}

void script_media_spray(struct audit *audit)
{
    struct stream stream;

    if (!stream_open(audit, &stream)) {
        return;
    }
    send_rtp(audit, stream.stranger, &stream.call->caller_media, BAD_SSRC, PACKETS, 1);
    audit_wait(audit, audit->settle_ms);
    injected_judge(audit, &stream, "a stranger sends before the media starts");
    good_judge(audit, &stream, 1000, "the caller's own afterwards");
    send_rtp(audit, stream.stranger, &stream.call->caller_media, BAD_SSRC, PACKETS, 1);
    audit_wait(audit, audit->settle_ms);
    injected_judge(audit, &stream, "a stranger sends while it flows");
    send_rtp(audit, stream.core, &stream.call->core_media, GOOD_SSRC, PACKETS, 500);
    audit_wait(audit, audit->settle_ms);
    unsigned stolen = heard(stream.stranger, 0x55), back = heard(stream.caller, 0x55);
    outcome_add(audit->outcome, "the answer's media", 0,
                stolen > 0 || back + 1 < PACKETS ? VERDICT_FAIL : VERDICT_PASS, 0,
                "%u packets at the caller, %u at the stranger", back, stolen);
    script_call_judge(audit, stream.call, "the attacked call");
    stream_close(&stream);
}

void script_media_inject(struct audit *audit)
{
    struct stream stream;

    if (!stream_open(audit, &stream)) {
        return;
    }
    good_judge(audit, &stream, 1000, "the caller's own");
    send_rtp(audit, stream.stranger, &stream.call->caller_media, GOOD_SSRC ^ 0x7777, PACKETS, 1025);
    audit_wait(audit, audit->settle_ms);
    injected_judge(audit, &stream, "another SSRC from a stranger");
    good_judge(audit, &stream, 1000 + PACKETS, "the caller's own afterwards");
    script_call_judge(audit, stream.call, "the attacked call");
    stream_close(&stream);
}

void script_media_control(struct audit *audit)
{
    struct stream stream;
    static const uint8_t tiny[4] = {0x80, 200, 0, 0};
    static const uint8_t bye[8] = {0x81, 203, 0, 1, 0, 0, 0x11, 0x11};

    if (!stream_open(audit, &stream)) {
        return;
    }
    good_judge(audit, &stream, 1000, "the caller's own");
    struct address control = stream.call->caller_media;
    control.port++;
    for (unsigned i = 0; i < 10; i++) {
        send_packet(stream.stranger, &control, tiny, sizeof(tiny));
        send_packet(stream.stranger, &control, bye, sizeof(bye));
        send_packet(stream.stranger, &stream.call->caller_media, bye, sizeof(bye));
        audit_wait(audit, PACE_MS);
    }
    good_judge(audit, &stream, 1000 + PACKETS, "the caller's own after a forged RTCP BYE");
    script_call_judge(audit, stream.call, "the attacked call");
    stream_close(&stream);
}
