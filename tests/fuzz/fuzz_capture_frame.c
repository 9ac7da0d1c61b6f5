/* One frame in memory of just its size: link type, then the frame. */
#include "io/capture/ip.h"
#include "io/capture/link.h"
#include "io/capture/sniff.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct ip_packet packet;
    struct slice ip;
    size_t at;

    if (len < 2 ||
        link_read((uint32_t)octets[0] << 8 | octets[1], slice_of((const char *)octets + 2, len - 2),
                  &ip) != LINK_IP ||
        !ip_read(&packet, ip)) {
        return 0;
    }
    (void)ip_skip_extensions(&packet);
    (void)sniff_datagram(slice_skip(packet.payload, 8));
    (void)sniff_connection(slice_skip(packet.payload, 20));
    (void)sniff_message(slice_skip(packet.payload, 20), &at);
    return 0;
}
