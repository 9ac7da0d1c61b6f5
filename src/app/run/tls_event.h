/*
 * What the operator is told of a connection over TLS, in the shape of all events (guard/event.h).
 */
#pragma once

#include "base/text.h"
#include "io/tls_handshakes.h"
#include "policy/policy.h"

/* One that was refused, or is weaker than the peer's best.  peer may be POLICY_NONE. */
void tls_event_write(struct text *text, const struct policy *policy,
                     const struct tls_outcome *outcome, uint16_t zone, uint16_t peer,
                     bool is_downgrade, uint64_t when_us);

/* A certificate that ends soon, or has: ours of a zone, or a peer's. */
struct tls_told_expiry {
    uint16_t zone, peer; /* peer POLICY_NONE: ours */
    struct slice name;
    int64_t days; /* left; below 0: it is over */
};

void tls_expiry_write(struct text *text, const struct policy *policy,
                      const struct tls_told_expiry *told, uint64_t when_us);
