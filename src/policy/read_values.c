/*
 * Readers of single values.
 */
#include "policy/defaults.h"
#include "policy/host.h"
#include "policy/nearest.h"
#include "policy/settings.h"

enum { PATH_LEN_MAX = 1024, NAME_LEN_MAX = 63 };

static bool is_alnum(char octet)
{
    return (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') ||
           (octet >= '0' && octet <= '9');
}

static bool is_name(struct slice text)
{
    if (text.len == 0 || text.len > NAME_LEN_MAX || !is_alnum(text.at[0])) {
        return false;
    }
    for (size_t i = 1; i < text.len; i++) {
        if (!is_alnum(text.at[i]) && memchr("._-", text.at[i], 3) == NULL) {
            return false;
        }
    }
    return true;
}

void setting_read_NAME(struct draft *draft, const struct item *item, const struct setting *setting,
                       void *object)
{
    struct slice *field = setting_field(setting, object);

    if (!setting_is_value(draft, item, setting)) {
        return;
    }
    if (!is_name(item->text) || item->text.len > setting->max) {
        setting_refuse(draft, setting, item->place, "'%s' is no name", show(item->text).text);
        return;
    }
    *field = draft_keep(draft, item->text);
}

void setting_read_PATH(struct draft *draft, const struct item *item, const struct setting *setting,
                       void *object)
{
    struct slice *field = setting_field(setting, object);

    if (!setting_is_value(draft, item, setting)) {
        return;
    }
    if (item->text.at[0] != '/' || item->text.len > PATH_LEN_MAX ||
        memchr(item->text.at, '\0', item->text.len) != NULL) {
        setting_refuse(draft, setting, item->place, "'%s' is no path", show(item->text).text);
        return;
    }
    *field = draft_keep(draft, item->text);
}

void setting_read_HOST(struct draft *draft, const struct item *item, const struct setting *setting,
                       void *object)
{
    struct slice *field = setting_field(setting, object);
    struct host host;

    if (!setting_is_value(draft, item, setting)) {
        return;
    }
    if (!host_read(&host, item->text) || host.port != 0) {
        setting_refuse(draft, setting, item->place, "'%s' is neither a host name nor an address",
                       show(item->text).text);
        return;
    }
    *field = draft_keep_host(draft, &host);
}

void setting_read_SENT_BY(struct draft *draft, const struct item *item,
                          const struct setting *setting, void *object)
{
    struct slice *field = setting_field(setting, object);
    struct host host;

    if (!setting_is_value(draft, item, setting)) {
        return;
    }
    if (!host_read(&host, item->text)) {
        setting_refuse(draft, setting, item->place, "'%s' is neither a host name nor an address",
                       show(item->text).text);
        return;
    }
    *field = draft_keep(draft, item->text);
}

/* Digits only, no zero in front (octal to some), no quotes (text to others). */
static bool number_read(struct draft *draft, const struct item *item, const struct setting *setting,
                        uint64_t *number)
{
    const char *problem = NULL;

    if (!setting_is_value(draft, item, setting)) {
        return false;
    }
    if (!item->is_plain) {
        problem = "is in quotes, so it is text and no number";
    } else if (item->text.len > 1 && item->text.at[0] == '0') {
        problem = "begins with a zero, which some would read as octal";
    } else if (!slice_number(item->text, UINT64_MAX, number)) {
        problem = "is no number";
    } else if (*number < setting->min || *number > setting->max) {
        problem = "is out of range";
    }
    if (problem != NULL) {
        setting_refuse(draft, setting, item->place, "'%s' %s", show(item->text).text, problem);
    }
    return problem == NULL;
}

static void number_put(const struct setting *setting, void *object, uint64_t number)
{
    if (setting->size == sizeof(uint16_t)) {
        *(uint16_t *)setting_field(setting, object) = (uint16_t)number;
    } else {
        *(uint32_t *)setting_field(setting, object) = (uint32_t)number;
    }
}

void setting_read_NUMBER(struct draft *draft, const struct item *item,
                         const struct setting *setting, void *object)
{
    uint64_t number;

    if (number_read(draft, item, setting, &number)) {
        number_put(setting, object, number);
    }
}

void setting_read_AMOUNT(struct draft *draft, const struct item *item,
                         const struct setting *setting, void *object)
{
    uint64_t number = 0;

    if ((item->kind == ITEM_SCALAR && slice_equal(item->text, SLICE("none"))) ||
        number_read(draft, item, setting, &number)) {
        number_put(setting, object, number);
    }
}

void setting_read_TRUTH(struct draft *draft, const struct item *item, const struct setting *setting,
                        void *object)
{
    bool is_true = item->is_plain && slice_equal(item->text, SLICE("true"));

    if (!setting_is_value(draft, item, setting)) {
        return;
    }
    if (!is_true && !(item->is_plain && slice_equal(item->text, SLICE("false")))) {
        setting_refuse(draft, setting, item->place, "'%s' is neither true nor false",
                       show(item->text).text);
        return;
    }
    if (setting->size == sizeof(bool)) {
        *(bool *)setting_field(setting, object) = is_true;
    } else {
        *(enum policy_mode *)setting_field(setting, object) = is_true ? MODE_OBSERVE : MODE_ENFORCE;
    }
}

void setting_read_SECONDS(struct draft *draft, const struct item *item,
                          const struct setting *setting, void *object)
{
    uint64_t ms;

    if (!setting_is_value(draft, item, setting)) {
        return;
    }
    if (!duration_read(item->text, &ms)) {
        setting_refuse(draft, setting, item->place, "'%s' is no duration with a unit",
                       show(item->text).text);
    } else if (ms % 1000 != 0 || ms < setting->min || ms > setting->max) {
        setting_refuse(draft, setting, item->place, "'%s' is out of range", show(item->text).text);
    } else {
        *(uint32_t *)setting_field(setting, object) = (uint32_t)(ms / 1000);
    }
}

void setting_read_RATE(struct draft *draft, const struct item *item, const struct setting *setting,
                       void *object)
{
    uint32_t *field = setting_field(setting, object);
    uint64_t rate;

    if (!setting_is_value(draft, item, setting)) {
        return;
    }
    if (slice_equal(item->text, SLICE("none"))) {
        *field = 0;
        return;
    }
    if (!slice_ends(item->text, SLICE("/s")) || item->text.at[0] == '0' ||
        !slice_number(slice_head(item->text, item->text.len - 2), UINT32_MAX, &rate)) {
        setting_refuse(draft, setting, item->place, "'%s' is no rate", show(item->text).text);
    } else if (rate < setting->min || rate > setting->max) {
        setting_refuse(draft, setting, item->place, "'%s' is out of range (at most %llu/s)",
                       show(item->text).text, (unsigned long long)setting->max);
    } else {
        *field = (uint32_t)rate;
    }
}

/* The index of a word, or count after a complaint. */
static uint32_t word_read(struct draft *draft, const struct item *item,
                          const struct setting *setting, const char *const *words, uint32_t count)
{
    struct nearest nearest;

    if (!setting_is_value(draft, item, setting)) {
        return count;
    }
    nearest_init(&nearest, item->text);
    for (uint32_t i = 0; i < count; i++) {
        if (slice_equal(item->text, slice_string(words[i]))) {
            return i;
        }
        nearest_try(&nearest, slice_string(words[i]));
    }
    setting_refuse(draft, setting, item->place, "'%s' is no %s%s", show(item->text).text,
                   setting->key, nearest_suggest(&nearest).text);
    return count;
}

void setting_read_LAYER(struct draft *draft, const struct item *item, const struct setting *setting,
                        void *object)
{
    static const char *const words[] = {"device", "network", "application"};
    uint32_t word = word_read(draft, item, setting, words, 3);

    if (word < 3) {
        *(enum zone_layer *)setting_field(setting, object) = (enum zone_layer)word;
    }
}

void setting_read_BINDING(struct draft *draft, const struct item *item,
                          const struct setting *setting, void *object)
{
    static const char *const words[] = {"contact", "path"};
    uint32_t word = word_read(draft, item, setting, words, 2);

    if (word < 2) {
        *(enum policy_binding *)setting_field(setting, object) = (enum policy_binding)word;
    }
}

void setting_read_MODE(struct draft *draft, const struct item *item, const struct setting *setting,
                       void *object)
{
    static const char *const words[] = {"enforce", "observe", "off"};
    uint32_t word = word_read(draft, item, setting, words, 3);

    if (word < 3) {
        *(enum policy_mode *)setting_field(setting, object) = (enum policy_mode)word;
    }
}

void setting_read_ACTION(struct draft *draft, const struct item *item,
                         const struct setting *setting, void *object)
{
    static const char *const words[] = {"default", "pass", "strip", "throttle",
                                        "reject",  "drop", "close"};
    uint32_t word = word_read(draft, item, setting, words, ACTION_CLOSE + 1);

    if (word <= ACTION_CLOSE) {
        *(enum policy_action *)setting_field(setting, object) = (enum policy_action)word;
    }
}

/* Everything else of the zone that nobody writes follows from its class. */
void setting_read_CLASS(struct draft *draft, const struct item *item, const struct setting *setting,
                        void *object)
{
    const char *words[ZONE_CLASS_COUNT];

    for (unsigned class = 0; class < ZONE_CLASS_COUNT; class ++) {
        words[class] = zone_class_written((enum zone_class) class);
    }
    uint32_t word = word_read(draft, item, setting, words, ZONE_CLASS_COUNT);
    if (word < ZONE_CLASS_COUNT) {
        zone_become(object, (enum zone_class)word);
    }
}
