/*
 * How an attribute's line is taken, the inner loop of reading a description.
 */
#pragma once

#include "wire/sdp/reader.h"

/* NULL for those whose value nobody has to understand. */
extern sdp_value_function *const sdp_attribute_readers[SDP_ATTRIBUTE_COUNT];

/* A name that is not spelled as the table has it, or not in it: noted, and found in any case. */
enum sdp_attribute sdp_odd_name_find(struct sdp_reader *reader, struct slice name);

/* False when it stands once and stood there already. */
static inline bool sdp_attribute_count(struct sdp_reader *reader, enum sdp_attribute attribute)
{
    struct sdp_level *level = reader->level;
    uint64_t *seen = &level->seen[attribute / 64], bit = UINT64_C(1) << (attribute % 64);

    if (__builtin_expect(++level->attribute_count > reader->attributes_max, 0)) {
        sdp_note_line(reader, SDP_ODD_MANY_ATTRIBUTES);
    }
    if ((*seen & bit) != 0 && sdp_attributes[attribute].stands_once) {
        return sdp_note_line(reader, SDP_ODD_REPEATED_ATTRIBUTE);
    }
    *seen |= bit;
    return true;
}

/* The name in the octets up to a colon or the end of the line, which name_end then is.  The first
 * of its length in the table is the most frequent. */
static inline enum sdp_attribute sdp_name_find(struct sdp_reader *reader, size_t name,
                                               size_t *name_end)
{
    size_t end = sdp_next_stop(reader, name), len = end - name;
    enum sdp_attribute attribute = SDP_ATTRIBUTE_UNKNOWN;

    if (name + sizeof(uint64_t) <= reader->len && len + 2 < SDP_NAME_ROOM &&
        (reader->at[end] == ':' || end == reader->end)) {
        uint64_t word = octets_load(reader->at + name);

        word &= len < sizeof word ? ~(~UINT64_C(0) << len * 8) : ~UINT64_C(0);
        attribute = (enum sdp_attribute)sdp_first_of_length[len];
        if (!sdp_attribute_is(attribute, reader->at + name, len, word)) {
            attribute = sdp_attribute_spelled(reader->at + name, len, word);
        }
    }
    if (__builtin_expect(attribute == SDP_ATTRIBUTE_UNKNOWN, 0)) {
        end = sdp_find(reader, name, ':');
        attribute = sdp_odd_name_find(reader, sdp_between(reader, name, end));
    }
    *name_end = end;
    return attribute;
}

/* Tells the line at hand, "a=...", its attribute and where its value begins. */
static inline bool sdp_attribute_take(struct sdp_reader *reader, struct sdp_line *line)
{
    size_t name_end, value;
    enum sdp_attribute attribute =
        sdp_name_find(reader, reader->from + sizeof("a=") - 1, &name_end);
    sdp_value_function *read = sdp_attribute_readers[attribute];

    value = sdp_step(reader, name_end);
    line->attribute = (uint8_t)attribute;
    line->value_at = (uint16_t)value;
    reader->level->letters |= sdp_letter_bit('a');
    /* Nothing is understood of a line that will not be written. */
    return sdp_attribute_count(reader, attribute) &&
           (read == NULL || line->is_odd || read(reader, value));
}
