/*
 * RTP, RTCP and STUN headers.  What is whole lies within the datagram, to the octet.
 */
#include <stdint.h>

#include "base/must.h"
#include "wire/rtp/rtcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void walk_reports(const struct rtcp_packet *packet)
{
    struct rtcp_items items = {.at = 0};
    struct rtcp_sender sender;
    struct rtcp_report report;
    uint32_t ssrc;

    must(rtcp_sender(packet, &sender) == (packet->type == RTCP_SR));
    for (unsigned i = 0; rtcp_report(packet, i, &report) || rtcp_bye(packet, i, &ssrc); i++) {
        must(i < packet->count);
    }
    while (rtcp_item_next(packet, &items)) {
        must(items.text.at + items.text.len <= packet->body.at + packet->body.len);
    }
    must(rtcp_app_name(packet).len == (packet->type == RTCP_APP ? 4 : 0));
}

static void walk(struct slice bytes, bool may_be_reduced)
{
    struct rtcp_walk walk;
    struct rtcp_packet packet;
    size_t seen = 0;

    rtcp_walk_init(&walk, bytes, may_be_reduced);
    while (rtcp_walk_next(&walk, &packet) == RTCP_READ) {
        walk_reports(&packet);
        seen += packet.bytes.len;
    }
    must(seen <= bytes.len);
    must(rtcp_check(bytes, may_be_reduced) != RTCP_END || seen == bytes.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct slice bytes = slice_of((const char *)octets, len);
    struct rtp_packet packet;

    if (rtp_read(&packet, bytes) == RTP_READ) {
        must(RTP_HEADER_LEN + 4U * packet.csrc_count + 4U * packet.has_extension +
                 packet.extension.len + packet.payload.len + packet.padding_len ==
             len);
        for (unsigned i = 0; i < packet.csrc_count; i++) {
            rtp_csrc(bytes, i);
        }
    }
    must(!rtp_is_stun(bytes) || rtp_classify(bytes) != RTP_CLASS_RTP);
    walk(bytes, false);
    walk(bytes, true);
    return 0;
}
