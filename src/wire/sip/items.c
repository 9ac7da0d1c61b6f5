/*
 * Headers whose values are items with parameters: nothing is kept, the lines are only looked at for
 * what the reader notes.  Who wants an item takes it with sip_list_next.
 */
#include "wire/sip/reader.h"

static const struct sip_param_rules repeating_rules = {
    .separator = ';', .is_strict = true, .has_uris = true, .may_repeat = true};
static const struct sip_param_rules credential_rules = {.separator = ',', .has_uris = true};
static const struct sip_param_rules identity_rules = {.separator = ';', .has_uris = true};

/* Behind the comment that begins at from, which may hold others. */
static unsigned comment_end(const struct sip_reader *reader, unsigned from, unsigned limit)
{
    unsigned depth = 0;

    while ((from = next_stop(reader, from, limit)) < limit) {
        char octet = reader->at[from++];

        if (octet == '\\') {
            from++;
        } else if (octet == '(') {
            depth++;
        } else if (octet == ')' && --depth == 0) {
            return from;
        }
    }
    return limit;
}

/* The ';' or ',' that ends the item, or its '=' when it is itself like a parameter. */
static unsigned item_end(const struct sip_reader *reader, unsigned from, unsigned limit,
                         enum sip_shape shape)
{
    unsigned place = from;

    while ((place = next_stop(reader, place, limit)) < limit) {
        switch (reader->at[place]) {
        case ';':
        case ',':
        case '=':
            return place;
        case '"':
            place = sip_quoted_end(reader, place, limit);
            break;
        case '<':
            place += (unsigned)slice_find(reader_slice(reader, place, limit), '>');
            break;
        case '(':
            place = shape == SIP_SHAPE_ONE ? comment_end(reader, place, limit) : place + 1;
            break;
        default:
            place++;
            break;
        }
    }
    return limit;
}

/* One item with its parameters; stops at a comma or the limit. */
static unsigned item_take(const struct sip_reader *reader, unsigned from, unsigned limit,
                          enum sip_shape shape, const struct sip_param_rules *rules)
{
    unsigned end = item_end(reader, from, limit, shape);

    if (is_octet(reader, end, limit, '=')) {
        end = sip_params_take(reader, from, limit, rules, NULL);
    } else if (is_octet(reader, end, limit, ';')) {
        end = sip_params_take(reader, end + 1, limit, rules, NULL);
    }
    if (end < limit && reader->at[end] != ',') {
        if (rules->is_strict) {
            sip_note(reader, SIP_ODD_BAD_PARAMETER, from, limit);
        }
        end = sip_value_end(reader, end, limit);
    }
    return end;
}

static void items_take(const struct sip_reader *reader, struct sip_span line, enum sip_shape shape,
                       const struct sip_param_rules *rules)
{
    unsigned from = line.at, limit = line.at + line.len, count = 0;

    for (;;) {
        from = skip_blanks(reader, from, limit);
        if (from == limit || reader->at[from] == ',') {
            sip_note(reader, SIP_ODD_EMPTY_VALUE, line.at, limit);
        } else {
            from = item_take(reader, from, limit, shape, rules);
        }
        count++;
        if (from == limit) {
            break;
        }
        from++;
    }
    if (count > 1 && shape == SIP_SHAPE_ONE) {
        sip_note(reader, SIP_ODD_REPEATED_SINGLE, line.at, limit);
    }
    reader->message->item_count += count;
}

/* A scheme and its parameters divided by commas, or parameters alone. */
static void credentials_take(const struct sip_reader *reader, struct sip_span line)
{
    unsigned limit = line.at + line.len;
    unsigned from = next_stop(reader, line.at, limit);

    from = skip_blanks(reader, from, limit);
    if (is_octet(reader, from, limit, '=')) {
        from = line.at;
    }
    while (from < limit) {
        from = sip_params_take(reader, from, limit, &credential_rules, NULL);
        from = sip_value_end(reader, from, limit);
        from += from < limit;
    }
    reader->message->item_count++;
}

void sip_items_judge(const struct sip_reader *reader, unsigned header, enum sip_shape shape)
{
    const struct sip_header *line = &reader->message->headers[header];

    if (line->value.len == 0) {
        return;
    }
    if (line->id == SIP_HEADER_IDENTITY) {
        items_take(reader, line->value, shape, &identity_rules);
    } else if (shape == SIP_SHAPE_CREDENTIALS) {
        credentials_take(reader, line->value);
    } else if (line->id == SIP_HEADER_P_CHARGING_FUNCTION_ADDRESSES) {
        /* Several functions of one kind are several parameters of one name (RFC 7315 4.5). */
        items_take(reader, line->value, shape, &repeating_rules);
    } else {
        items_take(reader, line->value, shape, &sip_item_rules);
    }
}
