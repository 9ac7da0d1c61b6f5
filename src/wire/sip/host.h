/*
 * Hosts and ports, the inner loop of every URI and Via.
 */
#pragma once

#include "wire/sip/reader.h"

/* What the host in [from, to) is, whatever is odd about it.  underscore: from the first underscore
 * of a name to the end of its label, else as it was. */
enum sip_host_kind sip_host_kind(const struct sip_reader *reader, size_t from, size_t to,
                                 struct sip_span *underscore);

/* The same, with what is odd about it noted. */
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

/* Four digits as a number, or 0. */
static inline unsigned port_of_four(const char *at)
{
    uint32_t digits = chars_load4(at) ^ 0x30303030;

    if (((digits | (digits + 0x76767676)) & 0x80808080) != 0) {
        return 0;
    }
    digits = (digits * 10 + (digits >> 8)) & 0x00FF00FF;
    return (digits * 100 + (digits >> 16)) & 0xFFFF;
}

/* The port in [from, to), or 0 when it is none.  Nearly all have four digits. */
static inline uint16_t port_number(const struct sip_reader *reader, size_t from, size_t to)
{
    unsigned port = 0, digit;
    size_t place = from;

    if (to - from == 4) {
        return (uint16_t)port_of_four(reader->at + from);
    }
    for (; (digit = (unsigned char)(reader->at[place] - '0')) < 10; place++) {
        port = port * 10 + digit;
    }
    return place != to || to - from - 1 >= 5 || port > UINT16_MAX ? 0 : (uint16_t)port;
}

/* 0 and an oddity when [from, to) is no port. */
static inline uint16_t port_read(const struct sip_reader *reader, size_t from, size_t to)
{
    uint16_t port = port_number(reader, from, to);

    if (port == 0) {
        sip_note(reader, SIP_ODD_BAD_PORT, from, to);
    }
    return port;
}
