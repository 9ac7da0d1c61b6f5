/* CT-FW-27: no hops left, a request that came twice, or one that passed here too often. */
#include "guard/recent.h"
#include "guard/steps.h"

enum {
    PASSAGES_MAX = 3, /* the fourth is refused, HYG-M04 */
    LOOP_S = 10,      /* HYG-M05 */
};

static bool is_ours(const struct inspection *inspection, const struct sip_value *via)
{
    struct slice host = sip_slice(&inspection->message, via->via.host);
    struct address address;

    if (via->via.host_kind == SIP_HOST_NAME) {
        return slice_equal_nocase(host, inspection_zone(inspection)->host);
    }
    return address_read(&address, host) && policy_is_own_address(inspection->policy, &address);
}

static enum outcome passages(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *via = sip_value(message, SIP_HEADER_VIA);
    unsigned count = 0;

    for (; via != NULL; via = sip_value_next(message, via)) {
        count += is_ours(inspection, via);
        if (count > PASSAGES_MAX) {
            return inspection_found_status(inspection, sip_slice(message, via->text), "HYG-M04",
                                           482);
        }
    }
    return OUTCOME_PASSED;
}

/* Where nodes hide behind each other no Via tells: the session is the same, and so is where it
 * goes.
 */
static enum outcome sessions(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    struct slice session = sip_header_value(message, SIP_HEADER_SESSION_ID);
    struct recent_key key = {RECENT_PASSAGE, slice_head(session, slice_find(session, ';')),
                             sip_slice(message, message->uri.whole)};

    if (session.len == 0 || message->method != SIP_INVITE || inspection->is_watched ||
        !inspection_is_new(inspection)) {
        return OUTCOME_PASSED;
    }
    return recent_count(inspection, &key, LOOP_S) > PASSAGES_MAX
               ? inspection_found_status(inspection, session, "HYG-M05", 482)
               : OUTCOME_PASSED;
}

static bool has_many_vias(const struct sip_message *message)
{
    const struct sip_value *via = sip_value(message, SIP_HEADER_VIA);
    unsigned count = 0;

    for (; via != NULL && count <= PASSAGES_MAX; via = sip_value_next(message, via)) {
        count++;
    }
    return count > PASSAGES_MAX;
}

enum outcome control_loop_limits(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct match *match = inspection_match(inspection);

    if (match->kind == MATCH_MERGED && !inspection->is_watched) {
        return inspection_found_status(inspection, sip_call_id(message), "HYG-M06", 482);
    }
    if (message->max_forwards == 0 && !is_for_border(inspection)) {
        struct slice evidence = sip_header_value(message, SIP_HEADER_MAX_FORWARDS);

        /* Never lost to this; the relay lets one caller's go round no more than a few times. */
        return inspection->emergency == EMERGENCY_CALL
                   ? inspection_found_as(inspection, evidence, "HYG-M01", ACTION_PASS, 0)
                   : inspection_found(inspection, evidence, "HYG-M01");
    }
    if (has_many_vias(message) && passages(inspection) == OUTCOME_FAILED) {
        return OUTCOME_FAILED;
    }
    return sessions(inspection);
}
