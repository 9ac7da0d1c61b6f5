/*
 * Files of an operator become the block of lists.
 *
 * A file is lines of words; '#' begins a comment.  Every complaint has file, line and column, and
 * one run tells up to fifty.
 */
#include "policy/complaints.h"
#include "policy/lists_image.h"

#include <stdlib.h>

/* What is gathered before the block is laid out. */
struct gathered {
    const struct policy *policy;
    struct policy_complaints *complaints;
    struct slice file;
    uint32_t line, lines;            /* of this file, of all */
    struct digits_entry *entries[4]; /* global, local, bad global, bad local */
    uint32_t counts[4], rooms[4];
    struct lists_range *ranges;
    uint32_t range_count, range_room;
    struct lists_agent *agents;
    uint32_t agent_count, agent_room;
    char *texts;
    size_t text_len, text_room;
    struct number_kind kinds[LISTS_KINDS_MAX];
    uint32_t kind_count;
    bool is_out_of_memory;
};

static void wrong(struct gathered *all, struct slice word, const char *problem,
                  const char *expected)
{
    complain(all->complaints, all->file, (struct place){all->line, 1},
             "'%s' %s; expected %s; mend or remove the line", show(word).text, problem, expected);
}

/* Room for one more; false when memory ends. */
static bool grow(struct gathered *all, void **list, uint32_t count, uint32_t *room, size_t size)
{
    if (count < *room) {
        return true;
    }
    uint32_t more = *room == 0 ? 256 : *room * 2;
    void *larger = more > LISTS_LINES_MAX * 2U ? NULL : realloc(*list, (size_t)more * size);

    if (larger == NULL) {
        all->is_out_of_memory = true;
        return false;
    }
    *list = larger;
    *room = more;
    return true;
}

static bool entry_add(struct gathered *all, unsigned where, struct slice number, uint16_t value)
{
    bool is_global = number.len > 0 && number.at[0] == '+';
    struct digits_entry entry;
    void *list;

    where += is_global ? 0 : 1;
    if (!digits_entry_read(&entry, slice_skip(number, is_global), value)) {
        wrong(all, number, "is no prefix of numbers", "'+' and up to 15 digits, or digits alone");
        return false;
    }
    list = all->entries[where];
    if (!grow(all, &list, all->counts[where], &all->rooms[where], sizeof(entry))) {
        return false;
    }
    all->entries[where] = list;
    all->entries[where][all->counts[where]++] = entry;
    return true;
}

/* The number of a class and country, which is written down once; 0 when there are too many. */
static uint16_t kind_find(struct gathered *all, struct number_kind kind)
{
    for (uint32_t i = 1; i < all->kind_count; i++) {
        if (all->kinds[i].class == kind.class &&
            memcmp(all->kinds[i].country, kind.country, sizeof(kind.country)) == 0) {
            return (uint16_t)i;
        }
    }
    if (all->kind_count == LISTS_KINDS_MAX) {
        return 0;
    }
    all->kinds[all->kind_count] = kind;
    return (uint16_t)all->kind_count++;
}

static bool word_take(struct slice *line, struct slice *word)
{
    size_t len = 0;

    *line = slice_trim(*line);
    while (len < line->len && strchr(" \t,;", line->at[len]) == NULL) {
        len++;
    }
    *word = slice_head(*line, len);
    *line = slice_skip(*line, len + 1);
    return word->len > 0;
}

static bool is_country(struct slice word)
{
    return word.len == 2 && word.at[0] >= 'A' && word.at[0] <= 'Z' && word.at[1] >= 'A' &&
           word.at[1] <= 'Z';
}

/* "+43900 premium AT" */
static void number_line(struct gathered *all, struct slice line)
{
    struct number_kind kind = {.class = NUMBER_UNKNOWN};
    struct slice prefix, word;
    enum number_class class;

    if (!word_take(&line, &prefix) || !word_take(&line, &word)) {
        wrong(all, prefix, "has no class behind it", "a prefix, a class and perhaps a country");
        return;
    }
    if (!number_class_read(word, &class)) {
        wrong(all, word, "is no class of numbers",
              "ordinary, mobile, home, toll-free, shared-cost, premium, satellite, short-code, "
              "do-not-originate, irsf or unallocated");
        return;
    }
    kind.class = (uint8_t) class;
    if (word_take(&line, &word) && !slice_equal(word, SLICE("-"))) {
        if (!is_country(word)) {
            wrong(all, word, "is no country", "two capital letters such as AT, or '-'");
            return;
        }
        memcpy(kind.country, word.at, sizeof(kind.country));
    }
    if (word_take(&line, &word)) {
        wrong(all, word, "is one word too many", "a prefix, a class and perhaps a country");
        return;
    }
    uint16_t value = kind_find(all, kind);
    if (value == 0) {
        wrong(all, prefix, "is of one kind too many", "at most 4095 classes and countries");
        return;
    }
    entry_add(all, 0, prefix, value);
}

