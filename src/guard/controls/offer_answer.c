/* CT-FW-21: a description out of turn: two offers at once, one nobody waits for, an older one. */
#include "guard/content.h"

static struct slice origin_line(const struct sdp *sdp)
{
    return slice_head(sdp->bytes, 64);
}

/* RSeq, CSeq and method of a reliable provisional response that was sent (STA-12). */
static enum outcome acknowledged(struct inspection *inspection, const struct dialog *dialog,
                                 unsigned side)
{
    struct slice value = sip_header_value(&inspection->message, SIP_HEADER_RACK);
    struct slice rest = slice_trim(value), word;
    const struct dialog_side *other = &dialog->sides[side ^ 1];
    uint64_t rseq = 0, cseq = 0;

    if (inspection->is_watched || value.len == 0) {
        return OUTCOME_PASSED; /* CT-FW-03 misses it */
    }
    if (slice_cut(&rest, ' ', &word) && slice_number(word, UINT32_MAX, &rseq)) {
        rest = slice_trim(rest);
        slice_cut(&rest, ' ', &word);
    }
    if (rseq != 0 && rseq <= other->rseq && slice_number(word, UINT32_MAX, &cseq) &&
        cseq == dialog->sides[side].asked_cseq && slice_equal(slice_trim(rest), SLICE("INVITE"))) {
        return OUTCOME_PASSED;
    }
    return inspection_found_status(inspection, value, "STA-12", 481);
}

/* Of the same session only a later description replaces an earlier one (RFC 3264 8). */
static enum outcome version(struct inspection *inspection, const struct sdp *sdp,
                            const struct dialog_side *party)
{
    bool is_older = party->heard_version != 0 && sdp->origin.session_id == party->heard_id &&
                    sdp->origin.session_version != 0 &&
                    sdp->origin.session_version < party->heard_version;

    return is_older ? body_found(inspection, origin_line(sdp), "HYG-D06", 488) : OUTCOME_PASSED;
}

static enum outcome request(struct inspection *inspection, const struct dialog *dialog,
                            unsigned side, const struct sdp *sdp)
{
    const struct sip_message *message = &inspection->message;
    const struct dialog_side *own = &dialog->sides[side], *other = &dialog->sides[side ^ 1];

    if (message->method == SIP_ACK) {
        return other->has_pending_offer || dialog->state == DIALOG_CONFIRMED
                   ? OUTCOME_PASSED /* an ACK sent again is the relay's to know */
                   : body_found(inspection, origin_line(sdp), "HYG-B07", 0);
    }
    if (message->method == SIP_PRACK && own->has_pending_offer) {
        return inspection_found_status(inspection, origin_line(sdp), "STA-13", 488);
    }
    if (message->method == SIP_UPDATE && own->has_pending_offer) {
        return inspection_found_status(inspection, origin_line(sdp), "STA-13", 500);
    }
    if (message->method == SIP_UPDATE && other->has_pending_offer) {
        return inspection_found_status(inspection, origin_line(sdp), "STA-13", 491);
    }
    return version(inspection, sdp, own);
}

/* An answer has a line for each line of the offer, in its order. */
static enum outcome response(struct inspection *inspection, const struct sdp *sdp)
{
    const struct match *match = &inspection->match;
    const struct dialog_side *asker = &match->dialog->sides[match->side ^ 1];
    const struct dialog_side *answerer = &match->dialog->sides[match->side];

    if (inspection->message.status < 200 || inspection->message.status > 299 ||
        !asker->has_pending_offer) {
        return OUTCOME_PASSED;
    }
    if (sdp->media_count != asker->described_lines && asker->described_lines != 0) {
        return body_found(inspection, origin_line(sdp), "HYG-D05", 488);
    }
    return version(inspection, sdp, answerer);
}

enum outcome control_offer_answer(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct match *match = &inspection->match;
    const struct dialog *dialog = match->dialog;
    const struct sdp *sdp = NULL;

    if (dialog == NULL || dialog->kind != DIALOG_CALL ||
        (match->kind != MATCH_DIALOG && match->kind != MATCH_RESPONSE)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    if (message->is_request && message->method == SIP_PRACK &&
        acknowledged(inspection, dialog, match->side) == OUTCOME_FAILED) {
        return OUTCOME_FAILED;
    }
    sdp = message->body.len == 0 ? NULL : inspection_sdp(inspection);
    if (sdp == NULL || inspection->is_watched) {
        return OUTCOME_PASSED;
    }
    return message->is_request ? request(inspection, dialog, match->side, sdp)
                               : response(inspection, sdp);
}
