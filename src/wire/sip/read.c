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

/* The end of the line at from, line end excluded; next is where the following one begins. */
static unsigned line_end(const struct sip_reader *reader, unsigned from, unsigned *next)
{
    unsigned len = reader->scan->len, place = from;

    while ((place = scan_next(reader->scan->line, place)) < len) {
        if (reader->at[place] == '\n') {
            sip_note(reader, SIP_ODD_BARE_LF, place, place + 1);
            *next = place + 1;
            return place;
        }
        if (place + 1 < len && reader->at[place + 1] == '\n') {
            *next = place + 2;
            return place;
        }
        sip_note(reader, SIP_ODD_BARE_CR, place, place + 1);
        place++;
    }
    *next = len;
    return len;
}

static bool is_continuation(const struct sip_reader *reader, unsigned place)
{
    return place < reader->scan->len && (reader->at[place] == ' ' || reader->at[place] == '\t');
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

/* The name in [from, to) is not simply a token and its colon: says why, returns the colon's place
 * or to. */
static unsigned name_judge(const struct sip_reader *reader, unsigned from, unsigned to,
                           unsigned *name_end)
{
    unsigned colon = from + (unsigned)slice_find(reader_slice(reader, from, to), ':');
    unsigned end = trim_blanks(reader, from, colon);
    unsigned stop = next_stop(reader, from, end);

    *name_end = end;
    if (colon == to) {
        sip_note(reader, SIP_ODD_NO_COLON, from, to);
        return to;
    }
    if (end < colon) {
        sip_note(reader, SIP_ODD_SPACE_BEFORE_COLON, end, colon);
    }
    if (stop < end) {
        bool is_blank = char_is(reader->at[stop], CHAR_BLANK);

        sip_note(reader, is_blank ? SIP_ODD_SPACE_IN_NAME : SIP_ODD_BAD_NAME, from, colon);
    }
    if (end == from) {
        sip_note(reader, SIP_ODD_BAD_NAME, from, colon);
    }
    return colon;
}

static enum sip_header_name name_take(const struct sip_reader *reader, unsigned from, unsigned to,
                                      unsigned *name_end, unsigned *colon)
{
    *colon = next_stop(reader, from, to);
    *name_end = *colon;
    if (!is_octet(reader, *colon, to, ':') || *colon == from) {
        *colon = name_judge(reader, from, to, name_end);
    }
    if (*colon == to || *name_end == from || next_stop(reader, from, *name_end) < *name_end) {
        return SIP_HEADER_UNKNOWN;
    }
    if (*name_end - from > SIP_NAME_MAX) {
        sip_note(reader, SIP_ODD_LONG_NAME, from, *name_end);
    }
    return sip_header_find(reader_slice(reader, from, *name_end));
}

/* A place in the message, chained to the lines of the same name. */
static struct sip_header *header_add(struct sip_message *message, enum sip_header_name name)
{
    struct sip_header *header = &message->headers[message->header_count++];
    unsigned last = message->last_header[name];

    if (last == 0) {
        message->first_header[name] = message->header_count;
    } else {
        message->headers[last - 1].next = message->header_count;
    }
    message->last_header[name] = message->header_count;
    message->header_counts[name]++;
    header->next = 0;
    header->id = (uint8_t)name;
    return header;
}

static void single_judge(const struct sip_reader *reader, const struct sip_header *header)
{
    const struct sip_message *message = reader->message;
    enum sip_header_name name = (enum sip_header_name)header->id;
    unsigned end = header->value.at + header->value.len;

    if (!sip_header_is_single(name)) {
        return;
    }
    sip_note(reader, SIP_ODD_REPEATED_SINGLE, header->name.at, end);
    if (sip_header(message, name)->is_compact != header->is_compact) {
        sip_note(reader, SIP_ODD_COMPACT_AND_LONG, header->name.at, end);
    }
}

static void value_judge(const struct sip_reader *reader, unsigned index)
{
    struct sip_message *message = reader->message;
    struct sip_header *header = &message->headers[index];
    enum sip_shape shape = sip_header_shape((enum sip_header_name)header->id);

    switch (shape) {
    case SIP_SHAPE_VIA:
        sip_via_take(reader, index);
        break;
    case SIP_SHAPE_ADDRESS: {
        unsigned before = message->value_count;

        sip_address_take(reader, index);
        if (message->value_count > before + 1 &&
            sip_header_is_single((enum sip_header_name)header->id)) {
            sip_note(reader, SIP_ODD_REPEATED_SINGLE, header->value.at,
                     header->value.at + header->value.len);
        }
        break;
    }
    case SIP_SHAPE_LIST:
    case SIP_SHAPE_ONE:
    case SIP_SHAPE_CREDENTIALS:
        sip_items_judge(reader, index, shape);
        break;
    case SIP_SHAPE_NUMBER:
        sip_number_take(reader, header);
        message->item_count++;
        break;
    case SIP_SHAPE_OPAQUE:
        sip_opaque_take(reader, header);
        message->item_count++;
        break;
    case SIP_SHAPE_TEXT:
        message->item_count++;
        break;
    }
}

/* Reads the header line at from; returns where the next line begins. */
static unsigned header_take(const struct sip_reader *reader, unsigned from)
{
    struct sip_message *message = reader->message;
    unsigned next, name_end, colon, value;
    unsigned end = line_end(reader, from, &next);
    bool is_folded = is_continuation(reader, next);
    enum sip_header_name name;
    struct sip_header *header;

    if (is_folded) {
        end = folds_take(reader, from, end, &next);
    }
    if (end - from > SIP_LINE_MAX) {
        sip_note(reader, SIP_ODD_LONG_LINE, from, end);
    }
    if (message->header_count == SIP_HEADERS_MAX) {
        sip_note(reader, SIP_ODD_MANY_HEADERS, from, end);
        return next;
    }
    name = name_take(reader, from, end, &name_end, &colon);
    header = header_add(message, name);
    value = skip_blanks(reader, colon < end ? colon + 1 : end, end);
    header->name = span_between(from, name_end);
    header->value = span_between(value, trim_blanks(reader, value, end));
    header->is_folded = is_folded;
    header->is_compact = name != SIP_HEADER_UNKNOWN && header->name.len == 1;
    if (message->header_counts[name] > 1) {
        single_judge(reader, header);
    }
    value_judge(reader, message->header_count - 1u);
    if (!reader->scan->is_plain) {
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
    unsigned len = reader->scan->len;

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
        if (reader->at[from] == '\r' && from + 1 < len && reader->at[from + 1] == '\n') {
            return from + 2;
        }
        from = header_take(reader, from);
    }
    return 0;
}

/* Whether a first line is one of SIP: a status line, a request line with our version or what stands
 * for it, or a request for one of our URIs. */
static bool is_sip(struct slice line)
{
    struct slice trimmed = slice_trim(line), method, version;

    if (slice_starts_nocase(trimmed, SLICE("SIP/"))) {
        return true;
    }
    version = slice_skip(trimmed, slice_find_last(trimmed, ' ') + 1);
    if (slice_starts_nocase(version, SLICE("SIP/"))) {
        return true;
    }
    slice_cut(&trimmed, ' ', &method);
    trimmed = slice_trim(trimmed);
    return slice_starts_nocase(trimmed, SLICE("sip:")) ||
           slice_starts_nocase(trimmed, SLICE("sips:")) ||
           slice_starts_nocase(trimmed, SLICE("tel:"));
}

/* Empty lines in front of the message; the head begins behind them. */
static struct slice leading_skip(struct slice bytes)
{
    while (bytes.len > 0 && (bytes.at[0] == '\r' || bytes.at[0] == '\n')) {
        bytes = slice_skip(bytes, 1);
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
    struct sip_scan scan;
    struct slice rest = leading_skip(bytes);
    struct sip_reader reader = {.at = rest.at,
                                .scan = &scan,
                                .oddities = &message->oddities,
                                .odd_at = message->odd_at,
                                .message = message};
    unsigned start_end, next, head_len;
    bool is_whole = rest.len <= SIP_HEAD_MAX;

    message_clear(message, rest);
    sip_scan(&scan, rest);
    start_end = line_end(&reader, 0, &next);
    if (start_end == scan.len && is_stream && is_whole) {
        return no_message(message, bytes, SIP_PARTIAL);
    }
    if (!is_sip(slice_head(rest, start_end))) {
        return no_message(message, bytes, SIP_FOREIGN);
    }
    sip_start_line_take(&reader, 0, start_end);
    head_len = headers_take(&reader, next);
    if (head_len == 0) {
        if (is_stream && is_whole) {
            return no_message(message, bytes, SIP_PARTIAL);
        }
        head_len = scan.len;
        sip_note(&reader, SIP_ODD_NO_END, 0, 0);
    }
    message->head_len = head_len;
    if (!scan.is_plain) {
        controls_judge(&reader, head_len);
    }
    if (rest.at != bytes.at) {
        sip_note(&reader, SIP_ODD_LEADING_LINES, 0, (unsigned)(rest.at - bytes.at));
    }
    if (bytes.len > SIP_MESSAGE_MAX || (head_len == SIP_HEAD_MAX && !is_whole)) {
        sip_note(&reader, SIP_ODD_LONG_MESSAGE, 0, 0);
    }
    sip_message_judge(&reader);
    sip_body_take(&reader, slice_skip(rest, head_len), is_stream);
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
