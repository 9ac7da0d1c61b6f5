/* CT-IDN-18: a display name that shows another number or address than the caller's. */
#include "guard/identity.h"
#include "guard/look_alikes.h"

enum {
    DISPLAY_MAX = 64, /* what a screen shows; CT-IDN-18 */
    DIGITS_LEAST = 7, /* fewer are a room, a year, an extension; IDN-11 */
};

/* All digits of any script, whatever stands between them. */
static struct slice digits_of(struct slice display, char *room, size_t max)
{
    size_t len = 0;

    while (display.len > 0 && len < max) {
        size_t octets;
        char digit = look_alike_digit(display, &octets);

        if (digit != '\0') {
            room[len++] = digit;
        }
        display = slice_skip(display, octets);
    }
    return slice_of(room, len);
}

/* People write their number with and without country code. */
static bool is_same_number(struct slice digits, struct slice number)
{
    number = slice_skip(number, identity_is_global(number) ? 1 : 0);
    while (digits.len > 0 && digits.at[0] == '0') {
        digits = slice_skip(digits, 1);
    }
    return slice_ends(number, digits) || slice_ends(digits, number);
}

static bool shows_another_number(const struct sip_message *message, const struct sip_value *value,
                                 struct slice display)
{
    char room[IDENTITY_DIGITS_MAX], shown[IDENTITY_DIGITS_MAX];
    struct slice digits = digits_of(display, shown, sizeof(shown));

    if (digits.len < DIGITS_LEAST) {
        return false;
    }
    struct slice number = identity_number(message, &value->uri, room);
    return number.len == 0 || !is_same_number(digits, number);
}

/* A name that looks like an address is read as one. */
static bool shows_another_address(const struct sip_message *message, const struct sip_value *value,
                                  struct slice display)
{
    struct slice host = sip_slice(message, value->uri.host);

    return slice_find(display, '@') < display.len && !(host.len > 0 && slice_has(display, host));
}

/* Most names have neither: they are looked at once. */
static bool is_suspect(struct slice display)
{
    unsigned digits = 0;

    for (size_t i = 0; i < display.len; i++) {
        char octet = display.at[i];

        if ((unsigned char)octet >= 0x80) {
            return true; /* digits and letters of other scripts */
        }
        if (octet <= '@' &&
            (octet == '@' || (octet >= '0' && octet <= '9' && ++digits == DIGITS_LEAST))) {
            return true;
        }
    }
    return display.len > DISPLAY_MAX;
}

static enum outcome look_at(struct inspection *inspection, enum sip_header_name name)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *value = sip_value(message, name);

    for (; value != NULL; value = sip_value_next(message, value)) {
        struct slice display = sip_slice(message, value->display);

        if (is_suspect(display) &&
            (display.len > DISPLAY_MAX || shows_another_number(message, value, display) ||
             shows_another_address(message, value, display) || look_alike_is_mixed(display))) {
            inspection->strips_display_names |= inspection->mode == MODE_ENFORCE;
            return inspection_found(inspection, display, "IDN-11");
        }
    }
    return OUTCOME_PASSED;
}

enum outcome control_display_name(struct inspection *inspection)
{
    if (!inspection_is_new(inspection)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    enum outcome from = look_at(inspection, SIP_HEADER_FROM);
    enum outcome asserted = look_at(inspection, SIP_HEADER_P_ASSERTED_IDENTITY);
    return from == OUTCOME_FAILED ? from : asserted;
}
