/*
 * Header lines in which nothing is odd, as nearly all are.
 *
 * One pass from stop to stop takes names, values, parameters and URIs apart together.  It notes
 * nothing and knows only the plain forms of each: whatever is otherwise (folded, escaped, quoted
 * pairs, blanks where few put them, a parameter twice) makes it give the line back untouched, and
 * the general reader takes that line from its beginning.  So there is one place that knows the
 * whole grammar, and this one can only agree with it; a test holds that on every corpus.
 *
 * A take function begins behind a stop that was taken, and returns the stop behind what it took, or
 * NOT_PLAIN.  That is place 0, where a letter stands: no delimiter is found there.
 */
#include "wire/sip/host.h"
#include "wire/sip/params.h"
#include "wire/sip/uri_parts.h"
#include "wire/sip/walk.h"

#define PLAIN static inline __attribute__((always_inline))

enum {
    NOT_PLAIN = 0,
    CRLF = '\r' | '\n'
                      << 8, /* as chars_load2 has it */
    COLON_SP = ':' | ' ' << 8,
    URI_ROOM = sizeof("sips:") - 1, /* octets to look at for a scheme */
};

static const uint64_t via_start =
    UINT64_C(0x2F302E322F504953); /* "SIP/2.0/" as chars_load8 has it */

/* Where a value ends: a comma, or the line's end. */
PLAIN bool is_value_end(char octet)
{
    return octet == ',' || octet == '\r';
}

/* Whether an octet of [from, to) is of tokens but not of host names: % _ + * ! and their like. */
PLAIN bool has_rare(const struct sip_reader *reader, size_t from, size_t to)
{
    const uint64_t *mark = reader->scan.mark, *stop = reader->scan.stop;
    size_t word = from / SCAN_BLOCK, last = to / SCAN_BLOCK;
    uint64_t bits = (mark[word] & ~stop[word]) >> from % SCAN_BLOCK << from % SCAN_BLOCK;

    for (; word < last; bits = mark[word] & ~stop[word]) {
        if (bits != 0) {
            return true;
        }
        word++;
    }
    return (bits & ~(~UINT64_C(0) << to % SCAN_BLOCK)) != 0;
}

/* Behind an opening quote; the stop must follow the closing one at once. */
PLAIN size_t quoted_take(const struct sip_reader *reader, struct walk *walk)
{
    size_t stop, end;

    while (reader->at[stop = walk_next(walk)] != '"') {
        if (reader->at[stop] == '\\' || (unsigned char)reader->at[stop] < ' ') {
            return NOT_PLAIN;
        }
    }
    end = stop + 1;
    stop = walk_next(walk);
    return stop == end ? stop : NOT_PLAIN;
}

/* Parameters, the first name from name to stop. */
PLAIN size_t plain_params(const struct sip_reader *reader, struct walk *walk, size_t name,
                          size_t stop, enum params_kind kind, struct sip_value *value)
{
    const char *at = reader->at;
    size_t first = name;
    uint32_t kinds = 0, bit;

    for (;;) {
        size_t name_end = stop, text = stop;

        if (name_end == name) {
            return NOT_PLAIN;
        }
        if (at[stop] == '=') {
            text = stop + 1;
            stop = walk_next(walk);
            if (at[text] == '"') {
                stop = quoted_take(reader, walk);
            }
            while (at[stop] != ';' && !is_value_end(at[stop])) {
                if (!param_is_value_octet(at[stop], kind) || at[text] == '"') {
                    return NOT_PLAIN;
                }
                stop = walk_next(walk);
            }
            if (stop == text) {
                return NOT_PLAIN;
            }
        }
        bit = param_kind(at, name, name_end);
        if ((kinds & bit) != 0) {
            return NOT_PLAIN;
        }
        kinds |= bit;
        if (value != NULL) {
            param_keep(reader, kind, name, name_end, text, stop, value);
        }
        if (at[stop] != ';') {
            break;
        }
        name = stop + 1;
        stop = walk_next(walk);
    }
    if (value != NULL) {
        span_set(&value->params, first, stop);
    }
    return stop;
}

