#include "guard/json.h"

#include "base/must.h"

static void level_open(struct json *json, char opens)
{
    must(json->depth < JSON_DEPTH_MAX);
    text_put_octet(json->text, opens);
    json->has_members[json->depth] = false;
    json->closes[json->depth++] = opens == '{' ? '}' : ']';
}

void json_begin(struct json *json, struct text *text, char opens)
{
    *json = (struct json){.text = text};
    level_open(json, opens);
}

void json_name(struct json *json, const char *name)
{
    bool *has_members = &json->has_members[json->depth - 1];

    if (*has_members) {
        text_put_octet(json->text, ',');
    }
    *has_members = true;
    if (name != NULL) {
        text_put_json(json->text, slice_string(name));
        text_put_octet(json->text, ':');
    }
}

void json_open(struct json *json, const char *name)
{
    json_name(json, name);
    level_open(json, '{');
}

void json_open_array(struct json *json, const char *name)
{
    json_name(json, name);
    level_open(json, '[');
}

void json_close(struct json *json)
{
    must(json->depth > 0);
    text_put_octet(json->text, json->closes[--json->depth]);
}

void json_string(struct json *json, const char *name, struct slice value)
{
    json_name(json, name);
    text_put_json(json->text, value);
}

void json_number(struct json *json, const char *name, uint64_t value)
{
    json_name(json, name);
    text_put_number(json->text, value);
}

void json_truth(struct json *json, const char *name, bool value)
{
    json_name(json, name);
    text_put(json->text, value ? SLICE("true") : SLICE("false"));
}
