/*
 * A stream as the first octets want it, then packets, each behind four octets: who sent it, to
 * which port, how much later, how long it is.  Whatever they hold, only a party's packets pass, and
 * only to a party, and what is passed on is within the packet or its room.
 */
#include "base/must.h"
#include "io/media/judge.h"
#include "wire/rtp/rtcp.h"

#include <stdlib.h>

enum { HEAD = 4, PARTIES = 5, PACKET_FRONT = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static const struct media_limits limits = {.streams = 1,
                                           .silence_s = 60,
                                           .held_silence_s = 300,
                                           .emergency_silence_s = 3600,
                                           .learn_ms = 5000};

static struct address somebody(unsigned number, uint16_t port)
{
    return (struct address){.family = ADDRESS_V4,
                            .port = port,
                            .bytes = {203, 0, 113, (uint8_t)number}};
}

static void side_wish(struct media_side *side, uint8_t wish, unsigned number)
{
    side->local = somebody(100, (uint16_t)(20000 + 2 * number));
    side->remote = somebody(number + 1, 4000);
    side->may_send = true;
    side->learns = (wish & 1) != 0;
    side->learn_host = somebody(number + 1, 0);
    side->hides = (wish & 2) != 0;
    side->has_rtcp_mux = (wish & 4) != 0;
    if ((wish & 8) != 0) {
        side->protection = MEDIA_SDES;
        side->send.suite = side->receive.suite =
            (wish & 16) != 0 ? MEDIA_SUITE_AES_128_CM : MEDIA_SUITE_AES_256_GCM;
    }
    side->extensions = (wish & 32) != 0 ? 0x00F6 : 0;
    side->has_reduced_rtcp = (wish & 64) != 0;
    side->event_type = (wish & 64) != 0 ? 101 : 0;
    side->has_asymmetric_port = (wish & 128) != 0;
}

static bool is_within(struct slice part, const char *at, size_t len)
{
    return part.at >= at && part.at + part.len <= at + len;
}

static void verdict_check(const struct gate_stream *stream, unsigned side,
                          const struct gate_packet *packet, const struct gate_verdict *verdict)
{
    const struct media_side *told = &stream->sides[side].told;

    must(verdict->reason < MEDIA_REASON_COUNT);
    if (verdict->reason != MEDIA_PASSED) {
        return;
    }
    must(address_same_host(&packet->source, &told->remote));
    must(address_same_host(verdict->to, &stream->sides[side ^ 1].told.remote));
    must(verdict->bytes.len > 0);
    must(is_within(verdict->bytes, packet->at, packet->max) ||
         is_within(verdict->bytes, packet->room, GATE_ROOM));
    /* RTCP that was written anew is what a reader of RTCP expects. */
    if (is_within(verdict->bytes, packet->room, GATE_ROOM) &&
        stream->sides[side ^ 1].told.protection == MEDIA_CLEAR) {
        must(rtcp_check(verdict->bytes, told->has_reduced_rtcp) == RTCP_END);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    static struct gate_stream stream;
    static char room[GATE_ROOM];
    struct media_order order = {.version = MEDIA_ORDER_VERSION, .stream = 1, .generation = 1};
    static struct cipher *first;
    uint64_t now_us = 1000000;
    bool is_sealed;

    first = first == NULL ? ciphers_begin() : first;
    must(first != NULL);
    if (len < 3) {
        return 0;
    }
    order.media_kind = octets[0] % MEDIA_KIND_COUNT;
    side_wish(&order.sides[0], octets[1], 0);
    side_wish(&order.sides[1], octets[2], 1);
    if (order.media_kind == MEDIA_UDPTL) {
        order.sides[0].protection = order.sides[1].protection = MEDIA_CLEAR;
    }
    is_sealed =
        order.sides[1].protection != MEDIA_CLEAR || order.sides[0].protection != MEDIA_CLEAR;
    memset(&stream, 0, sizeof(stream));
    must(gate_stream_check(&stream, &order) == GATE_TAKEN);
    gate_stream_open(&stream, &order, &limits, 77, now_us);
    octets += 3;
    len -= 3;
    while (len >= HEAD) {
        size_t own = (size_t)(octets[2] & 7) << 8 | octets[3];
        struct gate_packet packet = {.room = room};
        struct gate_verdict verdict;
        unsigned side = octets[0] & 1;

        packet.source = somebody(octets[0] >> 4, (uint16_t)(4000 + octets[1] % PARTIES));
        packet.is_control = (octets[0] & 2) != 0;
        now_us += (uint64_t)(octets[2] >> 3) * 20000;
        packet.now_us = now_us;
        own = own > len - HEAD ? len - HEAD : own;
        packet.is_cut = own > GATE_ROOM;
        packet.len = packet.is_cut ? GATE_ROOM : own;
        /* Just its size: whoever reads beyond is caught. */
        packet.max = packet.len + (is_sealed ? CIPHER_TRAILER_MAX : 0);
        packet.at = malloc(packet.max + PACKET_FRONT);
        must(packet.at != NULL);
        packet.at += PACKET_FRONT;
        memcpy(packet.at, octets + HEAD, packet.len);
        media_judge(&stream, side, &packet, &verdict);
        verdict_check(&stream, side, &packet, &verdict);
        free(packet.at - PACKET_FRONT);
        octets += HEAD + own;
        len -= HEAD + own;
    }
    gate_stream_end(&stream);
    return 0;
}
