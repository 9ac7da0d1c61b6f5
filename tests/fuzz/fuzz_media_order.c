/*
 * Any octets as orders of a worker that was taken over: what is read is within its ranges, and a
 * stream that takes it keeps every promise a packet relies on.
 */
#include "base/must.h"
#include "io/media/judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static const struct media_limits limits = {.streams = 1,
                                           .silence_s = 60,
                                           .held_silence_s = 300,
                                           .emergency_silence_s = 3600,
                                           .learn_ms = 5000};

static void order_try(struct gate_stream *stream, const struct media_order *order, uint64_t now_us)
{
    char bytes[GATE_ROOM] = "\x80\0\0\1\0\0\0\1\0\0\0\7hello", room[GATE_ROOM];
    struct gate_packet packet = {.at = bytes, .len = 17, .room = room, .now_us = now_us};
    struct gate_verdict verdict;

    if (gate_stream_check(stream, order) != GATE_TAKEN) {
        return;
    }
    gate_stream_open(stream, order, &limits, 1, now_us);
    for (unsigned side = 0; side < 2; side++) {
        const struct gate_side *gate_side = &stream->sides[side];

        must(!address_is_mapped(&gate_side->to) && !address_is_multicast(&gate_side->to));
        must(gate_side->to.family == ADDRESS_NONE ||
             gate_side->to.family == gate_side->told.local.family);
        packet.source = gate_side->from;
        media_judge(stream, side, &packet, &verdict);
        packet.source = gate_side->control_from;
        packet.is_control = true;
        media_judge(stream, side, &packet, &verdict);
        packet.is_control = false;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    static struct gate_stream stream;
    struct media_order order;
    uint64_t now_us = 1000000;

    memset(&stream, 0, sizeof(stream));
    while (len >= sizeof(order)) {
        if (media_order_read(&order, slice_of((const char *)octets, sizeof(order)))) {
            order_try(&stream, &order, now_us);
        }
        octets += sizeof(order);
        len -= sizeof(order);
        now_us += 1000000;
    }
    must(len == 0 || !media_order_read(&order, slice_of((const char *)octets, len)));
    return 0;
}
