/* Keeping values, and the oddities of what was read. */
#include "wire/sip/reader.h"

void sip_note(const struct sip_reader *reader, enum sip_oddity oddity, unsigned from, unsigned to)
{
    uint64_t *bits = &reader->oddities->bits[oddity / 64];
    uint64_t bit = UINT64_C(1) << oddity % 64;

    if ((*bits & bit) == 0 && reader->odd_at != NULL) {
        reader->odd_at[oddity] = span_between(from, to);
    }
    *bits |= bit;
}

struct sip_value *sip_value_add(const struct sip_reader *reader, unsigned header)
{
    struct sip_message *message = reader->message;
    enum sip_header_name name = (enum sip_header_name)message->headers[header].id;
    unsigned last = message->last_value[name];
    struct sip_value *value;

    if (message->value_count == SIP_VALUES_MAX) {
        struct sip_span line = message->headers[header].value;

        sip_note(reader, SIP_ODD_MANY_VALUES, line.at, line.at + line.len);
        return NULL;
    }
    value = &message->values[message->value_count++];
    *value = (struct sip_value){.header = (uint16_t)header};
    if (last == 0) {
        message->first_value[name] = message->value_count;
    } else {
        message->values[last - 1].next = message->value_count;
    }
    message->last_value[name] = message->value_count;
    message->item_count++;
    return value;
}
