/*
 * HTML, written to a file; whatever comes from a capture is text there and never a tag.
 */
#pragma once

#include "base/address.h"

#include <inttypes.h>
#include <stdio.h>

/* As text and as the value of an attribute: what is no printable ASCII as \xNN, the five signs of
 * HTML as their names. */
void html_put(FILE *out, struct slice text);
void html_string(FILE *out, const char *string);
void html_address(FILE *out, const struct address *address);
void html_time(FILE *out, uint64_t when_us);

/* The same with line ends kept, for a pre; keeps no octet it cannot show. */
void html_lines(FILE *out, struct slice text);
