#include "app/demo/actor.h"

#include "wire/sdp/sdp.h"
#include "wire/sip/write.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { RTP_LEN = 172, RTP_HEAD = 12, RTP_PACE_US = 20000 };

static struct sockaddr_in socket_address(const struct address *address)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(address->port)};

    memcpy(&in.sin_addr, address->bytes, sizeof(in.sin_addr));
    return in;
}

static int open_socket(struct address *address, struct fault *fault)
{
    struct sockaddr_in in = socket_address(address);
    socklen_t len = sizeof(in);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    char shown[ADDRESS_TEXT_MAX + 1];
    struct text text;

    if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof(in)) != 0) {
        text_init(&text, shown, sizeof(shown) - 1);
        address_write(&text, address);
        shown[text.len] = '\0';
        fault_set(fault, "cannot use udp %s: %s; remedy: end what listens there", shown,
                  strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    getsockname(fd, (struct sockaddr *)&in, &len);
    address->port = ntohs(in.sin_port);
    return fd;
}

bool actor_open(struct actor *actor, const char *name, const char *host, uint16_t port,
                struct fault *fault)
{
    *actor = (struct actor){.name = name, .signalling = -1, .audio = -1};
    if (!address_read(&actor->address, slice_string(host))) {
        return fault_set(fault, "%s is no address", host);
    }
    actor->media = actor->address;
    actor->address.port = port;
    actor->signalling = open_socket(&actor->address, fault);
    if (actor->signalling < 0) {
        return false;
    }
    actor->audio = open_socket(&actor->media, fault);
    return actor->audio >= 0;
}

void actor_close(struct actor *actor)
{
    if (actor->signalling >= 0) {
        close(actor->signalling);
    }
    if (actor->audio >= 0) {
        close(actor->audio);
    }
}

bool actor_send(const struct actor *actor, const struct address *to, struct slice bytes)
{
    struct sockaddr_in in = socket_address(to);

    return sendto(actor->signalling, bytes.at, bytes.len, 0, (struct sockaddr *)&in, sizeof(in)) ==
           (ssize_t)bytes.len;
}

static bool receive_datagram(struct actor *actor, int patience_ms)
{
    struct pollfd wait = {.fd = actor->signalling, .events = POLLIN};
    struct sockaddr_in in = {.sin_family = AF_INET};
    socklen_t in_len = sizeof(in);

    if (poll(&wait, 1, patience_ms) != 1) {
        return false;
    }
    ssize_t len = recvfrom(actor->signalling, actor->bytes, sizeof(actor->bytes), 0,
                           (struct sockaddr *)&in, &in_len);
    if (len <= 0) {
        return false;
    }
    actor->received = slice_of(actor->bytes, (size_t)len);
    actor->from = (struct address){.family = ADDRESS_V4, .port = ntohs(in.sin_port)};
    memcpy(actor->from.bytes, &in.sin_addr, sizeof(in.sin_addr));
    return true;
}

bool actor_receive(struct actor *actor, int patience_ms)
{
    while (receive_datagram(actor, patience_ms)) {
        if (sip_read(&actor->message, actor->received, false) == SIP_READ &&
            (actor->message.is_request || actor->message.status != 100)) {
            return true;
        }
    }
    return false;
}

bool actor_gets_request(struct actor *actor, enum sip_method method)
{
    while (actor_receive(actor, ACTOR_PATIENCE_MS)) {
        if (actor->message.is_request && actor->message.method == method) {
            return true;
        }
    }
    return false;
}

bool actor_gets_status(struct actor *actor, unsigned status)
{
    while (actor_receive(actor, ACTOR_PATIENCE_MS)) {
        if (!actor->message.is_request && actor->message.status == status) {
            return true;
        }
    }
    return false;
}

unsigned actor_gets_final(struct actor *actor)
{
    while (actor_receive(actor, ACTOR_SILENCE_MS)) {
        if (!actor->message.is_request && actor->message.status >= 200) {
            return actor->message.status;
        }
    }
    return 0;
}

bool actor_sees(const struct actor *actor, const char *text)
{
    return slice_has(actor->received, slice_string(text));
}

static void letters(char *at, size_t count)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz012345";
    unsigned char octets[64];

    if (getrandom(octets, count, 0) != (ssize_t)count) {
        memset(octets, 7, sizeof(octets));
    }
    for (size_t i = 0; i < count; i++) {
        at[i] = alphabet[octets[i] & 31];
    }
    at[count] = '\0';
}

