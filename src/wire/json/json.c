#include "wire/json/json.h"

enum { SHOWN_MAX = 32 };

/* What may come next. */
enum wanted { WANTS_VALUE, WANTS_VALUE_OR_END, WANTS_KEY, WANTS_KEY_OR_END, WANTS_SEPARATOR };

struct level {
    bool is_object;
    uint16_t first_key;
};

struct reading {
    struct slice rest;
    enum json_fault fault;
    enum wanted wanted;
    unsigned depth;
    struct level levels[JSON_DEPTH_MAX];
    uint16_t key_count;
    struct slice keys[JSON_KEYS_MAX];
};

static bool fail(struct reading *reading, enum json_fault fault)
{
    reading->fault = fault;
    return false;
}

static void blanks_skip(struct reading *reading)
{
    while (reading->rest.len > 0 && strchr(" \t\r\n", reading->rest.at[0]) != NULL &&
           reading->rest.at[0] != '\0') {
        reading->rest = slice_skip(reading->rest, 1);
    }
}

static bool is_hex(char octet)
{
    return (octet >= '0' && octet <= '9') || ((octet | 0x20) >= 'a' && (octet | 0x20) <= 'f');
}

/* How long the escape at the front is; 0 when it is none. */
static size_t escape_len(struct slice text)
{
    if (text.len < 2 || text.at[1] == '\0' || strchr("\"\\/bfnrtu", text.at[1]) == NULL) {
        return 0;
    }
    if (text.at[1] != 'u') {
        return 2;
    }
    for (size_t i = 2; i < 6; i++) {
        if (i >= text.len || !is_hex(text.at[i])) {
            return 0;
        }
    }
    return 6;
}

/* Behind the opening quote; takes the closing one too. */
static bool string_take(struct reading *reading, struct slice *string, bool *is_escaped)
{
    struct slice text = slice_skip(reading->rest, 1);
    size_t len = 0;

    *is_escaped = false;
    while (len < text.len && text.at[len] != '"') {
        size_t step = 1;

        if ((unsigned char)text.at[len] < ' ') {
            return fail(reading, JSON_BAD_STRING);
        }
        if (text.at[len] == '\\') {
            *is_escaped = true;
            step = escape_len(slice_skip(text, len));
            if (step == 0) {
                return fail(reading, JSON_BAD_STRING);
            }
        }
        len += step;
    }
    if (len >= text.len) {
        return fail(reading, JSON_BAD_STRING);
    }
    *string = slice_head(text, len);
    reading->rest = slice_skip(text, len + 1);
    return true;
}

static size_t digits_len(struct slice text)
{
    size_t len = 0;

    while (len < text.len && text.at[len] >= '0' && text.at[len] <= '9') {
        len++;
    }
    return len;
}

/* A sign, digits, a fraction, an exponent: "-12.5e+3"; no zero in front. */
static bool number_take(struct reading *reading)
{
    struct slice text = reading->rest;
    size_t whole, part;

    text = slice_skip(text, text.at[0] == '-');
    whole = digits_len(text);
    if (whole == 0 || whole > JSON_DIGITS_MAX || (whole > 1 && text.at[0] == '0')) {
        return fail(reading, JSON_BAD_NUMBER);
    }
    text = slice_skip(text, whole);
    if (text.len > 0 && text.at[0] == '.') {
        part = digits_len(slice_skip(text, 1));
        if (part == 0 || part > JSON_DIGITS_MAX) {
            return fail(reading, JSON_BAD_NUMBER);
        }
        text = slice_skip(text, part + 1);
    }
    if (text.len > 0 && (text.at[0] | 0x20) == 'e') {
        text = slice_skip(text, 1);
        text = slice_skip(text, text.len > 0 && (text.at[0] == '+' || text.at[0] == '-'));
        part = digits_len(text);
        if (part == 0 || part > 2) {
            return fail(reading, JSON_BAD_NUMBER);
        }
        text = slice_skip(text, part);
    }
    reading->rest = text;
    return true;
}

static bool word_take(struct reading *reading)
{
    static const struct slice words[] = {SLICE_INIT("true"), SLICE_INIT("false"),
                                         SLICE_INIT("null")};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (slice_starts(reading->rest, words[i])) {
            reading->rest = slice_skip(reading->rest, words[i].len);
            return true;
        }
    }
    return fail(reading, JSON_BAD_STRUCTURE);
}

