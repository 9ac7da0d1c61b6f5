/* The rare parts of reading parameters, and the ends of quoted strings and values. */
#include "wire/sip/params.h"

unsigned sip_quoted_end(const struct sip_reader *reader, unsigned from, unsigned limit)
{
    unsigned place = from + 1;

    while ((place = next_stop(reader, place, limit)) < limit) {
        char octet = reader->at[place++];

        if (octet == '"') {
            return place;
        }
        if (octet == '\\') {
            if (place < limit && (reader->at[place] == '\r' || reader->at[place] == '\n')) {
                sip_note(reader, SIP_ODD_FOLDED_PLACE, from, limit);
            }
            place++;
        }
    }
    sip_note(reader, SIP_ODD_UNBALANCED_QUOTE, from, limit);
    return limit;
}

unsigned sip_value_end(const struct sip_reader *reader, unsigned from, unsigned limit)
{
    bool is_bracketed = false;

    while ((from = next_stop(reader, from, limit)) < limit) {
        char octet = reader->at[from];

        if (octet == ',' && !is_bracketed) {
            return from;
        }
        if (octet == '"') {
            from = sip_quoted_end(reader, from, limit);
            continue;
        }
        if (octet == '<' || octet == '>') {
            is_bracketed = octet == '<';
        }
        from++;
    }
    return limit;
}

/* One octet off the front of text, in lower case, decoded once; -1 at its end. */
static int octet_take(struct slice *text, bool is_escaped)
{
    int octet;

    if (text->len == 0) {
        return -1;
    }
    octet = (unsigned char)text->at[0];
    if (is_escaped && octet == '%' && text->len >= 3 && char_hex(text->at[1]) >= 0 &&
        char_hex(text->at[2]) >= 0) {
        octet = char_hex(text->at[1]) * 16 + char_hex(text->at[2]);
        *text = slice_skip(*text, 3);
    } else {
        *text = slice_skip(*text, 1);
    }
    return octet >= 'A' && octet <= 'Z' ? octet | 0x20 : octet;
}

static bool names_equal(struct slice a, struct slice b, bool is_escaped)
{
    int octet;

    if (!is_escaped && a.len != b.len) {
        return false;
    }
    do {
        octet = octet_take(&a, is_escaped);
        if (octet != octet_take(&b, is_escaped)) {
            return false;
        }
    } while (octet >= 0);
    return true;
}

bool sip_params_have(const struct sip_reader *reader, const struct params_seen *seen,
                     struct sip_span name)
{
    for (unsigned i = 0; i < seen->count; i++) {
        if (names_equal(sip_span_of(reader->at, name), sip_span_of(reader->at, seen->names[i]),
                        seen->has_escapes)) {
            return true;
        }
    }
    return false;
}

/* A value may be a host, IPv6 literal included (RFC 3261 25.1, gen-value; in received even without
 * brackets); in items and credentials also base64 or part of a URI. */
static bool is_value_octet(char octet, enum params_kind kind)
{
    switch (octet) {
    case ':':
    case '[':
    case ']':
        return true;
    case '/':
    case '=':
    case '?':
    case '@':
    case '&':
    case '$':
    case '(':
    case ')':
    case '{':
    case '}':
        return kind != PARAMS_VIA && kind != PARAMS_ADDRESS;
    default:
        return false;
    }
}

unsigned sip_param_value_end(const struct sip_reader *reader, unsigned from, unsigned limit,
                             enum params_kind kind)
{
    if (is_octet(reader, from, limit, '<') && kind != PARAMS_VIA && kind != PARAMS_ADDRESS) {
        unsigned end = from + (unsigned)slice_find(reader_slice(reader, from, limit), '>');

        return end < limit ? end + 1 : limit;
    }
    while ((from = next_stop(reader, from, limit)) < limit &&
           is_value_octet(reader->at[from], kind)) {
        from++;
    }
    return from;
}

unsigned sip_params_judge(const struct sip_reader *reader, unsigned from, unsigned limit,
                          enum params_kind kind)
{
    switch (kind) {
    case PARAMS_ITEM:
        return params_take(reader, from, limit, PARAMS_ITEM, NULL);
    case PARAMS_REPEATING:
        return params_take(reader, from, limit, PARAMS_REPEATING, NULL);
    case PARAMS_CREDENTIAL:
        return params_take(reader, from, limit, PARAMS_CREDENTIAL, NULL);
    case PARAMS_VIA:
    case PARAMS_ADDRESS:
        break;
    }
    return from;
}
