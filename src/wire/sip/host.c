#include "wire/sip/host.h"

enum {
    HOST_MAX = 253, /* RFC 1035 2.3.4, without the octets of length */
};

static enum sip_host_kind host_bad(const struct sip_reader *reader, size_t from, size_t to)
{
    bool is_escaped = slice_find(reader_slice(reader, from, to), '%') < to - from;

    sip_note(reader, is_escaped ? SIP_ODD_ESCAPED_HOST : SIP_ODD_BAD_HOST, from, to);
    return SIP_HOST_BAD;
}

/* "[" groups "]" without a dotted part, at most one gap: the way IPv6 addresses are written.  What
 * is otherwise is left to address_read. */
static bool is_plain_v6(const char *at, size_t len)
{
    unsigned digits = 0, groups = 0, gaps = 0;

    if (len < 4 || at[len - 1] != ']') {
        return false;
    }
    for (size_t i = 1; i < len - 1; i++) {
        if (at[i] == ':') {
            gaps += digits == 0;
            groups += digits != 0;
            digits = 0;
        } else if (char_hex(at[i]) < 0 || ++digits > 4) {
            return false;
        }
    }
    groups += digits != 0;
    return at[1] != ':' && digits != 0 && (gaps == 0 ? groups == 8 : gaps == 1 && groups < 8);
}

static enum sip_host_kind literal_judge(const struct sip_reader *reader, size_t from, size_t to)
{
    struct address address;

    if (is_plain_v6(reader->at + from, to - from)) {
        return SIP_HOST_V6;
    }
    if (!address_read(&address, reader_slice(reader, from, to))) {
        return host_bad(reader, from, to);
    }
    return address.family == ADDRESS_V4 ? SIP_HOST_V4 : SIP_HOST_V6;
}

/* Whether [from, to) may be a label; underscores are told apart. */
static bool label_judge(const struct sip_reader *reader, size_t from, size_t to)
{
    if (from == to || to - from > LABEL_MAX || reader->at[from] == '-' ||
        reader->at[to - 1] == '-') {
        return false;
    }
    for (; (from = next_mark(reader, from)) < to; from++) {
        if (reader->at[from] != '_') {
            return false;
        }
        sip_note(reader, SIP_ODD_UNDERSCORE_HOST, from, to);
    }
    return true;
}

/* Labels and dots; one dot may end a name.  A last label that begins with a digit and may be a
 * number belongs to an IPv4 address or to nothing. */
enum sip_host_kind sip_host_judge(const struct sip_reader *reader, size_t from, size_t to)
{
    size_t label = from, end;

    if (reader->at[from] == '[') {
        return literal_judge(reader, from, to);
    }
    if (to - from > HOST_MAX) {
        return host_bad(reader, from, to);
    }
    for (;;) {
        end = label + slice_find(reader_slice(reader, label, to), '.');
        if (!label_judge(reader, label, end)) {
            return host_bad(reader, from, to);
        }
        if (end + 1 >= to) {
            break;
        }
        label = end + 1;
    }
    return char_is_digit(reader->at[label]) && !host_ends_in_name(reader->at[end - 1])
               ? literal_judge(reader, from, to)
               : SIP_HOST_NAME;
}

size_t sip_host_end(const struct sip_reader *reader, size_t from)
{
    size_t end = from + 1;

    if (reader->at[from] != '[') {
        return next_stop(reader, from);
    }
    while (reader->at[end = next_stop(reader, end)] == ':') {
        end++;
    }
    return reader->at[end] == ']' ? end + 1 : end;
}
