/*
 * Between the files of the SDP reader.
 */
#pragma once

#include "wire/octets.h"
#include "wire/sdp/tables.h"
#include "wire/sip/scan.h"

struct sdp_reader {
    struct sdp *sdp;
    struct sdp_level *level;
    struct sdp_media *media; /* NULL on the session level */
    const struct sip_scan *scan;
    uint8_t rank;     /* of the line before, in letters.def */
    uint8_t letter;   /* of the line before, from 'a' */
    uint8_t family;   /* of the addresses so far */
    bool carries_rtp; /* the medium does */
};

/* False always, so that finding a line unfit is one line. */
bool sdp_note(struct sdp *sdp, enum sdp_oddity oddity, struct slice octets);

/* "IN IP4 192.0.2.1" */
void sdp_connection_read(const struct sdp_reader *reader, struct slice value,
                         struct sdp_connection *connection);

/* Notes what is wrong with an address that media will be sent to. */
void sdp_target_note(struct sdp_reader *reader, struct sip_span text,
                     const struct address *address);

/* Each reads the lines of one letter: the whole line, and what stands behind its =.  False when
 * the line is not to be relied on: malformed, or a second one where one stands. */
bool sdp_version_read(struct sdp_reader *reader, struct slice line, struct slice value);
bool sdp_origin_read(struct sdp_reader *reader, struct slice line, struct slice value);
bool sdp_connection_line_read(struct sdp_reader *reader, struct slice line, struct slice value);
bool sdp_bandwidth_read(struct sdp_reader *reader, struct slice line, struct slice value);
bool sdp_time_read(struct sdp_reader *reader, struct slice line, struct slice value);
bool sdp_media_line_read(struct sdp_reader *reader, struct slice line, struct slice value);

/* The line in [from, end); tells line its attribute and where its value begins. */
bool sdp_attribute_read(struct sdp_reader *reader, struct sdp_line *line, unsigned from,
                        unsigned end);

static inline uint32_t sdp_letter_bit(char letter)
{
    return UINT32_C(1) << (letter - 'a');
}

static inline struct sip_span sdp_span(const struct sdp *sdp, struct slice slice)
{
    return (struct sip_span){(uint16_t)(slice.at - sdp->base), (uint16_t)slice.len};
}

/* Takes what stands before the next SP (or all) off the front of rest, without its SP.  Empty when
 * two SP follow each other, or at the end. */
static inline struct slice sdp_word(struct slice *rest)
{
    const char *at = rest->at, *end = rest->at + rest->len;
    const char *from = at;

    while (at < end && *at != ' ') {
        at++;
    }
    const char *next = at < end ? at + 1 : at;
    *rest = slice_between(next, end);
    return slice_between(from, at);
}

/* Decimal digits at the front of rest, taken off; false when there are none or they say more than
 * max. */
static inline bool sdp_digits(struct slice *rest, uint32_t max, uint32_t *number)
{
    uint64_t value = 0;
    size_t count = 0;

    while (count < rest->len && (unsigned char)(rest->at[count] - '0') <= 9 && value <= max) {
        value = value * 10 + (unsigned char)(rest->at[count] - '0');
        count++;
    }
    *number = (uint32_t)value;
    *rest = slice_of(rest->at + count, rest->len - count);
    return count > 0 && value <= max;
}
