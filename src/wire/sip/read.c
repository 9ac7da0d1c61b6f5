/*
 * Reading a message: one scan of the head, then line by line.
 */
#include "wire/sip/reader.h"

enum { MAX_FORWARDS_USUAL = 70 }; /* RFC 3261 8.1.1.6, and what the rules add (HYG-S04) */

/* Everything but the arrays that are filled as far as their counts say. */
static void message_clear(struct sip_message *message, struct slice bytes)
{
    sip_clear(message, offsetof(struct sip_message, odd_at));
    message->head = bytes.at;
    message->bytes = bytes;
    message->body = message->trailing = slice_of(bytes.at + bytes.len, 0);
    message->method = message->cseq_method = SIP_METHOD_UNKNOWN;
    message->max_forwards = MAX_FORWARDS_USUAL;
}

/* The end of the line at from, line end excluded; next is where the following one begins.  A line
 * without an end ends at the reader's len. */
static size_t line_end(const struct sip_reader *reader, size_t from, size_t *next)
{
    while ((from = scan_next(reader->scan.line, from)) < reader->scan.len) {
        if (reader->at[from] == '\n') {
            sip_note(reader, SIP_ODD_BARE_LF, from, from + 1);
            *next = from + 1;
            return from;
        }
        if (from + 1 < reader->scan.len && reader->at[from + 1] == '\n') {
            *next = from + 2;
            return from;
        }
        sip_note(reader, SIP_ODD_BARE_CR, from, from + 1);
        from++;
    }
    *next = reader->scan.len;
    return reader->scan.len;
}

static bool is_continuation(const struct sip_reader *reader, size_t place)
{
    return place < reader->scan.len && (reader->at[place] == ' ' || reader->at[place] == '\t');
}

/* The end of a header line with its continuations. */
static size_t folds_take(const struct sip_reader *reader, size_t from, size_t end, size_t *next)
{
    unsigned folds = 0;

    while (is_continuation(reader, *next)) {
        size_t fold = *next;

        end = line_end(reader, fold, next);
        if (trim_blanks(reader, fold, end) == fold) {
            sip_note(reader, SIP_ODD_BLANK_CONTINUATION, fold, end);
        }
        folds++;
    }
    sip_note(reader, SIP_ODD_FOLDED, from, end);
    if (folds > SIP_FOLDS_MAX) {
        sip_note(reader, SIP_ODD_MANY_FOLDS, from, end);
    }
    return end;
}

/* The name of a line that ends at to, and what is odd about it; returns where its value may begin.
 */
static size_t name_take(const struct sip_reader *reader, size_t from, size_t to,
                        struct sip_header *header)
{
    size_t colon = from + slice_find(reader_slice(reader, from, to), ':');
    size_t name_end = trim_blanks(reader, from, colon);
    size_t stop = next_stop(reader, from);

    span_set(&header->name, from, name_end);
    if (colon == to) {
        sip_note(reader, SIP_ODD_NO_COLON, from, to);
        return to;
    }
    if (name_end < colon) {
        sip_note(reader, SIP_ODD_SPACE_BEFORE_COLON, name_end, colon);
    }
    if (name_end == from) {
        sip_note(reader, SIP_ODD_BAD_NAME, from, colon);
    } else if (stop < name_end) {
        bool is_blank = char_is_blank(reader->at[stop]);

        sip_note(reader, is_blank ? SIP_ODD_SPACE_IN_NAME : SIP_ODD_BAD_NAME, from, colon);
    } else {
        header->id = (uint8_t)sip_header_find(reader_slice(reader, from, name_end));
    }
    return colon + 1;
}

void sip_single_judge(const struct sip_reader *reader, const struct sip_header *first,
                      const struct sip_header *header)
{
    size_t end = (size_t)header->value.at + header->value.len;

    if ((sip_names[header->id].flags & SIP_NAME_SINGLE) == 0) {
        return;
    }
    sip_note(reader, SIP_ODD_REPEATED_SINGLE, header->name.at, end);
    if (first->is_compact != header->is_compact) {
        sip_note(reader, SIP_ODD_COMPACT_AND_LONG, header->name.at, end);
    }
}

/* Free text is one item. */
static void text_take(const struct sip_reader *reader, const struct sip_header *header,
                      size_t limit)
{
    (void)header;
    (void)limit;
    reader->message->item_count++;
}

/* How the values of each header name are read. */
// clang-format off
#define TAKE_VIA         sip_via_take
#define TAKE_ADDRESS     sip_address_take
#define TAKE_LIST        sip_items_judge
#define TAKE_ONE         sip_items_judge
#define TAKE_NUMBER      sip_number_take
#define TAKE_TEXT        text_take
#define TAKE_CREDENTIALS sip_credentials_judge
#define TAKE_OPAQUE      sip_opaque_take
static shape_function *const value_takes[SIP_HEADER_COUNT] = {
    [SIP_HEADER_UNKNOWN] = TAKE_OPAQUE,
#define HEADER(name, spelling, compact, shape, flags) [SIP_HEADER_##name] = TAKE_##shape,
#include "wire/sip/headers.def"
#undef HEADER
};
// clang-format on

