/*
 * Between the files of the SDP reader.
 *
 * Places are offsets from the first octet.  What is at the end of a line, and so at every limit,
 * can be read and is CR or LF: no digit, blank, or delimiter is found there, so readers look for
 * those without asking how far.
 */
#pragma once

#include "wire/sdp/tables.h"
#include "wire/sip/chars.h"
#include "wire/sip/scan.h"

struct sdp_reader {
    const char *at; /* the octets; sdp->base, or a copy with an end */
    struct sdp *sdp;
    struct sdp_level *level;
    struct sdp_media *media; /* NULL on the session level */
    size_t len;              /* of the description */
    size_t from, end;        /* the line at hand, without its end */
    unsigned longest_len;    /* of the lines so far */
    unsigned attributes_max; /* on this level */
    uint8_t rank;            /* of the line before, in letters.def */
    uint8_t family;          /* of the addresses so far */
    char letter;             /* of the line before */
    bool carries_rtp;        /* the medium does, or there is none yet */
    struct sip_scan scan;    /* of the lines up to the first empty one */
};

/* Both return false, so that finding a line unfit is one line.  The second notes the line at
 * hand. */
bool sdp_note(struct sdp *sdp, enum sdp_oddity oddity, size_t from, size_t to)
    __attribute__((cold));
bool sdp_note_line(struct sdp_reader *reader, enum sdp_oddity oddity) __attribute__((cold));

/* "IN IP4 192.0.2.1" from there to the end of the line. */
void sdp_connection_read(const struct sdp_reader *reader, size_t from,
                         struct sdp_connection *connection);

/* Notes what is wrong with an address that media will be sent to. */
void sdp_target_note(struct sdp_reader *reader, const struct sdp_connection *target);

/* Each reads the value of a line, which goes on to the line's end.  False when the line is not to
 * be relied on: malformed, or a second one where one stands. */
typedef bool sdp_value_function(struct sdp_reader *reader, size_t value);
sdp_value_function sdp_version_read;
sdp_value_function sdp_origin_read;
sdp_value_function sdp_connection_line_read;
sdp_value_function sdp_bandwidth_read;
sdp_value_function sdp_time_read;
sdp_value_function sdp_media_line_read;

/* Decimal digits at *at, which goes behind them; false when there are none or they say more than
 * max.  At most nine are taken: whoever has more of them is not at the end of a number. */
bool sdp_digits_slow(const char *at, size_t from, uint32_t max, size_t *end, uint32_t *number);

static inline uint32_t sdp_letter_bit(char letter)
{
    return UINT32_C(1) << (letter - 'a');
}

static inline struct sip_span sdp_span(size_t from, size_t to)
{
    return (struct sip_span){(uint16_t)from, (uint16_t)(to - from)};
}

static inline struct slice sdp_between(const struct sdp_reader *reader, size_t from, size_t to)
{
    return slice_of(reader->at + from, to - from);
}

/* The value at hand. */
static inline struct slice sdp_rest(const struct sdp_reader *reader, size_t from)
{
    return sdp_between(reader, from, reader->end);
}

/* The next octet that is none of a token. */
static inline size_t sdp_next_stop(const struct sdp_reader *reader, size_t from)
{
    return scan_next(reader->scan.stop, from);
}

/* The next such octet, none of a token, or the end of the line. */
static inline size_t sdp_find(const struct sdp_reader *reader, size_t from, char octet)
{
    while (reader->at[from = sdp_next_stop(reader, from)] != octet && from < reader->end) {
        from++;
    }
    return from;
}

/* Behind one octet, or the end of the line. */
static inline size_t sdp_step(const struct sdp_reader *reader, size_t at)
{
    return at < reader->end ? at + 1 : at;
}

static inline bool sdp_digits(const struct sdp_reader *reader, size_t *at, uint32_t max,
                              uint32_t *number)
{
    const char *from = reader->at + *at, *place = from;
    uint32_t value = 0;
    unsigned digit;

    while ((digit = (unsigned char)(*place - '0')) <= 9) {
        value = value * 10 + digit;
        place++;
    }
    if (__builtin_expect(place - from > 9, 0)) {
        return sdp_digits_slow(reader->at, *at, max, at, number);
    }
    *number = value;
    *at = (size_t)(place - reader->at);
    return place > from && value <= max;
}