static void range_of(const struct prefix *prefix, uint8_t feed, struct lists_range *range)
{
    unsigned len = prefix->address.family == ADDRESS_V4 ? 4 : 16;

    *range = (struct lists_range){.family = (uint8_t)prefix->address.family, .feed = feed};
    for (unsigned i = 0; i < len; i++) {
        unsigned bits = prefix->bits <= 8 * i ? 0 : prefix->bits - 8 * i;
        unsigned free_bits = bits >= 8 ? 0 : (1U << (8 - bits)) - 1;

        range->low[i] = prefix->address.bytes[i];
        range->high[i] = (uint8_t)(prefix->address.bytes[i] | free_bits);
    }
}

static void address_line(struct gathered *all, struct slice line, uint8_t feed)
{
    struct slice word;
    struct prefix prefix;
    void *list = all->ranges;

    if (!word_take(&line, &word)) {
        return;
    }
    if (!prefix_read(&prefix, word)) {
        wrong(all, word, "is no address or prefix", "an address or a prefix such as 192.0.2.0/28");
        return;
    }
    if (grow(all, &list, all->range_count, &all->range_room, sizeof(*all->ranges))) {
        all->ranges = list;
        range_of(&prefix, feed, &all->ranges[all->range_count++]);
    }
}

static void agent_line(struct gathered *all, struct slice line, uint8_t feed)
{
    void *list = all->agents;

    line = slice_trim(line);
    if (line.len > AGENT_MAX) {
        wrong(all, line, "is longer than a name of a program", "at most 256 octets");
        return;
    }
    if (all->text_len + line.len > all->text_room) {
        size_t room = (all->text_room + line.len) * 2;
        char *larger = realloc(all->texts, room);

        if (larger == NULL) {
            all->is_out_of_memory = true;
            return;
        }
        all->texts = larger;
        all->text_room = room;
    }
    if (!grow(all, &list, all->agent_count, &all->agent_room, sizeof(*all->agents))) {
        return;
    }
    all->agents = list;
    all->agents[all->agent_count++] = (struct lists_agent){.at = (uint32_t)all->text_len,
                                                           .len = (uint32_t)line.len,
                                                           .feed = feed};
    for (size_t i = 0; i < line.len; i++) {
        char octet = line.at[i];

        all->texts[all->text_len++] = octet >= 'A' && octet <= 'Z' ? (char)(octet + 32) : octet;
    }
}

static void feed_line(struct gathered *all, struct slice line, uint8_t feed)
{
    struct slice word;

    switch (all->policy->feeds[feed].kind) {
    case FEED_NUMBERS:
        if (word_take(&line, &word)) {
            entry_add(all, 2, word, (uint16_t)(feed + 1));
        }
        return;
    case FEED_ADDRESSES:
        address_line(all, line, feed);
        return;
    case FEED_AGENTS:
        agent_line(all, line, feed);
        return;
    }
}

/* feed: LISTS_NOT for the plan of numbers. */
static void file_read(struct gathered *all, const struct lists_file *file, int feed)
{
    struct slice rest = file->text, line;

    all->file = file->name;
    all->line = 0;
    while (!all->is_out_of_memory && slice_cut(&rest, '\n', &line)) {
        all->line++;
        if (++all->lines > LISTS_LINES_MAX) {
            wrong(all, slice_head(line, 16), "is one line too many",
                  "at most 2000000 lines in all files together");
            return;
        }
        line = slice_trim(slice_head(line, slice_find(line, '#')));
        if (line.len == 0) {
            continue;
        }
        if (feed == LISTS_NOT) {
            number_line(all, line);
        } else {
            feed_line(all, line, (uint8_t)feed);
        }
    }
}

