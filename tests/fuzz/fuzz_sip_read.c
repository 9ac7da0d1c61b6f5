/*
 * The reader of messages: whatever comes, all it says lies inside the head, and what it keeps does
 * not depend on how the octets came.
 */
#include <stdint.h>

#include "base/must.h"
#include "wire/sip/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static struct sip_message message, streamed;

static void must_lie_inside(struct sip_span span)
{
    must(span.len == 0 || (size_t)span.at + span.len <= message.head_len);
}

static void must_be_sane(void)
{
    must_lie_inside(message.uri.whole);
    must_lie_inside(message.call_id);
    for (unsigned i = 0; i < message.header_count; i++) {
        const struct sip_header *header = &message.headers[i];

        must_lie_inside(header->name);
        must_lie_inside(header->value);
        must(header->next == 0 || (header->next > i + 1 && header->next <= message.header_count));
    }
    for (unsigned i = 0; i < message.value_count; i++) {
        const struct sip_value *value = &message.values[i];

        must_lie_inside(value->text);
        must_lie_inside(value->params);
        must_lie_inside(value->tag);
        must(value->next == 0 || (value->next > i + 1 && value->next <= message.value_count));
        if (message.headers[value->header].id != SIP_HEADER_VIA) {
            must_lie_inside(value->uri.whole);
            must_lie_inside(value->uri.params);
            must_lie_inside(value->display);
        }
    }
    for (unsigned i = 0; i < SIP_HEADER_COUNT; i++) {
        struct sip_list list;
        struct slice item;

        sip_list_init(&list, &message, (enum sip_header_name)i);
        while (sip_list_next(&list, &message, &item)) {
            must(item.len > 0);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct slice bytes = slice_of((const char *)octets, len);
    enum sip_reading reading = sip_read(&message, bytes, false);

    must(reading != SIP_PARTIAL);
    must_be_sane();
    if (sip_read(&streamed, bytes, true) == SIP_READ) {
        must(reading == SIP_READ && streamed.head_len == message.head_len);
        must(streamed.header_count == message.header_count);
        must(streamed.value_count == message.value_count);
        must(streamed.item_count == message.item_count);
    }
    return 0;
}
