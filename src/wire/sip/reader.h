/*
 * What the parts of the reader share.  Nobody outside this folder includes it.
 *
 * Places are offsets from the reader's origin, ranges are [from, to) or [from, limit).  A take
 * function returns the place behind what it took, never more than its limit.
 */
#pragma once

#include "wire/sip/chars.h"
#include "wire/sip/message.h"
#include "wire/sip/name.h"
#include "wire/sip/scan.h"

struct sip_reader {
    const char *at;                     /* the origin */
    const uint64_t *line, *stop, *mark; /* see scan.h */
    unsigned len;                       /* octets scanned */
    bool is_plain;                      /* nothing but CR, LF and printable ASCII in them */
    struct sip_oddities *oddities;
    struct sip_span *odd_at;     /* NULL when nobody asks where */
    struct sip_message *message; /* NULL for a text of its own */
};

/* Scans bytes; the reader borrows the scan. */
void sip_reader_init(struct sip_reader *reader, struct sip_scan *scan, struct slice bytes);

/* Where a URI stands decides where it ends. */
enum sip_uri_place {
    SIP_URI_ALONE,    /* all up to the limit */
    SIP_URI_BRACKETS, /* before '>' */
    SIP_URI_BARE,     /* before a blank or one of ; , ? < > " : what follows ';' is the header's */
};

/* Notes an oddity, and the octets of the first of its kind. */
void sip_note(const struct sip_reader *reader, enum sip_oddity oddity, unsigned from, unsigned to)
    __attribute__((cold));

/* uri is all zero before. */
unsigned sip_uri_take(const struct sip_reader *reader, unsigned from, unsigned limit,
                      enum sip_uri_place place, struct sip_uri *uri);

/* Behind the quoted string that begins at from, or limit and an oddity. */
unsigned sip_quoted_end(const struct sip_reader *reader, unsigned from, unsigned limit);

/* The next comma outside quotes and brackets, or limit: where reading goes on after a value that
 * made no sense. */
unsigned sip_value_end(const struct sip_reader *reader, unsigned from, unsigned limit);

/* A place for one more value of the header, all zero, chained to those before; NULL when there is
 * none. */
struct sip_value *sip_value_add(const struct sip_reader *reader, unsigned header);

/* The values of one header line. */
void sip_via_take(const struct sip_reader *reader, unsigned header);
void sip_address_take(const struct sip_reader *reader, unsigned header);
void sip_items_judge(const struct sip_reader *reader, const struct sip_header *header);
void sip_credentials_judge(const struct sip_reader *reader, const struct sip_header *header);

/* The headers of the shapes NUMBER and OPAQUE that the reader reads itself. */
void sip_number_take(const struct sip_reader *reader, const struct sip_header *header);
void sip_opaque_take(const struct sip_reader *reader, const struct sip_header *header);

/* Octets above 0x7F in a header's value: where they may stand, and whether they are UTF-8. */
void sip_octets_judge(const struct sip_reader *reader, const struct sip_header *header);
bool sip_is_utf8(struct slice text);

/* The start line in [from, to); false when it is none of SIP. */
bool sip_start_line_take(const struct sip_reader *reader, unsigned from, unsigned to);

/* What a message must have, once its lines are read; then body and trailing octets. */
void sip_message_judge(const struct sip_reader *reader);
void sip_body_take(const struct sip_reader *reader, struct slice rest, bool is_stream);

static inline struct sip_span span_between(unsigned from, unsigned to)
{
    return (struct sip_span){(uint16_t)from, (uint16_t)(to - from)};
}

static inline struct slice reader_slice(const struct sip_reader *reader, unsigned from, unsigned to)
{
    return slice_of(reader->at + from, to - from);
}

static inline unsigned next_stop(const struct sip_reader *reader, unsigned from, unsigned limit)
{
    unsigned stop = scan_next(reader->stop, from);

    return stop < limit ? stop : limit;
}

static inline unsigned next_mark(const struct sip_reader *reader, unsigned from, unsigned limit)
{
    unsigned mark = scan_next(reader->mark, from);

    return mark < limit ? mark : limit;
}

/* The octet at place, or NUL at the limit. */
static inline char octet_at(const struct sip_reader *reader, unsigned place, unsigned limit)
{
    return place < limit ? reader->at[place] : '\0';
}

static inline bool is_octet(const struct sip_reader *reader, unsigned place, unsigned limit,
                            char octet)
{
    return place < limit && reader->at[place] == octet;
}

/* Folds are blanks too. */
static inline unsigned skip_blanks(const struct sip_reader *reader, unsigned from, unsigned limit)
{
    while (from < limit && char_is_blank(reader->at[from])) {
        from++;
    }
    return from;
}

static inline unsigned trim_blanks(const struct sip_reader *reader, unsigned from, unsigned to)
{
    while (to > from && char_is_blank(reader->at[to - 1])) {
        to--;
    }
    return to;
}
