/*
 * Header parameters: ;name, ;name=value, ;name="value", and the ends of quoted strings and values.
 */
#include "wire/sip/params.h"

struct param {
    unsigned name, name_end;
    unsigned value, value_end; /* empty for a flag */
    bool is_bad;
};

const struct sip_param_rules sip_via_rules = {
    .separator = ';', .is_strict = true, .tag = "branch", .tag_len = 6};
const struct sip_param_rules sip_address_rules = {
    .separator = ';', .is_strict = true, .tag = "tag", .tag_len = 3};
const struct sip_param_rules sip_item_rules = {.separator = ';',
                                               .is_strict = true,
                                               .has_uris = true};

unsigned sip_quoted_end(const struct sip_reader *reader, unsigned from, unsigned limit)
{
    unsigned place = from + 1;

    while ((place = next_stop(reader, place, limit)) < limit) {
        char octet = reader->at[place++];

        if (octet == '"') {
            return place;
        }
        if (octet == '\\') {
            if (place < limit && (reader->at[place] == '\r' || reader->at[place] == '\n')) {
                sip_note(reader, SIP_ODD_FOLDED_PLACE, from, limit);
            }
            place++;
        }
    }
    sip_note(reader, SIP_ODD_UNBALANCED_QUOTE, from, limit);
    return limit;
}

unsigned sip_value_end(const struct sip_reader *reader, unsigned from, unsigned limit)
{
    bool is_bracketed = false;

    while ((from = next_stop(reader, from, limit)) < limit) {
        char octet = reader->at[from];

        if (octet == ',' && !is_bracketed) {
            return from;
        }
        if (octet == '"') {
            from = sip_quoted_end(reader, from, limit);
            continue;
        }
        if (octet == '<') {
            is_bracketed = true;
        } else if (octet == '>') {
            is_bracketed = false;
        }
        from++;
    }
    return limit;
}

/* One octet off the front of text, decoded once; -1 at its end. */
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

bool params_have(const struct sip_reader *reader, const struct params_seen *seen,
                 struct sip_span name)
{
    for (unsigned i = 0; i < seen->count; i++) {
        if (names_equal(sip_span_of(reader->at, name), sip_span_of(reader->at, seen->names[i]),
                        seen->has_escapes)) {
            return true;
        }
    }
    return false;
}

/* Behind an unquoted value. */
static unsigned value_take(const struct sip_reader *reader, unsigned from, unsigned limit,
                           const struct sip_param_rules *rules)
{
    const char *more = rules->has_uris ? ":[]/=?@&$(){}" : ":[]";

    if (rules->has_uris && is_octet(reader, from, limit, '<')) {
        unsigned end = from + (unsigned)slice_find(reader_slice(reader, from, limit), '>');

        return end < limit ? end + 1 : limit;
    }
    while ((from = next_stop(reader, from, limit)) < limit && reader->at[from] != '\0' &&
           strchr(more, reader->at[from]) != NULL) {
        from++;
    }
    return from;
}

/* One parameter whose name begins at from. */
static unsigned param_take(const struct sip_reader *reader, unsigned from, unsigned limit,
                           const struct sip_param_rules *rules, struct param *param)
{
    unsigned end = next_stop(reader, from, limit);

    param->name = from;
    param->name_end = end;
    param->value = param->value_end = end;
    end = skip_blanks(reader, end, limit);
    param->is_bad = param->name == param->name_end;
    if (!is_octet(reader, end, limit, '=')) {
        return end;
    }
    param->value = skip_blanks(reader, end + 1, limit);
    if (is_octet(reader, param->value, limit, '"')) {
        end = sip_quoted_end(reader, param->value, limit);
    } else {
        end = value_take(reader, param->value, limit, rules);
    }
    param->value_end = end;
    param->is_bad |= param->value == end;
    return skip_blanks(reader, end, limit);
}

/* Keeps what the value remembers of its parameters. */
static void param_keep(const struct sip_reader *reader, const struct sip_param_rules *rules,
                       const struct param *param, struct sip_value *value)
{
    struct slice name = reader_slice(reader, param->name, param->name_end);

    if (name.len == rules->tag_len &&
        slice_equal_nocase(name, slice_of(rules->tag, rules->tag_len)) && value->tag.len == 0) {
        value->tag = span_between(param->value, param->value_end);
    } else if (rules == &sip_via_rules && slice_equal_nocase(name, SLICE("rport"))) {
        value->via.has_rport = true;
    }
}

unsigned sip_params_take(const struct sip_reader *reader, unsigned from, unsigned limit,
                         const struct sip_param_rules *rules, struct sip_value *value)
{
    struct params_seen seen = {.limit = SIP_PARAMS_MAX};
    struct param param;
    unsigned first = from;

    for (;;) {
        from = param_take(reader, skip_blanks(reader, from, limit), limit, rules, &param);
        if (param.is_bad && rules->is_strict) {
            sip_note(reader, SIP_ODD_BAD_PARAMETER, first, from);
        }
        if (!rules->may_repeat && params_see(reader, &seen, param.name, param.name_end)) {
            sip_note(reader, SIP_ODD_REPEATED_PARAMETER, param.name, param.value_end);
        }
        if (value != NULL) {
            param_keep(reader, rules, &param, value);
        }
        if (!is_octet(reader, from, limit, rules->separator)) {
            break;
        }
        from++;
    }
    if (value != NULL) {
        value->params = span_between(first, trim_blanks(reader, first, from));
    }
    return from;
}