/* A host from place to stop, or a literal that begins there. */
PLAIN size_t plain_host(const struct sip_reader *reader, struct walk *walk, size_t place,
                        size_t stop, struct sip_span *host, uint8_t *kind)
{
    const char *at = reader->at;
    struct sip_span underscore = {0};

    if (at[place] == '[') {
        while (at[stop = walk_next(walk)] == ':') {
        }
        if (at[stop] != ']' || walk_next(walk) != stop + 1) {
            return NOT_PLAIN;
        }
        stop++;
    } else if (!reader->scan.has_pairs && stop - place - 1 < LABEL_MAX &&
               host_ends_in_name(at[stop - 1]) && at[place] != '.' && at[place] != '-') {
        *kind = SIP_HOST_NAME;
        span_set(host, place, stop);
        return stop;
    }
    if (stop == place) {
        return NOT_PLAIN;
    }
    *kind = (uint8_t)sip_host_kind(reader, place, stop, &underscore);
    span_set(host, place, stop);
    return *kind == SIP_HOST_BAD || underscore.len != 0 ? NOT_PLAIN : stop;
}

/* ":port" from the colon at stop. */
PLAIN size_t plain_port(const struct sip_reader *reader, struct walk *walk, size_t stop,
                        uint16_t *port)
{
    size_t from = stop + 1;

    stop = walk_next(walk);
    *port = port_number(reader, from, stop);
    return *port != 0 ? stop : NOT_PLAIN;
}

/* Parameters of a URI. */
PLAIN size_t plain_uri_params(const struct sip_reader *reader, struct walk *walk, size_t from)
{
    const char *at = reader->at;
    uint32_t kinds = 0, bit;

    for (;;) {
        size_t name = from, name_end = walk_next(walk);

        from = name_end;
        if (at[from] == '=') {
            from = walk_next(walk);
        }
        if (name_end == name || from == name_end + 1) {
            return NOT_PLAIN;
        }
        bit = param_kind(at, name, name_end);
        if ((kinds & bit) != 0 ||
            (uri_param_may_matter(name_end - name) &&
             uri_param_oddity(reader, name, name_end, from) != SIP_ODDITY_COUNT)) {
            return NOT_PLAIN;
        }
        kinds |= bit;
        if (at[from] != ';') {
            return from;
        }
        from++;
    }
}

/* sip:[user@]host[:port][;parameters], up to an octet that is end. */
PLAIN size_t plain_sip_uri(const struct sip_reader *reader, struct walk *walk, size_t from,
                           size_t scheme, char end, struct sip_uri *uri)
{
    const char *at = reader->at;
    size_t place = from + scheme, first = place, stop = walk_next(walk);

    if (at[stop] == '@' && stop != place) {
        span_set(&uri->user, place, stop);
        first += at[place] == '+';
        place = stop + 1;
        stop = walk_next(walk);
    }
    stop = plain_host(reader, walk, place, stop, &uri->host, &uri->host_kind);
    if (at[stop] == ':') {
        stop = plain_port(reader, walk, stop, &uri->port);
    }
    if (at[stop] == ';') {
        place = stop + 1;
        stop = plain_uri_params(reader, walk, place);
        span_set(&uri->params, place, stop);
    }
    if (at[stop] != end || has_rare(reader, first, stop)) {
        return NOT_PLAIN;
    }
    uri->scheme = scheme == 4 ? SIP_SCHEME_SIP : SIP_SCHEME_SIPS;
    return stop;
}

