#include "base/digits.h"

#include <stdlib.h>

enum { DIGIT_BITS = 4, KEY_DIGITS = 16 };

bool digits_entry_read(struct digits_entry *entry, struct slice digits, uint16_t value)
{
    *entry = (struct digits_entry){.value = value, .len = (uint8_t)digits.len};
    if (digits.len == 0 || digits.len > DIGITS_MAX) {
        return false;
    }
    for (size_t i = 0; i < digits.len; i++) {
        unsigned digit = (unsigned)(unsigned char)digits.at[i] - '0';

        if (digit > 9) {
            return false;
        }
        entry->key |= (uint64_t)digit << (DIGIT_BITS * (KEY_DIGITS - 1 - i));
    }
    return true;
}

static int compare(const void *left, const void *right)
{
    const struct digits_entry *a = left, *b = right;

    if (a->key != b->key) {
        return a->key < b->key ? -1 : 1;
    }
    return (int)a->len - (int)b->len;
}

void digits_sort(struct digits_entry *entries, uint32_t count)
{
    if (count > 1) {
        qsort(entries, count, sizeof(*entries), compare);
    }
}

size_t digits_nodes_most(const struct digits_entry *entries, uint32_t count)
{
    size_t most = 1;

    for (uint32_t i = 0; i < count; i++) {
        most += entries[i].len;
    }
    return most;
}

static unsigned digit_at(const struct digits_entry *entry, unsigned depth)
{
    return (unsigned)(entry->key >> (DIGIT_BITS * (KEY_DIGITS - 1 - depth))) & 0xF;
}

/* The nodes behind one, side by side: those whose entries agree in one digit more. */
static uint32_t children_add(const struct digits_entry *entries, struct digits_node *nodes,
                             struct digits_room *rooms, uint32_t node, uint32_t used)
{
    uint32_t at = rooms[node].begin;
    uint8_t depth = rooms[node].depth;

    if (at < rooms[node].end && entries[at].len == depth) {
        nodes[node].value = entries[at++].value;
    }
    nodes[node].first = used;
    while (at < rooms[node].end) {
        unsigned digit = digit_at(&entries[at], depth);
        uint32_t begin = at;

        while (at < rooms[node].end && digit_at(&entries[at], depth) == digit) {
            at++;
        }
        nodes[node].children = (uint16_t)(nodes[node].children | 1U << digit);
        nodes[used] = (struct digits_node){.first = 0};
        rooms[used++] = (struct digits_room){begin, at, (uint8_t)(depth + 1)};
    }
    return used;
}

uint32_t digits_build(const struct digits_entry *entries, uint32_t count, struct digits_node *nodes,
                      struct digits_room *rooms)
{
    uint32_t used = 1;

    nodes[0] = (struct digits_node){.first = 0};
    rooms[0] = (struct digits_room){0, count, 0};
    for (uint32_t node = 0; node < used; node++) {
        used = children_add(entries, nodes, rooms, node, used);
    }
    return used;
}
