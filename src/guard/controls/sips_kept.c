/* CT-ENC-05: what was asked to be secure all the way does not leave in clear. */
#include "guard/inspect.h"

/* Any of its hops may be the one: all must be over TLS. */
static bool route_is_secure(const struct policy_route *route)
{
    for (uint32_t i = 0; i < route->hop_count; i++) {
        unsigned transport = route->hops[i].transport;

        if (transport >= TRANSPORT_COUNT || !transport_is_secure((enum transport)transport)) {
            return false;
        }
    }
    return true;
}

static bool side_is_secure(const struct dialog_side *side)
{
    return transport_is_secure((enum transport)side->flow.transport);
}

enum outcome control_sips_kept(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct match *match = &inspection->match;
    bool is_kept = true;

    if (message->uri.scheme != SIP_SCHEME_SIPS || inspection->is_for_us) {
        return OUTCOME_NOT_APPLICABLE;
    }
    if (match->kind == MATCH_DIALOG) {
        is_kept = side_is_secure(&match->dialog->sides[match->side ^ 1]);
    } else if (match->registration != NULL) {
        is_kept = transport_is_secure((enum transport)match->registration->flow.transport);
    } else if (inspection->route != POLICY_NONE) {
        is_kept = route_is_secure(&inspection->policy->routes[inspection->route]);
    }
    return is_kept ? OUTCOME_PASSED
                   : inspection_found(inspection, sip_slice(message, message->uri.whole), "TLS-20");
}
