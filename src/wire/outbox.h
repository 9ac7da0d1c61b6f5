/*
 * What one turn of the relay wants sent.
 *
 * Filled by the relay, emptied by io.  Messages are written straight into the outbox's own room;
 * nothing is copied again before the socket.  A full outbox refuses and counts.
 */
#pragma once

#include "base/text.h"
#include "wire/media_order.h"
#include "wire/packet.h"

enum {
    OUTBOX_ITEMS_MAX = 256,
    OUTBOX_ORDERS_MAX = 64,
    OUTBOX_QUESTIONS_MAX = 16,
    OUTBOX_ROOM = 4 * 1024 * 1024, /* a turn of 64 packets of ordinary size many times over */
};

struct outgoing {
    struct slice bytes;
    struct flow flow; /* remote is the destination; connection 0 on a stream: find or open one */
    uint16_t
        again_port; /* a stream that ended is opened again to this port of the same host; 0: not */
    bool closes;    /* close the connection once this is sent; bytes may be empty */
    uint32_t reference; /* told when sending fails, at most 26 bits; 0: nobody */
};

struct outbox {
    struct text room;
    struct outgoing items[OUTBOX_ITEMS_MAX];
    uint32_t item_count;
    struct media_order orders[OUTBOX_ORDERS_MAX];
    uint32_t order_count;
    uint16_t questions[OUTBOX_QUESTIONS_MAX]; /* index in policy.names: wanted now */
    uint32_t question_count;
    uint64_t refused;
};

void outbox_init(struct outbox *outbox, char *room, size_t len);
void outbox_reset(struct outbox *outbox);

/* A text over the room that is left.  Write, then outbox_send; or forget it. */
struct text outbox_text(struct outbox *outbox);

/* Takes what was written.  NULL when the text was full or no item is left: counted. */
struct outgoing *outbox_send(struct outbox *outbox, const struct text *written,
                             const struct flow *flow);

/* Bytes that somebody else keeps (retransmissions).  They are copied: a later packet of the same
 * turn may let go of them. */
struct outgoing *outbox_send_kept(struct outbox *outbox, struct slice bytes,
                                  const struct flow *flow);

struct media_order *outbox_order(struct outbox *outbox); /* NULL when full: counted */
void outbox_ask(struct outbox *outbox, uint16_t name);