static void entry_write(const struct digits_entry *entry, bool is_global, char room[DIGITS_MAX + 2])
{
    char *at = room;

    if (is_global) {
        *at++ = '+';
    }
    for (unsigned i = 0; i < entry->len; i++) {
        *at++ = (char)('0' + (entry->key >> (60 - 4 * i) & 0xF));
    }
    *at = '\0';
}

/* The same twice stands once; the same with another meaning is a slip. */
static void entries_merge(struct gathered *all, unsigned where)
{
    struct digits_entry *list = all->entries[where];
    uint32_t kept = 0;

    digits_sort(list, all->counts[where]);
    for (uint32_t i = 0; i < all->counts[where]; i++) {
        struct digits_entry *last = kept > 0 ? &list[kept - 1] : NULL;

        if (last == NULL || last->key != list[i].key || last->len != list[i].len) {
            list[kept++] = list[i];
        } else if (last->value != list[i].value && where < 2) {
            char room[DIGITS_MAX + 2];

            entry_write(last, where == 0, room);
            complain(all->complaints, all->file, (struct place){1, 1},
                     "prefix %s is here twice and of two kinds; expected one; remove one", room);
        }
    }
    all->counts[where] = kept;
}

static int range_order(const void *left, const void *right)
{
    const struct lists_range *a = left, *b = right;

    if (a->family != b->family) {
        return a->family < b->family ? -1 : 1;
    }
    int order = memcmp(a->low, b->low, sizeof(a->low));
    /* Of those that begin together the widest is first. */
    return order != 0 ? order : memcmp(b->high, a->high, sizeof(a->high));
}

/* Prefixes lie within each other or apart: what lies within another goes. */
static void ranges_merge(struct gathered *all)
{
    uint32_t kept = 0;

    if (all->range_count > 1) {
        qsort(all->ranges, all->range_count, sizeof(*all->ranges), range_order);
    }
    for (uint32_t i = 0; i < all->range_count; i++) {
        const struct lists_range *last = kept > 0 ? &all->ranges[kept - 1] : NULL;

        if (last == NULL || last->family != all->ranges[i].family ||
            memcmp(all->ranges[i].high, last->high, sizeof(last->high)) > 0) {
            all->ranges[kept++] = all->ranges[i];
        }
    }
    all->range_count = kept;
}

/* qsort hands nothing else on, so the texts are sorted by a heap of our own. */
static bool agent_is_before(const struct gathered *all, const struct lists_agent *a,
                            const struct lists_agent *b)
{
    size_t len = a->len < b->len ? a->len : b->len;
    int order = memcmp(all->texts + a->at, all->texts + b->at, len);

    return order < 0 || (order == 0 && a->len < b->len);
}

static void agent_sift(struct gathered *all, uint32_t top, uint32_t count)
{
    struct lists_agent *list = all->agents;

    for (uint32_t child = 2 * top + 1; child < count; child = 2 * top + 1) {
        child += child + 1 < count && agent_is_before(all, &list[child], &list[child + 1]);
        if (!agent_is_before(all, &list[top], &list[child])) {
            return;
        }
        struct lists_agent swapped = list[top];
        list[top] = list[child];
        list[child] = swapped;
        top = child;
    }
}

static void agents_sort(struct gathered *all)
{
    for (uint32_t i = all->agent_count / 2; i-- > 0;) {
        agent_sift(all, i, all->agent_count);
    }
    for (uint32_t end = all->agent_count; end-- > 1;) {
        struct lists_agent swapped = all->agents[0];

        all->agents[0] = all->agents[end];
        all->agents[end] = swapped;
        agent_sift(all, 0, end);
    }
}

static uint64_t aligned(uint64_t octets)
{
    return (octets + LISTS_ALIGN - 1) / LISTS_ALIGN * LISTS_ALIGN;
}

static uint64_t part_lay(struct lists_part *part, uint64_t at, uint64_t count, size_t size)
{
    *part = (struct lists_part){.at = at, .count = count};
    return aligned(at + count * size);
}

struct tree {
    struct digits_node *nodes;
    uint32_t count;
};

static bool tree_build(struct tree *tree, const struct digits_entry *entries, uint32_t count)
{
    size_t most = digits_nodes_most(entries, count);

    *tree = (struct tree){NULL, 0};
    if (count == 0) {
        return true;
    }
    struct digits_room *rooms = calloc(most, sizeof(*rooms));
    tree->nodes = calloc(most, sizeof(*tree->nodes));
    if (rooms != NULL && tree->nodes != NULL) {
        tree->count = digits_build(entries, count, tree->nodes, rooms);
    }
    free(rooms);
    return tree->count > 0;
}

