/* CT-IDN-05: a caller from another network with a number of ours. */
#include "guard/identity.h"
#include "guard/steps.h"

/* A peer that may speak for some of ours was told so: ported numbers, a second network. */
static bool may_say(const struct policy_peer *peer, struct slice number)
{
    return peer != NULL && peer->numbers.count > 0 && identity_has_prefix(&peer->numbers, number);
}

/* A telephone that stands in our country does not call from another one. */
static bool is_on_a_line_here(const struct inspection *inspection, struct slice number)
{
    return lists_number(inspection->plan->known, number).class == NUMBER_HOME;
}

/* Our users abroad, and calls we forwarded, come this way as well: so the call goes on, but nobody
 * is told it was ours who called. */
enum outcome control_own_number_abroad(struct inspection *inspection)
{
    struct identity_cursor cursor = {.value = NULL};
    struct slice number;

    if (!identity_is_foreign(inspection) || !identity_is_judged(inspection) ||
        identity_is_diverted(inspection)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    while (identity_next_number(inspection, &cursor, &number)) {
        if ((inside_has_number(inspection->plan, number) ||
             is_on_a_line_here(inspection, number)) &&
            !may_say(inspection_peer(inspection), number)) {
            inspection_score(inspection, 3);
            return identity_doubted(inspection,
                                    sip_slice(&inspection->message, cursor.value->uri.whole),
                                    inspection->message.method == SIP_MESSAGE ? "IDN-03"
                                                                              : "IDN-02");
        }
    }
    return OUTCOME_PASSED;
}
