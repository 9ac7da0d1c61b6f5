/*
 * From a frame to the message in it.
 */
#include "io/capture/walk.h"

#include "io/capture/link.h"
#include "io/capture/octets.h"
#include "io/capture/sniff.h"
#include "io/capture/tunnel.h"

enum {
    UDP_HEAD = 8,
    TCP_HEAD = 20,
    TUNNELS_MAX = 6, /* GTP-U in VXLAN in ERSPAN, and IP in IP: more is a loop */
};

static bool udp_message(struct capture *capture, enum sniffed sniffed)
{
    enum capture_count count = CAPTURE_UDP_OTHER;

    switch (sniffed) {
    case SNIFF_SIP:
        capture_counted(&capture->counts, CAPTURE_SIP);
        capture_counted(&capture->counts, CAPTURE_SIP_UDP);
        return true;
    case SNIFF_KEEPALIVE:
        count = CAPTURE_KEEPALIVE;
        break;
    case SNIFF_RTP:
        count = CAPTURE_UDP_RTP;
        break;
    case SNIFF_STUN:
        count = CAPTURE_UDP_STUN;
        break;
    case SNIFF_DTLS:
        count = CAPTURE_UDP_DTLS;
        break;
    case SNIFF_SIGCOMP:
        count = CAPTURE_UDP_SIGCOMP;
        break;
    case SNIFF_HEP:
        count = CAPTURE_UDP_HEP;
        break;
    case SNIFF_MORE:
    case SNIFF_TLS:
    case SNIFF_HTTP:
    case SNIFF_OTHER:
        break;
    }
    capture_counted(&capture->counts, count);
    return false;
}

/* True when a message was found.  *inner: the packet in a tunnel, when there is one. */
static bool walk_udp(struct capture *capture, struct ip_packet *ip, struct packet *packet,
                     struct slice *inner)
{
    enum capture_count tunnel;

    capture_counted(&capture->counts, CAPTURE_UDP);
    if (ip->payload.len < UDP_HEAD) {
        capture_counted(&capture->counts, ip->missing > 0 ? CAPTURE_IP_CUT : CAPTURE_UDP_BROKEN);
        return false;
    }
    const char *at = ip->payload.at;
    size_t len = octets_u16(at + 4);
    if (len == 0) {
        len = ip->payload.len + ip->missing; /* too large for the field, or left to the hardware */
    }
    if (len < UDP_HEAD || len > ip->payload.len + ip->missing) {
        capture_counted(&capture->counts, CAPTURE_UDP_BROKEN);
        return false;
    }
    struct slice bytes = slice_head(slice_skip(ip->payload, UDP_HEAD), len - UDP_HEAD);
    enum sniffed sniffed = sniff_datagram(bytes);
    if (sniffed == SNIFF_SIP && len > ip->payload.len) {
        capture_counted(&capture->counts, CAPTURE_IP_CUT);
        return false;
    }
    if (sniffed != SNIFF_SIP &&
        tunnel_udp(octets_u16(at), octets_u16(at + 2), bytes, inner, &tunnel)) {
        capture_counted(&capture->counts, tunnel);
        return false;
    }
    if (!udp_message(capture, sniffed)) {
        return false;
    }
    *packet = (struct packet){
        .bytes = bytes,
        .when_us = capture->frame.when_us,
        .flow = {.remote = ip->from, .listener = LISTENER_NONE, .transport = TRANSPORT_UDP},
        .local = ip->to,
        .number = capture->frame.number,
    };
    packet->flow.remote.port = octets_u16(at);
    packet->local.port = octets_u16(at + 2);
    return true;
}

static void walk_tcp(struct capture *capture, struct ip_packet *ip)
{
    const char *at = ip->payload.at;
    size_t head = ip->payload.len < TCP_HEAD ? 0 : (size_t)(octets_u8(at + 12) >> 4) * 4;

    capture_counted(&capture->counts, CAPTURE_TCP);
    if (head < TCP_HEAD || head > ip->payload.len) {
        capture_counted(&capture->counts, ip->missing > 0 ? CAPTURE_IP_CUT : CAPTURE_TCP_BROKEN);
        return;
    }
    struct segment segment = {
        .from = ip->from,
        .to = ip->to,
        .sequence = octets_u32(at + 4),
        .flags = octets_u8(at + 13),
        .payload = slice_skip(ip->payload, head),
        .missing = ip->missing,
        .when_us = capture->frame.when_us,
        .number = capture->frame.number,
    };
    segment.from.port = octets_u16(at);
    segment.to.port = octets_u16(at + 2);
    if (segment.missing > 0) {
        capture_counted(&capture->counts, CAPTURE_IP_CUT);
    }
    streams_put(capture->streams, &segment);
}

