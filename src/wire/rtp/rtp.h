/*
 * RTP, and what shares its port (RFC 3550 5.1, RFC 5761, RFC 7983).
 *
 * Headers only, for the media gate: what a packet is, whether it is whole, and its fields.
 */
#pragma once

#include "base/slice.h"

enum {
    RTP_HEADER_LEN = 12,
    RTP_VERSION = 2,
    RTP_CSRC_MAX = 15,
    STUN_HEADER_LEN = 20,
};

#define STUN_COOKIE UINT32_C(0x2112A442)

/* What the first octets say (RFC 7983 7; RTP and RTCP apart by RFC 5761 4). */
enum rtp_class {
    RTP_CLASS_STUN,
    RTP_CLASS_ZRTP,
    RTP_CLASS_DTLS,
    RTP_CLASS_TURN_CHANNEL,
    RTP_CLASS_RTP,
    RTP_CLASS_RTCP,
    RTP_CLASS_UNKNOWN,
};

enum rtp_reading {
    RTP_READ,
    RTP_SHORT,       /* fewer octets than its header says */
    RTP_BAD_VERSION, /* not version 2 */
    RTP_BAD_PADDING, /* padding of no octets, or of more than there are */
};

struct rtp_packet {
    struct slice payload;   /* without padding */
    struct slice extension; /* its words, without the four octets in front; empty when absent */
    uint32_t ssrc;
    uint32_t timestamp;
    uint16_t sequence;
    uint16_t extension_profile; /* 0xBEDE: one-octet elements (RFC 8285) */
    uint8_t payload_type;
    uint8_t csrc_count;
    uint8_t padding_len;
    bool has_extension;
    bool has_marker;
};

enum rtp_class rtp_classify(struct slice bytes);

/* Only what the first octets say is looked at; packet is whole for READ alone. */
enum rtp_reading rtp_read(struct rtp_packet *packet, struct slice bytes);

/* A contributing source; index below csrc_count of a packet that was READ from bytes. */
uint32_t rtp_csrc(struct slice bytes, unsigned index);

/* Header, magic cookie, and a length that is all of bytes (RFC 8489 5). */
bool rtp_is_stun(struct slice bytes);
