/*
 * Between the files of the SDP reader.
 */
#pragma once

#include "wire/sdp/tables.h"

struct sdp_reader {
    struct sdp *sdp;
    struct sdp_level *level;
    struct sdp_media *media; /* NULL on the session level */
    const char *limit;       /* behind the last octet of the description */
    const char *from, *end;  /* the line at hand, without its end */
    unsigned longest_len;    /* of the lines so far */
    unsigned attributes_max; /* on this level */
    uint8_t rank;            /* of the line before, in letters.def */
    uint8_t family;          /* of the addresses so far */
    char letter;             /* of the line before */
    bool carries_rtp;        /* the medium does, or there is none yet */
};

/* Both return false, so that finding a line unfit is one line.  The second notes the line at
 * hand. */
bool sdp_note(struct sdp *sdp, enum sdp_oddity oddity, struct slice octets);
bool sdp_note_line(struct sdp_reader *reader, enum sdp_oddity oddity);

/* "IN IP4 192.0.2.1" from there to the end of the line. */
void sdp_connection_read(const struct sdp_reader *reader, const char *from,
                         struct sdp_connection *connection);

/* Notes what is wrong with an address that media will be sent to. */
void sdp_target_note(struct sdp_reader *reader, const struct sdp_connection *target);

/* Each reads the value of a line, which goes on to the line's end.  False when the line is not to
 * be relied on: malformed, or a second one where one stands. */
typedef bool sdp_value_reader(struct sdp_reader *reader, const char *value);
bool sdp_version_read(struct sdp_reader *reader, const char *value);
bool sdp_origin_read(struct sdp_reader *reader, const char *value);
bool sdp_connection_line_read(struct sdp_reader *reader, const char *value);
bool sdp_bandwidth_read(struct sdp_reader *reader, const char *value);
bool sdp_time_read(struct sdp_reader *reader, const char *value);
bool sdp_media_line_read(struct sdp_reader *reader, const char *value);

/* Behind "a=": tells line its attribute and where its value begins. */
bool sdp_attribute_read(struct sdp_reader *reader, struct sdp_line *line, const char *name);

static inline uint32_t sdp_letter_bit(char letter)
{
    return UINT32_C(1) << (letter - 'a');
}

static inline struct sip_span sdp_span(const struct sdp *sdp, const char *from, const char *to)
{
    return (struct sip_span){(uint16_t)(from - sdp->base), (uint16_t)(to - from)};
}

static inline bool sdp_is_at(const struct sdp_reader *reader, const char *at, char octet)
{
    return at < reader->end && *at == octet;
}

/* The next such octet, or the end of the line. */
static inline const char *sdp_find(const struct sdp_reader *reader, const char *at, char octet)
{
    while (at < reader->end && *at != octet) {
        at++;
    }
    return at;
}

/* Behind one octet, or the end of the line. */
static inline const char *sdp_step(const struct sdp_reader *reader, const char *at)
{
    return at < reader->end ? at + 1 : at;
}

/* The digits at *at, which goes behind them; false when there are none or they say more than max.
 * At most nine are taken: whoever has more of them is not at the end of a number. */
static inline bool sdp_digits(const struct sdp_reader *reader, const char **at, uint32_t max,
                              uint32_t *number)
{
    const char *from = *at, *place = from;
    const char *end = reader->end - from < 9 ? reader->end : from + 9;
    unsigned digit;
    uint32_t value = 0;

    while (place < end && (digit = (unsigned)(unsigned char)*place - '0') <= 9) {
        value = value * 10 + digit;
        place++;
    }
    *at = place;
    *number = value;
    return place > from && value <= max;
}
