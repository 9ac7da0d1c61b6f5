/* CT-SEG-03: a method that may not cross between these zones. */
#include "guard/inspect.h"

static enum outcome crossing_found(struct inspection *inspection, enum policy_crossing crossing)
{
    struct slice method = sip_slice(&inspection->message, inspection->message.method_text);

    switch (crossing) {
    case CROSSING_ALLOWED:
        return OUTCOME_PASSED;
    case CROSSING_IN_DIALOG:
        return inspection->match.dialog != NULL ? OUTCOME_PASSED
                                                : inspection_found(inspection, method, "2.2");
    case CROSSING_REFUSED:
        return inspection_found(inspection, method, "2.2");
    case CROSSING_DROPPED:
        return inspection_found_as(inspection, method, "NNI-10", ACTION_DROP, 0);
    }
    return OUTCOME_PASSED;
}

/* A peer asks whether we live and is told (NNI-09); a stranger who asks is scanning. */
static enum outcome for_us(struct inspection *inspection, enum policy_crossing crossing)
{
    if (inspection->peer != POLICY_NONE || crossing == CROSSING_ALLOWED) {
        return OUTCOME_PASSED;
    }
    return crossing_found(inspection, CROSSING_DROPPED);
}

/* A message in the middle of a call. */
static bool is_within_call(const struct inspection *inspection)
{
    const struct match *match = &inspection->match;

    return inspection->message.method == SIP_MESSAGE && match->kind == MATCH_DIALOG &&
           match->dialog->kind == DIALOG_CALL && inspection_zone(inspection)->class != ZONE_CORE;
}

enum outcome control_method_matrix(struct inspection *inspection)
{
    const struct policy *policy = inspection->policy;
    enum sip_method method = inspection->message.method;
    enum policy_crossing in = policy_method_in(policy, inspection->zone, inspection->peer, method);

    if (inspection->is_for_us) {
        return for_us(inspection, in);
    }
    if (crossing_found(inspection, in) == OUTCOME_FAILED) {
        return OUTCOME_FAILED;
    }
    if (is_within_call(inspection)) {
        /* Some devices do; between networks only the core tells that way. */
        return inspection_found_as(
            inspection, sip_slice(&inspection->message, inspection->message.method_text), "STA-15",
            inspection_zone(inspection)->is_strict ? ACTION_REJECT : ACTION_PASS, 405);
    }
    if (inspection->zone_out == POLICY_NONE) {
        return OUTCOME_PASSED;
    }
    return crossing_found(inspection, policy_method_out(policy, inspection->zone_out,
                                                        inspection->peer_out, method));
}
