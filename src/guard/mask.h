/*
 * Telephone numbers in what is told: the beginning stays, the rest is a keyed hash, so that the
 * same number is the same in all events of a site and nobody reads it there.
 */
#pragma once

#include "base/hash.h"
#include "base/text.h"

enum {
    MASK_KEPT = 5,         /* octets: "+" and country, or a trunk prefix and area */
    MASK_NUMBER_LEAST = 7, /* digits; shorter ones are services and extensions */
};

/* user is the user part of a URI.  A number becomes "+4930~1f0c33a9", anything else stays. */
void mask_user(struct text *text, struct slice user, const struct hash_key *key);

/* Runs of digits that could be a number keep their beginning: "+4930*******". */
void mask_digits(struct text *text, struct slice shown);
