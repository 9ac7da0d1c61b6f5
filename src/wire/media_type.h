/*
 * Media types: "type/subtype; name=value" (RFC 2045 5.1), as in Content-Type of messages and parts.
 */
#pragma once

#include "base/slice.h"

struct media_type {
    struct slice type, subtype;
    struct slice params; /* behind the first ';' */
};

/* False, and all empty, when value does not begin with two tokens and a slash. */
bool media_type_read(struct slice value, struct media_type *media_type);

/* name is "application/sdp"; letters compare in any case. */
bool media_type_is(const struct media_type *media_type, struct slice name);

static inline bool media_type_is_multipart(const struct media_type *media_type)
{
    return slice_equal_nocase(media_type->type, SLICE("multipart"));
}

/* Without the quotes.  False when absent, empty, or quoted with escapes, which two readers would
 * read differently. */
bool media_type_param(const struct media_type *media_type, struct slice name, struct slice *value);
