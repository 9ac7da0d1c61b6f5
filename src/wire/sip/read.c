/*
 * Reading a message: one scan of the head, then line by line.
 */
#include "wire/sip/reader.h"

/* Everything but the arrays that are filled as far as their counts say. */
static void message_clear(struct sip_message *message, struct slice bytes)
{
    memset(message, 0, offsetof(struct sip_message, odd_at));
    message->head = bytes.at;
    message->bytes = bytes;
    message->body = message->trailing = slice_of(bytes.at + bytes.len, 0);
    message->method = message->cseq_method = SIP_METHOD_UNKNOWN;
    message->max_forwards = 70; /* what RFC 3261 8.1.1.6 recommends, and the rules add (HYG-S04) */
}

/* The end of a line whose first CR or LF is at place, when that is no CRLF. */
static unsigned line_end_odd(const struct sip_reader *reader, unsigned place, unsigned *next)
{
    while (place < reader->len) {
        if (reader->at[place] == '\n') {
            sip_note(reader, SIP_ODD_BARE_LF, place, place + 1);
            *next = place + 1;
            return place;
        }
        if (is_octet(reader, place + 1, reader->len, '\n')) {
            *next = place + 2;
            return place;
        }
        sip_note(reader, SIP_ODD_BARE_CR, place, place + 1);
        place = scan_next(reader->line, place + 1);
    }
    *next = reader->len;
    return reader->len;
}

/* The end of the line at from, line end excluded; next is where the following one begins. */
static inline unsigned line_end(const struct sip_reader *reader, unsigned from, unsigned *next)
{
    unsigned place = scan_next(reader->line, from);

    if (place + 1 < reader->len && memcmp(reader->at + place, "\r\n", 2) == 0) {
        *next = place + 2;
        return place;
    }
    return line_end_odd(reader, place, next);
}

static inline bool is_continuation(const struct sip_reader *reader, unsigned place)
{
    return place < reader->len && (unsigned char)reader->at[place] <= ' ' &&
           (reader->at[place] == ' ' || reader->at[place] == '\t');
}

