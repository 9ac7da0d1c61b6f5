/*
 * Those who send to media ports where nobody expects them (MED-04): counted per source, blocked
 * when they scan or flood.
 *
 * Only packets that match no stream come here, so what a stream was promised is never taken away by
 * somebody who forges its party's address; a blocked source merely cannot be learned any more.  An
 * IPv6 source stands for its /64.  Bounded: a set of four places per hash, the longest unseen
 * stranger leaves, a blocked one only when its time is over.
 */
#pragma once

#include "base/address.h"
#include "base/hash.h"

enum {
    STRANGERS_SETS = 2048, /* 8,192 strangers in 3 MB: more at once is a spoofed flood */
    STRANGERS_WAYS = 4,
    STRANGER_PORTS_MAX = 16, /* ports remembered per source; the limit of MED-04 is 10 */
};

struct stranger_port {
    uint32_t port; /* the caller's number of it + 1; 0: none */
    uint64_t at_ms;
};

struct stranger {
    struct address host; /* family NONE: a free place */
    uint64_t seen_us, second_us, blocked_until_us;
    uint32_t packets; /* in the second that began at second_us */
    struct stranger_port ports[STRANGER_PORTS_MAX];
};

struct strangers {
    struct hash_key key;
    uint32_t block_ports, block_packets, block_s;
    uint64_t untracked; /* came while all four places of its set were blocked */
    struct stranger places[STRANGERS_SETS][STRANGERS_WAYS];
};

enum stranger_standing {
    STRANGER_NOTED,
    STRANGER_BLOCKED_NOW, /* this packet was the one too many */
    STRANGER_BLOCKED,
};

enum stranger_standing strangers_note(struct strangers *strangers, const struct address *source,
                                      uint32_t port, uint64_t now_us);
bool strangers_is_blocked(const struct strangers *strangers, const struct address *source,
                          uint64_t now_us);
