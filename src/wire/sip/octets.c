/* Octets above 0x7F: in quoted strings and free text they are UTF-8, elsewhere there are none. */
#include "wire/sip/reader.h"

/* The octets that follow a leading octet, and the range of the first of them: this is what keeps
 * out overlong forms, surrogates and what lies above U+10FFFF (RFC 3629 4). */
static unsigned utf8_follow(unsigned char lead, unsigned char *low, unsigned char *high)
{
    *low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    *high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
        return 1;
    }
    if (lead >= 0xE0 && lead <= 0xEF) {
        return 2;
    }
    return lead >= 0xF0 && lead <= 0xF4 ? 3 : 0;
}

bool sip_is_utf8(struct slice text)
{
    const unsigned char *at = (const unsigned char *)text.at;
    const unsigned char *end = at + text.len;

    while (at < end) {
        unsigned char lead = *at++, low, high;
        unsigned follow;

        if (lead < 0x80) {
            continue;
        }
        follow = utf8_follow(lead, &low, &high);
        if (follow == 0 || (size_t)(end - at) < follow || at[0] < low || at[0] > high) {
            return false;
        }
        for (at++; follow > 1; follow--) {
            if ((*at++ & 0xC0) != 0x80) {
                return false;
            }
        }
    }
    return true;
}

/* The first octet above 0x7F in [from, to), or to. */
static size_t high_find(const struct sip_reader *reader, size_t from, size_t to)
{
    while ((from = next_stop(reader, from)) < to && (unsigned char)reader->at[from] < 0x80) {
        from++;
    }
    return from < to ? from : to;
}

/* Free text: unknown headers may hold any UTF-8 too (RFC 3261 25.1, extension-header). */
static bool is_free_text(const struct sip_header *header)
{
    return header->id == SIP_HEADER_UNKNOWN ||
           sip_header_shape((enum sip_header_name)header->id) == SIP_SHAPE_TEXT;
}

/* Behind the quoted string at from; behind its first quote when it has no end, because then nothing
 * in it is quoted. */
static size_t quoted_skip(const struct sip_reader *reader, size_t from, size_t limit)
{
    size_t place = from + 1;

    while ((place = next_stop(reader, place)) < limit && reader->at[place] != '"') {
        place += reader->at[place] == '\\' ? 2 : 1;
    }
    return place < limit ? place + 1 : from + 1;
}

/* The first octet above 0x7F that is not quoted, or to. */
static size_t high_unquoted(const struct sip_reader *reader, size_t from, size_t to)
{
    bool has_end = true;

    while ((from = next_stop(reader, from)) < to && (unsigned char)reader->at[from] < 0x80) {
        size_t next = from + 1;

        if (reader->at[from] == '"' && has_end) {
            next = quoted_skip(reader, from, to);
            has_end = next > from + 1;
        }
        from = next;
    }
    return from < to ? from : to;
}

void sip_octets_judge(const struct sip_reader *reader, const struct sip_header *header)
{
    size_t from = header->value.at, to = from + header->value.len;
    size_t high = high_find(reader, from, to);

    if (high == to) {
        return;
    }
    if (!sip_is_utf8(reader_slice(reader, from, to))) {
        sip_note(reader, SIP_ODD_BAD_UTF8, from, to);
    }
    if (is_free_text(header)) {
        return;
    }
    high = high_unquoted(reader, from, to);
    if (high < to) {
        sip_note(reader, SIP_ODD_HIGH_OCTET, high, high + 1);
    }
}
