/* Values of the shape name-addr or addr-spec, with parameters, comma list (RFC 3261 20.10). */
#include "wire/sip/params.h"

/* From '<' to behind '>'. */
static inline size_t brackets_take(const struct sip_reader *reader, size_t from, size_t limit,
                                   struct sip_value *value)
{
    size_t end = sip_uri_take(reader, from + 1, limit, SIP_URI_BRACKETS, &value->uri);

    value->is_bracketed = true;
    if (end >= limit) {
        sip_note(reader, SIP_ODD_BAD_ADDRESS, from, end);
        return end;
    }
    return end + 1;
}

/* An unquoted display name and brackets, or a URI without them.  Sees to it that a display name is
 * tokens and blanks. */
static size_t unquoted_take(const struct sip_reader *reader, size_t from, size_t limit,
                            struct sip_value *value)
{
    size_t end = from;
    bool is_bad = false;

    while ((end = next_stop(reader, end)) < limit && reader->at[end] != '<' &&
           reader->at[end] != ',' && reader->at[end] != ';' && reader->at[end] != '"') {
        is_bad |= !char_is_blank(reader->at[end]);
        end++;
    }
    if (reader->at[end] != '<') {
        return sip_uri_take(reader, from, limit, SIP_URI_BARE, &value->uri);
    }
    if (is_bad) {
        sip_note(reader, SIP_ODD_BAD_DISPLAY_NAME, from, end);
    }
    span_set(&value->display, from, trim_blanks(reader, from, end));
    return brackets_take(reader, end, limit, value);
}

static size_t quoted_take(const struct sip_reader *reader, size_t from, size_t limit,
                          struct sip_value *value)
{
    size_t end = quoted_end(reader, from, limit);

    span_set(&value->display, from, end);
    end = skip_blanks(reader, end, limit);
    if (reader->at[end] != '<') {
        sip_note(reader, SIP_ODD_BAD_ADDRESS, from, end);
        return end;
    }
    return brackets_take(reader, end, limit, value);
}

static bool is_star(const struct sip_reader *reader, size_t from, const struct sip_value *value)
{
    return reader->at[from] == '*' && next_stop(reader, from) == from + 1 &&
           reader->message->headers[value->header].id == SIP_HEADER_CONTACT;
}

/* Display name and URI, or a star; returns where parameters may begin. */
static inline size_t address_take(const struct sip_reader *reader, size_t from, size_t limit,
                                  struct sip_value *value)
{
    switch (reader->at[from]) {
    case '<':
        return brackets_take(reader, from, limit, value);
    case '"':
        return quoted_take(reader, from, limit, value);
    default:
        value->is_star = is_star(reader, from, value);
        return value->is_star ? from + 1 : unquoted_take(reader, from, limit, value);
    }
}

/* One value, its parameters, and what makes no sense behind it. */
static inline __attribute__((always_inline)) size_t
value_take(const struct sip_reader *reader, size_t from, size_t limit, struct sip_value *value)
{
    size_t end = skip_blanks(reader, address_take(reader, from, limit, value), limit);

    if (reader->at[end] == ';') {
        end = sip_params_take(reader, end + 1, limit, PARAMS_ADDRESS, value);
    }
    if (end < limit && reader->at[end] != ',') {
        sip_note(reader, reader->at[end] == '<' ? SIP_ODD_TWO_BRACKETS : SIP_ODD_BAD_ADDRESS, from,
                 limit);
        end = sip_value_end(reader, end, limit);
    }
    span_set(&value->text, from, trim_blanks(reader, from, end));
    return end;
}

void sip_address_take(const struct sip_reader *reader, const struct sip_header *header,
                      size_t limit)
{
    bool is_single = (sip_names[header->id].flags & SIP_NAME_SINGLE) != 0;
    size_t from = header->value.at;
    unsigned count = 0, empty_count = 0;

    for (;; from++) {
        from = skip_blanks(reader, from, limit);
        if (from == limit || reader->at[from] == ',') {
            empty_count++;
        } else {
            struct sip_value *value = value_add(reader, header);

            if (value == NULL) {
                return;
            }
            from = value_take(reader, from, limit, value);
            count++;
        }
        if (from >= limit) {
            break;
        }
    }
    if (count > 1 && is_single) {
        sip_note(reader, SIP_ODD_REPEATED_SINGLE, header->value.at, limit);
    }
    if (empty_count > 0) {
        sip_empty_note(reader, header, limit, count > 0 && !is_single);
    }
}