/* The end of a header line with its continuations. */
static unsigned folds_take(const struct sip_reader *reader, unsigned from, unsigned end,
                           unsigned *next)
{
    unsigned folds = 0;

    while (is_continuation(reader, *next)) {
        unsigned fold = *next;

        end = line_end(reader, fold, next);
        if (skip_blanks(reader, fold, end) == end) {
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

/* A name that is not simply a token and its colon: says why.  Returns the colon's place, or to. */
static unsigned name_judge(const struct sip_reader *reader, unsigned from, unsigned to,
                           unsigned *name_end)
{
    unsigned colon = from + (unsigned)slice_find(reader_slice(reader, from, to), ':');
    unsigned stop;

    *name_end = trim_blanks(reader, from, colon);
    stop = next_stop(reader, from, *name_end);
    if (colon == to) {
        sip_note(reader, SIP_ODD_NO_COLON, from, to);
        return to;
    }
    if (*name_end < colon) {
        sip_note(reader, SIP_ODD_SPACE_BEFORE_COLON, *name_end, colon);
    }
    if (*name_end == from) {
        sip_note(reader, SIP_ODD_BAD_NAME, from, colon);
    } else if (stop < *name_end) {
        bool is_blank = char_is_blank(reader->at[stop]);

        sip_note(reader, is_blank ? SIP_ODD_SPACE_IN_NAME : SIP_ODD_BAD_NAME, from, colon);
    }
    return colon;
}

/* The name at from; returns where its value begins. */
static inline unsigned name_take(const struct sip_reader *reader, unsigned from, unsigned to,
                                 unsigned *name_end, enum sip_header_name *name)
{
    unsigned colon = next_stop(reader, from, to);

    *name_end = colon;
    *name = SIP_HEADER_UNKNOWN;
    if (!is_octet(reader, colon, to, ':') || colon == from) {
        colon = name_judge(reader, from, to, name_end);
        if (colon == to) {
            return to;
        }
        if (*name_end == from || next_stop(reader, from, *name_end) < *name_end) {
            return colon + 1;
        }
    }
    *name = name_find(reader->at + from, *name_end - from);
    if (*name_end - from > SIP_NAME_MAX) {
        sip_note(reader, SIP_ODD_LONG_NAME, from, *name_end);
    }
    return colon + 1;
}

/* Chains the line of that index to those of the same name. */
static inline void header_chain(struct sip_message *message, enum sip_header_name name,
                                unsigned index)
{
    unsigned last = message->last_header[name];
    uint16_t *link = last == 0 ? &message->first_header[name] : &message->headers[last - 1].next;

    *link = message->last_header[name] = (uint16_t)(index + 1);
    message->header_counts[name]++;
}

/* A single header that was there before. */
static void single_judge(const struct sip_reader *reader, const struct sip_header *header)
{
    enum sip_header_name name = (enum sip_header_name)header->id;
    unsigned end = header->value.at + header->value.len;

    sip_note(reader, SIP_ODD_REPEATED_SINGLE, header->name.at, end);
    if (sip_header(reader->message, name)->is_compact != header->is_compact) {
        sip_note(reader, SIP_ODD_COMPACT_AND_LONG, header->name.at, end);
    }
}

static inline void value_judge(const struct sip_reader *reader, enum sip_header_name name,
                               unsigned index)
{
    const struct sip_header *header = &reader->message->headers[index];

    switch ((enum sip_shape)sip_name_facts[name].shape) {
    case SIP_SHAPE_VIA:
        sip_via_take(reader, index);
        return;
    case SIP_SHAPE_ADDRESS:
        sip_address_take(reader, index);
        return;
    case SIP_SHAPE_CREDENTIALS:
        if (name != SIP_HEADER_IDENTITY) {
            sip_credentials_judge(reader, header);
            return;
        }
        sip_items_judge(reader, header);
        return;
    case SIP_SHAPE_LIST:
    case SIP_SHAPE_ONE:
        sip_items_judge(reader, header);
        return;
    case SIP_SHAPE_NUMBER:
        sip_number_take(reader, header);
        break;
    case SIP_SHAPE_OPAQUE:
        sip_opaque_take(reader, header);
        break;
    case SIP_SHAPE_TEXT:
        break;
    }
    reader->message->item_count++;
}

/* Reads the header line at from; returns where the next line begins. */
static inline unsigned header_take(const struct sip_reader *reader, unsigned from)
{
    struct sip_message *message = reader->message;
    unsigned index = message->header_count, next, name_end, value;
    unsigned end = line_end(reader, from, &next);
    bool is_folded = is_continuation(reader, next);
    struct sip_header *header = &message->headers[index];
    enum sip_header_name name;

    if (is_folded) {
        end = folds_take(reader, from, end, &next);
    }
    if (end - from > SIP_LINE_MAX) {
        sip_note(reader, SIP_ODD_LONG_LINE, from, end);
    }
    if (index == SIP_HEADERS_MAX) {
        sip_note(reader, SIP_ODD_MANY_HEADERS, from, end);
        return next;
    }
    value = skip_blanks(reader, name_take(reader, from, end, &name_end, &name), end);
    *header = (struct sip_header){.name = span_between(from, name_end),
                                  .value = span_between(value, trim_blanks(reader, value, end)),
                                  .id = (uint8_t)name,
                                  .is_folded = is_folded,
                                  .is_compact = name_end == from + 1 && name != 0};
    message->header_count++;
    header_chain(message, name, index);
    if (message->header_counts[name] > 1 && (sip_name_facts[name].flags & SIP_NAME_SINGLE) != 0) {
        single_judge(reader, header);
    }
    value_judge(reader, name, index);
    if (!reader->is_plain) {
        sip_octets_judge(reader, header);
    }
    return next;
}

/* Controls and DEL; where octets above 0x7F may stand depends on the header. */
static void controls_judge(const struct sip_reader *reader, unsigned to)
{
    unsigned place = 0;

    for (; (place = next_stop(reader, place, to)) < to; place++) {
        char octet = reader->at[place];

        if (octet == '\0') {
            sip_note(reader, SIP_ODD_NUL, place, place + 1);
        } else if ((unsigned char)octet == 0x7F ||
                   ((unsigned char)octet < 0x20 && !char_is(octet, CHAR_BLANK))) {
            sip_note(reader, SIP_ODD_CONTROL_OCTET, place, place + 1);
        }
    }
}

/* All lines behind the start line; returns the length of the head, or 0 when it has no end. */
static unsigned headers_take(const struct sip_reader *reader, unsigned from)
{
    unsigned len = reader->len;

    if (is_continuation(reader, from)) {
        unsigned next;
        unsigned end = line_end(reader, from, &next);

        sip_note(reader, SIP_ODD_FIRST_LINE_FOLDED, from, end);
        from = next;
    }
    while (from < len) {
        if (reader->at[from] == '\n') {
            sip_note(reader, SIP_ODD_BARE_LF, from, from + 1);
            return from + 1;
        }
        if (reader->at[from] == '\r' && is_octet(reader, from + 1, len, '\n')) {
            return from + 2;
        }
        from = header_take(reader, from);
    }
    return 0;
}

/* Empty lines in front of the message; the head begins behind them. */
static struct slice leading_skip(struct slice bytes)
{
    while (bytes.len > 0 && (bytes.at[0] == '\r' || bytes.at[0] == '\n')) {
        bytes = slice_skip(bytes, 1);
    }
    return bytes;
}

/* What is odd about the head as a whole.  rest is bytes without the empty lines in front. */
static void head_judge(const struct sip_reader *reader, struct slice bytes, struct slice rest)
{
    struct sip_message *message = reader->message;
    size_t leading = bytes.len - rest.len;

    if (message->head_len == 0) {
        message->head_len = reader->len;
        sip_note(reader, SIP_ODD_NO_END, 0, 0);
        if (rest.len > SIP_HEAD_MAX) {
            sip_note(reader, SIP_ODD_LONG_MESSAGE, 0, 0);
        }
    }
    if (bytes.len > SIP_MESSAGE_MAX) {
        sip_note(reader, SIP_ODD_LONG_MESSAGE, 0, 0);
    }
    if (leading != 0) {
        sip_note(reader, SIP_ODD_LEADING_LINES, 0,
                 leading < UINT16_MAX ? (unsigned)leading : UINT16_MAX);
    }
    if (!reader->is_plain) {
        controls_judge(reader, message->head_len);
    }
}

static enum sip_reading no_message(struct sip_message *message, struct slice bytes,
                                   enum sip_reading reading)
{
    message_clear(message, bytes);
    return reading;
}

enum sip_reading sip_read(struct sip_message *message, struct slice bytes, bool is_stream)
{
    struct sip_scan scan;
    struct slice rest = leading_skip(bytes);
    bool is_long = rest.len > SIP_HEAD_MAX;
    struct sip_reader reader = {.oddities = &message->oddities,
                                .odd_at = message->odd_at,
                                .message = message};
    unsigned start_end, next;

    message_clear(message, rest);
    sip_reader_init(&reader, &scan, rest);
    start_end = line_end(&reader, 0, &next);
    if (start_end == reader.len && is_stream && !is_long) {
        return no_message(message, bytes, SIP_PARTIAL);
    }
    if (!sip_start_line_take(&reader, 0, start_end)) {
        return no_message(message, bytes, SIP_FOREIGN);
    }
    message->head_len = headers_take(&reader, next);
    if (message->head_len == 0 && is_stream && !is_long) {
        return no_message(message, bytes, SIP_PARTIAL);
    }
    head_judge(&reader, bytes, rest);
    sip_message_judge(&reader);
    sip_body_take(&reader, slice_skip(rest, message->head_len), is_stream);
    return SIP_READ;
}

struct slice sip_odd_slice(const struct sip_message *message, enum sip_oddity oddity)
{
    struct sip_span span = message->odd_at[oddity];

    if (!sip_is_odd(message, oddity)) {
        return SLICE_NONE;
    }
    if (oddity == SIP_ODD_LEADING_LINES) {
        return slice_of(message->head - span.len, span.len);
    }
    if (oddity == SIP_ODD_TRAILING_OCTETS || oddity == SIP_ODD_TRAILING_MESSAGE) {
        return message->trailing;
    }
    return sip_slice(message, span);
}
