/* The headers the reader reads itself, and what a message must have (rules 1.2). */
#include "wire/sip/reader.h"

enum { NUMBER_DIGITS_MAX = 10 }; /* HYG-S05: leading zeros count */

static const uint32_t cseq_max = 0x7FFFFFFF; /* RFC 3261 8.1.1.5 */

/* Digits only, HYG-S05. */
static bool number_read(struct slice text, uint32_t max, uint32_t *number)
{
    uint64_t wide = 0;

    if (text.len - 1 >= NUMBER_DIGITS_MAX) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (!char_is_digit(text.at[i])) {
            return false;
        }
        wide = wide * 10 + (uint64_t)(text.at[i] - '0');
    }
    *number = (uint32_t)wide;
    return wide <= max;
}

/* word or word@word: everything that is no letter or digit must be of words, but one '@'. */
static void call_id_take(const struct sip_reader *reader, struct sip_span span)
{
    size_t from = span.at, to = from + span.len, at = to;

    reader->message->call_id = span;
    for (; (from = next_mark(reader, from)) < to; from++) {
        if (reader->at[from] == '@' && at == to) {
            at = from;
        } else if (!char_is(reader->at[from], CHAR_WORD)) {
            break;
        }
    }
    if (from < to || span.len == 0 || at == span.at || at + 1 == to) {
        sip_note(reader, SIP_ODD_BAD_CALL_ID, span.at, to);
    }
}

static void cseq_take(const struct sip_reader *reader, struct sip_span span)
{
    struct sip_message *message = reader->message;
    size_t from = span.at, limit = from + span.len;
    size_t end = next_stop(reader, from);
    size_t method = end < limit ? skip_blanks(reader, end, limit) : limit;
    struct slice text = reader_slice(reader, method, limit);

    span_set(&message->cseq_method_text, method, limit);
    message->cseq_method = slice_equal(text, sip_slice(message, message->method_text))
                               ? message->method
                               : (uint8_t)sip_method_find(text);
    if (end >= limit || !number_read(reader_slice(reader, from, end), cseq_max, &message->cseq) ||
        method == end || next_stop(reader, method) < limit) {
        sip_note(reader, SIP_ODD_BAD_CSEQ, from, limit);
    }
}

static void max_forwards_take(const struct sip_reader *reader, struct sip_span span)
{
    uint32_t number;

    if (number_read(sip_span_of(reader->at, span), UINT8_MAX, &number)) {
        reader->message->max_forwards = (uint8_t)number;
    } else {
        sip_note(reader, SIP_ODD_BAD_MAX_FORWARDS, span.at, (size_t)span.at + span.len);
    }
}

static void content_length_take(const struct sip_reader *reader, const struct sip_header *header)
{
    struct sip_message *message = reader->message;
    struct sip_span span = header->value;

    if (header->is_folded) {
        sip_note(reader, SIP_ODD_FOLDED_PLACE, span.at, (size_t)span.at + span.len);
    }
    if (message->header_counts[SIP_HEADER_CONTENT_LENGTH] > 1) {
        sip_note(reader, SIP_ODD_TWO_CONTENT_LENGTHS, header->name.at, (size_t)span.at + span.len);
        return;
    }
    if (number_read(sip_span_of(reader->at, span), UINT32_MAX, &message->content_length)) {
        message->has_content_length = true;
    } else {
        sip_note(reader, SIP_ODD_BAD_CONTENT_LENGTH, span.at, (size_t)span.at + span.len);
    }
}

static void number_judge(const struct sip_reader *reader, struct sip_span span)
{
    struct slice text = sip_span_of(reader->at, span);
    uint32_t number;

    if (!number_read(text, UINT32_MAX, &number)) {
        sip_note(reader, SIP_ODD_BAD_NUMBER, span.at, (size_t)span.at + span.len);
    }
    if (slice_find(text, '\n') < text.len) {
        sip_note(reader, SIP_ODD_FOLDED_PLACE, span.at, (size_t)span.at + span.len);
    }
}

void sip_number_take(const struct sip_reader *reader, const struct sip_header *header, size_t limit)
{
    (void)limit;
    reader->message->item_count++;
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

void sip_opaque_take(const struct sip_reader *reader, const struct sip_header *header, size_t limit)
{
    (void)limit;
    reader->message->item_count++;
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
                 message->cseq_method_text.at + cseq.len);
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

        sip_note(reader, SIP_ODD_MISSING_FROM, line.at, (size_t)line.at + line.len);
    }
    if (message->item_count > SIP_VALUES_MAX) {
        sip_note(reader, SIP_ODD_MANY_VALUES, 0, 0);
    }
    cseq_judge(reader);
}