/* tel:+digits */
PLAIN size_t plain_tel_uri(const struct sip_reader *reader, struct walk *walk, size_t from,
                           char end, struct sip_uri *uri)
{
    const char *at = reader->at;
    size_t place = from + 4, stop = walk_next(walk), digit = place + (at[place] == '+');

    span_set(&uri->user, place, stop);
    if (at[stop] != end || stop == digit) {
        return NOT_PLAIN;
    }
    for (; digit < stop; digit++) {
        if (!char_is_digit(at[digit])) {
            return NOT_PLAIN;
        }
    }
    uri->scheme = SIP_SCHEME_TEL;
    return stop;
}

PLAIN size_t plain_uri(const struct sip_reader *reader, struct walk *walk, size_t from, char end,
                       struct sip_uri *uri)
{
    const char *at = reader->at;
    size_t scheme, stop;

    if (from + URI_ROOM > reader->scan.len) {
        return NOT_PLAIN;
    }
    walk_next(walk); /* the colon */
    scheme = uri_scheme_len(at + from);
    if (scheme != 0) {
        stop = plain_sip_uri(reader, walk, from, scheme, end, uri);
    } else {
        stop = uri_is_tel(at + from) ? plain_tel_uri(reader, walk, from, end, uri) : NOT_PLAIN;
    }
    span_set(&uri->whole, from, stop);
    return stop - from > SIP_URI_MAX ? NOT_PLAIN : stop;
}

bool sip_plain_uri_take(const struct sip_reader *reader, size_t from, size_t to,
                        struct sip_uri *uri)
{
    struct walk walk = {.words = reader->scan.stop};

    walk_to(&walk, from);
    return reader->is_usual && plain_uri(reader, &walk, from, reader->at[to], uri) == to;
}

/* A display name, from its first octet to the '<' behind it. */
PLAIN size_t plain_display(const struct sip_reader *reader, struct walk *walk, size_t from,
                           size_t stop, struct sip_span *display)
{
    const char *at = reader->at;

    if (at[from] == '"') {
        stop = quoted_take(reader, walk);
        span_set(display, from, stop);
        if (at[stop] == ' ') {
            size_t next = stop + 1;

            stop = walk_next(walk);
            return at[stop] == '<' && stop == next ? stop : NOT_PLAIN;
        }
    } else {
        if (stop == from || at[from] == '*') { /* a Contact may be that alone */
            return NOT_PLAIN;
        }
        while (at[stop] == ' ') {
            stop = walk_next(walk);
        }
        span_set(display, from, trim_blanks(reader, from, stop));
    }
    return at[stop] == '<' ? stop : NOT_PLAIN;
}

/* [display name] <URI> [;parameters] */
PLAIN size_t plain_address(const struct sip_reader *reader, struct walk *walk, size_t from,
                           struct sip_value *value)
{
    const char *at = reader->at;
    size_t stop = walk_next(walk), uri;

    if (at[from] != '<') {
        stop = plain_display(reader, walk, from, stop, &value->display);
        if (stop == NOT_PLAIN) {
            return NOT_PLAIN;
        }
    }
    uri = stop + 1;
    stop = plain_uri(reader, walk, uri, '>', &value->uri);
    if (stop == NOT_PLAIN) {
        return NOT_PLAIN;
    }
    value->is_bracketed = true;
    uri = stop + 1;
    stop = walk_next(walk);
    if (stop != uri) {
        return NOT_PLAIN;
    }
    if (at[stop] == ';') {
        stop = plain_params(reader, walk, uri + 1, walk_next(walk), PARAMS_ADDRESS, value);
    }
    span_set(&value->text, from, stop);
    return stop;
}

/* SIP/2.0/transport host[:port][;parameters] */
PLAIN size_t plain_via(const struct sip_reader *reader, struct walk *walk, size_t from,
                       struct sip_value *value)
{
    const char *at = reader->at;
    size_t place = from + 8, stop;

