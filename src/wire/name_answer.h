/*
 * What the resolver process says of a configured name: targets in the order of RFC 3263 and 2782.
 */
#pragma once

#include "wire/packet.h"

enum { NAME_TARGETS_MAX = 16 };

struct name_target {
    struct address address; /* with its port */
    uint8_t transport;      /* enum transport */
};

struct name_answer {
    uint16_t name;        /* index in policy.names */
    uint16_t count;       /* 0: the name does not exist, or nobody answered */
    uint32_t ttl_seconds; /* how long it may be used without asking again */
    struct name_target targets[NAME_TARGETS_MAX];
};
