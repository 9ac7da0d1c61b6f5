#include "wire/isup/isup.h"

enum {
    TYPE_IAM = 0x01,
    NATURE_INTERNATIONAL = 4,
    PARAMETER_CALLING = 0x0A,
    PARAMETER_END = 0,
    IAM_FIXED = 5, /* octets behind the type: nature, forward indicators, category, medium */
    DIGIT_STOP = 0x0F,
};

static const struct {
    uint8_t first, last, kind;
} types[] = {
#define ISUP_TYPES(first, last, kind, names) {first, last, ISUP_##kind},
#include "wire/isup/types.def"
#undef ISUP_TYPES
};

static bool kind_find(uint8_t type, enum isup_kind *kind)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (type >= types[i].first && type <= types[i].last) {
            *kind = (enum isup_kind)types[i].kind;
            return true;
        }
    }
    return false;
}

/* What a pointer leads to: a length, and so many octets. */
static bool counted_at(struct slice octets, size_t at, struct slice *value)
{
    if (at >= octets.len) {
        return false;
    }
    size_t len = (uint8_t)octets.at[at];

    *value = slice_head(slice_skip(octets, at + 1), len);
    return value->len == len;
}

static void digit_put(struct isup_number *number, unsigned digit)
{
    static const char digits[] = "0123456789ABCDEF";

    if (number->len < ISUP_DIGITS_MAX && digit != DIGIT_STOP) {
        number->digits[number->len++] = digits[digit];
    }
}

/* Odd or even and the nature, the plan and the rest, two digits an octet. */
static bool number_read(struct isup_number *number, struct slice value)
{
    if (value.len < 2) {
        return false;
    }
    uint8_t first = (uint8_t)value.at[0];

    *number = (struct isup_number){.is_there = true};
    number->is_withheld = ((uint8_t)value.at[1] >> 2 & 3) != 0;
    if ((first & 0x7F) == NATURE_INTERNATIONAL) {
        number->digits[number->len++] = '+';
    }
    for (size_t i = 2; i < value.len; i++) {
        uint8_t pair = (uint8_t)value.at[i];
        bool is_half = i + 1 == value.len && (first & 0x80) != 0;

        digit_put(number, pair & 0x0F);
        if (!is_half) {
            digit_put(number, pair >> 4);
        }
    }
    return true;
}

static bool optional_read(struct isup *isup, struct slice rest)
{
    struct slice value;

    while (rest.len > 0 && rest.at[0] != PARAMETER_END) {
        uint8_t name = (uint8_t)rest.at[0];

        if (!counted_at(rest, 1, &value)) {
            return false;
        }
        if (name == PARAMETER_CALLING && !number_read(&isup->calling, value)) {
            return false;
        }
        rest = slice_skip(rest, value.len + 2);
    }
    return rest.len > 0; /* the end is said */
}

static bool setup_read(struct isup *isup, struct slice octets)
{
    size_t pointers = 1 + IAM_FIXED;
    struct slice value;

    if (octets.len < pointers + 2) {
        return false;
    }
    uint8_t called = (uint8_t)octets.at[pointers], optional = (uint8_t)octets.at[pointers + 1];

    if (called < 2 || !counted_at(octets, pointers + called, &value) ||
        !number_read(&isup->called, value)) {
        return false;
    }
    isup->called.is_withheld = false;
    return optional == 0 || optional_read(isup, slice_skip(octets, pointers + 1 + optional));
}

bool isup_read(struct isup *isup, struct slice octets)
{
    *isup = (struct isup){.type = 0};
    if (octets.len == 0 || octets.len > ISUP_MAX) {
        return false;
    }
    isup->type = (uint8_t)octets.at[0];
    if (!kind_find(isup->type, &isup->kind)) {
        return false;
    }
    return isup->kind != ISUP_SETUP || setup_read(isup, octets);
}
