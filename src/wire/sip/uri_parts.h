/*
 * Parts of URIs, shared by the files that take apart those that are not plain.
 */
#pragma once

#include "wire/sip/params.h"

/* What octets of the kinds, and escapes, make of [from, to). */
void uri_octets_judge(const struct sip_reader *reader, size_t from, size_t to, unsigned kinds);

/* What the parameter in [name, end) is to us, SIP_ODDITY_COUNT for nothing; name_end is end when it
 * has no value. */
enum sip_oddity uri_param_oddity(const struct sip_reader *reader, size_t name, size_t name_end,
                                 size_t end);

/* Parameters up to the first octet that has no place in them. */
size_t uri_params_walk(const struct sip_reader *reader, size_t from, size_t limit);

/* All delimiters first, then every part.  uri is all zero before. */
size_t uri_take_slowly(const struct sip_reader *reader, size_t from, size_t limit,
                       enum sip_uri_place where, struct sip_uri *uri);

/* What stands behind "tel:". */
size_t uri_tel_take(const struct sip_reader *reader, size_t from, size_t limit,
                    enum sip_uri_place where, struct sip_uri *uri);

/* Every other scheme, or none. */
size_t uri_other_take(const struct sip_reader *reader, size_t from, size_t limit,
                      enum sip_uri_place where, struct sip_uri *uri);

/* Whether a parameter's name has as many octets as one of those that mean something to us: ttl,
 * maddr, method, transport. */
static inline bool uri_param_may_matter(size_t len)
{
    return len < 10 && ((1U << 3 | 1U << 5 | 1U << 6 | 1U << 9) >> len & 1) != 0;
}

/* The octets of "sip:" or "sips:", or 0. */
static inline size_t uri_scheme_len(const char *at)
{
    uint32_t letters = chars_load4(at);

    if ((letters & 0xFFDFDFDF) == ('S' | 'I' << 8 | 'P' << 16 | ':' << 24)) {
        return 4;
    }
    return (letters & 0xDFDFDFDF) == ('S' | 'I' << 8 | 'P' << 16 | 'S' << 24) && at[4] == ':' ? 5
                                                                                              : 0;
}

static inline bool uri_is_tel(const char *at)
{
    return (chars_load4(at) & 0xFFDFDFDF) == ('T' | 'E' << 8 | 'L' << 16 | ':' << 24);
}

static inline bool uri_is_end(char octet, enum sip_uri_place where)
{
    switch (where) {
    case SIP_URI_BRACKETS:
        return octet == '>';
    case SIP_URI_BARE:
        return octet == ';' || octet == ',' || octet == '?' || octet == '<' || octet == '>' ||
               octet == '"' || char_is_blank(octet);
    case SIP_URI_ALONE:
        break;
    }
    return false;
}

/* Digits, letters and a '+' in front are never odd. */
static inline void uri_user_judge(const struct sip_reader *reader, size_t from, size_t to)
{
    if (from == to) {
        sip_note(reader, SIP_ODD_BAD_URI, from, to + 1);
    } else if (next_mark(reader, from + (reader->at[from] == '+')) != to) {
        uri_octets_judge(reader, from, to, CHAR_USER);
    }
}
