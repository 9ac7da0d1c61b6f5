/* CT-FW-20: a CANCEL or a request within a dialog from somebody who is not that party. */
#include "guard/steps.h"

/* The CANCEL names the INVITE by more than its branch (STA-20). */
static bool names_invite(const struct inspection *inspection, const struct exchange *exchange)
{
    const struct sip_message *message = &inspection->message;
    const struct state *state = inspection->state;

    return message->cseq == exchange->server_cseq &&
           slice_equal(sip_call_id(message), exchange_echo(state, exchange, ECHO_CALL_ID)) &&
           slice_equal(sip_from_tag(message), exchange_echo(state, exchange, ECHO_FROM_TAG)) &&
           slice_equal(sip_slice(message, message->uri.whole),
                       exchange_echo(state, exchange, ECHO_URI));
}

static enum outcome cancel(struct inspection *inspection, const struct match *match)
{
    const struct exchange *exchange = match->exchange;
    struct slice evidence = sip_branch(&inspection->message);

    if (match->kind != MATCH_CANCEL) {
        return inspection->is_watched ? OUTCOME_NOT_APPLICABLE
                                      : inspection_found(inspection, evidence, "STA-20");
    }
    const struct party asker = {exchange->zone_in, exchange->peer_in, exchange->peer_in_id,
                                &exchange->server_flow};
    if (!names_invite(inspection, exchange) ||
        (!inspection->is_watched && !is_from_party(inspection, &asker))) {
        inspection_score(inspection, 3);
        return inspection_found(inspection, evidence, "STA-20");
    }
    return OUTCOME_PASSED;
}

enum outcome control_request_authentic(struct inspection *inspection)
{
    const struct match *match = inspection_match(inspection);

    if (inspection->message.method == SIP_CANCEL) {
        return cancel(inspection, match);
    }
    if (match->kind != MATCH_DIALOG || inspection->is_watched) {
        return OUTCOME_NOT_APPLICABLE;
    }
    const struct dialog_side *side = &match->dialog->sides[match->side];
    const struct party party = {side->zone, side->peer, side->peer_id, &side->flow};
    if (!is_from_party(inspection, &party)) {
        inspection_score(inspection, 3);
        return inspection_found(inspection, sip_to_tag(&inspection->message), "STA-02");
    }
    return OUTCOME_PASSED;
}
