/* CT-FW-19: a request within a dialog that does not exist, is over, or whose CSeq went back. */
#include "guard/inspect.h"

enum {
    REFRESHES_MAX = 10, /* re-INVITE and UPDATE in a minute, STA-09 */
    MINUTE_MS = 60000,
};

/* There is a tag, but no dialog. */
static enum outcome unknown(struct inspection *inspection, const struct match *match)
{
    const struct sip_message *message = &inspection->message;

    if (inspection->is_watched) {
        return OUTCOME_NOT_APPLICABLE;
    }
    if (match->kind == MATCH_DIALOG_PARTLY) {
        inspection_score(inspection, 2); /* guessing looks like this */
    }
    return inspection_found(inspection, sip_to_tag(message),
                            message->method == SIP_ACK ? "STA-11" : "STA-01");
}

static enum outcome sequence(struct inspection *inspection, const struct dialog_side *side)
{
    const struct sip_message *message = &inspection->message;
    struct slice evidence = sip_header_value(message, SIP_HEADER_CSEQ);

    if (side->remote_cseq == UINT32_MAX || message->cseq > side->remote_cseq) {
        return OUTCOME_PASSED;
    }
    if (inspection->is_watched && message->cseq == side->remote_cseq) {
        return OUTCOME_NOT_APPLICABLE; /* the same request, seen on its next hop */
    }
    return inspection_found_status(inspection, evidence, "STA-03",
                                   message->cseq == side->remote_cseq ? 482 : 500);
}

static enum outcome invite(struct inspection *inspection, const struct match *match)
{
    const struct sip_message *message = &inspection->message;
    const struct dialog_side *sides = match->dialog->sides;

    if (sides[match->side].has_pending_invite) {
        return inspection_found_status(inspection, sip_to_tag(message), "STA-04", 500);
    }
    if (sides[match->side ^ 1].has_pending_invite) {
        return inspection_found_status(inspection, sip_to_tag(message), "STA-04", 491);
    }
    return OUTCOME_PASSED;
}

static enum outcome refreshes(struct inspection *inspection, const struct dialog *dialog)
{
    if (dialog->refresh_minute == inspection->now_ms / MINUTE_MS &&
        dialog->refreshes >= REFRESHES_MAX) {
        return inspection_found_status(inspection, sip_to_tag(&inspection->message), "STA-09", 500);
    }
    return OUTCOME_PASSED;
}

/* A subscription is no call, also where it was left by one (RFC 5057 5.1). */
static bool is_of_call(uint8_t method)
{
    return method == SIP_INVITE || method == SIP_BYE || method == SIP_UPDATE ||
           method == SIP_PRACK || method == SIP_INFO;
}

static enum outcome known(struct inspection *inspection, const struct match *match)
{
    const struct sip_message *message = &inspection->message;
    const struct dialog *dialog = match->dialog;
    enum outcome outcome = OUTCOME_PASSED;

    if (dialog->state == DIALOG_ENDED || dialog->is_ending) {
        return inspection->is_watched ? OUTCOME_PASSED
                                      : inspection_found(inspection, sip_to_tag(message), "STA-01");
    }
    if (dialog->kind == DIALOG_SUBSCRIPTION && is_of_call(message->method) &&
        !inspection->is_watched) {
        return inspection_found(inspection, sip_to_tag(message), "STA-01");
    }
    if (message->method == SIP_BYE && dialog->state == DIALOG_EARLY && match->side == 1) {
        inspection_score(inspection, 1);
        return inspection_found(inspection, sip_to_tag(message), "STA-08");
    }
    outcome = sequence(inspection, &dialog->sides[match->side]);
    if (outcome == OUTCOME_PASSED && message->method == SIP_INVITE) {
        outcome = invite(inspection, match);
    }
    if (outcome == OUTCOME_PASSED &&
        (message->method == SIP_INVITE || message->method == SIP_UPDATE)) {
        outcome = refreshes(inspection, dialog);
    }
    return outcome;
}

enum outcome control_dialog_valid(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct match *match = inspection_match(inspection);

    if (message->method == SIP_ACK) {
        return match->kind == MATCH_DIALOG || match->kind == MATCH_ACK ? OUTCOME_PASSED
                                                                       : unknown(inspection, match);
    }
    if (message->method == SIP_CANCEL || sip_to_tag(message).len == 0) {
        return OUTCOME_NOT_APPLICABLE;
    }
    if (match->kind == MATCH_DIALOG && match->token == TOKEN_BAD && !inspection->is_watched) {
        inspection_score(inspection, 3);
        return inspection_found(inspection, sip_slice(message, message->uri.user), "THG-01");
    }
    if (match->kind == MATCH_DIALOG) {
        return known(inspection, match);
    }
    return match->kind == MATCH_RETRANSMISSION ? OUTCOME_PASSED : unknown(inspection, match);
}
