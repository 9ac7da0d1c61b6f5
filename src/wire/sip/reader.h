/*
 * What the parts of the reader share.  Nobody outside this folder includes it.
 *
 * Places are offsets from the reader's origin.  A limit is the place of a CR, LF or SP that can be
 * read: no search for a delimiter passes it and no delimiter is found at it, so the octet at a
 * place may be looked at without asking.  A take function returns the place behind what it took.
 */
#pragma once

#include "wire/sip/chars.h"
#include "wire/sip/message.h"
#include "wire/sip/name.h"
#include "wire/sip/scan.h"

struct sip_reader {
    const char *at; /* the origin */
    struct sip_oddities *oddities;
    struct sip_span *odd_at;     /* NULL when nobody asks where */
    struct sip_message *message; /* NULL for a text of its own */
    bool is_usual; /* printable, with an end, no line can be above the hard limit, a letter first */
    struct sip_scan scan;
};

/* Scans bytes, for a text of its own. */
void sip_reader_init(struct sip_reader *reader, struct slice bytes, struct sip_oddities *oddities);

/* Clears len octets. */
void sip_clear(void *at, size_t len);

/* Where a URI stands decides where it ends. */
enum sip_uri_place {
    SIP_URI_ALONE,    /* all up to the limit */
    SIP_URI_BRACKETS, /* before '>' */
    SIP_URI_BARE,     /* before a blank or one of ; , ? < > " : what follows ';' is the header's */
};

/* Notes an oddity, and the octets of the first of its kind. */
void sip_note(const struct sip_reader *reader, enum sip_oddity oddity, size_t from, size_t to)
    __attribute__((cold));

/* Notes that a header, whose line ends at limit, has an empty value; tolerable beside others. */
void sip_empty_note(const struct sip_reader *reader, const struct sip_header *header, size_t limit,
                    bool has_others);

/* uri is all zero before. */
size_t sip_uri_take(const struct sip_reader *reader, size_t from, size_t limit,
                    enum sip_uri_place place, struct sip_uri *uri);

/* Behind the quoted string that begins at from, or limit and an oddity. */
size_t sip_quoted_end(const struct sip_reader *reader, size_t from, size_t limit);

/* The next comma outside quotes and brackets, or limit: where reading goes on after a value that
 * made no sense. */
size_t sip_value_end(const struct sip_reader *reader, size_t from, size_t limit);

/* Reads or judges the value of one header line, which ends at limit; by enum sip_shape. */
typedef void shape_function(const struct sip_reader *reader, const struct sip_header *header,
                            size_t limit);

shape_function sip_via_take;
shape_function sip_address_take;
shape_function sip_items_judge;
shape_function sip_credentials_judge;
shape_function sip_number_take;
shape_function sip_opaque_take;

/* Octets above 0x7F in a header's value: where they may stand, and whether they are UTF-8. */
void sip_octets_judge(const struct sip_reader *reader, const struct sip_header *header);

/* Notes a single header that came again, first being the first of them. */
void sip_single_judge(const struct sip_reader *reader, const struct sip_header *first,
                      const struct sip_header *header);

/* Takes header lines as long as they are plain; returns where another one, or the end of the head,
 * begins.  For messages that are usual only. */
size_t sip_plain_headers_take(const struct sip_reader *reader, size_t from);

/* Takes a URI that fills [from, to) and a blank behind it; false, with uri in disorder, when it is
 * not plain. */
bool sip_plain_uri_take(const struct sip_reader *reader, size_t from, size_t to,
                        struct sip_uri *uri);

/* The topmost Via's branch. */
void sip_branch_judge(const struct sip_reader *reader, const struct sip_value *value);

/* The start line, which ends at to; false when it is none of SIP. */
bool sip_start_line_take(const struct sip_reader *reader, size_t to);

/* What a message must have, once its lines are read; then body and trailing octets. */
void sip_message_judge(const struct sip_reader *reader);
void sip_body_take(const struct sip_reader *reader, struct slice rest, bool is_stream);

/* Member by member: compilers put a span together more dearly than its parts. */
static inline void span_set(struct sip_span *span, size_t from, size_t to)
{
    span->at = (uint16_t)from;
    span->len = (uint16_t)(to - from);
}

static inline struct slice reader_slice(const struct sip_reader *reader, size_t from, size_t to)
{
    return slice_of(reader->at + from, to - from);
}

static inline size_t next_stop(const struct sip_reader *reader, size_t from)
{
    return scan_next(reader->scan.stop, from);
}

static inline size_t next_line(const struct sip_reader *reader, size_t from)
{
    return scan_next(reader->scan.line, from);
}

static inline size_t next_mark(const struct sip_reader *reader, size_t from)
{
    return scan_next(reader->scan.mark, from);
}

/* Folds are blanks too. */
static inline size_t skip_blanks(const struct sip_reader *reader, size_t from, size_t limit)
{
    for (; char_is_blank(reader->at[from]); from++) {
        if (from >= limit) {
            break;
        }
    }
    return from;
}

static inline size_t trim_blanks(const struct sip_reader *reader, size_t from, size_t to)
{
    while (to > from && char_is_blank(reader->at[to - 1])) {
        to--;
    }
    return to;
}

/* Behind the quoted string that begins at from; most have no blanks and nothing escaped. */
static inline size_t quoted_end(const struct sip_reader *reader, size_t from, size_t limit)
{
    size_t end = next_stop(reader, from + 1);

    return reader->at[end] == '"' ? end + 1 : sip_quoted_end(reader, from, limit);
}

/* A place for one more value of the header line, all zero but chained to those before; NULL when
 * there is none. */
static inline struct sip_value *value_add(const struct sip_reader *reader,
                                          const struct sip_header *header)
{
    struct sip_message *message = reader->message;
    size_t name = header->id, last = message->last_value[name];
    struct sip_value *value = &message->values[message->value_count];
    uint16_t number = (uint16_t)(message->value_count + 1);

    if (__builtin_expect(number > SIP_VALUES_MAX, 0)) {
        sip_note(reader, SIP_ODD_MANY_VALUES, header->value.at, header->value.at);
        return NULL;
    }
    *value = (struct sip_value){0};
    value->header = (uint16_t)(header - message->headers);
    if (last == 0) {
        message->first_value[name] = number;
    } else {
        message->values[last - 1].next = number;
    }
    message->last_value[name] = message->value_count = number;
    message->item_count++;
    return value;
}

/* Counts the header that was read last and chains it to those of the same name. */
static inline void header_chain(const struct sip_reader *reader, struct sip_header *header)
{
    struct sip_message *message = reader->message;
    size_t name = header->id, first = message->first_header[name];
    uint16_t number = ++message->header_count;

    if (first == 0) {
        message->first_header[name] = number;
    } else {
        message->headers[message->last_header[name] - 1].next = number;
        sip_single_judge(reader, &message->headers[first - 1], header);
    }
    message->last_header[name] = number;
    message->header_counts[name]++;
}
