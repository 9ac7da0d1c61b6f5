#include "wire/sip/host.h"

enum {
    HOST_MAX = 253, /* RFC 1035 2.3.4, without the octets of length */
};

/* Four numbers as IPv4 addresses are written; what is otherwise is left to address_read. */
static bool is_plain_v4(const char *at, size_t len)
{
    unsigned dots = 0, digits = 0, number = 0;

    for (size_t i = 0; i < len; i++) {
        unsigned digit = (unsigned char)(at[i] - '0');

        if (digit < 10) {
            number = number * 10 + digit;
            if (number > UINT8_MAX || (digits != 0 && number < 10)) {
                return false;
            }
            digits++;
        } else if (at[i] == '.' && digits != 0) {
            dots++;
            digits = number = 0;
        } else {
            return false;
        }
    }
    return dots == 3 && digits != 0;
}

/* "[" groups "]" without a dotted part, at most one gap: the way IPv6 addresses are written.  What
 * is otherwise is left to address_read. */
static bool is_plain_v6(const char *at, size_t len)
{
    unsigned groups = 0, gaps = 0;
    size_t last = 0;

    if (len < 4 || at[1] == ':' || at[len - 1] != ']') {
        return false;
    }
    for (size_t i = 1; i < len; i++) {
        if (char_is(at[i], CHAR_HEX)) {
            continue;
        }
        if (i - last > 5 || (at[i] != ':' && i + 1 < len)) {
            return false;
        }
        gaps += i == last + 1;
        groups += i != last + 1;
        last = i;
    }
    return at[len - 2] != ':' && (gaps == 0 ? groups == 8 : gaps == 1 && groups < 8);
}

static enum sip_host_kind literal_kind(const struct sip_reader *reader, size_t from, size_t to)
{
    struct address address;

    if (is_plain_v6(reader->at + from, to - from)) {
        return SIP_HOST_V6;
    }
    if (!address_read(&address, reader_slice(reader, from, to))) {
        return SIP_HOST_BAD;
    }
    return address.family == ADDRESS_V4 ? SIP_HOST_V4 : SIP_HOST_V6;
}

/* Whether [from, to) may be a label; underscores are told apart. */
static bool is_label(const struct sip_reader *reader, size_t from, size_t to,
                     struct sip_span *underscore)
{
    if (from == to || to - from > LABEL_MAX || reader->at[from] == '-' ||
        reader->at[to - 1] == '-') {
        return false;
    }
    for (; (from = next_mark(reader, from)) < to; from++) {
        if (reader->at[from] != '_') {
            return false;
        }
        if (underscore->len == 0) {
            span_set(underscore, from, to);
        }
    }
    return true;
}

/* Labels and dots; one dot may end a name.  A last label that begins with a digit and may be a
 * number belongs to an IPv4 address or to nothing. */
enum sip_host_kind sip_host_kind(const struct sip_reader *reader, size_t from, size_t to,
                                 struct sip_span *underscore)
{
    size_t label = from, end;

    if (reader->at[from] == '[') {
        return literal_kind(reader, from, to);
    }
    if (char_is_digit(reader->at[from]) && is_plain_v4(reader->at + from, to - from)) {
        return SIP_HOST_V4;
    }
    if (to - from > HOST_MAX) {
        return SIP_HOST_BAD;
    }
    for (;;) {
        end = label + slice_find(reader_slice(reader, label, to), '.');
        if (!is_label(reader, label, end, underscore)) {
            return SIP_HOST_BAD;
        }
        if (end + 1 >= to) {
            break;
        }
        label = end + 1;
    }
    return char_is_digit(reader->at[label]) && !host_ends_in_name(reader->at[end - 1])
               ? literal_kind(reader, from, to)
               : SIP_HOST_NAME;
}

enum sip_host_kind sip_host_judge(const struct sip_reader *reader, size_t from, size_t to)
{
    struct sip_span underscore = {0};
    enum sip_host_kind kind = sip_host_kind(reader, from, to, &underscore);

    if (underscore.len != 0) {
        sip_note(reader, SIP_ODD_UNDERSCORE_HOST, underscore.at,
                 (size_t)underscore.at + underscore.len);
    }
    if (kind == SIP_HOST_BAD) {
        bool is_escaped = slice_find(reader_slice(reader, from, to), '%') < to - from;

        sip_note(reader, is_escaped ? SIP_ODD_ESCAPED_HOST : SIP_ODD_BAD_HOST, from, to);
    }
    return kind;
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
