/*
 * Messages out of TCP connections, as a bystander sees them.
 *
 * Both directions; segments late, twice, overlapping or missing; connections whose beginning the
 * capture missed.  Where content disagrees, the first that came stays.  Everything is bounded: what
 * waits, how long it waits, and how many connections are followed.
 *
 * Nothing here trusts one segment to move a stream: a lone SYN, a RST off the mark or a number far
 * outside the window are what one sends to blind an observer.
 */
#pragma once

#include "base/hash.h"
#include "base/table.h"
#include "io/capture/chunks.h"
#include "io/capture/counts.h"
#include "io/capture/rooms.h"
#include "io/capture/tls.h"
#include "wire/packet.h"
#include "wire/sip/stream.h"

enum {
    STREAMS_CONVERSATIONS = 16384,     /* followed at once; one forgotten is picked up again */
    STREAMS_MEMORY = 32 * 1024 * 1024, /* of segments before their turn, all streams */
    STREAM_HELD_MAX = 128,             /* chunks of one stream: four windows of 64 KiB */
    STREAM_GAP_WAIT_US = 2000000,      /* a retransmission would have come */
    STREAM_WINDOW = 16 * 1024 * 1024,  /* receive windows of servers end far below */
    STREAM_STRAYS_MAX = 8,             /* segments outside the window until they are believed */
    STREAM_SEARCH_MAX = 64 * 1024,     /* octets without a start line until it is no SIP */
};

enum segment_flag {
    SEGMENT_FIN = 0x01,
    SEGMENT_SYN = 0x02,
    SEGMENT_RST = 0x04,
    SEGMENT_ACK = 0x10,
};

struct segment {
    struct address from, to;
    uint32_t sequence;
    uint8_t flags; /* enum segment_flag */
    struct slice payload;
    size_t missing; /* octets behind it that the capture did not keep */
    uint64_t when_us;
    uint32_t number;
};

enum half_state {
    HALF_NEW,       /* nothing seen yet */
    HALF_STARTING,  /* its beginning was seen, not yet its first line */
    HALF_SEARCHING, /* somewhere in the middle: a start line will tell where */
    HALF_FRAMING,   /* between messages or within one */
    HALF_TLS,       /* records, whose secrets may be known */
    HALF_FOREIGN,   /* no SIP */
};

/* One direction of a conversation. */
struct half {
    uint32_t next;       /* sequence number of the octet whose turn it is */
    uint32_t first;      /* and of the first octet there was */
    uint32_t again_at;   /* where a new connection of the same name would begin */
    uint32_t held;       /* first chunk that waits for its turn */
    uint32_t held_count; /* chunks */
    uint32_t searched;   /* octets looked at in vain */
    uint8_t state;       /* enum half_state */
    uint8_t strays;
    bool may_be_again;
    bool has_ended; /* FIN or RST: a SYN may begin anew at once */
    bool is_sip;    /* a message was found in it */
    bool is_proven; /* its framing has been right from its beginning, or since it was found again */
    bool is_kept;   /* octets wait in a room; without a room they were taken away */
    bool is_tls;
    bool has_plain;      /* something was said in its records */
    uint32_t plain_next; /* sequence number of what is said next in them */
    bool is_waiting;     /* in the list of those with a gap */
    struct sip_stream framer;
    struct room *room;
    struct recent_link waiting;
    uint64_t waits_since_us;
};

struct conversation {
    struct pool_slot slot;
    struct recent_link link;
    uint64_t hash;
    uint32_t serial;
    bool is_again; /* a SYN asked for a new connection of the same name */
    struct address ends[2];
    struct half halves[2]; /* sent by ends[0], ends[1] */
};

struct streams {
    struct pool conversations;
    struct table table;
    struct recent recent;
    struct pool chunks;
    struct rooms rooms;
    struct recent waiting; /* halves with a gap, oldest first */
    struct hash_key key;
    struct capture_counts *counts;
    uint32_t serial;

    /* The half whose turn it is, and what just came for it. */
    struct half *ready;
    struct slice fresh;
    size_t missing;
    uint64_t when_us;
    uint32_t number;

    /* What is said within TLS, as streams of their own; NULL: nobody's secrets are known. */
    const struct keylog *keylog;
    struct tls_reader *tls;
    struct streams *inner;
    struct capture_counts inner_counts;
};

/* From now on TLS connections whose secrets are in the log are read. */
bool streams_take_keys(struct streams *streams, const struct keylog *keylog);

struct streams *streams_new(const struct hash_key *key, struct capture_counts *counts);
void streams_free(struct streams *streams);

/* Ask streams_next for its messages before the next is put. */
void streams_put(struct streams *streams, const struct segment *segment);

/* Passes over a gap that has been open too long at when_us, or over any with UINT64_MAX.  True when
 * there was one: ask streams_next. */
bool streams_expire(struct streams *streams, uint64_t when_us);

/* The next message of what was put; its bytes are valid until the next call of any of these. */
bool streams_next(struct streams *streams, struct packet *packet);

/* Counts what never became whole. */
void streams_finish(struct streams *streams);

/* Between the files of this folder. */
struct conversation *conversation_find(struct streams *streams, const struct segment *segment,
                                       unsigned *side);
struct conversation *conversation_add(struct streams *streams, const struct segment *segment,
                                      unsigned *side);
struct conversation *conversation_of(const struct streams *streams, const struct half *half,
                                     unsigned *side);

/* Drops what waits for its turn. */
void half_drop_held(struct streams *streams, struct half *half);

bool half_is_unfinished(const struct half *half);

/* The place within the stream is lost: drops the message begun and searches for a start line. */
void half_lose(struct streams *streams, struct half *half);

/* The next chunk, when its turn has come, into the room; false when there is none. */
bool half_pull(struct streams *streams, struct half *half);
