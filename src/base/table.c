/*
 * Linear probing, at most half full.  A removal moves later entries back, so there are no
 * tombstones and a table never grows slower with age.
 */
#include "base/table.h"

#include "base/must.h"

#include <string.h>

static uint32_t table_places(uint32_t records)
{
    uint32_t places = 2;

    must(records <= TABLE_RECORDS_MAX);
    while (places < 2 * records) {
        places *= 2;
    }
    return places;
}

size_t table_size(uint32_t records)
{
    return table_places(records) * sizeof(struct table_entry);
}

void table_init(struct table *table, void *memory, uint32_t records)
{
    *table = (struct table){
        .entries = memory,
        .mask = table_places(records) - 1,
        .limit = records,
    };
    memset(memory, 0, table_size(records));
}

bool table_add(struct table *table, uint64_t hash, uint32_t index)
{
    must(index != 0);
    if (table->used == table->limit) {
        return false;
    }
    uint32_t place = (uint32_t)hash & table->mask;
    while (table->entries[place].index != 0) {
        place = (place + 1) & table->mask;
    }
    table->entries[place] = (struct table_entry){.hash = (uint32_t)hash, .index = index};
    table->used++;
    return true;
}

/* Closes the gap at place: an entry moves back unless that would put it before its home. */
static void table_close(struct table *table, uint32_t gap)
{
    uint32_t place = gap;

    for (;;) {
        place = (place + 1) & table->mask;
        if (table->entries[place].index == 0) {
            break;
        }
        uint32_t home = table->entries[place].hash & table->mask;
        if (((place - home) & table->mask) >= ((place - gap) & table->mask)) {
            table->entries[gap] = table->entries[place];
            gap = place;
        }
    }
    table->entries[gap] = (struct table_entry){0};
}

bool table_remove(struct table *table, uint64_t hash, uint32_t index)
{
    uint32_t place = (uint32_t)hash & table->mask;

    if (index == 0) {
        return false;
    }
    while (table->entries[place].index != 0) {
        if (table->entries[place].hash == (uint32_t)hash && table->entries[place].index == index) {
            table_close(table, place);
            table->used--;
            return true;
        }
        place = (place + 1) & table->mask;
    }
    return false;
}

bool table_next(const struct table *table, uint64_t hash, struct table_cursor *cursor,
                uint32_t *index)
{
    while (cursor->step <= table->mask) {
        const struct table_entry *entry =
            &table->entries[((uint32_t)hash + cursor->step) & table->mask];

        if (entry->index == 0) {
            return false;
        }
        cursor->step++;
        if (entry->hash == (uint32_t)hash) {
            *index = entry->index;
            return true;
        }
    }
    return false;
}
