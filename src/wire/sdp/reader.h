/*
 * Between the files of the SDP reader.
 */
#pragma once

#include "wire/sdp/tables.h"
#include "wire/sip/chars.h"
#include "wire/sip/scan.h"

struct sdp_reader {
    struct sdp *sdp;
    struct sdp_level *level;
    struct sdp_media *media; /* NULL on the session level */
    const struct sip_scan *scan;
    const char *base;

    struct sdp_line *line;   /* the one at hand */
    unsigned end;            /* of its octets */
    uint8_t rank;            /* of the line before, in letters.def */
    char letter;             /* of the line before */
    uint8_t family;          /* of the addresses so far */
    bool carries_rtp;        /* the medium does, or there is none yet */
    unsigned longest_len;    /* of the lines so far */
    unsigned attributes_max; /* on this level */
};

/* Both return false, so that finding a line unfit is one line.  The second notes the line at
 * hand. */
bool sdp_note(struct sdp *sdp, enum sdp_oddity oddity, struct slice octets);
bool sdp_note_line(struct sdp_reader *reader, enum sdp_oddity oddity);

/* "IN IP4 192.0.2.1" in [from, end of the line). */
void sdp_connection_read(const struct sdp_reader *reader, unsigned from,
                         struct sdp_connection *connection);

/* Notes what is wrong with an address that media will be sent to. */
void sdp_target_note(struct sdp_reader *reader, const struct sdp_connection *target);

/* Each reads the line at hand, of one letter.  False when it is not to be relied on: malformed, or
 * a second one where one stands. */
bool sdp_version_read(struct sdp_reader *reader);
bool sdp_origin_read(struct sdp_reader *reader);
bool sdp_connection_line_read(struct sdp_reader *reader);
bool sdp_bandwidth_read(struct sdp_reader *reader);
bool sdp_time_read(struct sdp_reader *reader);
bool sdp_media_line_read(struct sdp_reader *reader);
bool sdp_attribute_read(struct sdp_reader *reader);

static inline uint32_t sdp_letter_bit(char letter)
{
    return UINT32_C(1) << (letter - 'a');
}

static inline struct slice sdp_octets(const struct sdp_reader *reader, unsigned from, unsigned to)
{
    return slice_of(reader->base + from, to - from);
}

static inline struct slice sdp_value(const struct sdp_reader *reader)
{
    return sdp_octets(reader, reader->line->value_at, reader->end);
}

static inline struct sip_span sdp_span(unsigned from, unsigned to)
{
    return (struct sip_span){(uint16_t)from, (uint16_t)(to - from)};
}

static inline bool sdp_is_at(const struct sdp_reader *reader, unsigned at, char octet)
{
    return at < reader->end && reader->base[at] == octet;
}

/* The first octet from at on that no token has, or the end of the line. */
static inline unsigned sdp_token_end(const struct sdp_reader *reader, unsigned at)
{
    unsigned stop = scan_next(reader->scan->stop, at);

    return stop < reader->end ? stop : reader->end;
}

/* The next SP, or the end of the line. */
static inline unsigned sdp_word_end(const struct sdp_reader *reader, unsigned at)
{
    while ((at = sdp_token_end(reader, at)) < reader->end && reader->base[at] != ' ') {
        at++;
    }
    return at;
}

/* The digits at *at, which goes behind them; false when there are none or they say more than max.
 * At most nine are taken: whoever has more of them is not at the end of a number. */
static inline bool sdp_digits(const struct sdp_reader *reader, unsigned *at, uint32_t max,
                              uint32_t *number)
{
    const char *from = reader->base + *at, *place = from;
    const char *end = reader->base + (reader->end < *at + 9 ? reader->end : *at + 9);
    unsigned digit;
    uint32_t value = 0;

    while (place < end && (digit = (unsigned)(unsigned char)*place - '0') <= 9) {
        value = value * 10 + digit;
        place++;
    }
    *at += (unsigned)(place - from);
    *number = value;
    return place > from && value <= max;
}
