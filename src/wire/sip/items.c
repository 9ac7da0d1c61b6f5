/*
 * Headers whose values are items with parameters: nothing is kept, the lines are only looked at for
 * what the reader notes.  Who wants an item takes it with sip_list_next.
 */
#include "wire/sip/params.h"

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

/* The ';' or ',' that ends the item. */
static unsigned item_end(const struct sip_reader *reader, unsigned from, unsigned limit,
                         bool has_comments)
{
    while ((from = next_stop(reader, from, limit)) < limit) {
        switch (reader->at[from]) {
        case ';':
        case ',':
            return from;
        case '"':
            from = sip_quoted_end(reader, from, limit);
            break;
        case '<':
            from += (unsigned)slice_find(reader_slice(reader, from, limit), '>');
            break;
        case '(':
            from = has_comments ? comment_end(reader, from, limit) : from + 1;
            break;
        default:
            from++;
            break;
        }
    }
    return limit;
}

/* One item with its parameters, stop being the end of its first token; stops at a comma or the
 * limit.  An item may itself look like a parameter: "icid-value=1;icid-value=2" repeats one. */
static unsigned item_take(const struct sip_reader *reader, unsigned from, unsigned stop,
                          unsigned limit, const struct sip_header *header)
{
    bool is_one = sip_name_facts[header->id].shape == SIP_SHAPE_ONE;
    /* Several functions of one kind are several parameters of one name (RFC 7315 4.5). */
    enum params_kind kind =
        header->id == SIP_HEADER_P_CHARGING_FUNCTION_ADDRESSES ? PARAMS_REPEATING : PARAMS_ITEM;
    unsigned end = from;

    if (reader->at[stop] != '=') {
        end = item_end(reader, stop, limit, is_one);
        from = end + 1;
    }
    if (end < limit && reader->at[end] != ',') {
        end = sip_params_judge(reader, from, limit, kind);
    }
    if (end < limit && reader->at[end] != ',') {
        sip_note(reader, SIP_ODD_BAD_PARAMETER, from, limit);
        end = sip_value_end(reader, end, limit);
    }
    return end;
}

void sip_items_judge(const struct sip_reader *reader, const struct sip_header *header)
{
    unsigned from = header->value.at, limit = from + header->value.len, count = 0;

    for (; header->value.len != 0; from++) {
        unsigned end;

        from = skip_blanks(reader, from, limit);
        end = next_stop(reader, from, limit);
        if (end < limit && reader->at[end] != ',') {
            end = item_take(reader, from, end, limit, header);
        } else if (end == from) {
            sip_note(reader, SIP_ODD_EMPTY_VALUE, header->value.at, limit);
        }
        count++;
        from = end;
        if (from == limit) {
            break;
        }
    }
    if (count > 1 && sip_name_facts[header->id].shape == SIP_SHAPE_ONE) {
        sip_note(reader, SIP_ODD_REPEATED_SINGLE, header->value.at, limit);
    }
    reader->message->item_count += count;
}

/* A scheme and its parameters divided by commas, or parameters alone. */
void sip_credentials_judge(const struct sip_reader *reader, const struct sip_header *header)
{
    unsigned from = header->value.at, limit = from + header->value.len;
    unsigned first = skip_blanks(reader, next_stop(reader, from, limit), limit);

    if (!is_octet(reader, first, limit, '=')) {
        from = first;
    }
    while (from < limit) {
        from = sip_params_judge(reader, from, limit, PARAMS_CREDENTIAL);
        from = sip_value_end(reader, from, limit);
        from += from < limit;
    }
    reader->message->item_count++;
}
