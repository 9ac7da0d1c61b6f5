/*
 * Hosts and ports, the inner loop of every URI and Via.
 */
#pragma once

#include "wire/sip/reader.h"

/* Judges the host in [from, to). */
enum sip_host_kind sip_host_judge(const struct sip_reader *reader, size_t from, size_t to);

/* Behind the host that begins at from: a name, or a literal with its brackets. */
size_t sip_host_end(const struct sip_reader *reader, size_t from);

enum { LABEL_MAX = 63 }; /* RFC 1035 2.3.4 */

/* Whether what ends in this octet cannot be read as a number by anybody: "127.1", "0x7f000001" and
 * "2130706433" are addresses to some (HYG-U05). */
static inline bool host_ends_in_name(char last)
{
    return (unsigned char)((last | 0x20) - 'g') <= 'z' - 'g';
}

/* Takes the host at from; returns the place behind it.  Nearly all are names without anything odd
 * about dots and hyphens, not longer than one label may be. */
static inline size_t host_take(const struct sip_reader *reader, size_t from, struct sip_span *host,
                               uint8_t *kind)
{
    size_t end = next_mark(reader, from);
    const char *at = reader->at;

    if (reader->has_pairs || end - from - 1 >= LABEL_MAX || !host_ends_in_name(at[end - 1]) ||
        at[from] == '.' || at[from] == '-' || char_is(at[end], CHAR_TOKEN)) {
        end = sip_host_end(reader, from);
        *kind = (uint8_t)sip_host_judge(reader, from, end);
    } else {
        *kind = SIP_HOST_NAME;
    }
    span_set(host, from, end);
    return end;
}

/* 0 and an oddity when [from, to) is no port. */
static inline uint16_t port_read(const struct sip_reader *reader, size_t from, size_t to)
{
    unsigned port = 0, digit;
    size_t place = from;

    for (; (digit = (unsigned char)(reader->at[place] - '0')) < 10; place++) {
        port = port * 10 + digit;
    }
    if (place != to || to - from - 1 >= 5 || port - 1 >= UINT16_MAX) {
        sip_note(reader, SIP_ODD_BAD_PORT, from, to);
        return 0;
    }
    return (uint16_t)port;
}
