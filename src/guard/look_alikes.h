/*
 * Letters and digits of other scripts that a screen shows like those of ours.
 */
#pragma once

#include "base/slice.h"

/* The digit at the front in ASCII, of whatever script (Unicode Nd, and those within circles); '\0'
 * when it is none.  len: its octets, or 1. */
char look_alike_digit(struct slice text, size_t *len);

/* A word of Latin letters in which one of another script stands for its double. */
bool look_alike_is_mixed(struct slice text);
