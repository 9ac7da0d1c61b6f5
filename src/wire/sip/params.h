/*
 * Header parameters: ;name, ;name=value, ;name="value".
 */
#pragma once

#include "wire/sip/reader.h"

enum params_kind {
    PARAMS_VIA,
    PARAMS_ADDRESS,
    PARAMS_ITEM,       /* values may hold octets of a URI, or one in brackets */
    PARAMS_REPEATING,  /* the same, and a name may come again */
    PARAMS_CREDENTIAL, /* divided by commas, read but not judged */
};

/* The names of one list of parameters so far. */
struct params_seen {
    uint32_t kinds; /* a bit for each hash of a name: most names are new at first sight */
    unsigned count;
    bool has_escapes; /* then hashes say nothing, and all bits are set */
    struct sip_span names[SIP_PARAMS_MAX];
};

/* Compares with the names seen: any case, and decoded once when there are escapes. */
bool sip_params_have(const struct sip_reader *reader, const struct params_seen *seen, size_t from,
                     size_t to);

/* A bit for the name in [from, to), which is not empty.  Five bits of a letter are the same in both
 * cases. */
static inline uint32_t param_kind(const char *at, size_t from, size_t to)
{
    unsigned first = (unsigned char)at[from], last = (unsigned char)at[to - 1];

    return UINT32_C(1) << ((first + last + (unsigned)(to - from)) & 31);
}

/* Adds the name in [from, to), which is not empty; true when it was there already.  Beyond max
 * names are not compared, so that time stays linear: that there are so many is an oddity of its
 * own. */
static inline bool params_see(const struct sip_reader *reader, struct params_seen *seen,
                              size_t from, size_t to, unsigned max)
{
    uint32_t kind = param_kind(reader->at, from, to);
    bool is_repeated = false;

    if (__builtin_expect((seen->kinds & kind) != 0, 0)) {
        is_repeated = sip_params_have(reader, seen, from, to);
    }
    if (__builtin_expect(seen->count == max, 0)) {
        sip_note(reader, SIP_ODD_MANY_PARAMETERS, from, to);
        return is_repeated;
    }
    seen->kinds |= kind;
    span_set(&seen->names[seen->count++], from, to);
    return is_repeated;
}

/* A value may be a host, IPv6 literal included (RFC 3261 25.1, gen-value; in received even without
 * brackets); in items and credentials also base64 or part of a URI. */
static inline bool param_is_value_octet(char octet, enum params_kind kind)
{
    switch (octet) {
    case ':':
    case '[':
    case ']':
        return true;
    case '/':
    case '=':
    case '?':
    case '@':
    case '&':
    case '$':
    case '(':
    case ')':
    case '{':
    case '}':
        return kind != PARAMS_VIA && kind != PARAMS_ADDRESS;
    default:
        return false;
    }
}

/* Behind a value that is neither token nor quoted string. */
size_t sip_param_value_end(const struct sip_reader *reader, size_t from, size_t limit,
                           enum params_kind kind);

/* Any list of parameters, the first name at from or behind blanks; stops at what is neither
 * parameter nor separator.  value is NULL for items. */
size_t sip_params_take(const struct sip_reader *reader, size_t from, size_t limit,
                       enum params_kind kind, struct sip_value *value);

/* Keeps what a value remembers of its parameters: the first tag or branch, and rport. */
static inline __attribute__((always_inline)) void
param_keep(const struct sip_reader *reader, enum params_kind kind, size_t name, size_t name_end,
           size_t text, size_t text_end, struct sip_value *value)
{
    const char *at = reader->at + name;
    size_t len = name_end - name;

    if (kind == PARAMS_ADDRESS && len == 3 && chars_equal(at, "tag", 3) && value->tag.len == 0) {
        span_set(&value->tag, text, text_end);
    } else if (kind == PARAMS_VIA && len == 6 && chars_equal(at, "branch", 6) &&
               value->tag.len == 0) {
        span_set(&value->tag, text, text_end);
    } else if (kind == PARAMS_VIA && len == 5 && chars_equal(at, "rport", 5)) {
        value->via.has_rport = true;
    }
}
