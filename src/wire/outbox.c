#include "wire/outbox.h"

void outbox_init(struct outbox *outbox, char *room, size_t len)
{
    *outbox = (struct outbox){.refused = 0};
    text_init(&outbox->room, room, len);
}

void outbox_reset(struct outbox *outbox)
{
    outbox->room.len = 0;
    outbox->item_count = 0;
    for (uint32_t i = 0; i < outbox->order_count; i++) {
        media_order_wipe(&outbox->orders[i]);
    }
    outbox->order_count = 0;
    outbox->question_count = 0;
}

struct text outbox_text(struct outbox *outbox)
{
    struct text text;

    text_init(&text, outbox->room.at + outbox->room.len, outbox->room.max - outbox->room.len);
    return text;
}

struct outgoing *outbox_send(struct outbox *outbox, const struct text *written,
                             const struct flow *flow)
{
    if (written->is_full || outbox->item_count == OUTBOX_ITEMS_MAX) {
        outbox->refused++;
        return NULL;
    }
    struct outgoing *item = &outbox->items[outbox->item_count++];
    *item = (struct outgoing){.bytes = text_slice(written), .flow = *flow};
    outbox->room.len += written->len;
    return item;
}

struct outgoing *outbox_send_kept(struct outbox *outbox, struct slice bytes,
                                  const struct flow *flow)
{
    struct text text = outbox_text(outbox);

    text_put(&text, bytes);
    return outbox_send(outbox, &text, flow);
}

struct media_order *outbox_order(struct outbox *outbox)
{
    struct media_order *order = NULL;

    if (outbox->order_count == OUTBOX_ORDERS_MAX) {
        outbox->refused++;
        return NULL;
    }
    order = &outbox->orders[outbox->order_count++];
    *order = (struct media_order){.version = MEDIA_ORDER_VERSION};
    return order;
}

void outbox_ask(struct outbox *outbox, uint16_t name)
{
    for (uint32_t i = 0; i < outbox->question_count; i++) {
        if (outbox->questions[i] == name) {
            return;
        }
    }
    if (outbox->question_count == OUTBOX_QUESTIONS_MAX) {
        outbox->refused++;
        return;
    }
    outbox->questions[outbox->question_count++] = name;
}