    if (place > reader->scan.len || chars_load8(at + from) != via_start) {
        return NOT_PLAIN;
    }
    walk_next(walk); /* both slashes */
    walk_next(walk);
    stop = walk_next(walk);
    if (at[stop] != ' ' || stop == place) {
        return NOT_PLAIN;
    }
    span_set(&value->via.transport, place, stop);
    place = stop + 1;
    stop =
        plain_host(reader, walk, place, walk_next(walk), &value->via.host, &value->via.host_kind);
    if (has_rare(reader, place, stop)) {
        return NOT_PLAIN;
    }
    if (at[stop] == ':') {
        stop = plain_port(reader, walk, stop, &value->via.port);
    }
    if (at[stop] == ';') {
        place = stop + 1;
        stop = plain_params(reader, walk, place, walk_next(walk), PARAMS_VIA, value);
    }
    span_set(&value->text, from, stop);
    return stop;
}

/* Behind the comma at stop and one blank. */
PLAIN size_t comma_skip(const struct sip_reader *reader, struct walk *walk, size_t stop)
{
    stop++;
    if (reader->at[stop] == ' ') {
        walk_next(walk);
        stop++;
    }
    return stop;
}

/* Whether the value ends at stop, without blanks, and its line with it, not to be continued. */
PLAIN bool is_line_end(const char *at, size_t stop)
{
    return chars_load2(at + stop) == CRLF && (unsigned char)at[stop - 1] > ' ' &&
           at[stop + 2] != ' ';
}

/* What the values of a line leave behind, to take it away again. */
struct kept {
    uint16_t value_count, last;
    uint32_t item_count;
};

PLAIN struct kept values_keep(const struct sip_message *message, size_t name)
{
    return (struct kept){message->value_count, message->last_value[name], message->item_count};
}

static __attribute__((cold)) size_t values_undo(struct sip_message *message, size_t name,
                                                const struct kept *kept)
{
    message->value_count = kept->value_count;
    message->item_count = kept->item_count;
    message->last_value[name] = kept->last;
    if (kept->last == 0) {
        message->first_value[name] = 0;
    } else {
        message->values[kept->last - 1].next = 0;
    }
    return NOT_PLAIN;
}

static size_t plain_addresses(const struct sip_reader *reader, struct walk *walk,
                              const struct sip_header *header)
{
    struct kept kept = values_keep(reader->message, header->id);
    bool is_single = (sip_names[header->id].flags & SIP_NAME_SINGLE) != 0;
    size_t from = header->value.at;

    for (;;) {
        struct sip_value *value = value_add(reader, header);
        size_t stop = value != NULL ? plain_address(reader, walk, from, value) : NOT_PLAIN;

        if (is_line_end(reader->at, stop)) {
            return stop;
        }
        if (reader->at[stop] != ',' || is_single) {
            return values_undo(reader->message, header->id, &kept);
        }
        from = comma_skip(reader, walk, stop);
    }
}

static size_t plain_vias(const struct sip_reader *reader, struct walk *walk,
                         const struct sip_header *header)
{
    struct kept kept = values_keep(reader->message, header->id);
    size_t from = header->value.at;

    for (;;) {
        struct sip_value *value = value_add(reader, header);
        size_t stop = value != NULL ? plain_via(reader, walk, from, value) : NOT_PLAIN;

        bool is_end = is_line_end(reader->at, stop);

        if (!is_end && reader->at[stop] != ',') {
            return values_undo(reader->message, header->id, &kept);
        }
        if (value == sip_value(reader->message, SIP_HEADER_VIA)) {
            sip_branch_judge(reader, value);
        }
        if (is_end) {
            return stop;
        }
        from = comma_skip(reader, walk, stop);
    }
}

