/* CT-FW-09: octets, text and characters that two systems read differently. */
#include "guard/inspect.h"

/* In From and To it is the name of a party, and a Contact cannot be done without (HYG-C02). */
static bool is_needed(const struct sip_header *line)
{
    return line->id == SIP_HEADER_FROM || line->id == SIP_HEADER_TO ||
           line->id == SIP_HEADER_CONTACT;
}

/* Text that can be left out is left out, wherever there is such text; what the reader noted is only
 * the first of it. */
static enum outcome bad_text_found(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    enum outcome outcome = OUTCOME_PASSED;

    for (unsigned i = 0; i < message->header_count; i++) {
        const struct sip_header *line = &message->headers[i];
        struct slice value = sip_slice(message, line->value);

        if (sip_is_utf8(value)) {
            continue;
        }
        if (is_needed(line)) {
            return inspection_found(inspection, value, "HYG-C02");
        }
        inspection_strip_line(inspection, line);
        outcome = inspection_found_as(inspection, value, "HYG-C02", ACTION_STRIP, 0);
    }
    return outcome == OUTCOME_PASSED
               ? inspection_found(inspection, sip_odd_slice(message, SIP_ODD_BAD_UTF8), "HYG-C02")
               : outcome;
}

/* U+200B-200F zero width and marks, U+2028-202E separators and overrides, U+2060-2069, U+FEFF, and
 * the C1 controls U+0080-009F. */
static bool is_deceptive(const unsigned char *at, size_t left)
{
    if (at[0] == 0xC2 && left >= 2) {
        return at[1] >= 0x80 && at[1] <= 0x9F;
    }
    if (at[0] == 0xE2 && left >= 3) {
        return (at[1] == 0x80 &&
                ((at[2] >= 0x8B && at[2] <= 0x8F) || (at[2] >= 0xA8 && at[2] <= 0xAE))) ||
               (at[1] == 0x81 && at[2] >= 0xA0 && at[2] <= 0xA9);
    }
    return at[0] == 0xEF && left >= 3 && at[1] == 0xBB && at[2] == 0xBF;
}

static bool has_deceptive(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        const unsigned char *at = (const unsigned char *)name.at + i;

        if (*at >= 0x80 && is_deceptive(at, name.len - i)) {
            return true;
        }
    }
    return false;
}

static enum outcome display_names(struct inspection *inspection)
{
    static const enum sip_header_name shown[] = {
        SIP_HEADER_FROM,         SIP_HEADER_TO,       SIP_HEADER_P_ASSERTED_IDENTITY,
        SIP_HEADER_REFERRED_BY,  SIP_HEADER_CONTACT,  SIP_HEADER_P_PREFERRED_IDENTITY,
        SIP_HEADER_HISTORY_INFO, SIP_HEADER_DIVERSION};
    const struct sip_message *message = &inspection->message;

    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        const struct sip_value *value = sip_value(message, shown[i]);

        for (; value != NULL; value = sip_value_next(message, value)) {
            if (has_deceptive(sip_slice(message, value->display))) {
                inspection->strips_display_names |= inspection->mode == MODE_ENFORCE;
                return inspection_found_as(inspection, sip_slice(message, value->display),
                                           "HYG-C03", ACTION_STRIP, 0);
            }
        }
    }
    return OUTCOME_PASSED;
}

enum outcome control_character_policy(struct inspection *inspection)
{
    enum outcome outcome = inspection_violations(inspection);

    if (sip_is_odd(&inspection->message, SIP_ODD_BAD_UTF8)) {
        return bad_text_found(inspection);
    }
    return outcome == OUTCOME_FAILED ? outcome : display_names(inspection);
}