static bool key_take(struct reading *reading)
{
    uint16_t first = reading->levels[reading->depth - 1].first_key;
    struct slice key;
    bool is_escaped;

    if (reading->rest.at[0] != '"') {
        return fail(reading, JSON_BAD_STRUCTURE);
    }
    if (!string_take(reading, &key, &is_escaped)) {
        return false;
    }
    if (is_escaped || reading->key_count == JSON_KEYS_MAX) {
        return fail(reading, is_escaped ? JSON_ESCAPED_KEY : JSON_MANY_KEYS);
    }
    for (uint16_t i = first; i < reading->key_count; i++) {
        if (slice_equal(reading->keys[i], key)) {
            return fail(reading, JSON_REPEATED_KEY);
        }
    }
    reading->keys[reading->key_count++] = key;
    blanks_skip(reading);
    if (reading->rest.len == 0 || reading->rest.at[0] != ':') {
        return fail(reading, JSON_BAD_STRUCTURE);
    }
    reading->rest = slice_skip(reading->rest, 1);
    reading->wanted = WANTS_VALUE;
    return true;
}

static bool level_open(struct reading *reading, bool is_object)
{
    if (reading->depth == JSON_DEPTH_MAX) {
        return fail(reading, JSON_DEEP);
    }
    reading->levels[reading->depth++] =
        (struct level){.is_object = is_object, .first_key = reading->key_count};
    reading->rest = slice_skip(reading->rest, 1);
    reading->wanted = is_object ? WANTS_KEY_OR_END : WANTS_VALUE_OR_END;
    return true;
}

static bool level_close(struct reading *reading)
{
    reading->key_count = reading->levels[--reading->depth].first_key;
    reading->rest = slice_skip(reading->rest, 1);
    reading->wanted = WANTS_SEPARATOR;
    return true;
}

static bool value_take(struct reading *reading)
{
    char first = reading->rest.at[0];
    struct slice string;
    bool is_escaped;

    if (first == '{' || first == '[') {
        return level_open(reading, first == '{');
    }
    reading->wanted = WANTS_SEPARATOR;
    if (first == '"') {
        return string_take(reading, &string, &is_escaped);
    }
    return first == '-' || (first >= '0' && first <= '9') ? number_take(reading)
                                                          : word_take(reading);
}

static bool separator_take(struct reading *reading)
{
    bool is_object = reading->levels[reading->depth - 1].is_object;

    if (reading->rest.at[0] != ',') {
        return fail(reading, JSON_BAD_STRUCTURE);
    }
    reading->rest = slice_skip(reading->rest, 1);
    reading->wanted = is_object ? WANTS_KEY : WANTS_VALUE;
    return true;
}

static bool is_end(const struct reading *reading)
{
    if (reading->depth == 0 || reading->wanted == WANTS_VALUE || reading->wanted == WANTS_KEY) {
        return false;
    }
    return reading->rest.at[0] == (reading->levels[reading->depth - 1].is_object ? '}' : ']');
}

static bool step(struct reading *reading)
{
    if (is_end(reading)) {
        return level_close(reading);
    }
    switch (reading->wanted) {
    case WANTS_VALUE:
    case WANTS_VALUE_OR_END:
        return value_take(reading);
    case WANTS_KEY:
    case WANTS_KEY_OR_END:
        return key_take(reading);
    case WANTS_SEPARATOR:
        return reading->depth > 0 ? separator_take(reading) : fail(reading, JSON_BAD_STRUCTURE);
    }
    return fail(reading, JSON_BAD_STRUCTURE);
}

enum json_fault json_check(struct slice text, struct slice *at)
{
    struct reading reading = {.rest = text, .wanted = WANTS_VALUE};

    *at = slice_head(text, SHOWN_MAX);
    if (text.len > JSON_MAX) {
        return JSON_LONG;
    }
    for (blanks_skip(&reading); reading.rest.len > 0; blanks_skip(&reading)) {
        *at = slice_head(reading.rest, SHOWN_MAX);
        if (!step(&reading)) {
            return reading.fault;
        }
    }
    return reading.depth == 0 && reading.wanted == WANTS_SEPARATOR ? JSON_SOUND
                                                                   : JSON_BAD_STRUCTURE;
}
