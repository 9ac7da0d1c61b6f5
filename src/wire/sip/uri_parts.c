#include "wire/sip/uri_parts.h"

enum { URI_PARAMS_MAX = 32 }; /* HYG-L12 */

/* The escape at place. */
static void escape_judge(const struct sip_reader *reader, size_t place, size_t to)
{
    const char *at = reader->at + place;
    int high = place + 2 < to ? char_hex(at[1]) : -1;
    int low = place + 2 < to ? char_hex(at[2]) : -1;
    int octet = high * 16 + low;

    if (high < 0 || low < 0) {
        sip_note(reader, SIP_ODD_BAD_ESCAPE, place, to - place < 3 ? to : place + 3);
    } else if (octet < 0x20 || octet == 0x7F) {
        sip_note(reader, SIP_ODD_ESCAPED_CONTROL, place, place + 3);
    } else if (octet == '%' && place + 4 < to && char_hex(at[3]) >= 0 && char_hex(at[4]) >= 0) {
        sip_note(reader, SIP_ODD_ESCAPED_CONTROL, place, place + 5);
    }
}

void uri_octets_judge(const struct sip_reader *reader, size_t from, size_t to, unsigned kinds)
{
    for (; (from = next_mark(reader, from)) < to; from++) {
        if (reader->at[from] == '%') {
            escape_judge(reader, from, to);
        } else if (!char_is(reader->at[from], kinds)) {
            sip_note(reader, SIP_ODD_BAD_URI, from, from + 1);
        }
    }
}

/* The transports of rules HYG-U10. */
static bool is_transport(const char *at, size_t len)
{
    switch (len) {
    case 2:
        return chars_equal(at, "ws", 2);
    case 3:
        return chars_equal(at, "udp", 3) || chars_equal(at, "tcp", 3) ||
               chars_equal(at, "tls", 3) || chars_equal(at, "wss", 3);
    case 4:
        return chars_equal(at, "sctp", 4);
    default:
        return false;
    }
}

enum sip_oddity uri_param_oddity(const struct sip_reader *reader, size_t name, size_t name_end,
                                 size_t end)
{
    const char *at = reader->at + name;
    size_t value = name_end < end ? name_end + 1 : end;
    bool is_maddr = false;

    switch (name_end - name) {
    case 3:
        is_maddr = chars_equal(at, "ttl", 3);
        break;
    case 5:
        is_maddr = chars_equal(at, "maddr", 5);
        break;
    case 6:
        is_maddr = chars_equal(at, "method", 6);
        break;
    case 9:
        if (chars_equal(at, "transport", 9) && !is_transport(reader->at + value, end - value)) {
            return SIP_ODD_BAD_TRANSPORT;
        }
        break;
    default:
        break;
    }
    return is_maddr ? SIP_ODD_URI_MADDR : SIP_ODDITY_COUNT;
}

static void param_judge(const struct sip_reader *reader, size_t name, size_t name_end, size_t end)
{
    enum sip_oddity oddity = uri_param_oddity(reader, name, name_end, end);

    if (oddity != SIP_ODDITY_COUNT) {
        sip_note(reader, oddity, name, end);
    }
}

/* The next octet that is none of a parameter's name or value; escapes are. */
static inline size_t part_end(const struct sip_reader *reader, size_t from, size_t limit,
                              bool *is_escaped)
{
    for (;; from++) {
        from = next_mark(reader, from);
        if (reader->at[from] == '%') {
            escape_judge(reader, from, limit);
            *is_escaped = true;
        } else if (!char_is(reader->at[from], CHAR_PARAM)) {
            return from;
        }
    }
}

size_t uri_params_walk(const struct sip_reader *reader, size_t from, size_t limit)
{
    struct params_seen seen;
    bool is_escaped = false;

    seen.kinds = 0;
    seen.count = 0;
    seen.has_escapes = false;
    for (;; from++) {
        size_t name = from, name_end = part_end(reader, from, limit, &seen.has_escapes);

        from = name_end;
        if (reader->at[from] == '=') {
            from = part_end(reader, from + 1, limit, &is_escaped);
        }
        if (name == name_end || name_end + 1 == from) {
            sip_note(reader, SIP_ODD_BAD_PARAMETER, name, from);
        }
        if (seen.has_escapes) {
            seen.kinds = UINT32_MAX;
        }
        if (name != name_end) {
            param_judge(reader, name, name_end, from);
            if (params_see(reader, &seen, name, name_end, URI_PARAMS_MAX)) {
                sip_note(reader, SIP_ODD_URI_REPEATED_PARAMETER, name, from);
            }
        }
        if (reader->at[from] != ';') {
            return from;
        }
    }
}
