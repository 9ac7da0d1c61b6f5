/*
 * Writers of single values and of lists of texts, as they would stand in a policy file.
 */
#include "base/must.h"
#include "policy/settings.h"
#include "policy/write.h"

static const void *field_of(const struct setting *setting, const void *object)
{
    return (const char *)object + setting->at;
}

/* Plain when no reader of YAML could take it for anything but this text. */
static bool is_plain(struct slice value)
{
    bool has_letter = false;

    for (size_t i = 0; i < value.len; i++) {
        char octet = value.at[i];
        bool is_letter = (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z');
        bool is_digit = octet >= '0' && octet <= '9';

        has_letter = has_letter || is_letter;
        if (!is_letter && !is_digit && (i == 0 ? octet != '/' : strchr("./_:-", octet) == NULL)) {
            return false;
        }
    }
    return has_letter && value.at[value.len - 1] != ':';
}

void scalar_write(struct text *text, struct slice value)
{
    if (value.len == 0 || is_plain(value)) {
        text_put(text, value);
    } else {
        text_put_json(text, value);
    }
}

void list_begin(struct list_text *list, struct text *text)
{
    *list = (struct list_text){.text = text};
}

struct text *list_next(struct list_text *list)
{
    text_put(list->text, list->count++ == 0 ? SLICE("[") : SLICE(", "));
    return list->text;
}

void list_end(struct list_text *list)
{
    if (list->count > 0) {
        text_put_octet(list->text, ']');
    }
}

const char *zone_layer_written(enum zone_layer layer)
{
    static const char *const words[] = {"device", "network", "application"};

    return words[layer];
}

const char *policy_mode_written(enum policy_mode mode)
{
    static const char *const words[] = {"enforce", "observe", "off"};

    return words[mode];
}

const char *policy_action_written(enum policy_action action)
{
    static const char *const words[] = {"default", "pass", "strip", "throttle",
                                        "reject",  "drop", "close"};

    return words[action];
}

void field_write_nothing(struct text *text, const struct policy *policy,
                         const struct setting *setting, const void *object)
{
    (void)text;
    (void)policy;
    (void)setting;
    (void)object;
}

void field_write_text(struct text *text, const struct policy *policy, const struct setting *setting,
                      const void *object)
{
    const struct slice *value = field_of(setting, object);

    (void)policy;
    scalar_write(text, *value);
}

static uint32_t number_of(const struct setting *setting, const void *object)
{
    const void *field = field_of(setting, object);

    return setting->size == sizeof(uint16_t) ? *(const uint16_t *)field : *(const uint32_t *)field;
}

void field_write_number(struct text *text, const struct policy *policy,
                        const struct setting *setting, const void *object)
{
    uint32_t number = number_of(setting, object);

    (void)policy;
    if (number >= setting->min) {
        text_put_number(text, number);
    }
}

void field_write_amount(struct text *text, const struct policy *policy,
                        const struct setting *setting, const void *object)
{
    uint32_t number = number_of(setting, object);

    (void)policy;
    if (number == 0) {
        text_put(text, SLICE("none"));
    } else {
        text_put_number(text, number);
    }
}

void field_write_rate(struct text *text, const struct policy *policy, const struct setting *setting,
                      const void *object)
{
    field_write_amount(text, policy, setting, object);
    if (number_of(setting, object) != 0) {
        text_put(text, SLICE("/s"));
    }
}

void field_write_seconds(struct text *text, const struct policy *policy,
                         const struct setting *setting, const void *object)
{
    uint32_t seconds = number_of(setting, object);

    (void)policy;
    if (seconds != 0) {
        duration_write(text, (uint64_t)seconds * 1000);
    }
}

/* Of a peer's mode, "observe: true" is what is written. */
void field_write_truth(struct text *text, const struct policy *policy,
                       const struct setting *setting, const void *object)
{
    const void *field = field_of(setting, object);
    bool is_true = setting->size == sizeof(bool) ? *(const bool *)field
                                                 : *(const enum policy_mode *)field == MODE_OBSERVE;

    (void)policy;
    text_put(text, is_true ? SLICE("true") : SLICE("false"));
}

void field_write_class(struct text *text, const struct policy *policy,
                       const struct setting *setting, const void *object)
{
    (void)policy;
    text_put_string(text, zone_class_written(*(const enum zone_class *)field_of(setting, object)));
}

void field_write_binding(struct text *text, const struct policy *policy,
                         const struct setting *setting, const void *object)
{
    (void)policy;
    text_put_string(text, *(const enum policy_binding *)field_of(setting, object) == BINDING_PATH
                              ? "path"
                              : "contact");
}

void field_write_srtp(struct text *text, const struct policy *policy, const struct setting *setting,
                      const void *object)
{
    static const char *const words[] = {"allowed", "required", "forbidden"};

    (void)policy;
    text_put_string(text, words[*(const enum policy_srtp *)field_of(setting, object)]);
}

void field_write_layer(struct text *text, const struct policy *policy,
                       const struct setting *setting, const void *object)
{
    (void)policy;
    text_put_string(text, zone_layer_written(*(const enum zone_layer *)field_of(setting, object)));
}

void field_write_mode(struct text *text, const struct policy *policy, const struct setting *setting,
                      const void *object)
{
    (void)policy;
    text_put_string(text,
                    policy_mode_written(*(const enum policy_mode *)field_of(setting, object)));
}

void field_write_action(struct text *text, const struct policy *policy,
                        const struct setting *setting, const void *object)
{
    (void)policy;
    text_put_string(text,
                    policy_action_written(*(const enum policy_action *)field_of(setting, object)));
}

void field_write_texts(struct text *text, const struct policy *policy,
                       const struct setting *setting, const void *object)
{
    const struct policy_slices *values = field_of(setting, object);
    struct list_text list;

    (void)policy;
    list_begin(&list, text);
    for (uint32_t i = 0; i < values->count; i++) {
        scalar_write(list_next(&list), values->at[i]);
    }
    list_end(&list);
}
