/*
 * Header parameters: ;name, ;name=value, ;name="value".
 */
#pragma once

#include "wire/sip/reader.h"

enum params_kind {
    PARAMS_VIA,
    PARAMS_ADDRESS,
    PARAMS_ITEM,       /* values may hold octets of a URI, or one in brackets */
    PARAMS_REPEATING,  /* the same, and one name may come again */
    PARAMS_CREDENTIAL, /* divided by commas, read but not judged */
};

struct params_seen {
    uint64_t kinds; /* a bit for each hash of a name: most names are new at first sight */
    unsigned count;
    bool has_escapes; /* then hashes say nothing */
    struct sip_span names[SIP_PARAMS_MAX];
};

/* Compares with the names seen: any case, and decoded once when there are escapes. */
bool sip_params_have(const struct sip_reader *reader, const struct params_seen *seen,
                     struct sip_span name);

/* Behind a value that is neither token nor quoted string. */
unsigned sip_param_value_end(const struct sip_reader *reader, unsigned from, unsigned limit,
                             enum params_kind kind);

/* Parameters of items and credentials, the first name at from; stops at what is neither parameter
 * nor separator. */
unsigned sip_params_judge(const struct sip_reader *reader, unsigned from, unsigned limit,
                          enum params_kind kind);

static inline void params_seen_init(struct params_seen *seen)
{
    seen->kinds = 0;
    seen->count = 0;
    seen->has_escapes = false;
}

/* Adds the name in [from, to), which is not empty; true when it was there already.  Beyond max
 * names are not compared, so that time stays linear: that there are so many is an oddity of its
 * own. */
static inline bool params_see(const struct sip_reader *reader, struct params_seen *seen,
                              unsigned from, unsigned to, unsigned max)
{
    unsigned first = (unsigned char)reader->at[from], last = (unsigned char)reader->at[to - 1];
    uint64_t kind = UINT64_C(1) << (((first | 0x20) * 3 + (last | 0x20) + (to - from) * 8) & 63);
    struct sip_span name = span_between(from, to);
    bool is_repeated;

    if (__builtin_expect(seen->count == max, 0)) {
        sip_note(reader, SIP_ODD_MANY_PARAMETERS, from, to);
        return false;
    }
    is_repeated = __builtin_expect((seen->kinds & kind) != 0 || seen->has_escapes, 0) &&
                  sip_params_have(reader, seen, name);
    seen->kinds |= kind;
    seen->names[seen->count++] = name;
    return is_repeated;
}

/* Keeps what a value remembers of its parameters: the first tag or branch, and rport. */
static inline void param_keep(const struct sip_reader *reader, enum params_kind kind, unsigned name,
                              unsigned name_end, struct sip_span text, struct sip_value *value)
{
    const char *at = reader->at + name;
    unsigned len = name_end - name;

    if (kind == PARAMS_ADDRESS && len == 3 && chars_equal(at, "tag", 3) && value->tag.len == 0) {
        value->tag = text;
    } else if (kind == PARAMS_VIA && len == 6 && chars_equal(at, "branch", 6) &&
               value->tag.len == 0) {
        value->tag = text;
    } else if (kind == PARAMS_VIA && len == 5 && chars_equal(at, "rport", 5)) {
        value->via.has_rport = true;
    }
}

/* The value behind '='; an empty one is odd. */
static inline unsigned param_value_take(const struct sip_reader *reader, unsigned from,
                                        unsigned limit, enum params_kind kind)
{
    unsigned end;

    if (is_octet(reader, from, limit, '"')) {
        return sip_quoted_end(reader, from, limit);
    }
    end = next_stop(reader, from, limit);
    if (end < limit && reader->at[end] != ';' && reader->at[end] != ',') {
        end = sip_param_value_end(reader, from, limit, kind);
    }
    return end;
}

/* The first name at from or behind blanks; stops at what is neither parameter nor separator.  value
 * may be NULL for items. */
static inline __attribute__((always_inline)) unsigned params_take(const struct sip_reader *reader,
                                                                  unsigned from, unsigned limit,
                                                                  enum params_kind kind,
                                                                  struct sip_value *value)
{
    char separator = kind == PARAMS_CREDENTIAL ? ',' : ';';
    unsigned first = from, name, name_end, text, text_end;
    struct params_seen seen;

    params_seen_init(&seen);
    for (;;) {
        name = skip_blanks(reader, from, limit);
        name_end = next_stop(reader, name, limit);
        text = text_end = name_end;
        from = skip_blanks(reader, name_end, limit);
        if (is_octet(reader, from, limit, '=')) {
            text = skip_blanks(reader, from + 1, limit);
            text_end = param_value_take(reader, text, limit, kind);
            from = skip_blanks(reader, text_end, limit);
            if (text == text_end && kind != PARAMS_CREDENTIAL) {
                sip_note(reader, SIP_ODD_BAD_PARAMETER, first, from);
            }
        }
        if (name < name_end) {
            if (kind != PARAMS_REPEATING &&
                params_see(reader, &seen, name, name_end, SIP_PARAMS_MAX)) {
                sip_note(reader, SIP_ODD_REPEATED_PARAMETER, name, text_end);
            }
            param_keep(reader, kind, name, name_end, span_between(text, text_end), value);
        } else if (kind != PARAMS_CREDENTIAL) {
            sip_note(reader, SIP_ODD_BAD_PARAMETER, first, from);
        }
        if (!is_octet(reader, from, limit, separator)) {
            break;
        }
        from++;
    }
    if (value != NULL) {
        value->params = span_between(first, trim_blanks(reader, first, from));
    }
    return from;
}
