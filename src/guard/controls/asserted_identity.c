/* CT-IDN-03: an asserted identity of somebody who may not assert it. */
#include "guard/identity.h"

/* Between operators; a visited network says who of ours is calling. */
static bool is_foreign(const struct inspection *inspection)
{
    return inspection_zone(inspection)->class == ZONE_INTERCONNECT;
}

static bool is_of_others(struct slice host, const struct policy_peer *peer)
{
    return slice_ends_nocase(host, SLICE(".3gppnetwork.org")) && !identity_is_domain_of(peer, host);
}

/* A number is the peer's or not; without one, or without ranges, the host must do. */
static bool has_number_of(const struct sip_message *message, const struct policy_peer *peer,
                          const struct sip_value *value, bool *is_known)
{
    char room[IDENTITY_DIGITS_MAX];
    struct slice number = SLICE_NONE;

    if (peer != NULL && peer->numbers.count > 0) {
        number = identity_number(message, &value->uri, room);
    }
    *is_known = identity_is_global(number);
    return *is_known && identity_has_prefix(&peer->numbers, number);
}

/* The rule an asserted identity breaks, or NULL. */
static const char *broken(const struct inspection *inspection, const struct sip_value *value)
{
    const struct sip_message *message = &inspection->message;
    const struct policy_peer *peer = inspection_peer(inspection);
    struct slice host = sip_slice(message, value->uri.host);
    bool is_known = false;

    if (!zone_class_is_trusted(inspection_zone(inspection)->class)) {
        return "HDR-01";
    }
    if (has_number_of(message, peer, value, &is_known) ||
        (!is_known && (!is_foreign(inspection) || host.len == 0)) ||
        identity_is_diverted(inspection)) {
        return NULL;
    }
    if (is_known) {
        return "IDN-01";
    }
    if (policy_is_own_domain(inspection->policy, host)) {
        return "IDN-05";
    }
    return is_of_others(host, peer) ? "IDN-06" : NULL;
}

static enum outcome identity_found(struct inspection *inspection, const struct sip_value *value,
                                   const char *rule)
{
    const struct sip_message *message = &inspection->message;
    struct slice evidence = sip_slice(message, value->uri.whole);

    inspection_score(inspection, 2);
    inspection_strip_line(inspection, &message->headers[value->header]);
    if (inspection_zone(inspection)->is_strict && identity_is_judged(inspection)) {
        return inspection_found_as(inspection, evidence, rule, ACTION_REJECT, 403);
    }
    return inspection_found(inspection, evidence, rule);
}

enum outcome control_asserted_identity(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *value = sip_value(message, SIP_HEADER_P_ASSERTED_IDENTITY);
    enum outcome outcome = value == NULL ? OUTCOME_NOT_APPLICABLE : OUTCOME_PASSED;

    for (; value != NULL; value = sip_value_next(message, value)) {
        const char *rule = broken(inspection, value);

        if (rule != NULL) {
            outcome = identity_found(inspection, value, rule);
        }
    }
    return outcome;
}
