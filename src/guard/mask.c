#include "guard/mask.h"

static bool is_digit(char octet)
{
    return octet >= '0' && octet <= '9';
}

static bool is_number(struct slice user)
{
    size_t digits = 0;

    for (size_t i = 0; i < user.len; i++) {
        if (is_digit(user.at[i])) {
            digits++;
        } else if (memchr("+-.()*#", user.at[i], 7) == NULL) {
            return false;
        }
    }
    return digits >= MASK_NUMBER_LEAST;
}

void mask_user(struct text *text, struct slice user, const struct hash_key *key)
{
    /* Parameters of a telephone subscriber follow the digits. */
    struct slice digits = slice_head(user, slice_find(user, ';'));

    if (!is_number(digits)) {
        text_put(text, user);
        return;
    }
    uint32_t hash = (uint32_t)hash_bytes(key, digits);
    text_put(text, slice_head(digits, MASK_KEPT));
    text_put_octet(text, '~');
    text_put_hex(text, slice_of((const char *)&hash, sizeof(hash)));
}

static size_t digit_run(struct slice text)
{
    size_t len = 0;

    while (len < text.len && is_digit(text.at[len])) {
        len++;
    }
    return len;
}

void mask_digits(struct text *text, struct slice shown)
{
    while (shown.len > 0) {
        size_t run = digit_run(shown);

        if (run < MASK_NUMBER_LEAST) {
            size_t len = run == 0 ? 1 : run;
            text_put(text, slice_head(shown, len));
            shown = slice_skip(shown, len);
            continue;
        }
        text_put(text, slice_head(shown, MASK_KEPT));
        for (size_t i = MASK_KEPT; i < run; i++) {
            text_put_octet(text, '*');
        }
        shown = slice_skip(shown, run);
    }
}
