#include "wire/sip/host.h"

enum {
    LABEL_MAX = 63, /* RFC 1035 2.3.4 */
    HOST_MAX = 253, /* the same, without the length octets */
};

static enum sip_host_kind host_bad(const struct sip_reader *reader, unsigned from, unsigned to)
{
    bool is_escaped = slice_find(reader_slice(reader, from, to), '%') < to - from;

    sip_note(reader, is_escaped ? SIP_ODD_ESCAPED_HOST : SIP_ODD_BAD_HOST, from, to);
    return SIP_HOST_BAD;
}

static enum sip_host_kind literal_judge(const struct sip_reader *reader, unsigned from, unsigned to)
{
    struct address address;

    if (!address_read(&address, reader_slice(reader, from, to))) {
        return host_bad(reader, from, to);
    }
    return address.family == ADDRESS_V4 ? SIP_HOST_V4 : SIP_HOST_V6;
}

/* Whether [from, to) may be a label; underscores are told apart. */
static bool label_judge(const struct sip_reader *reader, unsigned from, unsigned to)
{
    if (from == to || to - from > LABEL_MAX || reader->at[from] == '-' ||
        reader->at[to - 1] == '-') {
        return false;
    }
    for (unsigned mark = from; (mark = next_mark(reader, mark, to)) < to; mark++) {
        if (reader->at[mark] == '_') {
            sip_note(reader, SIP_ODD_UNDERSCORE_HOST, from, to);
        } else if (reader->at[mark] != '-') {
            return false;
        }
    }
    return true;
}

/* What ends in a label that begins with a digit is an IPv4 address or nothing: "127.1" and
 * "0x7f000001" are read as addresses elsewhere (HYG-U05).  One dot may end a name. */
enum sip_host_kind sip_host_judge(const struct sip_reader *reader, unsigned from, unsigned to)
{
    unsigned label = from, end;

    if (is_octet(reader, from, to, '[')) {
        return literal_judge(reader, from, to);
    }
    if (to - from > HOST_MAX) {
        return host_bad(reader, from, to);
    }
    for (;;) {
        end = label + (unsigned)slice_find(reader_slice(reader, label, to), '.');
        if (!label_judge(reader, label, end)) {
            return host_bad(reader, from, to);
        }
        if (end + 1 >= to) {
            break;
        }
        label = end + 1;
    }
    return char_is_digit(reader->at[label]) ? literal_judge(reader, from, to) : SIP_HOST_NAME;
}

unsigned sip_literal_end(const struct sip_reader *reader, unsigned from, unsigned limit)
{
    unsigned end = from + 1;

    while (is_octet(reader, end = next_stop(reader, end, limit), limit, ':')) {
        end++;
    }
    return is_octet(reader, end, limit, ']') ? end + 1 : end;
}
