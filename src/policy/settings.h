/*
 * The schema: every key a policy file may have, from settings.def.
 *
 * The reader, the JSON Schema and the manual walk the same rows, so none can know a key that the
 * others do not.
 */
#pragma once

#include "policy/draft.h"

enum section {
#define SECTION(name, where, what) SECTION_##name,
#include "policy/sections.def"
#undef SECTION
    SECTION_COUNT,
};

enum kind {
#define KIND(name, shape, writer, expected, schema) KIND_##name,
#include "policy/kinds.def"
#undef KIND
    KIND_COUNT,
};

enum shape { SHAPE_ONE, SHAPE_MANY, SHAPE_OWN };

enum presence { PRESENCE_OPTIONAL, PRESENCE_REQUIRED };

struct setting {
    enum section section;
    const char *key;
    enum kind kind;
    enum presence presence;
    size_t at, size; /* of the field in what the section fills */
    uint64_t min, max;
    const char *fallback;
    const char *what;
    const char *example;
};

/* A row of limits.def, rates.def, timers.def or capacity.def. */
struct figure {
    const char *key;
    size_t at; /* of its uint32_t */
    uint64_t fallback, min, max;
    const char *what;
    uint64_t network; /* limits, rates: the default outside access zones; else as fallback */
    const char *rule; /* limits, rates: the rule it comes from; else empty */
};

struct figures {
    const struct figure *list;
    uint32_t count;
};

/* Rows of a section, one after the other. */
const struct setting *settings_of(enum section section, uint32_t *count);
const struct setting *setting_find(enum section section, const char *key);

const char *section_where(enum section section);
const char *section_what(enum section section);

const char *kind_expected(enum kind kind);
const char *kind_schema(enum kind kind);
enum shape kind_shape(enum kind kind);

struct figures figures_of(enum kind kind); /* LIMITS, RATES, TIMERS, CAPACITY */

/* Reads one value into its field of object; complains when it is none. */
typedef void setting_reader(struct draft *draft, const struct item *item,
                            const struct setting *setting, void *object);
setting_reader *kind_reader(enum kind kind);

#define KIND(name, shape, writer, expected, schema) setting_reader setting_read_##name;
#include "policy/kinds.def"
#undef KIND

/* Writes the field of object as it would stand in a file; nothing when it is empty. */
typedef void setting_writer(struct text *text, const struct policy *policy,
                            const struct setting *setting, const void *object);
setting_writer *kind_writer(enum kind kind);

#define KIND(name, shape, writer, expected, schema) setting_writer field_write_##writer;
#include "policy/kinds.def"
#undef KIND

static inline void *setting_field(const struct setting *setting, void *object)
{
    return (char *)object + setting->at;
}

/* A map with the keys of a section: known ones are read into object, missing ones filled with
 * their defaults, others complained about. */
void section_read(struct draft *draft, enum section section, const struct item *map, void *object);

/* For a map from names to sections: whether it is one, with a count in range. */
bool section_map_begin(struct draft *draft, const struct item *map, const struct setting *setting);

/* The name a section stands under; complains when it is none. */
struct slice section_name(struct draft *draft, const struct item *item);

/* "<problem>; expected <what the kind is>; write '<key>: <example>'" */
void setting_refuse(struct draft *draft, const struct setting *setting, struct place place,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* A single value that is not empty; complains otherwise. */
bool setting_is_value(struct draft *draft, const struct item *item, const struct setting *setting);

/* Of a setting that may have one value or a list: its values one by one.  False, after a
 * complaint, when it is neither or their count is out of range. */
struct values {
    const struct item *next;
    uint32_t count;
};
bool values_begin(struct draft *draft, const struct item *item, const struct setting *setting,
                  struct values *values);
const struct item *values_next(struct values *values);

/* "250ms", "30s", "5m", "24h", "7d", "0ms"; one unit, no zero in front. */
bool duration_read(struct slice text, uint64_t *ms);
void duration_write(struct text *text, uint64_t ms);
