#include "policy/settings.h"

#include "base/must.h"
#include "policy/nearest.h"

#include <stdarg.h>
#include <stdio.h>

enum {
    FALLBACK_VALUES_MAX = 8,
    PROBLEM_MAX = 256,
    SECTION_NAME_MAX = 63, /* as a label of a domain, so that it fits anywhere */
};

// clang-format off
/* What each section fills. */
#define ROOT     struct policy
#define HEP      struct policy_hep
#define TLS      struct policy_tls
#define FEED     struct policy_feed
#define PATTERN  struct policy_pattern
#define ZONE     struct policy_zone
#define LISTENER struct policy_listener
#define PEER     struct policy_peer
#define HOP      struct policy_hop
#define ROUTE    struct route_draft
#define CONTROL  struct policy_control

/* Some fields are pointers, and their size is really meant. */
// NOLINTBEGIN(bugprone-sizeof-expression)
static const struct setting settings[] = {
#define SETTING(section, key, kind, field, presence, min, max, fallback, what, example)            \
    {SECTION_##section, key, KIND_##kind, PRESENCE_##presence, offsetof(section, field),           \
     sizeof(((section *)0)->field), min, max, fallback, what, example},
#include "policy/settings.def"
#undef SETTING
};
// NOLINTEND(bugprone-sizeof-expression)

#undef ROOT
#undef HEP
#undef TLS
#undef FEED
#undef PATTERN
#undef ZONE
#undef LISTENER
#undef PEER
#undef HOP
#undef ROUTE
#undef CONTROL

static const struct figure limits[] = {
#define LIMIT(name, setting, access, network, hard, rule, what)                                    \
    {setting, offsetof(struct policy_limits, name), access, 1, hard, what, network, rule},
#include "policy/limits.def"
#undef LIMIT
};

enum { RATE_MOST = 60000000 }; /* a million a second: more than any machine carries */

static const struct figure rates[] = {
#define RATE(name, setting, access, network, burst, rule, what)                                    \
    {setting, offsetof(struct policy_rates, name), access, 0, RATE_MOST, what, network, rule},
#include "policy/rates.def"
#undef RATE
};

static const struct figure timers[] = {
#define TIMER(name, setting, default_ms, min_ms, max_ms, what)                                     \
    {setting, offsetof(struct policy_timers, name), default_ms, min_ms, max_ms, what, default_ms, ""},
#include "policy/timers.def"
#undef TIMER
};

static const struct figure capacities[] = {
#define CAPACITY(name, setting, default_count, min_count, max_count, what)                         \
    {setting, offsetof(struct policy_capacity, name), default_count, min_count, max_count, what,   \
     default_count, ""},
#include "policy/capacity.def"
#undef CAPACITY
};

static const struct {
    const char *where, *what;
} sections[] = {
#define SECTION(name, where, what) {where, what},
#include "policy/sections.def"
#undef SECTION
};

