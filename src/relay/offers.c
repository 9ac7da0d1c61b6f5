/*
 * Offers and answers as they pass (RFC 3264, RFC 3262): the guard judges the next by them.
 */
#include "relay/machine.h"

static void hear(struct dialog_side *party, const struct sdp *sdp)
{
    party->heard_id = sdp->origin.session_id;
    party->heard_version = sdp->origin.session_version;
    party->described_lines = (uint8_t)sdp->media_count;
}

static bool may_describe(enum sip_method method)
{
    return method == SIP_INVITE || method == SIP_ACK || method == SIP_PRACK || method == SIP_UPDATE;
}

/* SDP-07: what resources a side waits for is its own business, but for carriers nobody has an
 * agreement with. */
void offers_note_preconditions(const struct relay *relay, struct dialog *dialog,
                               const struct sip_message *message)
{
    static const struct slice tag = SLICE_INIT("precondition");

    dialog->asks_preconditions =
        (sip_list_has(message, SIP_HEADER_SUPPORTED, tag) ||
         sip_list_has(message, SIP_HEADER_REQUIRE, tag)) &&
        relay_zone(relay, dialog->sides[0].zone)->class != ZONE_INTERCONNECT_OPEN &&
        relay_zone(relay, dialog->sides[1].zone)->class != ZONE_INTERCONNECT_OPEN;
}

void offers_note_request(struct dialog *dialog, unsigned side, struct inspection *inspection)
{
    struct dialog_side *from = &dialog->sides[side];
    struct dialog_side *to = &dialog->sides[side ^ 1];
    enum sip_method method = inspection->message.method;
    const struct sdp *sdp = NULL;

    if (dialog->kind != DIALOG_CALL || !may_describe(method)) {
        return;
    }
    sdp = inspection->strips_body ? NULL : inspection_sdp(inspection);
    if (method == SIP_INVITE) {
        from->invite_offers = sdp != NULL;
        to->rseq = 0; /* every INVITE has numbers of its own */
    }
    if (sdp != NULL) {
        hear(from, sdp);
        from->has_pending_offer = method != SIP_ACK && !to->has_pending_offer;
    }
    /* Whatever was offered is settled with the ACK. */
    if (method == SIP_ACK || (method == SIP_PRACK && sdp != NULL)) {
        to->has_pending_offer = false;
    }
    if (method == SIP_ACK) {
        from->has_pending_offer = false;
    }
}

/* An answer comes in what is reliable; earlier it is only shown (RFC 3261 13.2.1). */
static bool is_reliable(const struct sip_message *message)
{
    return message->status >= 200 || sip_has(message, SIP_HEADER_RSEQ);
}

void offers_note_response(struct dialog *dialog, unsigned side, enum sip_method method,
                          struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    struct dialog_side *asker = &dialog->sides[side];
    struct dialog_side *answerer = &dialog->sides[side ^ 1];
    const struct sdp *sdp = NULL;
    uint32_t rseq = 0;

    if (dialog->kind != DIALOG_CALL || !may_describe(method)) {
        return;
    }
    /* An older one that comes late takes nothing back. */
    if (message->status < 200 && sip_number(message, SIP_HEADER_RSEQ, &rseq) &&
        rseq > answerer->rseq) {
        answerer->rseq = rseq;
    }
    if (message->status >= 300) {
        asker->has_pending_offer = false;
        return;
    }
    sdp = inspection->strips_body ? NULL : inspection_sdp(inspection);
    if (sdp != NULL && is_reliable(message)) {
        hear(answerer, sdp);
        answerer->has_pending_offer = method == SIP_INVITE && !asker->invite_offers;
    }
    if (message->status >= 200 || (sdp != NULL && is_reliable(message))) {
        asker->has_pending_offer = false;
    }
}
