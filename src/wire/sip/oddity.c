/* The oddities of what was read, and where they are. */
#include "wire/sip/reader.h"

void sip_note(const struct sip_reader *reader, enum sip_oddity oddity, size_t from, size_t to)
{
    uint64_t *bits = &reader->oddities->bits[oddity / 64];
    uint64_t bit = UINT64_C(1) << oddity % 64;

    if ((*bits & bit) == 0 && reader->odd_at != NULL) {
        span_set(&reader->odd_at[oddity], from, to);
    }
    *bits |= bit;
}

void sip_empty_note(const struct sip_reader *reader, const struct sip_header *header, size_t limit,
                    bool has_others)
{
    sip_note(reader, has_others ? SIP_ODD_EMPTY_MEMBER : SIP_ODD_EMPTY_VALUE, header->value.at,
             limit);
}

struct slice sip_odd_slice(const struct sip_message *message, enum sip_oddity oddity)
{
    struct sip_span span = message->odd_at[oddity];

    if (!sip_is_odd(message, oddity)) {
        return SLICE_NONE;
    }
    if (oddity == SIP_ODD_LEADING_LINES) {
        return slice_of(message->head - span.len, span.len);
    }
    if (oddity == SIP_ODD_TRAILING_OCTETS || oddity == SIP_ODD_TRAILING_MESSAGE) {
        return message->trailing;
    }
    return sip_slice(message, span);
}
