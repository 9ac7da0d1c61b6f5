/*
 * Copies of what a worker took and sent, in HEP 3, for who collects them (policy: hep).
 *
 * Gathered while a turn lasts and sent together at its end, over a socket the parent connected.
 * Nothing ever waits: what the kernel does not take at once, and what is too long for a datagram,
 * is lost and counted.
 */
#pragma once

#include "policy/policy.h"
#include "wire/packet.h"

struct mirror;

/* One message or log to be copied. */
struct mirrored {
    struct address from, to;
    enum transport transport;
    uint64_t when_us; /* since 1970 */
    struct slice bytes;
};

/* NULL when memory ends.  fd stays the caller's. */
struct mirror *mirror_new(int fd);
void mirror_free(struct mirror *mirror);

void mirror_message(struct mirror *mirror, const struct policy_hep *hep,
                    const struct mirrored *mirrored);
/* An event about a message, with its Call-ID, which may be empty. */
void mirror_event(struct mirror *mirror, const struct policy_hep *hep,
                  const struct mirrored *mirrored, struct slice call_id);

void mirror_flush(struct mirror *mirror);

uint64_t mirror_sent(const struct mirror *mirror);
uint64_t mirror_lost(const struct mirror *mirror);