static const struct {
    const char *expected, *schema;
    enum shape shape;
    setting_reader *reader;
    setting_writer *writer;
} kinds[] = {
#define KIND(name, shape, writer, expected, schema)                                                  \
    {expected, schema, SHAPE_##shape, setting_read_##name, field_write_##writer},
#include "policy/kinds.def"
#undef KIND
};
// clang-format on

const struct setting *settings_of(enum section section, uint32_t *count)
{
    const struct setting *first = NULL;

    *count = 0;
    for (size_t i = 0; i < ARRAY_COUNT(settings); i++) {
        if (settings[i].section == section) {
            first = first == NULL ? &settings[i] : first;
            (*count)++;
        }
    }
    return first;
}

const struct setting *setting_find(enum section section, const char *key)
{
    for (size_t i = 0; i < ARRAY_COUNT(settings); i++) {
        if (settings[i].section == section && strcmp(settings[i].key, key) == 0) {
            return &settings[i];
        }
    }
    return NULL;
}

const char *section_where(enum section section)
{
    return sections[section].where;
}

const char *section_what(enum section section)
{
    return sections[section].what;
}

const char *kind_expected(enum kind kind)
{
    return kinds[kind].expected;
}

const char *kind_schema(enum kind kind)
{
    return kinds[kind].schema;
}

enum shape kind_shape(enum kind kind)
{
    return kinds[kind].shape;
}

setting_reader *kind_reader(enum kind kind)
{
    return kinds[kind].reader;
}

setting_writer *kind_writer(enum kind kind)
{
    return kinds[kind].writer;
}

struct figures figures_of(enum kind kind)
{
    if (kind == KIND_LIMITS) {
        return (struct figures){limits, ARRAY_COUNT(limits)};
    }
    if (kind == KIND_RATES) {
        return (struct figures){rates, ARRAY_COUNT(rates)};
    }
    if (kind == KIND_TIMERS) {
        return (struct figures){timers, ARRAY_COUNT(timers)};
    }
    must(kind == KIND_CAPACITY);
    return (struct figures){capacities, ARRAY_COUNT(capacities)};
}

void setting_refuse(struct draft *draft, const struct setting *setting, struct place place,
                    const char *format, ...)
{
    char problem[PROBLEM_MAX];
    char range[64] = "";
    va_list args;

    va_start(args, format);
    vsnprintf(problem, sizeof(problem), format, args);
    va_end(args);
    if (setting->kind == KIND_NUMBER || setting->kind == KIND_AMOUNT) {
        snprintf(range, sizeof(range), " from %llu to %llu", (unsigned long long)setting->min,
                 (unsigned long long)setting->max);
    } else if (setting->kind == KIND_SECONDS) {
        snprintf(range, sizeof(range), ", from %llus to %llus",
                 (unsigned long long)setting->min / 1000, (unsigned long long)setting->max / 1000);
    }
    draft_complain(draft, place, "%s; expected %s%s; write for example '%s: %s'", problem,
                   kind_expected(setting->kind), range, setting->key, setting->example);
}

bool setting_is_value(struct draft *draft, const struct item *item, const struct setting *setting)
{
    if (item->kind != ITEM_SCALAR) {
        setting_refuse(draft, setting, item->place, "'%s' has %s here", setting->key,
                       item_kind_name(item->kind));
        return false;
    }
    if (item->text.len == 0) {
        setting_refuse(draft, setting, item->place, "'%s' has no value", setting->key);
        return false;
    }
    return true;
}

bool values_begin(struct draft *draft, const struct item *item, const struct setting *setting,
                  struct values *values)
{
    if (item->kind == ITEM_SCALAR) {
        *values = (struct values){.next = item, .count = 1};
        return setting_is_value(draft, item, setting);
    }
    if (item->kind == ITEM_MAP && kind_shape(setting->kind) == SHAPE_OWN) {
        *values = (struct values){.next = item, .count = 1};
        return true;
    }
    *values = (struct values){.next = item->first, .count = item->count};
    if (item->kind == ITEM_MAP || item->count == 0) {
        setting_refuse(draft, setting, item->place, "'%s' has %s here", setting->key,
                       item->kind == ITEM_MAP ? "a map" : "an empty list");
        return false;
    }
    if (item->count > setting->max) {
        draft_complain(draft, item->place,
                       "'%s' has %u entries; expected at most %llu; shorten the list", setting->key,
                       item->count, (unsigned long long)setting->max);
        return false;
    }
    return true;
}

const struct item *values_next(struct values *values)
{
    const struct item *item = values->count == 0 ? NULL : values->next;

    if (item != NULL) {
        values->next = item->next;
        values->count--;
    }
    return item;
}

/* A default is read as if it had been written where the section is. */
static void setting_fall_back(struct draft *draft, const struct item *map,
                              const struct setting *setting, void *object)
{
    struct item values[FALLBACK_VALUES_MAX];
    struct item list = {.kind = ITEM_LIST, .place = map->place, .first = values};
    struct slice rest = slice_string(setting->fallback), part;

    while (slice_cut(&rest, ',', &part)) {
        must(list.count < FALLBACK_VALUES_MAX);
        values[list.count] = (struct item){.kind = ITEM_SCALAR,
                                           .is_plain = true,
                                           .place = map->place,
                                           .text = slice_trim(part),
                                           .next = &values[list.count + 1]};
        list.count++;
    }
    kind_reader(setting->kind)(draft, list.count == 1 ? values : &list, setting, object);
}

static void setting_take(struct draft *draft, const struct item *map, const struct setting *setting,
                         void *object)
{
    const struct item *item = item_find(map, slice_string(setting->key));

    if (item != NULL) {
        kind_reader(setting->kind)(draft, item, setting, object);
    } else if (setting->presence == PRESENCE_REQUIRED) {
        setting_refuse(draft, setting, map->key != NULL ? map->key->place : map->place,
                       "'%s' is missing here", setting->key);
    } else if (setting->fallback[0] != '\0' && setting->fallback[0] != '(') {
        setting_fall_back(draft, map, setting, object);
    }
}

/* The row of a key, or NULL. */
static const struct setting *row_find(enum section section, struct slice key)
{
    uint32_t count;
    const struct setting *rows = settings_of(section, &count);

    for (uint32_t i = 0; i < count; i++) {
        if (slice_equal(key, slice_string(rows[i].key))) {
            return &rows[i];
        }
    }
    return NULL;
}

static struct suggestion row_suggest(enum section section, struct slice key)
{
    uint32_t count;
    const struct setting *rows = settings_of(section, &count);
    struct nearest nearest;

    nearest_init(&nearest, key);
    for (uint32_t i = 0; i < count; i++) {
        nearest_try(&nearest, slice_string(rows[i].key));
    }
    return nearest_suggest(&nearest);
}

static void section_refuse_unknown(struct draft *draft, enum section section,
                                   const struct item *map)
{
    for (const struct item *item = map->first; item != NULL; item = item->next) {
        struct slice key = item->key->text;

        if (row_find(section, key) == NULL) {
            draft_complain(draft, item->key->place,
                           "'%s' is no setting here%s; expected a key of %s; mend or remove it",
                           show(key).text, row_suggest(section, key).text,
                           section == SECTION_ROOT ? "the top level" : section_where(section));
        }
    }
}

void section_read(struct draft *draft, enum section section, const struct item *map, void *object)
{
    uint32_t count;
    const struct setting *rows = settings_of(section, &count);

    if (map->kind != ITEM_MAP) {
        draft_complain(draft, map->place,
                       "%s stands here; expected a map of settings (%s); write '%s: %s'",
                       item_kind_name(map->kind),
                       section == SECTION_ROOT ? "the top level" : section_where(section),
                       rows[0].key, rows[0].example);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        setting_take(draft, map, &rows[i], object);
    }
    section_refuse_unknown(draft, section, map);
}

bool section_map_begin(struct draft *draft, const struct item *map, const struct setting *setting)
{
    if (map->kind != ITEM_MAP || map->count == 0) {
        setting_refuse(draft, setting, map->place, "'%s' has %s here", setting->key,
                       map->kind == ITEM_MAP ? "an empty map" : item_kind_name(map->kind));
        return false;
    }
    if (map->count > setting->max) {
        draft_complain(draft, map->place,
                       "'%s' has %u entries; expected at most %llu; split the site in two",
                       setting->key, map->count, (unsigned long long)setting->max);
        return false;
    }
    return true;
}

struct slice section_name(struct draft *draft, const struct item *item)
{
    struct slice name = item->key->text;
    bool is_good =
        name.len > 0 && name.len <= SECTION_NAME_MAX && name.at[0] != '.' && name.at[0] != '-';

    for (size_t i = 0; i < name.len && is_good; i++) {
        char octet = name.at[i];

        is_good = (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') ||
                  (octet >= '0' && octet <= '9') || octet == '-' || octet == '_' || octet == '.';
    }
    if (!is_good || slice_equal(name, SLICE("any"))) {
        draft_complain(draft, item->key->place,
                       "'%s' cannot be a name; expected at most %d letters, digits, '-', '_' and "
                       "'.', and not 'any'; choose another",
                       show(name).text, SECTION_NAME_MAX);
    }
    return draft_keep(draft, name);
}
