/*
 * SIP over WebSocket (RFC 7118): the upgrade, then messages out of frames and into frames.
 *
 * wslay takes the frames apart; what a message may be is decided here: masked, of text or octets,
 * within the limit, in fragments if need be, nothing negotiated.
 */
#pragma once

#include "base/slice.h"
#include "io/blocks.h"
#include "wire/http/upgrade.h"

#include <stdint.h>

enum {
    WEBSOCKET_HEAD_MAX = 10,     /* octets in front of what we send */
    WEBSOCKET_CONTROL_MAX = 125, /* octets of a ping, RFC 6455 5.5 */
};

struct websocket;

enum websocket_event {
    WEBSOCKET_MORE,    /* everything was taken in */
    WEBSOCKET_OPENED,  /* answer holds the 101 */
    WEBSOCKET_REFUSED, /* answer holds why not: send it and close */
    WEBSOCKET_MESSAGE, /* message, valid until the next call */
    WEBSOCKET_PING,    /* answer holds the pong */
    WEBSOCKET_CLOSED,  /* answer holds our close: send it and close */
    WEBSOCKET_BROKEN,  /* the same, because of what came */
};

/* Who may come. */
struct websocket_terms {
    const struct slice *origins; /* of pages; none: no page at all */
    uint32_t origin_count;
    uint32_t message_max;
};

/* NULL when memory ends. */
struct websocket *websocket_new(struct blocks *blocks);
void websocket_free(struct websocket *websocket);

/* Takes from octets until something happens; what was taken is cut off.  Call until MORE. */
enum websocket_event websocket_take(struct websocket *websocket, struct slice *octets,
                                    const struct websocket_terms *terms, struct slice *message);

/* Of the last event that has one. */
struct slice websocket_answer(const struct websocket *websocket);

bool websocket_is_open(const struct websocket *websocket);    /* upgraded */
bool websocket_is_waiting(const struct websocket *websocket); /* for the rest of something */

/* In front of a message of that length; how many octets the head has. */
size_t websocket_head(uint8_t head[WEBSOCKET_HEAD_MAX], size_t len);
