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
