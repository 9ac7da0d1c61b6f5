/*
 * The structure of a JSON body, looked through (rules HYG-B11).
 *
 * No document is built: one pass says whether this is JSON (RFC 8259) that every reader reads the
 * same way, and within bounds.
 */
#pragma once

#include "base/slice.h"

/* HYG-B11. */
enum {
    JSON_MAX = 65536,
    JSON_DEPTH_MAX = 8,
    JSON_DIGITS_MAX = 19, /* of a number: what 64 bits hold; longer ones are read differently */
    JSON_KEYS_MAX = 256,  /* of open objects together; a chatbot's message has about forty */
};

enum json_fault {
    JSON_SOUND,
    JSON_LONG,
    JSON_DEEP,
    JSON_MANY_KEYS,
    JSON_REPEATED_KEY,
    JSON_ESCAPED_KEY, /* one name written in two ways */
    JSON_BAD_NUMBER,  /* or a longer one */
    JSON_BAD_STRING,  /* control octets, escapes that are none, no end */
    JSON_BAD_STRUCTURE,
};

/* at: the octets of the fault. */
enum json_fault json_check(struct slice text, struct slice *at);
