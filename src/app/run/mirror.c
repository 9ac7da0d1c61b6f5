#include "app/run/mirror.h"

#include "base/text.h"
#include "wire/hep/hep.h"
#include "wire/media_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
    MIRROR_BATCH = 64,           /* datagrams of one system call */
    MIRROR_ROOM = 512 * 1024,    /* of them: a batch of the largest usual messages */
    MIRROR_DATAGRAM_MAX = 65507, /* of UDP over IPv4 */
};

struct mirror {
    int fd;
    unsigned count;
    struct text room;
    struct iovec pieces[MIRROR_BATCH];
    struct mmsghdr messages[MIRROR_BATCH];
    uint64_t sent, lost;
    char octets[MIRROR_ROOM];
};

struct mirror *mirror_new(int fd)
{
    struct mirror *mirror = calloc(1, sizeof(*mirror));

    if (mirror == NULL) {
        return NULL;
    }
    mirror->fd = fd;
    text_init(&mirror->room, mirror->octets, sizeof(mirror->octets));
    for (unsigned i = 0; i < MIRROR_BATCH; i++) {
        mirror->messages[i].msg_hdr.msg_iov = &mirror->pieces[i];
        mirror->messages[i].msg_hdr.msg_iovlen = 1;
    }
    return mirror;
}

void mirror_free(struct mirror *mirror)
{
    free(mirror);
}

/* A collector that is not there makes the kernel refuse one datagram now and then; the next may go.
 * When its buffer is full none of the others will. */
void mirror_flush(struct mirror *mirror)
{
    unsigned at = 0;

    while (at < mirror->count) {
        int sent = sendmmsg(mirror->fd, mirror->messages + at, mirror->count - at,
                            MSG_DONTWAIT | MSG_NOSIGNAL);

        if (sent > 0) {
            at += (unsigned)sent;
            mirror->sent += (unsigned)sent;
        } else if (errno == EAGAIN || errno == ENOBUFS) {
            mirror->lost += mirror->count - at;
            break;
        } else if (errno != EINTR) {
            mirror->lost++;
            at++;
        }
    }
    mirror->count = 0;
    mirror->room.len = 0;
}

/* Into the room that is left; false when it is too small. */
static bool datagram_put(struct mirror *mirror, const struct hep_packet *packet)
{
    struct text text;

    text_init(&text, mirror->room.at + mirror->room.len, mirror->room.max - mirror->room.len);
    hep_write(&text, packet);
    if (text.is_full || text.len > MIRROR_DATAGRAM_MAX) {
        return false;
    }
    /* CT-ENC-10: who collects copies is told of calls, not given their keys. */
    media_keys_mask(text.at, text.len);
    mirror->pieces[mirror->count++] = (struct iovec){.iov_base = text.at, .iov_len = text.len};
    mirror->room.len += text.len;
    return true;
}

static void packet_send(struct mirror *mirror, const struct hep_packet *packet)
{
    if (packet->from.family != packet->to.family) {
        mirror->lost++; /* no socket of ours is known for it any more */
        return;
    }
    if (mirror->count == MIRROR_BATCH) {
        mirror_flush(mirror);
    }
    if (datagram_put(mirror, packet)) {
        return;
    }
    mirror_flush(mirror);
    mirror->lost += !datagram_put(mirror, packet);
}

static struct hep_packet packet_of(const struct policy_hep *hep, const struct mirrored *mirrored,
                                   enum hep_content content)
{
    bool is_stream = transport_is_stream(mirrored->transport);

    return (struct hep_packet){
        .from = mirrored->from,
        .to = mirrored->to,
        .when_us = mirrored->when_us,
        .agent = hep->id,
        .protocol = is_stream ? HEP_PROTOCOL_TCP : HEP_PROTOCOL_UDP,
        .content = (uint8_t)content,
        .key = hep->key,
        .payload = mirrored->bytes,
    };
}

void mirror_message(struct mirror *mirror, const struct policy_hep *hep,
                    const struct mirrored *mirrored)
{
    struct hep_packet packet = packet_of(hep, mirrored, HEP_CONTENT_SIP);

    packet_send(mirror, &packet);
}

void mirror_event(struct mirror *mirror, const struct policy_hep *hep,
                  const struct mirrored *mirrored, struct slice call_id)
{
    struct hep_packet packet = packet_of(hep, mirrored, HEP_CONTENT_LOG);

    packet.correlation = call_id;
    packet_send(mirror, &packet);
}

uint64_t mirror_sent(const struct mirror *mirror)
{
    return mirror->sent;
}

uint64_t mirror_lost(const struct mirror *mirror)
{
    return mirror->lost;
}