/* True when the payload is that of a whole datagram. */
static bool walk_fragment(struct capture *capture, struct ip_packet *ip)
{
    if (ip->missing > 0) {
        capture_counted(&capture->counts, CAPTURE_FRAGMENTS);
        capture_counted(&capture->counts, CAPTURE_IP_CUT);
        return false;
    }
    if (!fragments_put(capture->fragments, ip, capture->frame.when_us, capture->frame.number)) {
        return false;
    }
    if (ip->from.family == ADDRESS_V6 && (!ip_skip_extensions(ip) || ip->is_fragment)) {
        capture_counted(&capture->counts, CAPTURE_IP_BROKEN);
        return false;
    }
    return true;
}

static void ip_ignored(struct capture *capture, unsigned protocol)
{
    enum capture_count count = protocol == IP_ESP    ? CAPTURE_IP_ESP
                               : protocol == IP_SCTP ? CAPTURE_IP_SCTP
                                                     : CAPTURE_IP_OTHER;

    capture_counted(&capture->counts, count);
}

/* What a tunnel that is no datagram holds; empty when it holds no IP. */
static struct slice walk_tunnel(struct capture *capture, const struct ip_packet *ip)
{
    enum capture_count count = CAPTURE_TUNNEL_GRE;
    struct slice inner = SLICE_NONE;

    if (ip->protocol != IP_GRE) {
        return ip->payload;
    }
    if (tunnel_gre(ip->payload, &inner, &count) != LINK_IP) {
        count = CAPTURE_TUNNEL_OTHER;
        inner = SLICE_NONE;
    }
    capture_counted(&capture->counts, count);
    return inner;
}

static bool is_tunnel(unsigned protocol)
{
    return protocol == IP_V4 || protocol == IP_V6 || protocol == IP_GRE;
}

/* True when a UDP message was found; what TCP has is asked for later. */
static bool walk_ip(struct capture *capture, struct slice bytes, struct packet *packet)
{
    struct ip_packet ip;

    for (unsigned i = 0; i < TUNNELS_MAX; i++) {
        capture_counted(&capture->counts, CAPTURE_IP);
        if (!ip_read(&ip, bytes)) {
            capture_counted(&capture->counts, CAPTURE_IP_BROKEN);
            return false;
        }
        if (ip.is_fragment && !walk_fragment(capture, &ip)) {
            return false;
        }
        bytes = SLICE_NONE;
        if (ip.protocol == IP_TCP) {
            walk_tcp(capture, &ip);
        } else if (ip.protocol == IP_UDP) {
            if (walk_udp(capture, &ip, packet, &bytes)) {
                return true;
            }
        } else if (is_tunnel(ip.protocol)) {
            bytes = walk_tunnel(capture, &ip);
        } else {
            ip_ignored(capture, ip.protocol);
        }
        if (bytes.len == 0) {
            return false;
        }
    }
    capture_counted(&capture->counts, CAPTURE_IP_NESTED);
    return false;
}

bool walk_frame(struct capture *capture, struct packet *packet)
{
    struct capture_counts *counts = &capture->counts;
    struct slice ip;

    capture_counted(counts, CAPTURE_FRAMES);
    switch (link_read(capture->frame.link, capture->frame.bytes, &ip)) {
    case LINK_IP:
        return walk_ip(capture, ip, packet);
    case LINK_OTHER:
        capture_counted(counts, CAPTURE_LINK_OTHER);
        break;
    case LINK_SHORT:
        capture_counted(counts, CAPTURE_LINK_SHORT);
        break;
    case LINK_UNKNOWN:
        if (counts->of[CAPTURE_LINK_UNKNOWN]++ == 0) {
            counts->unknown_link = capture->frame.link;
        }
        break;
    }
    return false;
}
