/*
 * Which parameter names a value or URI already had.
 */
#pragma once

#include "wire/sip/reader.h"

struct params_seen {
    uint64_t kinds; /* a bit for each hash of a name: most names are new at first sight */
    unsigned count;
    unsigned limit;   /* at most SIP_PARAMS_MAX */
    bool has_escapes; /* then hashes say nothing */
    struct sip_span names[SIP_PARAMS_MAX];
};

/* Compares with the names seen: any case, and decoded once when there are escapes. */
bool params_have(const struct sip_reader *reader, const struct params_seen *seen,
                 struct sip_span name);

/* Adds the name in [from, to); true when it was there already.  Beyond the limit names are not
 * compared, so that time stays linear: that there are so many is an oddity of its own. */
static inline bool params_see(const struct sip_reader *reader, struct params_seen *seen,
                              unsigned from, unsigned to)
{
    unsigned first, last;
    uint64_t kind;
    bool is_repeated;

    if (from >= to) {
        return false;
    }
    if (seen->count == seen->limit) {
        sip_note(reader, SIP_ODD_MANY_PARAMETERS, from, to);
        return false;
    }
    first = (unsigned char)reader->at[from] | 0x20;
    last = (unsigned char)reader->at[to - 1] | 0x20;
    kind = UINT64_C(1) << ((first * 5 ^ last ^ (to - from) * 8) & 63);
    is_repeated = ((seen->kinds & kind) != 0 || seen->has_escapes) &&
                  params_have(reader, seen, span_between(from, to));
    seen->kinds |= kind;
    seen->names[seen->count++] = span_between(from, to);
    return is_repeated;
}