void actor_begin(const struct actor *actor, struct actor_call *call, const char *uri,
                 const char *from_uri)
{
    char host[INET_ADDRSTRLEN];
    char random[24];

    inet_ntop(AF_INET, actor->address.bytes, host, sizeof(host));
    letters(random, 16);
    letters(call->local_tag, 12);
    snprintf(call->call_id, sizeof(call->call_id), "%s@%s", random, host);
    snprintf(call->to, sizeof(call->to), "<%s>", uri);
    snprintf(call->from, sizeof(call->from), "<%s>", from_uri);
    snprintf(call->target, sizeof(call->target), "%s", uri);
    call->remote_tag[0] = '\0';
    call->cseq = 0;
}

void actor_request(const struct actor *actor, struct text *text, struct actor_call *call,
                   const char *method, const char *uri, const char *extra, struct slice body)
{
    char host[INET_ADDRSTRLEN];
    bool is_ack = strcmp(method, "ACK") == 0, is_cancel = strcmp(method, "CANCEL") == 0;

    inet_ntop(AF_INET, actor->address.bytes, host, sizeof(host));
    if (!is_cancel) {
        char random[24];

        letters(random, 16);
        snprintf(call->branch, sizeof(call->branch), "z9hG4bK%s", random);
    }
    if (!is_ack && !is_cancel) {
        call->cseq++;
    }
    text_put_format(text, "%s %s SIP/2.0\r\n", method, uri);
    text_put_format(text, "Via: SIP/2.0/UDP %s:%u;branch=%s;rport\r\n", host, actor->address.port,
                    call->branch);
    text_put_format(text, "Max-Forwards: 70\r\nFrom: %s;tag=%s\r\n", call->from, call->local_tag);
    text_put_format(text, "To: %s%s%s\r\n", call->to, call->remote_tag[0] != '\0' ? ";tag=" : "",
                    call->remote_tag);
    text_put_format(text, "Call-ID: %s\r\nCSeq: %u %s\r\n", call->call_id, call->cseq, method);
    text_put_format(text, "Contact: <sip:%s@%s:%u>\r\n", actor->name, host, actor->address.port);
    text_put_string(text, extra);
    if (body.len > 0 && strstr(extra, "Content-Type") == NULL) {
        text_put_string(text, "Content-Type: application/sdp\r\n");
    }
    sip_write_body(text, body);
}

static void keep_string(char *at, size_t max, struct slice slice)
{
    size_t len = slice.len < max - 1 ? slice.len : max - 1;

    memcpy(at, slice.at, len);
    at[len] = '\0';
}

void actor_learn(const struct actor *actor, struct actor_call *call)
{
    const struct sip_value *contact = sip_value(&actor->message, SIP_HEADER_CONTACT);

    keep_string(call->remote_tag, sizeof(call->remote_tag), sip_to_tag(&actor->message));
    if (contact != NULL) {
        keep_string(call->target, sizeof(call->target),
                    sip_slice(&actor->message, contact->uri.whole));
    }
}

void actor_take(const struct actor *actor, struct actor_call *call, const char *tag)
{
    const struct sip_message *message = &actor->message;
    const struct sip_value *contact = sip_value(message, SIP_HEADER_CONTACT);
    const struct sip_value *from = sip_value(message, SIP_HEADER_FROM);
    const struct sip_value *to = sip_value(message, SIP_HEADER_TO);

    keep_string(call->call_id, sizeof(call->call_id), sip_call_id(message));
    keep_string(call->remote_tag, sizeof(call->remote_tag), sip_from_tag(message));
    keep_string(call->local_tag, sizeof(call->local_tag), slice_string(tag));
    snprintf(call->to, sizeof(call->to), "<%.*s>", (int)from->uri.whole.len,
             message->head + from->uri.whole.at);
    snprintf(call->from, sizeof(call->from), "<%.*s>", (int)to->uri.whole.len,
             message->head + to->uri.whole.at);
    if (contact != NULL) {
        keep_string(call->target, sizeof(call->target), sip_slice(message, contact->uri.whole));
    }
    call->cseq = 100;
}

