/*
 * Captures written: evidence that any other program opens, each frame with its comment.
 *
 * The format is pcapng.  A frame is written as it was seen, or made up around a message: addresses
 * and ports are the packet's; a message over a stream is a TCP connection of its own, in the clear.
 */
#pragma once

#include "wire/packet.h"

enum {
    CAPTURE_LINKS_MAX = 8,       /* link types in one file */
    CAPTURE_COMMENT_MAX = 65532, /* what an option's length holds, in whole words */
    CAPTURE_LINK_RAW = 101,      /* LINKTYPE_RAW: IP and nothing around it */
};

/* Takes octets, all of them; false when that failed. */
typedef bool capture_put(void *to, struct slice octets);

/* For a FILE. */
bool capture_put_file(void *to, struct slice octets);

struct capture_writer {
    capture_put *put;
    void *to;
    uint32_t links[CAPTURE_LINKS_MAX];
    uint32_t link_count;
    uint32_t sequence; /* of the next message over a stream: no two cover the same octets */
    bool has_failed;   /* once put has failed nothing more is put */
};

/* Every call is false when put has failed, now or before; longer comments are cut. */
bool capture_write_start(struct capture_writer *writer, capture_put *put, void *to,
                         struct slice program, struct slice comment);
bool capture_write_frame(struct capture_writer *writer, uint32_t link, uint64_t when_us,
                         struct slice frame, struct slice comment);
bool capture_write_packet(struct capture_writer *writer, const struct packet *packet,
                          struct slice comment);
