/* Hosts, ports. */
#include "wire/sip/reader.h"

enum {
    LABEL_MAX = 63, /* RFC 1035 2.3.4 */
    HOST_MAX = 253,
};

/* Why a host is no name, IPv4 or IPv6 literal. */
static enum sip_host_kind host_bad(const struct sip_reader *reader, unsigned from, unsigned to)
{
    bool is_escaped = slice_find(reader_slice(reader, from, to), '%') < to - from;

    sip_note(reader, is_escaped ? SIP_ODD_ESCAPED_HOST : SIP_ODD_BAD_HOST, from, to);
    return SIP_HOST_BAD;
}

static enum sip_host_kind host_literal(const struct sip_reader *reader, unsigned from, unsigned to)
{
    struct address address;

    if (!address_read(&address, reader_slice(reader, from, to))) {
        return host_bad(reader, from, to);
    }
    return address.family == ADDRESS_V4 ? SIP_HOST_V4 : SIP_HOST_V6;
}

/* Letters, digits and hyphens in labels; underscores are told apart.  What ends in a label that
 * begins with a digit is an IPv4 address or nothing: "127.1" is read as one elsewhere (HYG-U05). */
enum sip_host_kind sip_host_judge(const struct sip_reader *reader, unsigned from, unsigned to)
{
    unsigned label = from, last_label = from;

    if (from < to && reader->at[from] == '[') {
        return host_literal(reader, from, to);
    }
    for (unsigned mark = next_mark(reader, from, to); mark < to;
         mark = next_mark(reader, mark + 1, to)) {
        char octet = reader->at[mark];

        if (octet == '_') {
            sip_note(reader, SIP_ODD_UNDERSCORE_HOST, from, to);
        } else if (mark == label || (octet != '.' && octet != '-')) {
            return host_bad(reader, from, to);
        }
        if (octet == '.') {
            if (mark - label > LABEL_MAX || reader->at[mark - 1] == '-') {
                return host_bad(reader, from, to);
            }
            last_label = label;
            label = mark + 1;
        }
    }
    if (label < to) {
        last_label = label;
    }
    if (to - from > HOST_MAX || to == from || to - last_label > LABEL_MAX + 1 ||
        reader->at[to - 1] == '-') {
        return host_bad(reader, from, to);
    }
    return char_is_digit(reader->at[last_label]) ? host_literal(reader, from, to) : SIP_HOST_NAME;
}

unsigned sip_host_end(const struct sip_reader *reader, unsigned from, unsigned limit)
{
    unsigned end;

    if (!is_octet(reader, from, limit, '[')) {
        return next_stop(reader, from, limit);
    }
    end = from + 1;
    while ((end = next_stop(reader, end, limit)) < limit && reader->at[end] == ':') {
        end++;
    }
    return is_octet(reader, end, limit, ']') ? end + 1 : end;
}

uint16_t sip_port_read(const struct sip_reader *reader, unsigned from, unsigned to)
{
    unsigned port = 0;

    for (unsigned i = from; i < to; i++) {
        port = port * 10 + (unsigned)(reader->at[i] - '0');
        if (!char_is_digit(reader->at[i]) || port > UINT16_MAX) {
            port = 0;
            break;
        }
    }
    if (port == 0) {
        sip_note(reader, SIP_ODD_BAD_PORT, from, to);
    }
    return (uint16_t)port;
}
