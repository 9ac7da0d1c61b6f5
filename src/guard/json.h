/*
 * JSON members, written one after the other.
 *
 *     json_open(&json, "sip");  json_string(&json, "method", method);  json_close(&json);
 */
#pragma once

#include "base/text.h"

enum { JSON_DEPTH_MAX = 8 }; /* ours go to four */

struct json {
    struct text *text;
    uint8_t depth;
    bool has_members[JSON_DEPTH_MAX];
    char closes[JSON_DEPTH_MAX];
};

/* A whole value: '{' or '['. */
void json_begin(struct json *json, struct text *text, char opens);

/* name is NULL inside an array. */
void json_open(struct json *json, const char *name);
void json_open_array(struct json *json, const char *name);
void json_close(struct json *json);
void json_string(struct json *json, const char *name, struct slice value);
void json_number(struct json *json, const char *name, uint64_t value);
void json_truth(struct json *json, const char *name, bool value);

/* The member's name alone: the caller writes the value. */
void json_name(struct json *json, const char *name);

/* Left out when empty. */
static inline void json_known(struct json *json, const char *name, struct slice value)
{
    if (value.len > 0) {
        json_string(json, name, value);
    }
}
