/*
 * Tokens: the words that SIP, MIME and SDP make their names of (RFC 3261 25.1).  MIME and SDP allow
 * a few octets more, which nobody uses in a name.
 */
#pragma once

#include "wire/sip/chars.h"

/* Not empty, and token octets only. */
static inline bool slice_is_token(struct slice slice)
{
    for (size_t i = 0; i < slice.len; i++) {
        if (!char_is(slice.at[i], CHAR_TOKEN)) {
            return false;
        }
    }
    return slice.len > 0;
}
