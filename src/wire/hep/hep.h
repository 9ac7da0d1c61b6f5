/*
 * HEP version 3, in which capturing agents send what they saw: a head of six octets, then chunks
 * of vendor, type, length and value, each length counting its own head.
 *
 * Only chunks of the general vendor (0) are read; those of others are passed over.  A chunk that
 * came twice makes the packet broken: two readers could believe different ones.
 */
#pragma once

#include "base/address.h"
#include "base/slice.h"

enum {
    HEP_HEAD = 6,
    HEP_CHUNK_HEAD = 6,
    HEP_MAX = 65535,      /* its length has sixteen bits */
    HEP_AROUND_MAX = 144, /* what is written around payload, key and correlation */
};

/* What the payload is (chunk 11); others are read as their number. */
enum hep_content { HEP_CONTENT_SIP = 1, HEP_CONTENT_LOG = 100 };

/* The protocol of IP it ran over (chunk 2).  That of TLS is what other agents send for it. */
enum hep_protocol { HEP_PROTOCOL_TCP = 6, HEP_PROTOCOL_UDP = 17, HEP_PROTOCOL_TLS = 22 };

enum hep_reading {
    HEP_READ,
    HEP_PARTIAL, /* ends beyond the octets given: read more of a stream; a datagram was cut */
    HEP_FOREIGN, /* not HEP 3 at all */
    HEP_BROKEN,  /* lengths that cannot be, or a chunk that came twice */
};

/* Slices are of the bytes read. */
struct hep_packet {
    struct address from, to; /* with ports; family NONE when not said */
    uint64_t when_us;        /* since 1970; 0 when not said */
    uint32_t agent;          /* number of who captured */
    uint8_t protocol;        /* of IP */
    uint8_t content;         /* enum hep_content */
    bool is_compressed;      /* payload came in a chunk that is not unpacked */
    struct slice key;        /* what the agent authenticates itself with */
    struct slice payload;
    struct slice correlation; /* of what belongs together; for SIP the Call-ID */
};

/* The packet at the front of bytes, *len octets, when its head says so: READ or PARTIAL.  Chunks
 * are not looked at. */
enum hep_reading hep_frame(struct slice bytes, size_t *len);

/* bytes is one packet and nothing else. */
enum hep_reading hep_read(struct hep_packet *packet, struct slice bytes);

/* Both addresses are of one family.  What is empty is left out; text is full when there was no
 * room, or when the packet would be longer than HEP_MAX. */
void hep_write(struct text *text, const struct hep_packet *packet);
