/* The rare parts of reading parameters, and the ends of quoted strings and values. */
#include "wire/sip/params.h"

size_t sip_quoted_end(const struct sip_reader *reader, size_t from, size_t limit)
{
    size_t place = from + 1;

    while ((place = next_stop(reader, place)) < limit) {
        char octet = reader->at[place++];

        if (octet == '"') {
            return place;
        }
        if (octet == '\\') {
            if (reader->at[place] == '\r' || reader->at[place] == '\n') {
                sip_note(reader, SIP_ODD_FOLDED_PLACE, from, limit);
            }
            place++;
        }
    }
    sip_note(reader, SIP_ODD_UNBALANCED_QUOTE, from, limit);
    return limit;
}

size_t sip_value_end(const struct sip_reader *reader, size_t from, size_t limit)
{
    bool is_bracketed = false;

    while ((from = next_stop(reader, from)) < limit) {
        char octet = reader->at[from];

        if (octet == ',' && !is_bracketed) {
            return from;
        }
        if (octet == '"') {
            from = sip_quoted_end(reader, from, limit);
            continue;
        }
        if (octet == '<' || octet == '>') {
            is_bracketed = octet == '<';
        }
        from++;
    }
    return limit;
}

/* One octet off the front of text, in lower case, decoded once; -1 at its end. */
static int octet_take(struct slice *text, bool is_escaped)
{
    int octet;

    if (text->len == 0) {
        return -1;
    }
    octet = (unsigned char)text->at[0];
    if (is_escaped && octet == '%' && text->len >= 3 && char_hex(text->at[1]) >= 0 &&
        char_hex(text->at[2]) >= 0) {
        octet = char_hex(text->at[1]) * 16 + char_hex(text->at[2]);
        *text = slice_skip(*text, 3);
    } else {
        *text = slice_skip(*text, 1);
    }
    return octet >= 'A' && octet <= 'Z' ? octet | 0x20 : octet;
}

static bool names_equal(struct slice a, struct slice b, bool is_escaped)
{
    int octet;

    if (!is_escaped && a.len != b.len) {
        return false;
    }
    do {
        octet = octet_take(&a, is_escaped);
        if (octet != octet_take(&b, is_escaped)) {
            return false;
        }
    } while (octet >= 0);
    return true;
}

bool sip_params_have(const struct sip_reader *reader, const struct params_seen *seen, size_t from,
                     size_t to)
{
    struct slice name = reader_slice(reader, from, to);

    for (unsigned i = 0; i < seen->count; i++) {
        if (names_equal(name, sip_span_of(reader->at, seen->names[i]), seen->has_escapes)) {
            return true;
        }
    }
    return false;
}

size_t sip_param_value_end(const struct sip_reader *reader, size_t from, size_t limit,
                           enum params_kind kind)
{
    if (reader->at[from] == '<' && kind != PARAMS_VIA && kind != PARAMS_ADDRESS) {
        size_t end = from + slice_find(reader_slice(reader, from, limit), '>');

        return end < limit ? end + 1 : limit;
    }
    while (param_is_value_octet(reader->at[from = next_stop(reader, from)], kind)) {
        from++;
    }
    return from;
}

/* The value that begins at from. */
static inline size_t value_end(const struct sip_reader *reader, size_t from, size_t limit,
                               enum params_kind kind)
{
    size_t end;

    if (reader->at[from] == '"') {
        return quoted_end(reader, from, limit);
    }
    end = next_stop(reader, from);
    return reader->at[end] == ';' || end == limit ? end
                                                  : sip_param_value_end(reader, from, limit, kind);
}

/* Some devices leave a semicolon too many, between two parameters or behind the last. */
static void param_judge(const struct sip_reader *reader, size_t first, size_t end, size_t limit,
                        size_t name_len, size_t equals_len, size_t text_len)
{
    bool is_end = reader->at[end] == ';' || reader->at[end] == ',' || end == limit;

    if (name_len == 0 && equals_len == 0 && is_end) {
        sip_note(reader, SIP_ODD_EMPTY_PARAMETER, first, end);
    } else if (name_len == 0 || (equals_len != 0 && text_len == 0)) {
        sip_note(reader, SIP_ODD_BAD_PARAMETER, first, end);
    }
}

size_t sip_params_take(const struct sip_reader *reader, size_t from, size_t limit,
                       enum params_kind kind, struct sip_value *value)
{
    const char separator = kind == PARAMS_CREDENTIAL ? ',' : ';';
    size_t first = from, name, name_end, text, text_end;
    struct params_seen seen;

    seen.kinds = 0;
    seen.count = 0;
    seen.has_escapes = false;
    for (;; from++) {
        name = skip_blanks(reader, from, limit);
        text = text_end = name_end = next_stop(reader, name);
        from = skip_blanks(reader, name_end, limit);
        if (reader->at[from] == '=') {
            text = skip_blanks(reader, from + 1, limit);
            text_end = value_end(reader, text, limit, kind);
            from = skip_blanks(reader, text_end, limit);
        }
        if (kind != PARAMS_CREDENTIAL) {
            param_judge(reader, first, from, limit, name_end - name, text - name_end,
                        text_end - text);
        }
        if (name != name_end && params_see(reader, &seen, name, name_end, SIP_PARAMS_MAX) &&
            kind != PARAMS_REPEATING) {
            sip_note(reader, SIP_ODD_REPEATED_PARAMETER, name, text_end);
        }
        if (value != NULL) {
            param_keep(reader, kind, name, name_end, text, text_end, value);
        }
        if (reader->at[from] != separator) {
            break;
        }
    }
    if (value != NULL) {
        span_set(&value->params, first, trim_blanks(reader, first, from));
    }
    return from;
}
