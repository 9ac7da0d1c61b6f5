/* The headers the reader reads itself, and what a message must have (rules 1.2). */
#include "wire/sip/reader.h"

enum { NUMBER_DIGITS_MAX = 10 }; /* HYG-S05: leading zeros count */

static const uint32_t cseq_max = 0x7FFFFFFF; /* RFC 3261 8.1.1.5 */

static bool number_read(struct slice text, uint64_t max, uint32_t *number)
{
    uint64_t wide;

    if (text.len > NUMBER_DIGITS_MAX || !slice_number(text, max, &wide)) {
        return false;
    }
    *number = (uint32_t)wide;
    return true;
}

static bool is_word(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!char_is(text.at[i], CHAR_WORD)) {
            return false;
        }
    }
    return text.len > 0;
}

static void call_id_take(const struct sip_reader *reader, struct sip_span span)
{
    struct slice rest = sip_span_of(reader->at, span), part;
    bool is_odd = false, has_at = slice_find(rest, '@') < rest.len;

    reader->message->call_id = span;
    if (has_at) {
        slice_cut(&rest, '@', &part);
        is_odd = !is_word(part);
    }
    if (is_odd || !is_word(rest)) {
        sip_note(reader, SIP_ODD_BAD_CALL_ID, span.at, span.at + span.len);
    }
}

static void cseq_take(const struct sip_reader *reader, struct sip_span span)
{
    struct sip_message *message = reader->message;
    unsigned limit = span.at + span.len;
    unsigned end = next_stop(reader, span.at, limit);
    unsigned method = skip_blanks(reader, end, limit);

    message->cseq_method_text = span_between(method, limit);
    message->cseq_method = (uint8_t)sip_method_find(reader_slice(reader, method, limit));
    if (!number_read(reader_slice(reader, span.at, end), cseq_max, &message->cseq) ||
        method == end || method == limit || next_stop(reader, method, limit) < limit) {
        sip_note(reader, SIP_ODD_BAD_CSEQ, span.at, limit);
    }
}

static void max_forwards_take(const struct sip_reader *reader, struct sip_span span)
{
    uint32_t number;

    if (number_read(sip_span_of(reader->at, span), UINT8_MAX, &number)) {
        reader->message->max_forwards = (uint8_t)number;
    } else {
        sip_note(reader, SIP_ODD_BAD_MAX_FORWARDS, span.at, span.at + span.len);
    }
}

static void content_length_take(const struct sip_reader *reader, const struct sip_header *header)
{
    struct sip_message *message = reader->message;
    struct sip_span span = header->value;

    if (header->is_folded) {
        sip_note(reader, SIP_ODD_FOLDED_PLACE, span.at, span.at + span.len);
    }
    if (message->header_counts[SIP_HEADER_CONTENT_LENGTH] > 1) {
        sip_note(reader, SIP_ODD_TWO_CONTENT_LENGTHS, header->name.at, span.at + span.len);
        return;
    }
    if (number_read(sip_span_of(reader->at, span), UINT32_MAX, &message->content_length)) {
        message->has_content_length = true;
    } else {
        sip_note(reader, SIP_ODD_BAD_CONTENT_LENGTH, span.at, span.at + span.len);
    }
}

static void number_judge(const struct sip_reader *reader, struct sip_span span)
{
    struct slice text = sip_span_of(reader->at, span);
    uint32_t number;

    if (!number_read(text, UINT32_MAX, &number)) {
        sip_note(reader, SIP_ODD_BAD_NUMBER, span.at, span.at + span.len);
    }
    if (slice_find(text, '\n') < text.len) {
        sip_note(reader, SIP_ODD_FOLDED_PLACE, span.at, span.at + span.len);
    }
}

void sip_number_take(const struct sip_reader *reader, const struct sip_header *header)
{
    switch (header->id) {
    case SIP_HEADER_MAX_FORWARDS:
        max_forwards_take(reader, header->value);
        break;
    case SIP_HEADER_CONTENT_LENGTH:
        content_length_take(reader, header);
        break;
    default:
        number_judge(reader, header->value);
        break;
    }
}

void sip_opaque_take(const struct sip_reader *reader, const struct sip_header *header)
{
    if (header->id == SIP_HEADER_CALL_ID && reader->message->call_id.len == 0) {
        call_id_take(reader, header->value);
    } else if (header->id == SIP_HEADER_CSEQ && reader->message->cseq_method_text.len == 0) {
        cseq_take(reader, header->value);
    }
}

/* Notes that a header is missing; it is missing from the whole head. */
static void must_have(const struct sip_reader *reader, enum sip_header_name name,
                      enum sip_oddity oddity)
{
    if (!sip_has(reader->message, name)) {
        sip_note(reader, oddity, 0, 0);
    }
}

static void cseq_judge(const struct sip_reader *reader)
{
    struct sip_message *message = reader->message;
    struct slice method = sip_slice(message, message->method_text);
    struct slice cseq = sip_slice(message, message->cseq_method_text);

    if (!message->is_request) {
        message->method = message->cseq_method;
        message->method_text = message->cseq_method_text;
    } else if (sip_has(message, SIP_HEADER_CSEQ) && !slice_equal(method, cseq)) {
        sip_note(reader, SIP_ODD_CSEQ_METHOD, message->cseq_method_text.at,
                 message->cseq_method_text.at + (unsigned)cseq.len);
    }
}

void sip_message_judge(const struct sip_reader *reader)
{
    struct sip_message *message = reader->message;

    must_have(reader, SIP_HEADER_VIA, SIP_ODD_MISSING_VIA);
    must_have(reader, SIP_HEADER_FROM, SIP_ODD_MISSING_FROM);
    must_have(reader, SIP_HEADER_TO, SIP_ODD_MISSING_TO);
    must_have(reader, SIP_HEADER_CALL_ID, SIP_ODD_MISSING_CALL_ID);
    must_have(reader, SIP_HEADER_CSEQ, SIP_ODD_MISSING_CSEQ);
    if (message->is_request) {
        must_have(reader, SIP_HEADER_MAX_FORWARDS, SIP_ODD_MISSING_MAX_FORWARDS);
    }
    must_have(reader, SIP_HEADER_CONTENT_LENGTH, SIP_ODD_NO_CONTENT_LENGTH);
    if (sip_has(message, SIP_HEADER_FROM) && sip_from_tag(message).len == 0) {
        struct sip_span line = sip_header(message, SIP_HEADER_FROM)->value;

        sip_note(reader, SIP_ODD_MISSING_FROM, line.at, line.at + line.len);
    }
    if (message->item_count > SIP_VALUES_MAX) {
        sip_note(reader, SIP_ODD_MANY_VALUES, 0, 0);
    }
    cseq_judge(reader);
}
