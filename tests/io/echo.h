/*
 * What the tests of io share: addresses on loopback, and turning a loop until something happened.
 */
#pragma once

#include "../expect.h"

#include "io/loop.h"
#include "io/socket.h"
#include "wire/outbox.h"

#include <string.h>

static inline struct address loopback(uint16_t port)
{
    struct address address;

    assert_true(address_read(&address, SLICE("127.0.0.1")));
    address.port = port;
    return address;
}

/* Turns the loop until *count reaches at_least; false when for_ms pass before. */
static inline bool loop_turns(struct loop *loop, const uint64_t *count, uint64_t at_least,
                              unsigned for_ms)
{
    loop_read_clock(loop);
    uint64_t end_ms = loop_now_ms(loop) + for_ms;

    while (*count < at_least && loop_now_ms(loop) < end_ms) {
        (void)uv_run(&loop->uv, UV_RUN_NOWAIT);
        loop_read_clock(loop);
    }
    return *count >= at_least;
}

static inline void loop_turns_for(struct loop *loop, unsigned for_ms)
{
    const uint64_t never = 0;

    (void)loop_turns(loop, &never, 1, for_ms);
}
