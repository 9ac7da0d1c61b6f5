/*
 * Parts of URIs, shared by the plain way to take one apart (uri.c) and the slow one (uri_slow.c).
 */
#pragma once

#include "wire/sip/reader.h"

/* What octets of the kinds, and escapes, make of [from, to). */
void uri_octets_judge(const struct sip_reader *reader, size_t from, size_t to, unsigned kinds);

/* What the parameter in [name, end) means to us; name_end is end when it has no value. */
void uri_param_judge(const struct sip_reader *reader, size_t name, size_t name_end, size_t end);

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
