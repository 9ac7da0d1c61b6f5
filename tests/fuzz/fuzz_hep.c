/* HEP packets: what is read lies within them, and is read again from what is written of it. */
#include "base/must.h"
#include "wire/hep/hep.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void written_again(const struct hep_packet *packet)
{
    static char room[HEP_MAX + HEP_AROUND_MAX];
    struct hep_packet again;
    struct text text;

    text_init(&text, room, sizeof(room));
    hep_write(&text, packet);
    if (text.is_full) {
        return; /* it came without the chunks that are always written */
    }
    must(hep_read(&again, text_slice(&text)) == HEP_READ);
    must(address_equal(&again.from, &packet->from) && address_equal(&again.to, &packet->to));
    must(again.when_us == packet->when_us && again.agent == packet->agent);
    must(again.protocol == packet->protocol && again.content == packet->content);
    must(slice_equal(again.key, packet->key) && slice_equal(again.payload, packet->payload));
    must(slice_equal(again.correlation, packet->correlation));
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct slice bytes = slice_of((const char *)octets, len);
    struct hep_packet packet;

    if (hep_read(&packet, bytes) != HEP_READ) {
        return 0;
    }
    must(packet.payload.len + packet.key.len + packet.correlation.len + HEP_HEAD <= len);
    if (packet.from.family == packet.to.family) {
        written_again(&packet);
    }
    return 0;
}