bool actor_answer(struct actor *actor, unsigned status, const char *tag, struct slice body)
{
    const struct sip_message *message = &actor->message;
    char room[8192], host[INET_ADDRSTRLEN];
    struct text text;

    inet_ntop(AF_INET, actor->address.bytes, host, sizeof(host));
    text_init(&text, room, sizeof(room));
    sip_write_status_line(&text, status);
    sip_write_copied(&text, message, SIP_HEADER_VIA);
    sip_write_copied(&text, message, SIP_HEADER_RECORD_ROUTE);
    sip_write_copied(&text, message, SIP_HEADER_FROM);
    text_put_string(&text, "To: ");
    text_put(&text, sip_header_value(message, SIP_HEADER_TO));
    if (sip_to_tag(message).len == 0) {
        text_put_format(&text, ";tag=%s", tag);
    }
    text_put_string(&text, "\r\n");
    sip_write_copied(&text, message, SIP_HEADER_CALL_ID);
    sip_write_copied(&text, message, SIP_HEADER_CSEQ);
    if (message->method == SIP_REGISTER && status == 200) {
        const struct sip_value *contact = sip_value(message, SIP_HEADER_CONTACT);

        text_put_string(&text, "Contact: <");
        text_put(&text, sip_slice(message, contact->uri.whole));
        text_put_string(&text, ">;expires=120\r\n");
    } else {
        text_put_format(&text, "Contact: <sip:%s@%s:%u>\r\n", actor->name, host,
                        actor->address.port);
    }
    if (body.len > 0) {
        text_put_string(&text, "Content-Type: application/sdp\r\n");
    }
    sip_write_body(&text, body);
    return actor_send(actor, &actor->from, text_slice(&text));
}

void actor_sdp(const struct actor *actor, struct text *text, bool has_video)
{
    char host[INET_ADDRSTRLEN];

    inet_ntop(AF_INET, actor->media.bytes, host, sizeof(host));
    text_put_format(text, "v=0\r\no=%s 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n",
                    actor->name, host, host);
    text_put_format(text, "m=audio %u RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=sendrecv\r\n",
                    actor->media.port);
    if (has_video) {
        text_put_string(text, "m=video 40000 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n");
    }
}

bool actor_audio_target(const struct actor *actor, struct address *target)
{
    struct sdp sdp;

    return sdp_read(&sdp, actor->message.body) == SDP_READ && sdp.media_count > 0 &&
           sdp_media_address(&sdp, &sdp.media[0], target) && target->port != 0;
}

unsigned actor_talk(const struct actor *actor, const struct address *target,
                    const struct actor *listener, unsigned packets, uint32_t ssrc)
{
    struct sockaddr_in in = socket_address(target);
    unsigned arrived = 0;
    uint8_t packet[RTP_LEN] = {0x80, 8};
    char heard[2048];

    for (unsigned i = 0; i < packets; i++) {
        uint32_t timestamp = htonl(i * 160), source = htonl(ssrc);
        uint16_t sequence = htons((uint16_t)(1000 + i));
        struct pollfd wait = {.fd = listener->audio, .events = POLLIN};

        memcpy(packet + 2, &sequence, sizeof(sequence));
        memcpy(packet + 4, &timestamp, sizeof(timestamp));
        memcpy(packet + 8, &source, sizeof(source));
        sendto(actor->audio, packet, sizeof(packet), 0, (struct sockaddr *)&in, sizeof(in));
        nanosleep(&(struct timespec){.tv_nsec = RTP_PACE_US * 1000L}, NULL);
        while (poll(&wait, 1, i + 1 == packets ? 100 : 0) == 1 &&
               recv(listener->audio, heard, sizeof(heard), 0) >= RTP_HEAD) {
            arrived++;
        }
    }
    return arrived;
}
