/*
 * Tokens: the words that SIP, MIME and SDP make their names of (RFC 3261 25.1).
 */
#pragma once

#include "base/slice.h"

/* The same 75 octets in SIP and, but for a few that nobody uses in a name, in MIME and SDP. */
bool octet_is_token(char octet);

/* Not empty, and token octets only. */
bool slice_is_token(struct slice slice);
