#include "policy/document.h"

#include "base/must.h"

#include <yaml.h>

struct builder {
    struct memory *memory;
    struct slice text, file;
    struct policy_complaints *complaints;
    struct item *open[DOCUMENT_DEPTH_MAX];
    uint32_t depth;
    struct item *root;
    const struct item *key; /* of the value to come */
    uint32_t items;
    uint32_t documents;
    bool is_over; /* nothing more can be made of the text */
};

const char *item_kind_name(enum item_kind kind)
{
    static const char *const names[] = {"a single value", "a list", "a map"};

    return names[kind];
}

const struct item *item_find(const struct item *map, struct slice key)
{
    if (map == NULL || map->kind != ITEM_MAP) {
        return NULL;
    }
    for (const struct item *item = map->first; item != NULL; item = item->next) {
        if (slice_equal(item->key->text, key)) {
            return item;
        }
    }
    return NULL;
}

struct place item_place(const struct item *map, const char *key)
{
    const struct item *item = item_find(map, slice_string(key));

    if (item != NULL) {
        return item->place;
    }
    return map->key != NULL ? map->key->place : map->place;
}

static struct place place_of(yaml_mark_t mark)
{
    return (struct place){(uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
}

static void builder_stop(struct builder *builder, struct place place, const char *why)
{
    complain(builder->complaints, builder->file, place, "%s", why);
    builder->is_over = true;
}

/* The place of an octet; used where libyaml tells only the offset. */
static struct place place_at(struct slice text, size_t offset)
{
    struct place place = {1, 1};

    for (size_t i = 0; i < offset && i < text.len; i++) {
        unsigned char octet = (unsigned char)text.at[i];

        if (octet == '\n') {
            place.line++;
            place.column = 1;
        } else if ((octet & 0xC0) != 0x80) {
            place.column++;
        }
    }
    return place;
}

static void builder_syntax(struct builder *builder, const yaml_parser_t *parser)
{
    const char *problem = parser->problem == NULL ? "unreadable" : parser->problem;

    if (parser->error == YAML_MEMORY_ERROR) {
        builder->memory->is_refused = true;
    } else if (parser->error == YAML_READER_ERROR) {
        complain(builder->complaints, builder->file,
                 place_at(builder->text, parser->problem_offset),
                 "%s; expected UTF-8 text without control characters; save the file as plain UTF-8",
                 problem);
    } else {
        complain(builder->complaints, builder->file, place_of(parser->problem_mark),
                 "no YAML here: %s; expected well-formed YAML; look at the indentation, the colons "
                 "and the quotes here and just above",
                 problem);
    }
    builder->is_over = true;
}

/* False, after a complaint, when the map already has the key. */
static bool key_is_new(struct builder *builder, const struct item *map, const struct item *key)
{
    const struct item *twin = item_find(map, key->text);

    if (twin == NULL) {
        return true;
    }
    complain(builder->complaints, builder->file, key->place,
             "'%s' is here a second time (the first is in line %u); expected each key once in a "
             "map; keep one of the two",
             show(key->text).text, twin->key->place.line);
    return false;
}

/* The next item goes into what is open; nothing when it is the first of all. */
static void item_put(struct builder *builder, struct item *item)
{
    struct item *parent = builder->depth == 0 ? NULL : builder->open[builder->depth - 1];

    if (parent == NULL) {
        builder->root = item;
        return;
    }
    if (parent->count == DOCUMENT_CHILDREN_MAX) {
        builder_stop(builder, item->place,
                     "too many items in one list or map; expected at most 4096; split it");
        return;
    }
    if (parent->kind == ITEM_MAP) {
        item->key = builder->key;
        builder->key = NULL;
        if (!key_is_new(builder, parent, item->key)) {
            return;
        }
    }
    if (parent->first == NULL) {
        parent->first = item;
    } else {
        parent->last->next = item;
    }
    parent->last = item;
    parent->count++;
}

static struct item *item_new(struct builder *builder, enum item_kind kind, yaml_mark_t mark)
{
    if (builder->items == DOCUMENT_ITEMS_MAX) {
        builder_stop(builder, place_of(mark),
                     "the file has too many items; expected at most 262144; split the site in two");
        return NULL;
    }
    struct item *item = memory_take(builder->memory, 1, sizeof(struct item));
    if (item == NULL) {
        builder->is_over = true;
        return NULL;
    }
    item->kind = kind;
    item->place = place_of(mark);
    builder->items++;
    return item;
}

static bool is_awaiting_key(const struct builder *builder)
{
    return builder->depth > 0 && builder->open[builder->depth - 1]->kind == ITEM_MAP &&
           builder->key == NULL;
}

static void builder_scalar(struct builder *builder, const yaml_event_t *event)
{
    struct item *item = item_new(builder, ITEM_SCALAR, event->start_mark);

    if (item == NULL) {
        return;
    }
    if (event->data.scalar.length > DOCUMENT_SCALAR_MAX) {
        builder_stop(builder, item->place,
                     "this value is too long; expected at most 4096 octets; shorten it");
        return;
    }
    item->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    item->text = memory_keep(builder->memory, slice_of((const char *)event->data.scalar.value,
                                                       event->data.scalar.length));
    if (is_awaiting_key(builder)) {
        builder->key = item;
    } else {
        item_put(builder, item);
    }
}

static void builder_open(struct builder *builder, enum item_kind kind, yaml_mark_t mark)
{
    if (is_awaiting_key(builder)) {
        builder_stop(builder, place_of(mark),
                     "a list or a map stands where a key must be; expected a word before the "
                     "colon; put quotes around it if it begins with a bracket");
        return;
    }
    if (builder->depth == DOCUMENT_DEPTH_MAX) {
        builder_stop(builder, place_of(mark),
                     "this is nested too deeply; expected at most eight levels; no setting is that "
                     "deep, look at the indentation");
        return;
    }
    struct item *item = item_new(builder, kind, mark);
    if (item != NULL) {
        item_put(builder, item);
        builder->open[builder->depth++] = item;
    }
}

static void builder_alias(struct builder *builder, const yaml_event_t *event)
{
    builder_stop(builder, place_of(event->start_mark),
                 "an alias; expected every value where it is used; write the value out here");
}

/* Anchors and tags say more than the eye sees: refused, wherever they stand. */
static void builder_refuse(struct builder *builder, const yaml_char_t *anchor,
                           const yaml_char_t *tag, yaml_mark_t mark)
{
    if (anchor != NULL) {
        complain(builder->complaints, builder->file, place_of(mark),
                 "an anchor (&%s); expected plain values; remove it and write the value out where "
                 "it is used",
                 show(slice_string((const char *)anchor)).text);
    }
    if (tag != NULL) {
        complain(builder->complaints, builder->file, place_of(mark),
                 "a tag (%s); expected plain values; remove it, the schema knows the types",
                 show(slice_string((const char *)tag)).text);
    }
}

static void builder_document(struct builder *builder, yaml_mark_t mark)
{
    if (++builder->documents > 1) {
        builder_stop(builder, place_of(mark),
                     "a second document begins; expected one document in a file; put everything "
                     "above the '---' or remove what is below");
    }
}

static void builder_take(struct builder *builder, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return;
    case YAML_DOCUMENT_START_EVENT:
        builder_document(builder, event->start_mark);
        return;
    case YAML_ALIAS_EVENT:
        builder_alias(builder, event);
        return;
    case YAML_SCALAR_EVENT:
        builder_refuse(builder, event->data.scalar.anchor, event->data.scalar.tag,
                       event->start_mark);
        builder_scalar(builder, event);
        return;
    case YAML_SEQUENCE_START_EVENT:
        builder_refuse(builder, event->data.sequence_start.anchor, event->data.sequence_start.tag,
                       event->start_mark);
        builder_open(builder, ITEM_LIST, event->start_mark);
        return;
    case YAML_MAPPING_START_EVENT:
        builder_refuse(builder, event->data.mapping_start.anchor, event->data.mapping_start.tag,
                       event->start_mark);
        builder_open(builder, ITEM_MAP, event->start_mark);
        return;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        must(builder->depth > 0);
        builder->depth--;
        return;
    }
}

static void builder_run(struct builder *builder, yaml_parser_t *parser)
{
    bool is_at_end = false;

    while (!builder->is_over && !is_at_end) {
        yaml_event_t event;

        if (!yaml_parser_parse(parser, &event)) {
            builder_syntax(builder, parser);
            return;
        }
        is_at_end = event.type == YAML_STREAM_END_EVENT;
        builder_take(builder, &event);
        yaml_event_delete(&event);
    }
}

const struct item *document_read(struct memory *memory, struct slice text, struct slice file,
                                 struct policy_complaints *complaints)
{
    struct builder builder = {
        .memory = memory, .text = text, .file = file, .complaints = complaints};
    yaml_parser_t parser;

    if (text.len > DOCUMENT_TEXT_MAX) {
        complain(complaints, file, (struct place){1, 1},
                 "the file has %zu octets; expected at most %d; split the site in two", text.len,
                 DOCUMENT_TEXT_MAX);
        return NULL;
    }
    if (!yaml_parser_initialize(&parser)) {
        memory->is_refused = true;
        return NULL;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)(text.len == 0 ? "" : text.at),
                                 text.len);
    builder_run(&builder, &parser);
    yaml_parser_delete(&parser);
    return builder.is_over ? NULL : builder.root;
}
