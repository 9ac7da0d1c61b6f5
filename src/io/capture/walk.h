/*
 * A capture from inside: what reads it and what it remembers.
 */
#pragma once

#include "io/capture/capture.h"
#include "io/capture/fragments.h"
#include "io/capture/frames.h"
#include "io/capture/streams.h"

struct capture {
    struct fragments *fragments;
    struct streams *streams;
    struct keylog *keylog;
    struct capture_counts counts;
    struct frame frame; /* the one at hand */
    struct fault fault; /* why there are no more frames, told when the streams are empty */
    bool is_ended;
    int fd; /* -1 when the caller reads */
    uint64_t total;
    struct frames frames; /* last: it holds the window */
};

/* True when the frame at hand is a datagram with a message.  What TCP has is asked for later. */
bool walk_frame(struct capture *capture, struct packet *packet);
