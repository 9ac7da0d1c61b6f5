/*
 * RTCP (RFC 3550 6): a walk over the packets of one datagram.
 */
#pragma once

#include "wire/rtp/rtp.h"

enum {
    RTCP_HEADER_LEN = 4,
    RTCP_SENDER_LEN = 20,  /* of a sender report, behind its SSRC */
    RTCP_REPORT_LEN = 24,  /* one report block */
    RTCP_PACKETS_MAX = 32, /* of one datagram: a session has a handful, and the walk is bounded */
};

enum rtcp_type {
    RTCP_SR = 200,
    RTCP_RR = 201,
    RTCP_SDES = 202,
    RTCP_BYE = 203,
    RTCP_APP = 204,
    RTCP_RTPFB = 205, /* RFC 4585 */
    RTCP_PSFB = 206,
    RTCP_XR = 207, /* RFC 3611 */
};

enum rtcp_item {
    RTCP_ITEM_END = 0,
    RTCP_ITEM_CNAME = 1,
    RTCP_ITEM_NAME = 2,
    RTCP_ITEM_EMAIL = 3,
    RTCP_ITEM_PHONE = 4,
    RTCP_ITEM_LOC = 5,
    RTCP_ITEM_TOOL = 6,
    RTCP_ITEM_NOTE = 7,
    RTCP_ITEM_PRIV = 8,
};

enum rtcp_reading {
    RTCP_READ,        /* another packet */
    RTCP_END,         /* no more, and all was whole */
    RTCP_SHORT,       /* a length beyond the octets there are, or too short for its type */
    RTCP_BAD_VERSION, /* not version 2 */
    RTCP_BAD_PADDING, /* on another packet than the last, or no multiple of four */
    RTCP_BAD_ORDER,   /* the first is no report (RFC 3550 6.1) */
    RTCP_MANY,        /* more packets than the walk goes */
};

/* One packet of the datagram. */
struct rtcp_packet {
    struct slice bytes; /* with its header and padding */
    struct slice body;  /* behind the header, without padding */
    uint8_t type;       /* enum rtcp_type or another number */
    uint8_t count;      /* of report blocks, chunks or sources; the format of feedback */
    uint32_t ssrc;      /* of the sender; 0 where the type has none in front (SDES, empty BYE) */
};

struct rtcp_walk {
    struct slice rest;
    uint8_t count;
    bool may_be_reduced; /* RFC 5506 was negotiated: any packet may stand first */
};

struct rtcp_report {
    uint32_t ssrc;
    uint32_t lost;    /* 24 bits, signed in the RFC; as on the wire */
    uint32_t highest; /* sequence number with its cycles */
    uint32_t jitter;
    uint32_t last_sr, delay;
    uint8_t fraction_lost;
};

struct rtcp_sender {
    uint64_t ntp;
    uint32_t rtp_timestamp, packets, octets;
};

void rtcp_walk_init(struct rtcp_walk *walk, struct slice bytes, bool may_be_reduced);
enum rtcp_reading rtcp_walk_next(struct rtcp_walk *walk, struct rtcp_packet *packet);

/* The whole datagram; END when it is a valid compound, else what is wrong. */
enum rtcp_reading rtcp_check(struct slice bytes, bool may_be_reduced);

/* False when packet is no sender report. */
bool rtcp_sender(const struct rtcp_packet *packet, struct rtcp_sender *sender);

/* A report block of SR or RR; false beyond the last. */
bool rtcp_report(const struct rtcp_packet *packet, unsigned index, struct rtcp_report *report);

/* A source that says goodbye; false beyond the last. */
bool rtcp_bye(const struct rtcp_packet *packet, unsigned index, uint32_t *ssrc);

/* The four letters of an APP packet; empty for others. */
struct slice rtcp_app_name(const struct rtcp_packet *packet);

/* Items of SDES, one after the other: start with an empty struct.  False at the end, or where it is
 * malformed (is_bad). */
struct rtcp_items {
    size_t at;
    unsigned chunks;
    uint32_t ssrc;
    bool is_in_chunk, is_bad;
    uint8_t type; /* enum rtcp_item or another number */
    struct slice text;
};
bool rtcp_item_next(const struct rtcp_packet *packet, struct rtcp_items *items);
