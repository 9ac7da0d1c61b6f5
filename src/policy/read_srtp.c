/*
 * How the media of a zone are protected.
 */
#include "policy/settings.h"

static bool words_find(const struct slice *words, unsigned count, struct slice text, unsigned *at)
{
    for (*at = 0; *at < count; (*at)++) {
        if (slice_equal(words[*at], text)) {
            return true;
        }
    }
    return false;
}

void setting_read_SRTP(struct draft *draft, const struct item *item, const struct setting *setting,
                       void *object)
{
    static const struct slice words[] = {
        [SRTP_ALLOWED] = SLICE_INIT("allowed"),
        [SRTP_REQUIRED] = SLICE_INIT("required"),
        [SRTP_FORBIDDEN] = SLICE_INIT("forbidden"),
    };
    unsigned word;

    if (!setting_is_value(draft, item, setting)) {
        return;
    }
    if (words_find(words, 3, item->text, &word)) {
        *(enum policy_srtp *)setting_field(setting, object) = (enum policy_srtp)word;
        return;
    }
    setting_refuse(draft, setting, item->place, "'%s' is none of them", show(item->text).text);
}

/* Values that are bits of an octet. */
static void bits_read(struct draft *draft, const struct item *item, const struct setting *setting,
                      void *object, unsigned (*bit_of)(struct slice text))
{
    uint8_t *field = setting_field(setting, object);
    struct values values;
    const struct item *value;

    if (!values_begin(draft, item, setting, &values)) {
        return;
    }
    *field = 0;
    while ((value = values_next(&values)) != NULL) {
        unsigned bit;

        if (!setting_is_value(draft, value, setting)) {
            continue;
        }
        bit = bit_of(value->text);
        if (bit == 0) {
            setting_refuse(draft, setting, value->place, "'%s' is none of them",
                           show(value->text).text);
        }
        *field = (uint8_t)(*field | 1U << bit);
    }
}

static unsigned keys_bit(struct slice text)
{
    static const struct slice words[] = {
        [MEDIA_CLEAR] = SLICE_INIT(""),
        [MEDIA_SDES] = SLICE_INIT("sdes"),
        [MEDIA_DTLS] = SLICE_INIT("dtls"),
    };
    unsigned word;

    return words_find(words, MEDIA_PROTECTION_COUNT, text, &word) ? word : 0;
}

void setting_read_SRTP_KEYS(struct draft *draft, const struct item *item,
                            const struct setting *setting, void *object)
{
    bits_read(draft, item, setting, object, keys_bit);
}

static unsigned suite_bit(struct slice text)
{
    return media_suite_find(text);
}

void setting_read_SUITES(struct draft *draft, const struct item *item,
                         const struct setting *setting, void *object)
{
    bits_read(draft, item, setting, object, suite_bit);
}
