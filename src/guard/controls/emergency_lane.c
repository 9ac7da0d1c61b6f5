/* CT-DOS-13: emergency requests go to the emergency route, and from interconnects in a lane. */
#include "guard/steps.h"

/* Without an agreement: one a second, five at once; from the untrusted one in ten seconds, three at
 * once (EMG-10). */
enum {
    LANE_TRUSTED_MS = 1000,
    LANE_TRUSTED_BURST = 5,
    LANE_UNTRUSTED_MS = 10000,
    LANE_UNTRUSTED_BURST = 3,
};

/* The lane empties one request every period; due is when it is empty again. */
static bool lane_enter(uint64_t *due_ms, uint64_t now_ms, bool is_trusted)
{
    uint64_t period = is_trusted ? LANE_TRUSTED_MS : LANE_UNTRUSTED_MS;
    uint64_t burst = is_trusted ? LANE_TRUSTED_BURST : LANE_UNTRUSTED_BURST;

    if (*due_ms < now_ms) {
        *due_ms = now_ms;
    }
    if (*due_ms > now_ms + (burst - 1) * period) {
        return false;
    }
    *due_ms += period;
    return true;
}

/* Between operators it takes an agreement: a route that says from whom. */
static bool has_agreement(const struct inspection *inspection)
{
    const struct policy_route *route = &inspection->policy->routes[inspection->route];

    return route->from != POLICY_NONE || route->from_peer != POLICY_NONE;
}

static enum outcome lane(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    struct slice evidence = sip_slice(message, message->uri.whole);
    bool is_trusted = zone_class_is_trusted(inspection_zone(inspection)->class);
    struct tallies *tallies = inspection->tallies;

    if (has_agreement(inspection)) {
        return OUTCOME_PASSED;
    }
    if (tallies != NULL &&
        !lane_enter(&tallies->emergency_due_ms[tallies_row(tallies, inspection->peer)],
                    inspection->now_ms, is_trusted)) {
        return inspection_found_as(inspection, evidence, "EMG-10", ACTION_REJECT, 503);
    }
    return inspection_found(inspection, evidence, "EMG-10");
}

/* A rescue service that calls back may say so, nobody else: such a call passes what bars others. */
static enum outcome callback(struct inspection *inspection)
{
    const struct sip_header *line = sip_header(&inspection->message, SIP_HEADER_PRIORITY);
    struct slice value = sip_header_value(&inspection->message, SIP_HEADER_PRIORITY);
    enum zone_class class = inspection_zone(inspection)->class;

    if (!slice_equal_nocase(value, SLICE("psap-callback")) || class == ZONE_CORE ||
        class == ZONE_EMERGENCY_SERVICES) {
        return OUTCOME_NOT_APPLICABLE;
    }
    inspection_strip_line(inspection, line);
    return inspection_found_as(inspection, value, "HDR-11", ACTION_STRIP, 0);
}

enum outcome control_emergency_lane(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    enum zone_class class = inspection_zone(inspection)->class;

    if (sip_has(message, SIP_HEADER_PRIORITY) && callback(inspection) == OUTCOME_FAILED) {
        return OUTCOME_FAILED;
    }
    if (inspection->emergency != EMERGENCY_CALL || !inspection_is_new(inspection)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    if (inspection->route == POLICY_NONE) {
        return inspection_found_as(inspection, sip_slice(message, message->uri.whole), "EMG-01",
                                   ACTION_REJECT, 503);
    }
    return class == ZONE_INTERCONNECT || class == ZONE_INTERCONNECT_OPEN ? lane(inspection)
                                                                         : OUTCOME_PASSED;
}
