/* CT-SEG-07: a Route that is not ours. */
#include "guard/steps.h"

static bool is_ours(const struct inspection *inspection, const struct sip_uri *uri)
{
    const struct sip_message *message = &inspection->message;
    struct slice host = sip_slice(message, uri->host);
    struct address address;

    if (sip_uri_host_address(message->head, uri, &address)) {
        return policy_is_own_address(inspection->policy, &address);
    }
    return slice_equal_nocase(host, inspection_zone(inspection)->host) ||
           policy_is_own_domain(inspection->policy, host);
}

static bool is_inside(const struct inspection *inspection, const struct sip_uri *uri)
{
    const struct sip_message *message = &inspection->message;
    struct address address;

    if (sip_uri_host_address(message->head, uri, &address)) {
        return inside_has_address(inspection->plan, &address);
    }
    return inside_has_name(inspection->plan, sip_slice(message, uri->host));
}

/* The relay writes every Route itself; a foreign one is told and left behind. */
static enum outcome foreign_found(struct inspection *inspection, const struct sip_value *route)
{
    struct slice evidence = sip_slice(&inspection->message, route->text);

    if (inspection_zone(inspection)->is_strict) {
        return inspection_found_as(inspection, evidence, "HYG-U15", ACTION_REJECT, 403);
    }
    return inspection_found(inspection, evidence, "HYG-U15");
}

/* In a capture a packet may have gone to somebody else, and so are its Routes. */
static bool is_for_others(const struct inspection *inspection)
{
    return inspection->is_watched &&
           !policy_is_own_address(inspection->policy, &inspection->packet->local);
}

enum outcome control_route_enforced(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *route = sip_value(message, SIP_HEADER_ROUTE);
    const struct sip_value *foreign = NULL;

    if (route == NULL || is_for_others(inspection)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    for (; route != NULL; route = sip_value_next(message, route)) {
        if (is_inside(inspection, &route->uri)) {
            return inspection_found_as(inspection, sip_slice(message, route->text), "HYG-U15",
                                       ACTION_REJECT, 400);
        }
        foreign = foreign == NULL && !is_ours(inspection, &route->uri) ? route : foreign;
    }
    return foreign == NULL ? OUTCOME_PASSED : foreign_found(inspection, foreign);
}
