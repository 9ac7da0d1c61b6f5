#include "policy/lists_image.h"

static const struct {
    const char *written;
    bool is_dear, is_silent;
} classes[] = {
    [NUMBER_UNKNOWN] = {"unknown", false, false},
#define NUMBER_CLASS(name, written, what) [NUMBER_##name] = {written, false, false},
#include "policy/number_classes.def"
#undef NUMBER_CLASS
};

const char *number_class_written(enum number_class class)
{
    return classes[class].written;
}

bool number_class_read(struct slice word, enum number_class *class)
{
    for (unsigned i = NUMBER_UNKNOWN + 1; i < NUMBER_CLASS_COUNT; i++) {
        if (slice_equal(word, slice_string(classes[i].written))) {
            *class = (enum number_class)i;
            return true;
        }
    }
    return false;
}

bool number_class_is_dear(enum number_class class)
{
    return class == NUMBER_PREMIUM || class == NUMBER_SATELLITE || class == NUMBER_IRSF;
}

bool number_class_is_silent(enum number_class class)
{
    return class == NUMBER_DO_NOT_ORIGINATE || class == NUMBER_SHORT_CODE ||
           class == NUMBER_UNALLOCATED || class == NUMBER_PREMIUM;
}

static bool part_is_within(const struct lists *lists, struct lists_part part, size_t size)
{
    return part.at <= lists->octets && part.count <= (lists->octets - part.at) / size &&
           part.at % 8 == 0;
}

const struct lists *lists_open(struct slice octets)
{
    const struct lists *lists = (const void *)octets.at;

    if (octets.len < sizeof(*lists) || lists->mark != LISTS_MARK || lists->octets > octets.len ||
        lists->octets < sizeof(*lists) || lists->database_count > POLICY_PATTERN_FIELDS_MAX) {
        return NULL;
    }
    for (uint32_t i = 0; i < lists->database_count; i++) {
        if (!part_is_within(lists, lists->databases[i], 1)) {
            return NULL;
        }
    }
    for (uint32_t i = 0; i < POLICY_FEEDS_MAX; i++) {
        if (!part_is_within(lists, lists->notes[i], 1)) {
            return NULL;
        }
    }
    return part_is_within(lists, lists->global, sizeof(struct digits_node)) &&
                   part_is_within(lists, lists->local, sizeof(struct digits_node)) &&
                   part_is_within(lists, lists->bad_global, sizeof(struct digits_node)) &&
                   part_is_within(lists, lists->bad_local, sizeof(struct digits_node)) &&
                   part_is_within(lists, lists->ranges, sizeof(struct lists_range)) &&
                   part_is_within(lists, lists->agents, sizeof(struct lists_agent)) &&
                   part_is_within(lists, lists->texts, 1)
               ? lists
               : NULL;
}

struct slice lists_octets(const struct lists *lists)
{
    return lists == NULL ? SLICE_NONE : slice_of((const char *)lists, lists->octets);
}

static const void *part_of(const struct lists *lists, struct lists_part part)
{
    return (const char *)lists + part.at;
}

static uint16_t find_number(const struct lists *lists, struct lists_part global,
                            struct lists_part local, struct slice number)
{
    bool is_global = number.len > 0 && number.at[0] == '+';
    struct lists_part part = is_global ? global : local;

    return part.count == 0 ? 0 : digits_find(part_of(lists, part), slice_skip(number, is_global));
}

struct number_kind lists_number(const struct lists *lists, struct slice number)
{
    struct number_kind unknown = {.class = NUMBER_UNKNOWN};
    uint16_t value = 0;

    if (lists != NULL) {
        value = find_number(lists, lists->global, lists->local, number);
    }
    return value == 0 || value >= lists->kind_count ? unknown : lists->kinds[value];
}

int lists_feed_number(const struct lists *lists, struct slice number)
{
    return lists == NULL ? LISTS_NOT
                         : (int)find_number(lists, lists->bad_global, lists->bad_local, number) - 1;
}

static int range_compare(const struct lists_range *range, const struct address *address)
{
    size_t len = address->family == ADDRESS_V4 ? 4 : 16;

    if (range->family != address->family) {
        return range->family < address->family ? -1 : 1;
    }
    if (memcmp(address->bytes, range->low, len) < 0) {
        return 1;
    }
    return memcmp(address->bytes, range->high, len) > 0 ? -1 : 0;
}

int lists_feed_address(const struct lists *lists, const struct address *address)
{
    if (lists == NULL || lists->ranges.count == 0) {
        return LISTS_NOT;
    }
    const struct lists_range *ranges = part_of(lists, lists->ranges);
    uint64_t low = 0, high = lists->ranges.count;

    while (low < high) {
        uint64_t middle = (low + high) / 2;
        int order = range_compare(&ranges[middle], address);

        if (order == 0) {
            return ranges[middle].feed;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return LISTS_NOT;
}

static struct slice lower(struct slice text, char room[AGENT_MAX])
{
    for (size_t i = 0; i < text.len; i++) {
        char octet = text.at[i];

        room[i] = octet >= 'A' && octet <= 'Z' ? (char)(octet + 32) : octet;
    }
    return slice_of(room, text.len);
}

static int order_of(struct slice a, struct slice b)
{
    int order = memcmp(a.at, b.at, a.len < b.len ? a.len : b.len);

    return order != 0 ? order : a.len < b.len ? -1 : a.len > b.len;
}

static int find_agent(const struct lists *lists, struct slice agent)
{
    const struct lists_agent *agents = part_of(lists, lists->agents);
    const char *texts = part_of(lists, lists->texts);
    uint64_t low = 0, high = lists->agents.count;

    while (low < high) {
        uint64_t middle = (low + high) / 2;
        int order = order_of(slice_of(texts + agents[middle].at, agents[middle].len), agent);

        if (order == 0) {
            return (int)agents[middle].feed;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return LISTS_NOT;
}

int lists_feed_agent(const struct lists *lists, struct slice agent)
{
    char room[AGENT_MAX];
    size_t len = 0;
    int feed;

    agent = slice_trim(agent);
    if (lists == NULL || lists->agents.count == 0 || agent.len == 0 || agent.len > AGENT_MAX) {
        return LISTS_NOT;
    }
    agent = lower(agent, room);
    feed = find_agent(lists, agent);
    while (len < agent.len && agent.at[len] != '/' && agent.at[len] != ' ') {
        len++;
    }
    return feed != LISTS_NOT || len == 0 ? feed : find_agent(lists, slice_head(agent, len));
}

bool lists_have_feeds(const struct lists *lists, enum feed_kind kind)
{
    if (lists == NULL) {
        return false;
    }
    switch (kind) {
    case FEED_NUMBERS:
        return lists->bad_global.count + lists->bad_local.count > 0;
    case FEED_ADDRESSES:
        return lists->ranges.count > 0;
    case FEED_AGENTS:
        return lists->agents.count > 0;
    }
    return false;
}

struct slice lists_feed_note(const struct lists *lists, uint32_t feed)
{
    return lists == NULL || feed >= POLICY_FEEDS_MAX || lists->notes[feed].count == 0
               ? SLICE_NONE
               : slice_of(part_of(lists, lists->notes[feed]), lists->notes[feed].count);
}

uint32_t lists_database_count(const struct lists *lists)
{
    return lists == NULL ? 0 : lists->database_count;
}

struct slice lists_database(const struct lists *lists, uint32_t field)
{
    if (field >= lists_database_count(lists) || lists->databases[field].count == 0) {
        return SLICE_NONE;
    }
    return slice_of(part_of(lists, lists->databases[field]), lists->databases[field].count);
}
