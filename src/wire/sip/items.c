/*
 * Headers whose values are items with parameters: nothing is kept, the lines are only looked at for
 * what the reader notes.  Who wants an item takes it with sip_list_next.
 */
#include "wire/sip/params.h"

/* Behind the comment that begins at from, which may hold others. */
static size_t comment_end(const struct sip_reader *reader, size_t from, size_t limit)
{
    unsigned depth = 0;

    while ((from = next_stop(reader, from)) < limit) {
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
static size_t item_end(const struct sip_reader *reader, size_t from, size_t limit,
                       bool has_comments)
{
    while ((from = next_stop(reader, from)) < limit) {
        switch (reader->at[from]) {
        case ';':
        case ',':
            return from;
        case '"':
            from = quoted_end(reader, from, limit);
            break;
        case '<':
            from += slice_find(reader_slice(reader, from, limit), '>');
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
static size_t item_take(const struct sip_reader *reader, size_t from, size_t stop, size_t limit,
                        const struct sip_header *header)
{
    bool is_one = sip_names[header->id].shape == SIP_SHAPE_ONE;
    /* Several functions of one kind are several parameters of one name (RFC 7315 4.5). */
    enum params_kind kind =
        header->id == SIP_HEADER_P_CHARGING_FUNCTION_ADDRESSES ? PARAMS_REPEATING : PARAMS_ITEM;
    size_t end = from;

    if (reader->at[stop] != '=') {
        end = item_end(reader, stop, limit, is_one);
        from = end + 1;
    }
    if (end < limit && reader->at[end] != ',') {
        end = sip_params_take(reader, from, limit, kind, NULL);
    }
    if (end < limit && reader->at[end] != ',') {
        sip_note(reader, SIP_ODD_BAD_PARAMETER, from, limit);
        end = sip_value_end(reader, end, limit);
    }
    return end;
}

void sip_items_judge(const struct sip_reader *reader, const struct sip_header *header, size_t limit)
{
    bool is_one = sip_names[header->id].shape == SIP_SHAPE_ONE;
    size_t from = header->value.at, end;
    unsigned count = 0, empty_count = 0;

    if (header->value.len == 0) {
        return;
    }
    for (;; from = end + 1) {
        from = skip_blanks(reader, from, limit);
        end = next_stop(reader, from);
        count++;
        if (reader->at[end] != ',' && end != limit) {
            end = item_take(reader, from, end, limit, header);
        } else if (end == from) {
            empty_count++;
        }
        if (end >= limit) {
            break;
        }
    }
    if (count > 1 && is_one) {
        sip_note(reader, SIP_ODD_REPEATED_SINGLE, header->value.at, limit);
    }
    if (empty_count > 0) {
        sip_empty_note(reader, header, limit, empty_count < count && !is_one);
    }
    reader->message->item_count += count;
}

/* A scheme and its parameters divided by commas, or parameters alone. */
void sip_credentials_judge(const struct sip_reader *reader, const struct sip_header *header,
                           size_t limit)
{
    size_t from = header->value.at;
    size_t first = skip_blanks(reader, next_stop(reader, from), limit);

    if (header->id == SIP_HEADER_IDENTITY) {
        sip_items_judge(reader, header, limit);
        return;
    }
    if (reader->at[first] != '=') {
        from = first;
    }
    while (from < limit) {
        from = sip_params_take(reader, from, limit, PARAMS_CREDENTIAL, NULL);
        from = sip_value_end(reader, from, limit) + 1;
    }
    reader->message->item_count++;
}
