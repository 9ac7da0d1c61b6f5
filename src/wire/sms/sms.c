#include "wire/sms/sms.h"

enum {
    ADDRESS_DIGITS_MAX = 20, /* TS 23.040 9.1.2.5 */
    VALIDITY_RELATIVE = 1,
    VALIDITY_LONG = 7,
    ELEMENT_PORT_8 = 0x04,
    ELEMENT_PORT_16 = 0x05,
    ELEMENT_COMMAND_PACKET = 0x70,
};

static bool octet_take(struct slice *rest, uint8_t *octet)
{
    if (rest->len == 0) {
        return false;
    }
    *octet = (uint8_t)rest->at[0];
    *rest = slice_skip(*rest, 1);
    return true;
}

static bool octets_take(struct slice *rest, size_t len, struct slice *part)
{
    if (rest->len < len) {
        return false;
    }
    *part = slice_head(*rest, len);
    *rest = slice_skip(*rest, len);
    return true;
}

/* One octet of length, and that many. */
static bool counted_take(struct slice *rest, struct slice *part)
{
    uint8_t len;

    return octet_take(rest, &len) && octets_take(rest, len, part);
}

/* A length in digits, the kind of number, two digits an octet. */
static bool address_take(struct slice *rest)
{
    uint8_t digits, kind;
    struct slice number;

    return octet_take(rest, &digits) && digits <= ADDRESS_DIGITS_MAX && octet_take(rest, &kind) &&
           octets_take(rest, (digits + 1U) / 2, &number);
}

static void element_note(struct sms *sms, uint8_t name, struct slice value)
{
    if (name == ELEMENT_PORT_8 && value.len == 2) {
        sms->port = (uint8_t)value.at[0];
    } else if (name == ELEMENT_PORT_16 && value.len == 4) {
        sms->port = (uint32_t)((uint8_t)value.at[0] << 8 | (uint8_t)value.at[1]);
    } else if (name == ELEMENT_COMMAND_PACKET) {
        sms->commands_card = true;
    }
}

/* The header in front of the text: name, length, value. */
static bool header_read(struct sms *sms, struct slice text)
{
    struct slice header, value;
    uint8_t name;

    if (!counted_take(&text, &header)) {
        return false;
    }
    while (header.len > 0) {
        if (!octet_take(&header, &name) || !counted_take(&header, &value)) {
            return false;
        }
        element_note(sms, name, value);
    }
    return true;
}

/* Protocol, coding, time_len octets of when, and the text. */
static bool text_read(struct sms *sms, struct slice rest, size_t time_len, bool has_header)
{
    struct slice when;
    uint8_t len;

    if (!octet_take(&rest, &sms->protocol) || !octet_take(&rest, &sms->coding) ||
        !octets_take(&rest, time_len, &when) || !octet_take(&rest, &len)) {
        return false;
    }
    return !has_header || header_read(sms, rest);
}

static size_t validity_len(uint8_t first)
{
    unsigned format = first >> 3 & 3;

    return format == 0 ? 0 : format == 2 ? VALIDITY_RELATIVE : VALIDITY_LONG;
}

static bool tpdu_read(struct sms *sms, struct slice rest)
{
    uint8_t first, reference;
    bool has_header;

    if (!octet_take(&rest, &first)) {
        return false;
    }
    has_header = (first & 0x40) != 0;
    switch (first & 3) {
    case 0: /* from a user it is the report of one delivered */
        sms->kind = sms->is_from_user ? SMS_REPORT : SMS_DELIVER;
        return sms->is_from_user || (address_take(&rest) && text_read(sms, rest, 7, has_header));
    case 1:
        sms->kind = sms->is_from_user ? SMS_SUBMIT : SMS_REPORT;
        return !sms->is_from_user || (octet_take(&rest, &reference) && address_take(&rest) &&
                                      text_read(sms, rest, validity_len(first), has_header));
    case 2:
        sms->kind = sms->is_from_user ? SMS_COMMAND : SMS_REPORT;
        return true;
    default:
        return false;
    }
}

bool sms_read(struct sms *sms, struct slice octets)
{
    struct slice rest = octets, originator, destination, tpdu;
    uint8_t type, reference;

    *sms = (struct sms){.kind = SMS_REPORT, .port = SMS_NO_PORT};
    if (!octet_take(&rest, &type) || !octet_take(&rest, &reference) || type > 6) {
        return false;
    }
    sms->is_from_user = (type & 1) == 0;
    if (type > 1) {
        return true; /* an acknowledgement, an error, memory again */
    }
    if (!counted_take(&rest, &originator) || !counted_take(&rest, &destination) ||
        !counted_take(&rest, &tpdu) || rest.len > 0) {
        return false;
    }
    sms->has_originator = originator.len > 0;
    return tpdu_read(sms, tpdu);
}

bool sms_is_for_card(const struct sms *sms)
{
    bool has_class =
        ((sms->coding & 0xC0) == 0 && (sms->coding & 0x10) != 0) || (sms->coding & 0xF0) == 0xF0;

    return has_class && (sms->coding & 3) == 2;
}