/* Any header line; returns where the next line begins. */
static size_t header_take(const struct sip_reader *reader, size_t from)
{
    struct sip_message *message = reader->message;
    struct sip_header *header = &message->headers[message->header_count];
    size_t next, value;
    size_t end = line_end(reader, from, &next);

    if (message->header_count == SIP_HEADERS_MAX) {
        sip_note(reader, SIP_ODD_MANY_HEADERS, from, end);
        return next;
    }
    *header = (struct sip_header){0};
    if (is_continuation(reader, next)) {
        end = folds_take(reader, from, end, &next);
        header->is_folded = true;
    }
    if (end == reader->scan.len) {
        /* A line without an end is kept as it is; nobody asks what it says. */
        span_set(&header->name, from, end);
        header_chain(reader, header);
        return end;
    }
    value = skip_blanks(reader, name_take(reader, from, end, header), end);
    span_set(&header->value, value, trim_blanks(reader, value, end));
    if (header->name.len > SIP_NAME_MAX) {
        sip_note(reader, SIP_ODD_LONG_NAME, from, from + header->name.len);
    }
    header->is_compact = header->name.len == 1 && header->id != SIP_HEADER_UNKNOWN;
    header_chain(reader, header);
    value_takes[header->id](reader, header, end);
    if (end - from > SIP_LINE_MAX) {
        sip_note(reader, SIP_ODD_LONG_LINE, from, end);
    }
    if (!reader->scan.is_plain) {
        sip_octets_judge(reader, header);
    }
    return next;
}

/* The length of the head when its empty line is at from, or 0. */
static size_t head_end(const struct sip_reader *reader, size_t from)
{
    if (reader->at[from] == '\n') {
        sip_note(reader, SIP_ODD_BARE_LF, from, from + 1);
        return from + 1;
    }
    if (reader->at[from] == '\r' && from + 1 < reader->scan.len && reader->at[from + 1] == '\n') {
        return from + 2;
    }
    return 0;
}

/* All lines behind the start line; returns the length of the head, or 0 when it has no end. */
static size_t headers_take(const struct sip_reader *reader, size_t from)
{
    size_t next, len;

    if (is_continuation(reader, from)) {
        size_t end = line_end(reader, from, &next);

        sip_note(reader, SIP_ODD_FIRST_LINE_FOLDED, from, end);
        from = next;
    }
    while (from < reader->scan.len) {
        if (reader->is_usual) {
            from = sip_plain_headers_take(reader, from);
        }
        if (reader->at[from] <= '\r' && (len = head_end(reader, from)) != 0) {
            return len;
        }
        from = header_take(reader, from);
    }
    return 0;
}

/* Controls and DEL; where octets above 0x7F may stand depends on the header. */
static void controls_judge(const struct sip_reader *reader, size_t to)
{
    for (size_t place = 0; (place = next_stop(reader, place)) < to; place++) {
        unsigned char octet = (unsigned char)reader->at[place];

        if (octet == '\0') {
            sip_note(reader, SIP_ODD_NUL, place, place + 1);
        } else if (octet == 0x7F || (octet < 0x20 && !char_is_blank((char)octet))) {
            sip_note(reader, SIP_ODD_CONTROL_OCTET, place, place + 1);
        }
    }
}

/* What is odd about the head as a whole.  rest is bytes without the empty lines in front. */
static void head_judge(const struct sip_reader *reader, struct slice bytes, struct slice rest)
{
    struct sip_message *message = reader->message;
    size_t leading = bytes.len - rest.len;

    if (message->head_len == 0) {
        message->head_len = (uint32_t)reader->scan.len;
        sip_note(reader, SIP_ODD_NO_END, 0, 0);
        if (rest.len > SIP_HEAD_MAX) {
            sip_note(reader, SIP_ODD_LONG_MESSAGE, 0, 0);
        }
    }
    if (bytes.len > SIP_MESSAGE_MAX) {
        sip_note(reader, SIP_ODD_LONG_MESSAGE, 0, 0);
    }
    if (leading != 0) {
        sip_note(reader, SIP_ODD_LEADING_LINES, 0, leading < UINT16_MAX ? leading : UINT16_MAX);
    }
    if (!reader->scan.is_plain) {
        controls_judge(reader, message->head_len);
    }
}

/* Empty lines in front of the message; the head begins behind them. */
static struct slice leading_skip(struct slice bytes)
{
    while (bytes.len > 0 && (bytes.at[0] == '\r' || bytes.at[0] == '\n')) {
        bytes = slice_of(bytes.at + 1, bytes.len - 1);
    }
    return bytes;
}

static enum sip_reading no_message(struct sip_message *message, struct slice bytes,
                                   enum sip_reading reading)
{
    message_clear(message, bytes);
    return reading;
}

enum sip_reading sip_read(struct sip_message *message, struct slice bytes, bool is_stream)
{
    struct slice rest = leading_skip(bytes);
    bool may_grow = is_stream && rest.len <= SIP_HEAD_MAX;
    struct sip_reader reader;
    size_t start_end, next;

    message_clear(message, rest);
    sip_reader_init(&reader, rest, &message->oddities);
    reader.odd_at = message->odd_at;
    reader.message = message;
    start_end = line_end(&reader, 0, &next);
    if (start_end == reader.scan.len) {
        return no_message(message, bytes, may_grow ? SIP_PARTIAL : SIP_FOREIGN);
    }
    if (!sip_start_line_take(&reader, start_end)) {
        return no_message(message, bytes, SIP_FOREIGN);
    }
    message->head_len = (uint32_t)headers_take(&reader, next);
    if (message->head_len == 0 && may_grow) {
        return no_message(message, bytes, SIP_PARTIAL);
    }
    head_judge(&reader, bytes, rest);
    sip_message_judge(&reader);
    rest = slice_of(rest.at + message->head_len, rest.len - message->head_len);
    sip_body_take(&reader, rest, is_stream);
    return SIP_READ;
}
