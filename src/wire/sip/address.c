/* Values of the shape name-addr or addr-spec, with parameters, comma list (RFC 3261 20.10). */
#include "wire/sip/params.h"

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

static bool is_star(const struct sip_reader *reader, unsigned from, unsigned limit,
                    const struct sip_value *value)
{
    return reader->at[from] == '*' && next_stop(reader, from, limit) == from + 1 &&
           reader->message->headers[value->header].id == SIP_HEADER_CONTACT;
}

/* One value, its parameters, and what makes no sense behind it. */
static unsigned value_take(const struct sip_reader *reader, unsigned from, unsigned limit,
                           struct sip_value *value)
{
    unsigned end;

    if (is_star(reader, from, limit, value)) {
        value->is_star = true;
        end = from + 1;
    } else {
        end = address_take(reader, from, limit, value);
    }
    end = skip_blanks(reader, end, limit);
    if (is_octet(reader, end, limit, ';')) {
        end = params_take(reader, end + 1, limit, PARAMS_ADDRESS, value);
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
    const struct sip_header *line = &reader->message->headers[header];
    unsigned from = line->value.at, limit = from + line->value.len, count = 0;
    struct sip_value *value;

    for (;; from++) {
        from = skip_blanks(reader, from, limit);
        if (from == limit || reader->at[from] == ',') {
            sip_note(reader, SIP_ODD_EMPTY_VALUE, line->value.at, limit);
        } else {
            value = sip_value_add(reader, header);
            if (value == NULL) {
                return;
            }
            from = value_take(reader, from, limit, value);
            count++;
        }
        if (from == limit) {
            break;
        }
    }
    if (count > 1 && (sip_name_facts[line->id].flags & SIP_NAME_SINGLE) != 0) {
        sip_note(reader, SIP_ODD_REPEATED_SINGLE, line->value.at, limit);
    }
}
