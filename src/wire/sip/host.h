/*
 * Hosts and ports, the inner loop of every URI and Via.
 */
#pragma once

#include "wire/sip/reader.h"

/* Judges hosts the plain way below does not: literals, odd hyphens, long names, nonsense. */
enum sip_host_kind sip_host_judge(const struct sip_reader *reader, unsigned from, unsigned to);

/* Behind a literal in brackets, or where it went wrong. */
unsigned sip_literal_end(const struct sip_reader *reader, unsigned from, unsigned limit);

/* Labels of letters and digits divided by single dots and hyphens, the last one beginning with a
 * letter: a name.  Nearly all are. */
static inline bool host_is_name(const struct sip_reader *reader, unsigned from, unsigned to)
{
    unsigned len = to - from, last = 0;
    uint64_t marks;

    if (len == 0 || len > 63) {
        return false;
    }
    marks = scan_bits(reader->mark, from, len);
    if ((marks & (marks << 1 | 1 | UINT64_C(1) << (len - 1))) != 0) {
        return false;
    }
    for (; marks != 0; marks &= marks - 1) {
        last = (unsigned)__builtin_ctzll(marks);
        if (reader->at[from + last] != '.' && reader->at[from + last] != '-') {
            return false;
        }
        last++;
    }
    return !char_is_digit(reader->at[from + last]);
}

static inline enum sip_host_kind host_judge(const struct sip_reader *reader, unsigned from,
                                            unsigned to)
{
    return host_is_name(reader, from, to) ? SIP_HOST_NAME : sip_host_judge(reader, from, to);
}

/* Behind the host that begins at from: a name, or a literal with its brackets. */
static inline unsigned host_end(const struct sip_reader *reader, unsigned from, unsigned limit)
{
    return is_octet(reader, from, limit, '[') ? sip_literal_end(reader, from, limit)
                                              : next_stop(reader, from, limit);
}

/* 0 and an oddity when [from, to) is no port. */
static inline uint16_t port_read(const struct sip_reader *reader, unsigned from, unsigned to)
{
    unsigned port = 0, place = from;

    for (; place < to && char_is_digit(reader->at[place]); place++) {
        port = port * 10 + (unsigned)(reader->at[place] - '0');
    }
    if (place < to || to - from > 5 || port == 0 || port > UINT16_MAX) {
        sip_note(reader, SIP_ODD_BAD_PORT, from, to);
        return 0;
    }
    return (uint16_t)port;
}
