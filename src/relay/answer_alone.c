/*
 * Answers without a transaction: refusals, and what the border says itself.
 */
#include "relay/machine.h"

/* GEN-04: what an unproven source on UDP gets is no larger than what it sent, and seldom. */
static bool reply_is_allowed(struct relay *relay, const struct inspection *inspection, size_t len)
{
    const struct packet *packet = inspection->packet;
    uint64_t second = relay->now_ms / 1000;
    struct slice host = slice_of((const char *)packet->flow.remote.bytes, 16);
    uint32_t place = (uint32_t)(hash_bytes(&relay->state->key, host) % RELAY_REPLY_SOURCES);

    if (inspection->peer != POLICY_NONE || packet->flow.transport != TRANSPORT_UDP ||
        inspection->match.exchange != NULL) {
        return true; /* under contract, or known to be there: it has heard us before */
    }
    if (relay->reply_second != second) {
        relay->reply_second = second;
        relay->replies = 0;
        memset(relay->replies_to, 0, sizeof(relay->replies_to));
    }
    if (len > packet->bytes.len || relay->replies >= RELAY_REPLIES_PER_NODE ||
        relay->replies_to[place] >= RELAY_REPLIES_PER_SOURCE) {
        relay->counters.reply_limited++;
        return false;
    }
    relay->replies++;
    relay->replies_to[place]++;
    return true;
}

static bool can_be_answered(const struct sip_message *message)
{
    return message->is_request && message->method != SIP_ACK &&
           sip_value(message, SIP_HEADER_VIA) != NULL && exchange_sent_by(message).len > 0 &&
           sip_has(message, SIP_HEADER_FROM) && sip_has(message, SIP_HEADER_TO) &&
           sip_has(message, SIP_HEADER_CALL_ID) && sip_has(message, SIP_HEADER_CSEQ);
}

static void write_single(struct text *text, const struct sip_message *message,
                         enum sip_header_name name)
{
    const struct sip_header *header = sip_header(message, name);

    if (header != NULL) {
        sip_write_line(text, message, header);
    }
}

/* The To of a request, with a tag unless that is empty. */
static void write_to(struct text *text, const struct sip_message *message, struct slice tag)
{
    text_put(text, SLICE("To: "));
    sip_write_listed(text, message, sip_header_value(message, SIP_HEADER_TO));
    if (tag.len > 0) {
        text_put(text, SLICE(";tag="));
        text_put(text, tag);
    }
    text_put(text, SLICE("\r\n"));
}

/* The answer of a CANCEL has the tag of those of its INVITE (RFC 3261 9.2). */
static struct slice stateless_tag(const struct inspection *inspection, unsigned status,
                                  struct slice ours)
{
    const struct match *match = &inspection->match;

    if (sip_to_tag(&inspection->message).len > 0 || status == 100) {
        return SLICE_NONE;
    }
    return match->kind == MATCH_CANCEL && match->dialog != NULL
               ? slice_string(match->dialog->sides[match->side].local_tag)
               : ours;
}

/* GEN-03: what a response must copy has to be fit to be copied.  What somebody spoiled is not said
 * again, not even to himself. */
static bool is_fit(struct relay *relay, const struct text *text)
{
    static const uint8_t spoiled[] = {
        SIP_ODD_NUL,           SIP_ODD_CONTROL_OCTET,    SIP_ODD_HIGH_OCTET,
        SIP_ODD_BAD_UTF8,      SIP_ODD_BAD_VIA,          SIP_ODD_BAD_ADDRESS,
        SIP_ODD_BAD_URI,       SIP_ODD_BAD_HOST,         SIP_ODD_BAD_CALL_ID,
        SIP_ODD_TWO_BRACKETS,  SIP_ODD_UNBALANCED_QUOTE, SIP_ODD_BAD_DISPLAY_NAME,
        SIP_ODD_ESCAPED_HOST,  SIP_ODD_ESCAPED_CONTROL,  SIP_ODD_BAD_ESCAPE,
        SIP_ODD_BAD_PARAMETER, SIP_ODD_EMPTY_VALUE,      SIP_ODD_LONG_LINE,
        SIP_ODD_LONG_URI,
    };

    if (sip_read(relay->kept, text_slice(text), false) != SIP_READ) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_COUNT(spoiled); i++) {
        if (sip_is_odd(relay->kept, spoiled[i])) {
            return false;
        }
    }
    return true;
}

void answer_stateless(struct relay *relay, const struct inspection *inspection, unsigned status,
                      struct slice extra, struct outbox *outbox)
{
    const struct sip_message *message = &inspection->message;
    struct text text = outbox_text(outbox);
    struct outgoing *sent = NULL;
    char tag[ANSWER_TAG_LETTERS];

    if (!can_be_answered(message)) {
        relay->counters.dropped++;
        return;
    }
    /* A repeated header is given back once: what is refused must not travel on through us. */
    answer_tag(relay, sip_branch(message), tag);
    sip_write_status_line(&text, status);
    answer_write_vias(&text, message, inspection->packet);
    write_single(&text, message, SIP_HEADER_FROM);
    write_to(&text, message, stateless_tag(inspection, status, slice_of(tag, sizeof(tag))));
    write_single(&text, message, SIP_HEADER_CALL_ID);
    write_single(&text, message, SIP_HEADER_CSEQ);
    text_put(&text, extra);
    sip_write_body(&text, SLICE_NONE);
    if (!text.is_full && !is_fit(relay, &text)) {
        relay->counters.dropped++;
        return;
    }
    if (!reply_is_allowed(relay, inspection, text.len)) {
        return;
    }
    sent = outbox_send(outbox, &text, &inspection->packet->flow);
    if (sent == NULL) {
        relay->counters.outbox_full++;
        return;
    }
    sent->closes = inspection->verdict.action == ACTION_CLOSE;
    if (status >= 300) {
        relay->counters.rejected++;
    } else {
        relay->counters.answered++;
    }
}

void answer_busy(struct relay *relay, const struct inspection *inspection, struct outbox *outbox)
{
    char room[64];
    struct text extra;

    text_init(&extra, room, sizeof(room));
    relay->counters.answered_alone++;
    answer_write_retry_after(relay, &extra);
    answer_stateless(relay, inspection, 503, text_slice(&extra), outbox);
}
