/* CT-ENC-02: somebody who is to be protected, and is not. */
#include "guard/inspect.h"

enum { SECURE = 1U << TRANSPORT_TLS | 1U << TRANSPORT_WSS };

static bool is_to_use_tls(const struct policy_peer *peer)
{
    return peer->transports != 0 && (peer->transports & ~SECURE) == 0;
}

/* Of a capture nobody knows what it came through. */
enum outcome control_clear_text(struct inspection *inspection)
{
    const struct packet *packet = inspection->packet;
    const struct policy *policy = inspection->policy;

    if (inspection->zone == POLICY_NONE) {
        return OUTCOME_NOT_APPLICABLE;
    }
    uint16_t index = inspection->peer != POLICY_NONE
                         ? inspection->peer
                         : policy_peer_at(policy, inspection->zone, &packet->flow.remote);
    if (index == POLICY_NONE) {
        return OUTCOME_NOT_APPLICABLE;
    }
    const struct policy_peer *peer = &policy->peers[index];
    if (peer->is_ipsec && !packet->is_protected && !inspection->is_watched) {
        return inspection_found(inspection, peer->name, "IPS-01");
    }
    if (is_to_use_tls(peer) && !transport_is_secure((enum transport)packet->flow.transport)) {
        return inspection_found(inspection, peer->name, "TLS-22");
    }
    return OUTCOME_PASSED;
}
