/*
 * Readers of maps of limits, timers and capacities, whose rows are in tables of their own.
 */
#include "policy/nearest.h"
#include "policy/settings.h"

#include <stdio.h>

static const struct figure *figure_find(struct figures figures, struct slice key,
                                        struct nearest *nearest)
{
    for (uint32_t i = 0; i < figures.count; i++) {
        if (slice_equal(key, slice_string(figures.list[i].key))) {
            return figures.list + i;
        }
        nearest_try(nearest, slice_string(figures.list[i].key));
    }
    return NULL;
}

static void duration_put(char *room, size_t len, uint64_t ms)
{
    struct text text;

    text_init(&text, room, len - 1);
    duration_write(&text, ms);
    room[text.len] = '\0';
}

/* A duration when the table is of timers, else a count. */
static void figure_read(struct draft *draft, const struct item *item, bool is_duration,
                        const struct figure *figure, uint32_t *field)
{
    bool is_good = item->kind == ITEM_SCALAR && item->text.len > 0;
    uint64_t number = 0;
    char least[32], most[32], usual[32];

    if (is_duration) {
        is_good = is_good && duration_read(item->text, &number);
        duration_put(least, sizeof(least), figure->min);
        duration_put(most, sizeof(most), figure->max);
        duration_put(usual, sizeof(usual), figure->fallback);
    } else {
        is_good = is_good && item->is_plain && (item->text.len == 1 || item->text.at[0] != '0') &&
                  slice_number(item->text, UINT32_MAX, &number);
        snprintf(least, sizeof(least), "%llu", (unsigned long long)figure->min);
        snprintf(most, sizeof(most), "%llu", (unsigned long long)figure->max);
        snprintf(usual, sizeof(usual), "%llu", (unsigned long long)figure->fallback);
    }
    if (!is_good || number < figure->min || number > figure->max) {
        draft_complain(draft, item->place,
                       "'%s' is no good value of '%s' (%s); expected a %s from %s to %s; write for "
                       "example '%s: %s'",
                       item->kind == ITEM_SCALAR ? show(item->text).text
                                                 : item_kind_name(item->kind),
                       figure->key, figure->what,
                       is_duration ? "duration" : "number without quotes or zeros in front", least,
                       most, figure->key, usual);
        return;
    }
    *field = (uint32_t)number;
}

static void figures_read(struct draft *draft, const struct item *item,
                         const struct setting *setting, void *object)
{
    struct figures figures = figures_of(setting->kind);

    if (item->kind != ITEM_MAP) {
        setting_refuse(draft, setting, item->place, "'%s' has %s here", setting->key,
                       item_kind_name(item->kind));
        return;
    }
    for (const struct item *value = item->first; value != NULL; value = value->next) {
        struct nearest nearest;

        nearest_init(&nearest, value->key->text);
        const struct figure *figure = figure_find(figures, value->key->text, &nearest);
        if (figure == NULL) {
            draft_complain(draft, value->key->place,
                           "'%s' is not in '%s'%s; expected one of those in docs/policy.md; mend "
                           "or remove it",
                           show(value->key->text).text, setting->key,
                           nearest_suggest(&nearest).text);
            continue;
        }
        char *field = (char *)setting_field(setting, object) + figure->at;
        figure_read(draft, value, setting->kind == KIND_TIMERS, figure, (uint32_t *)(void *)field);
    }
}

void setting_read_LIMITS(struct draft *draft, const struct item *item,
                         const struct setting *setting, void *object)
{
    figures_read(draft, item, setting, object);
}

void setting_read_RATES(struct draft *draft, const struct item *item, const struct setting *setting,
                        void *object)
{
    figures_read(draft, item, setting, object);
}

void setting_read_TIMERS(struct draft *draft, const struct item *item,
                         const struct setting *setting, void *object)
{
    figures_read(draft, item, setting, object);
}

void setting_read_CAPACITY(struct draft *draft, const struct item *item,
                           const struct setting *setting, void *object)
{
    figures_read(draft, item, setting, object);
}
