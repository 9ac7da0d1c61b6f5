#include "guard/look_alikes.h"

static const struct {
    struct slice lead;
    unsigned char first, last;
} digits[] = {
#define DIGITS_OF(lead, first, last) {SLICE_INIT(lead), first, last},
#include "guard/look_alikes.def"
#undef DIGITS_OF
};

/* Cyrillic and Greek letters nobody tells from Latin ones (Unicode TR39, confusables), in order. */
static const char doubles[][3] = {
    "\xCE\x91", "\xCE\x92", "\xCE\x95", "\xCE\x96", "\xCE\x97", "\xCE\x99", "\xCE\x9A", "\xCE\x9C",
    "\xCE\x9D", "\xCE\x9F", "\xCE\xA1", "\xCE\xA4", "\xCE\xA5", "\xCE\xA7", "\xCE\xBD", "\xCE\xBF",
    "\xD0\x85", "\xD0\x86", "\xD0\x88", "\xD0\x90", "\xD0\x92", "\xD0\x95", "\xD0\x9A", "\xD0\x9C",
    "\xD0\x9D", "\xD0\x9E", "\xD0\xA0", "\xD0\xA1", "\xD0\xA2", "\xD0\xA5", "\xD0\xB0", "\xD0\xB5",
    "\xD0\xBE", "\xD1\x80", "\xD1\x81", "\xD1\x83", "\xD1\x85", "\xD1\x95", "\xD1\x96", "\xD1\x98",
};

char look_alike_digit(struct slice text, size_t *len)
{
    *len = 1;
    for (size_t i = 0; i < sizeof(digits) / sizeof(digits[0]); i++) {
        size_t lead = digits[i].lead.len;

        if (text.len > lead && slice_starts(text, digits[i].lead) &&
            (unsigned char)text.at[lead] >= digits[i].first &&
            (unsigned char)text.at[lead] <= digits[i].last) {
            *len = lead + 1;
            return (char)('0' + (unsigned char)text.at[lead] - digits[i].first);
        }
    }
    return '\0';
}

static bool is_double(struct slice text)
{
    for (size_t i = 0; i < sizeof(doubles) / sizeof(doubles[0]); i++) {
        if (slice_starts(text, slice_of(doubles[i], 2))) {
            return true;
        }
    }
    return false;
}

bool look_alike_is_mixed(struct slice text)
{
    bool has_latin = false, has_double = false;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char octet = (unsigned char)text.at[i];

        if ((octet | 0x20) >= 'a' && (octet | 0x20) <= 'z') {
            has_latin = true;
        } else if (octet >= 0x80) {
            has_double = has_double || is_double(slice_skip(text, i));
        } else {
            has_latin = has_double = false; /* another word */
        }
        if (has_latin && has_double) {
            return true;
        }
    }
    return false;
}
