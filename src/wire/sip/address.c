/* Values of the shape name-addr or addr-spec, with parameters, comma list (RFC 3261 20.10). */
#include "wire/sip/reader.h"

/* Goes to the '<' of a value that begins with a display name, or to the end of the value.  What is
 * neither token nor blank has no place in front of it. */
static unsigned display_end(const struct sip_reader *reader, unsigned from, unsigned limit)
{
    bool is_bad = false;
    unsigned place = from;

    while ((place = next_stop(reader, place, limit)) < limit) {
        char octet = reader->at[place];

        if (octet == '<' || octet == ',' || octet == ';') {
            break;
        }
        is_bad |= !char_is(octet, CHAR_BLANK);
        place++;
    }
    if (is_bad && is_octet(reader, place, limit, '<')) {
        sip_note(reader, SIP_ODD_BAD_DISPLAY_NAME, from, place);
    }
    return place;
}

/* From '<' to behind '>'. */
static unsigned brackets_take(const struct sip_reader *reader, unsigned from, unsigned limit,
                              struct sip_value *value)
{
    unsigned end = sip_uri_take(reader, from + 1, limit, SIP_URI_BRACKETS, &value->uri);

    value->is_bracketed = true;
    if (end == limit) {
        sip_note(reader, SIP_ODD_BAD_ADDRESS, from, end);
        return end;
    }
    return end + 1;
}

/* Display name and URI; returns where parameters may begin. */
static unsigned address_take(const struct sip_reader *reader, unsigned from, unsigned limit,
                             struct sip_value *value)
{
    unsigned end;

    if (reader->at[from] == '<') {
        return brackets_take(reader, from, limit, value);
    }
    if (reader->at[from] == '"') {
        end = sip_quoted_end(reader, from, limit);
        value->display = span_between(from, end);
        end = skip_blanks(reader, end, limit);
        if (!is_octet(reader, end, limit, '<')) {
            sip_note(reader, SIP_ODD_BAD_ADDRESS, from, end);
            return end;
        }
        return brackets_take(reader, end, limit, value);
    }
    end = next_stop(reader, from, limit);
    if (!is_octet(reader, end, limit, ':')) {
        end = display_end(reader, from, limit);
        if (is_octet(reader, end, limit, '<')) {
            value->display = span_between(from, trim_blanks(reader, from, end));
            return brackets_take(reader, end, limit, value);
        }
    }
    end = sip_uri_take(reader, from, limit, SIP_URI_BARE, &value->uri);
    if (is_octet(reader, skip_blanks(reader, end, limit), limit, '<')) {
        end = skip_blanks(reader, end, limit);
        sip_note(reader, SIP_ODD_BAD_DISPLAY_NAME, from, end);
        value->display = span_between(from, trim_blanks(reader, from, end));
        return brackets_take(reader, end, limit, value);
    }
    return end;
}

/* One value, its parameters, and what makes no sense behind it. */
static unsigned value_take(const struct sip_reader *reader, unsigned from, unsigned limit,
                           struct sip_value *value)
{
    unsigned end;

    if (reader->at[from] == '*' &&
        reader->message->headers[value->header].id == SIP_HEADER_CONTACT &&
        next_stop(reader, from, limit) == from + 1) {
        value->is_star = true;
        end = from + 1;
    } else {
        end = address_take(reader, from, limit, value);
    }
    end = skip_blanks(reader, end, limit);
    if (is_octet(reader, end, limit, ';')) {
        end = sip_params_take(reader, end + 1, limit, &sip_address_rules, value);
    }
    if (end < limit && reader->at[end] != ',') {
        sip_note(reader, reader->at[end] == '<' ? SIP_ODD_TWO_BRACKETS : SIP_ODD_BAD_ADDRESS, from,
                 limit);
        end = sip_value_end(reader, end, limit);
    }
    value->text = span_between(from, trim_blanks(reader, from, end));
    return end;
}

void sip_address_take(const struct sip_reader *reader, unsigned header)
{
    struct sip_span line = reader->message->headers[header].value;
    unsigned from = line.at, limit = line.at + line.len;
    struct sip_value *value;

    for (;;) {
        from = skip_blanks(reader, from, limit);
        if (from == limit || reader->at[from] == ',') {
            sip_note(reader, SIP_ODD_EMPTY_VALUE, line.at, limit);
        } else {
            value = sip_value_add(reader, header);
            if (value == NULL) {
                return;
            }
            from = value_take(reader, from, limit, value);
        }
        if (from == limit) {
            return;
        }
        from++;
    }
}