static void part_fill(struct lists *lists, struct lists_part part, const void *from, size_t size)
{
    if (part.count > 0) {
        memcpy((char *)lists + part.at, from, part.count * size);
    }
}

static struct lists *lay_out(const struct gathered *all, const struct tree trees[4],
                             const struct lists_sources *sources)
{
    struct lists head = {.mark = LISTS_MARK,
                         .kind_count = all->kind_count,
                         .database_count = sources->database_count};
    struct lists_part *parts[4] = {&head.global, &head.local, &head.bad_global, &head.bad_local};
    uint64_t at = aligned(sizeof(head));

    memcpy(head.kinds, all->kinds, sizeof(head.kinds));
    for (unsigned i = 0; i < 4; i++) {
        at = part_lay(parts[i], at, trees[i].count, sizeof(struct digits_node));
    }
    at = part_lay(&head.ranges, at, all->range_count, sizeof(struct lists_range));
    at = part_lay(&head.agents, at, all->agent_count, sizeof(struct lists_agent));
    at = part_lay(&head.texts, at, all->text_len, 1);
    for (uint32_t i = 0; i < sources->database_count; i++) {
        at = part_lay(&head.databases[i], at, sources->databases[i].len, 1);
    }
    for (uint32_t i = 0; sources->notes != NULL && i < sources->feed_count; i++) {
        at = part_lay(&head.notes[i], at, sources->notes[i].len, 1);
    }
    head.octets = at;
    struct lists *lists = at > LISTS_OCTETS_MAX ? NULL : aligned_alloc(LISTS_ALIGN, at);
    if (lists == NULL) {
        return NULL;
    }
    memset(lists, 0, at);
    *lists = head;
    for (unsigned i = 0; i < 4; i++) {
        part_fill(lists, *parts[i], trees[i].nodes, sizeof(struct digits_node));
    }
    part_fill(lists, head.ranges, all->ranges, sizeof(struct lists_range));
    part_fill(lists, head.agents, all->agents, sizeof(struct lists_agent));
    part_fill(lists, head.texts, all->texts, 1);
    for (uint32_t i = 0; i < sources->database_count; i++) {
        part_fill(lists, head.databases[i], sources->databases[i].at, 1);
    }
    for (uint32_t i = 0; sources->notes != NULL && i < sources->feed_count; i++) {
        part_fill(lists, head.notes[i], sources->notes[i].at, 1);
    }
    return lists;
}

static struct lists *build(struct gathered *all, const struct lists_sources *sources)
{
    struct tree trees[4];
    struct lists *lists = NULL;
    bool is_built = true;

    for (unsigned i = 0; i < 4; i++) {
        entries_merge(all, i);
        is_built = tree_build(&trees[i], all->entries[i], all->counts[i]) && is_built;
    }
    ranges_merge(all);
    agents_sort(all);
    if (is_built && all->complaints->count == 0) {
        lists = lay_out(all, trees, sources);
    }
    for (unsigned i = 0; i < 4; i++) {
        free(trees[i].nodes);
    }
    return lists;
}

struct lists *lists_build(const struct policy *policy, const struct lists_sources *sources,
                          struct policy_complaints *complaints)
{
    struct gathered *all = calloc(1, sizeof(*all));
    struct lists *lists = NULL;

    if (all == NULL) {
        return NULL;
    }
    *all = (struct gathered){.policy = policy, .complaints = complaints, .kind_count = 1};
    for (uint32_t i = 0; i < sources->number_count; i++) {
        file_read(all, &sources->numbers[i], LISTS_NOT);
    }
    for (uint32_t i = 0; i < sources->feed_count; i++) {
        file_read(all, &sources->feeds[i], (int)i);
    }
    if (!all->is_out_of_memory) {
        lists = build(all, sources);
    }
    if (lists == NULL && complaints->count == 0) {
        complain(complaints, all->file, (struct place){1, 1},
                 "memory ran out; expected room for the lists; give the process more memory or "
                 "make the files smaller");
    }
    for (unsigned i = 0; i < 4; i++) {
        free(all->entries[i]);
    }
    free(all->ranges);
    free(all->agents);
    free(all->texts);
    free(all);
    return lists;
}

void lists_free(struct lists *lists)
{
    free(lists);
}
