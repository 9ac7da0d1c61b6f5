/* CT-FW-12: where answers would go is the socket's to say, not the sender's. */
#include "guard/inspect.h"

/* No answer ever comes from there.  What itself came from the loopback may say so. */
static bool is_nobody(const struct inspection *inspection, const struct address *address)
{
    return address_is_multicast(address) || address_is_unspecified(address) ||
           (address_is_loopback(address) && !address_is_loopback(&inspection->packet->flow.remote));
}

/* Whether some parameter begins with the first letter of maddr or ttl: hardly any does. */
static bool may_redirect(struct slice params)
{
    for (size_t at = 0; at < params.len; at += slice_find(slice_skip(params, at), ';') + 1) {
        while (at < params.len && (params.at[at] == ' ' || params.at[at] == '\t' ||
                                   params.at[at] == '\r' || params.at[at] == '\n')) {
            at++;
        }
        if (at < params.len && ((params.at[at] | 0x20) == 'm' || (params.at[at] | 0x20) == 't')) {
            return true;
        }
    }
    return false;
}

static bool redirects(struct slice params)
{
    struct slice name;
    struct slice value;

    while (may_redirect(params) && sip_param_next(&params, &name, &value)) {
        if (slice_equal_nocase(name, SLICE("maddr")) || slice_equal_nocase(name, SLICE("ttl"))) {
            return true;
        }
    }
    return false;
}

static bool is_of_peer(const struct policy_peer *peer, const struct address *address)
{
    for (uint32_t i = 0; i < peer->address_count; i++) {
        if (prefix_has(&peer->addresses[i], address)) {
            return true;
        }
    }
    return false;
}

static enum outcome via(struct inspection *inspection, const struct sip_value *value)
{
    const struct sip_message *message = &inspection->message;
    const struct policy_peer *peer = inspection_peer(inspection);
    struct slice text = sip_slice(message, value->text);
    bool is_literal = value->via.host_kind == SIP_HOST_V4 || value->via.host_kind == SIP_HOST_V6;
    struct address address;

    if (is_literal && address_read(&address, sip_slice(message, value->via.host))) {
        if (is_nobody(inspection, &address)) {
            return inspection_found(inspection, text, "HYG-V05");
        }
        if (peer != NULL && value == sip_value(message, SIP_HEADER_VIA) && message->is_request &&
            inspection_zone(inspection)->is_strict && !is_of_peer(peer, &address)) {
            return inspection_found_status(inspection, text, "HYG-V06", 403);
        }
    }
    if (redirects(sip_slice(message, value->params))) {
        return inspection_found(inspection, text, "HYG-V02");
    }
    return OUTCOME_PASSED;
}

enum outcome control_via_policy(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *value = sip_value(message, SIP_HEADER_VIA);
    enum outcome outcome = inspection_violations(inspection);

    for (; value != NULL && outcome == OUTCOME_PASSED; value = sip_value_next(message, value)) {
        outcome = via(inspection, value);
    }
    return outcome;
}