/* An item and its parameters. */
PLAIN size_t plain_item(const struct sip_reader *reader, struct walk *walk, size_t from,
                        size_t stop)
{
    const char *at = reader->at;

    if (at[stop] == '=' && stop != from) {
        return plain_params(reader, walk, from, stop, PARAMS_ITEM, NULL);
    }
    if (at[from] == '"') {
        stop = quoted_take(reader, walk);
    } else {
        while (at[stop] == '/' || at[stop] == ':') {
            stop = walk_next(walk);
        }
    }
    if (at[stop] == ';' && stop != from) {
        from = stop + 1;
        stop = plain_params(reader, walk, from, walk_next(walk), PARAMS_ITEM, NULL);
    }
    return stop;
}

static size_t plain_items(const struct sip_reader *reader, struct walk *walk,
                          const struct sip_header *header, bool is_one)
{
    const char *at = reader->at;
    size_t from = header->value.at;
    unsigned count = 1;

    for (;; count++) {
        size_t stop = walk_next(walk);

        if (!is_value_end(at[stop])) {
            stop = plain_item(reader, walk, from, stop);
        }
        if (stop <= from) {
            return NOT_PLAIN;
        }
        if (at[stop] != ',') {
            if (!is_line_end(at, stop) || (is_one && count > 1)) {
                return NOT_PLAIN;
            }
            reader->message->item_count += count;
            return stop;
        }
        from = comma_skip(reader, walk, stop);
    }
}

/* A value that is one text to the walk; its line is taken whole. */
PLAIN size_t plain_text(const struct sip_reader *reader, struct sip_header *header,
                        enum sip_shape shape)
{
    size_t end = next_line(reader, header->value.at);

    if (!is_line_end(reader->at, end)) {
        return NOT_PLAIN;
    }
    header->value.len = (uint16_t)(end - header->value.at);
    header_chain(reader, header);
    if (shape == SIP_SHAPE_TEXT) {
        reader->message->item_count++;
    } else {
        (shape == SIP_SHAPE_OPAQUE   ? sip_opaque_take
         : shape == SIP_SHAPE_NUMBER ? sip_number_take
                                     : sip_credentials_judge)(reader, header, end);
    }
    return end;
}

/* Values that the walk takes apart. */
PLAIN size_t plain_values(const struct sip_reader *reader, struct walk *walk,
                          struct sip_header *header, enum sip_shape shape)
{
    size_t end = shape == SIP_SHAPE_ADDRESS ? plain_addresses(reader, walk, header)
                 : shape == SIP_SHAPE_VIA
                     ? plain_vias(reader, walk, header)
                     : plain_items(reader, walk, header, shape == SIP_SHAPE_ONE);

    if (end != NOT_PLAIN) {
        header->value.len = (uint16_t)(end - header->value.at);
        header_chain(reader, header);
    }
    return end;
}

size_t sip_plain_headers_take(const struct sip_reader *reader, size_t from)
{
    struct sip_message *message = reader->message;
    struct sip_header *header = &message->headers[message->header_count];
    struct walk walk = {.words = reader->scan.stop};
    const char *at = reader->at;

    walk_to(&walk, from);
    for (;; header++) {
        size_t colon = walk_next(&walk), len = colon - from, end;
        const struct sip_name *name;

        if (len - 2 > SIP_NAME_MAX - 2 || chars_load2(at + colon) != COLON_SP ||
            (unsigned char)at[colon + 2] <= ' ' || header == &message->headers[SIP_HEADERS_MAX]) {
            return from;
        }
        name = name_find(at + from, len);
        *header = (struct sip_header){0};
        span_set(&header->name, from, colon);
        header->value.at = (uint16_t)(colon + 2);
        header->id = name->id;
        if (name->shape < SIP_SHAPE_NUMBER) {
            walk_next(&walk); /* the blank */
            end = plain_values(reader, &walk, header, (enum sip_shape)name->shape);
            walk_next(&walk); /* the LF */
        } else {
            end = plain_text(reader, header, (enum sip_shape)name->shape);
            walk_to(&walk, end + 2);
        }
        if (end == NOT_PLAIN) {
            return from;
        }
        from = end + 2;
    }
}
