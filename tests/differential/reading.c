#include "reading.h"

#include "wire/sip/chars.h"
#include "wire/sip/message.h"

const char *const reading_names[READING_PARTS] = {
    [READING_TARGET] = "target",     [READING_FROM] = "from",       [READING_TO] = "to",
    [READING_ASSERTED] = "asserted", [READING_CALL_ID] = "call-id", [READING_BODY] = "body",
    [READING_LENGTH] = "length",
};

static struct text part_text(struct reading *reading, enum reading_part part)
{
    struct text text;

    text_init(&text, reading->parts[part], READING_TEXT - 1);
    return text;
}

static void part_end(struct reading *reading, enum reading_part part, const struct text *text)
{
    reading->parts[part][text->len] = '\0';
}

static void put_decoded(struct text *text, struct slice octets)
{
    while (octets.len > 0) {
        bool is_escape = octets.at[0] == '%' && octets.len >= 3 && char_hex(octets.at[1]) >= 0 &&
                         char_hex(octets.at[2]) >= 0;

        text_put_octet(text, is_escape
                                 ? (char)(char_hex(octets.at[1]) * 16 + char_hex(octets.at[2]))
                                 : octets.at[0]);
        octets = slice_skip(octets, is_escape ? 3 : 1);
    }
}

static void put_lower(struct text *text, struct slice octets)
{
    for (size_t i = 0; i < octets.len; i++) {
        char octet = octets.at[i];

        text_put_octet(text, octet >= 'A' && octet <= 'Z' ? (char)(octet | 0x20) : octet);
    }
}

void reading_set_uri(struct reading *reading, enum reading_part part, struct slice scheme,
                     struct slice user, struct slice host, struct slice port)
{
    struct text text = part_text(reading, part);

    if (host.len >= 2 && host.at[0] == '[') {
        host = slice_of(host.at + 1, host.len - 2);
    }
    put_lower(&text, scheme);
    text_put_octet(&text, ':');
    put_decoded(&text, user);
    text_put_octet(&text, '@');
    put_lower(&text, host);
    if (port.len > 0 && !slice_equal(port, SLICE("0"))) {
        text_put_octet(&text, ':');
        while (port.len > 1 && port.at[0] == '0') {
            port = slice_skip(port, 1);
        }
        text_put(&text, port);
    }
    part_end(reading, part, &text);
}

void reading_set(struct reading *reading, enum reading_part part, struct slice octets)
{
    struct text text = part_text(reading, part);

    text_put(&text, octets);
    part_end(reading, part, &text);
}

void reading_set_number(struct reading *reading, enum reading_part part, unsigned long number)
{
    struct text text = part_text(reading, part);

    text_put_number(&text, number);
    part_end(reading, part, &text);
}

static void set_ours(struct reading *reading, enum reading_part part, bool is_short,
                     const struct sip_message *message, const struct sip_uri *uri)
{
    struct slice scheme =
        uri->scheme == SIP_SCHEME_SIPS && !is_short ? SLICE("sips") : SLICE("sip");
    char port[8];
    struct text digits;

    if (uri->scheme != SIP_SCHEME_SIP && uri->scheme != SIP_SCHEME_SIPS) {
        reading_set(reading, part, SLICE("?"));
        return;
    }
    text_init(&digits, port, sizeof(port));
    text_put_number(&digits, is_short ? 0 : uri->port);
    reading_set_uri(reading, part, scheme, sip_slice(message, uri->user),
                    sip_slice(message, uri->host), text_slice(&digits));
}

static void set_header(struct reading *reading, enum reading_part part, bool is_short,
                       const struct sip_message *message, enum sip_header_name name)
{
    const struct sip_value *value = sip_value(message, name);

    if (value != NULL) {
        set_ours(reading, part, is_short, message, &value->uri);
    }
}

bool reading_ours(struct slice bytes, bool is_short, struct reading *reading)
{
    static struct sip_message message;

    *reading = (struct reading){0};
    if (sip_read(&message, bytes, false) != SIP_READ) {
        return false;
    }
    if (message.is_request) {
        set_ours(reading, READING_TARGET, is_short, &message, &message.uri);
    }
    set_header(reading, READING_FROM, is_short, &message, SIP_HEADER_FROM);
    set_header(reading, READING_TO, is_short, &message, SIP_HEADER_TO);
    set_header(reading, READING_ASSERTED, is_short, &message, SIP_HEADER_P_ASSERTED_IDENTITY);
    reading_set(reading, READING_CALL_ID, sip_call_id(&message));
    reading_set_number(reading, READING_BODY, message.body.len);
    reading_set_number(reading, READING_LENGTH, message.content_length);
    return true;
}
