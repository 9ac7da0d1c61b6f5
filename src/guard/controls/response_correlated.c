/* CT-FW-18: a response that answers no request of ours, or not from the one who was asked. */
#include "guard/steps.h"

enum { PROVISIONALS_MAX = 30 }; /* of one INVITE, STA-25 */

/* Same host is what found the exchange.  On a stream it is also the same connection, or the one
 * that was found or opened to exactly that address when none was known, or the same peer's other
 * one. */
static bool is_who_was_asked(const struct inspection *inspection, const struct exchange *exchange)
{
    const struct flow *flow = &inspection->packet->flow;
    const struct flow *asked = &exchange->client_flow;

    if (!transport_is_stream(flow->transport) || flow->connection == asked->connection ||
        (asked->connection == 0 && address_equal(&flow->remote, &asked->remote))) {
        return true;
    }
    return inspection->peer != POLICY_NONE && inspection->peer == exchange->peer_out;
}

/* A line of the request as it was sent, written by us: canonical. */
static struct slice sent_value(struct slice sent, struct slice name)
{
    struct slice line;

    while (slice_cut(&sent, '\n', &line)) {
        if (slice_starts(line, name)) {
            return slice_trim(slice_skip(line, name.len));
        }
    }
    return SLICE_NONE;
}

/* Call-ID, CSeq and From tag of the leg the request was sent on (STA-23). */
static bool is_of_request(const struct inspection *inspection, const struct match *match)
{
    const struct sip_message *message = &inspection->message;
    const struct state *state = inspection->state;
    struct slice tag = match->dialog == NULL
                           ? SLICE_NONE
                           : slice_string(match->dialog->sides[match->side].local_tag);
    struct slice call_id =
        match->dialog == NULL
            ? sent_value(texts_slice(&state->texts, match->exchange->wire), SLICE("Call-ID: "))
            : dialog_text(state, match->dialog, match->side, DIALOG_CALL_ID);

    return (tag.len == 0 || slice_equal(tag, sip_from_tag(message))) &&
           (call_id.len == 0 || slice_equal(call_id, sip_call_id(message))) &&
           message->cseq == match->exchange->client_cseq;
}

enum outcome control_response_correlated(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct match *match = inspection_match(inspection);
    struct slice evidence = sip_branch(message);

    if (match->kind != MATCH_RESPONSE) {
        /* A capture may have begun after the request. */
        return inspection->is_watched ? OUTCOME_NOT_APPLICABLE
                                      : inspection_found(inspection, evidence, "HYG-V04");
    }
    if (inspection->is_watched) {
        return OUTCOME_PASSED;
    }
    if (!is_who_was_asked(inspection, match->exchange)) {
        return inspection_found(inspection, evidence, "STA-22");
    }
    if (!is_of_request(inspection, match)) {
        return inspection_found(inspection, evidence, "STA-23");
    }
    if (message->status < 200 && match->exchange->provisionals >= PROVISIONALS_MAX) {
        return inspection_found(inspection, evidence, "STA-25");
    }
    return OUTCOME_PASSED;
}
