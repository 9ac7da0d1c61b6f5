/*
 * The streams of a call: which ports each uses, whose they are, and what the gate is told of them.
 *
 * Nothing is asked of the gate.  What it could not be told for want of room is owed to it and told
 * in a later turn; until then the ports are not given to anybody else.
 */
#include "relay/machine.h"

/* What the gate is told at most in one turn beside the news of that turn. */
enum { STREAMS_TELLS_PER_TURN = OUTBOX_ORDERS_MAX / 2 };

struct media_stream *streams_at(const struct relay *relay, const struct dialog *dialog,
                                unsigned line)
{
    uint32_t index = line < dialog->stream_count ? dialog->streams[line] : 0;

    return index == 0 ? NULL : pool_at(&relay->state->streams, index);
}

/* It holds no ports and is told to nobody, see media_follow. */
bool streams_is_shadow(const struct media_stream *stream)
{
    return stream->sides[0].local.family == ADDRESS_NONE;
}

static bool order_write(struct relay *relay, const struct media_stream *stream,
                        enum media_order_kind kind, struct outbox *outbox)
{
    struct media_order *order = outbox_order(outbox);
    struct handle handle = pool_handle(&relay->state->streams, stream);
    const struct dialog *dialog = pool_find(&relay->state->dialogs, stream->dialog);

    if (order == NULL) {
        relay->counters.outbox_full++;
        return false;
    }
    order->kind = (uint8_t)kind;
    order->media_kind = stream->media_kind;
    order->stream = handle.index;
    order->generation = handle.generation;
    order->worker = relay->worker;
    order->epoch = stream->epoch;
    order->is_emergency = dialog != NULL && dialog->is_emergency;
    order->sides[0] = stream->sides[0];
    order->sides[1] = stream->sides[1];
    if (dialog != NULL) {
        order->sides[0].may_send &= !early_media_is_barred(dialog);
        order->sides[0].bars_events |= early_media_bars_keys(relay, dialog);
    }
    return true;
}

void streams_order(struct relay *relay, struct media_stream *stream, enum media_order_kind kind,
                   struct outbox *outbox)
{
    stream->is_owed = !order_write(relay, stream, kind, outbox);
    relay->owes_streams |= stream->is_owed;
}

/* Keys of a call that is over open nothing that anybody recorded. */
static void stream_wipe(struct media_stream *stream)
{
    media_wipe(stream->agreements, sizeof(stream->agreements));
    for (unsigned side = 0; side < 2; side++) {
        media_wipe(&stream->sides[side].send, sizeof(stream->sides[side].send));
        media_wipe(&stream->sides[side].receive, sizeof(stream->sides[side].receive));
    }
}

/* Its ports come back when the gate knows, not earlier. */
static bool stream_end(struct relay *relay, struct media_stream *stream, struct outbox *outbox)
{
    if (!streams_is_shadow(stream)) {
        if (!order_write(relay, stream, MEDIA_CLOSE, outbox)) {
            return false;
        }
        for (unsigned side = 0; side < 2; side++) {
            media_ports_give(relay->ports, &stream->sides[side].local, relay->now_ms);
        }
    }
    stream_wipe(stream);
    pool_give(&relay->state->streams, stream);
    return true;
}

void streams_close(struct relay *relay, struct dialog *dialog, unsigned line, struct outbox *outbox)
{
    struct media_stream *stream = streams_at(relay, dialog, line);

    if (stream == NULL) {
        return;
    }
    dialog->streams[line] = 0;
    if (!stream_end(relay, stream, outbox)) {
        stream->dialog = (struct handle){.index = 0};
        stream->is_owed = true;
        relay->owes_streams = true;
    }
}

void streams_close_all(struct relay *relay, struct dialog *dialog, struct outbox *outbox)
{
    for (unsigned line = 0; line < dialog->stream_count; line++) {
        streams_close(relay, dialog, line, outbox);
    }
    dialog->stream_count = 0;
}

/* The family a zone's party speaks: the one its signalling came in, when the zone has it. */
enum address_family streams_family(const struct relay *relay, const struct dialog_side *side)
{
    const struct policy_zone *zone = relay_zone(relay, side->zone);

    if (side->flow.remote.family == ADDRESS_V6 && zone->media_v6.family != ADDRESS_NONE) {
        return ADDRESS_V6;
    }
    return zone->media_v4.family != ADDRESS_NONE ? ADDRESS_V4 : ADDRESS_V6;
}

struct media_stream *streams_open(struct relay *relay, struct dialog *dialog, unsigned line)
{
    struct pool *streams = &relay->state->streams;
    struct media_stream *stream =
        !dialog->is_emergency && relay_is_reserve(streams) ? NULL : pool_take(streams);

    if (stream == NULL) {
        return NULL;
    }
    stream->dialog = pool_handle(&relay->state->dialogs, dialog);
    stream->line = (uint8_t)line;
    for (unsigned side = 0; side < 2; side++) {
        stream->zones[side] = dialog->sides[side].zone;
        if (!media_ports_take(relay->ports, dialog->sides[side].zone,
                              streams_family(relay, &dialog->sides[side]), dialog->is_emergency,
                              random_number(relay->random), relay->now_ms,
                              &stream->sides[side].local)) {
            if (side == 1) {
                media_ports_give(relay->ports, &stream->sides[0].local, relay->now_ms);
            }
            pool_give(&relay->state->streams, stream);
            return NULL;
        }
    }
    while (dialog->stream_count <= line) {
        dialog->streams[dialog->stream_count++] = 0;
    }
    dialog->streams[line] = pool_handle(&relay->state->streams, stream).index;
    return stream;
}

/* Streams follow the answerer: of several forks the last one that answered is heard.  What an
 * earlier one said is kept in a stream that holds no ports (a shadow), because it need not say it
 * again when it is taken in the end. */
static void stream_give_to(struct relay *relay, struct media_stream *stream, struct dialog *dialog)
{
    if (stream != NULL) {
        stream->dialog = pool_handle(&relay->state->dialogs, dialog);
    }
}

/* What the answerers said changes places, the ports stay. */
static void shadow_swap(struct media_stream *shadow, struct media_stream *live)
{
    struct media_side said = shadow->sides[1];
    struct media_agreement agreed = shadow->agreements[1];

    said.local = live->sides[1].local;
    shadow->agreements[1] = live->agreements[1];
    live->agreements[1] = agreed;
    shadow->sides[1] = live->sides[1];
    shadow->sides[1].local = (struct address){.family = ADDRESS_NONE};
    live->sides[1] = said;
}

/* Of one m= line, from who was heard until now.  True when the gate must be told. */
static bool line_follow(struct relay *relay, struct dialog *from, struct dialog *to, unsigned line)
{
    struct media_stream *live = streams_at(relay, from, line);
    struct media_stream *shadow = streams_at(relay, to, line);
    bool is_known = shadow != NULL;

    if (live == NULL || streams_is_shadow(live)) {
        return false;
    }
    if (shadow == NULL) {
        shadow = pool_take(&relay->state->streams);
        if (shadow != NULL) {
            shadow->agreements[1] = live->agreements[1]; /* what each of them was offered */
        }
    }
    if (shadow != NULL) {
        shadow->line = live->line;
        shadow->media_kind = live->media_kind;
        shadow_swap(shadow, live);
    }
    from->streams[line] = shadow == NULL ? 0 : pool_handle(&relay->state->streams, shadow).index;
    to->streams[line] = pool_handle(&relay->state->streams, live).index;
    stream_give_to(relay, shadow, from);
    stream_give_to(relay, live, to);
    return is_known;
}

static void lines_follow(struct relay *relay, struct dialog *from, struct dialog *to,
                         struct outbox *outbox)
{
    while (to->stream_count < from->stream_count) {
        to->streams[to->stream_count++] = 0;
    }
    for (unsigned line = 0; line < from->stream_count; line++) {
        if (line_follow(relay, from, to, line)) {
            struct media_stream *live = streams_at(relay, to, line);

            live->epoch++;
            streams_order(relay, live, MEDIA_OPEN, outbox);
        }
    }
}

bool streams_are_live(const struct relay *relay, const struct dialog *dialog)
{
    for (unsigned line = 0; line < dialog->stream_count; line++) {
        const struct media_stream *stream = streams_at(relay, dialog, line);

        if (stream != NULL && !streams_is_shadow(stream)) {
            return true;
        }
    }
    return false;
}

void streams_follow(struct relay *relay, struct dialog *dialog, struct outbox *outbox)
{
    struct slice tag = slice_string(dialog->sides[1].local_tag);
    uint64_t key = hash_bytes(&relay->state->key, tag);
    struct table_cursor cursor = {0};
    uint32_t index = 0;

    while (table_next(&relay->state->by_tag, key, &cursor, &index)) {
        struct dialog *sibling = pool_at(&relay->state->dialogs, index);

        if (sibling != dialog && sibling->family == dialog->family &&
            streams_are_live(relay, sibling)) {
            lines_follow(relay, sibling, dialog, outbox);
            return;
        }
    }
}

void streams_tell_all(struct relay *relay, enum media_order_kind kind)
{
    relay->tells_streams = true;
    relay->tells_kind = (uint8_t)kind;
    relay->told_stream = 0;
}

static bool is_told(const struct media_stream *stream)
{
    return !streams_is_shadow(stream) && !handle_is_none(stream->dialog);
}

static void tell_some(struct relay *relay, struct outbox *outbox)
{
    struct media_stream *stream = NULL;
    struct media_order *settled = NULL;

    for (unsigned i = 0; i < STREAMS_TELLS_PER_TURN; i++) {
        stream = pool_next(&relay->state->streams, &relay->told_stream);
        if (stream == NULL) {
            settled = outbox_order(outbox);
            relay->tells_streams = settled == NULL; /* then in the next turn */
            if (settled != NULL) {
                settled->kind = MEDIA_SETTLED;
                settled->worker = relay->worker;
            }
            return;
        }
        if (is_told(stream)) {
            streams_order(relay, stream, relay->tells_kind, outbox);
        }
    }
}

static void tell_owed(struct relay *relay, struct outbox *outbox)
{
    struct media_stream *stream = NULL;
    uint32_t index = 0;

    relay->owes_streams = false;
    while ((stream = pool_next(&relay->state->streams, &index)) != NULL) {
        if (!stream->is_owed) {
            continue;
        }
        if (outbox->order_count >= STREAMS_TELLS_PER_TURN) {
            relay->owes_streams = true;
            return;
        }
        if (!handle_is_none(stream->dialog)) {
            streams_order(relay, stream, MEDIA_OPEN, outbox);
        } else if (!stream_end(relay, stream, outbox)) {
            relay->owes_streams = true;
        }
    }
}

void streams_tell(struct relay *relay, struct outbox *outbox)
{
    if (relay->owes_streams) {
        tell_owed(relay, outbox);
    }
    if (relay->tells_streams) {
        tell_some(relay, outbox);
    }
}

void streams_let_go_unknown(struct relay *relay, const struct media_report *report,
                            struct outbox *outbox)
{
    struct media_order *order = outbox_order(outbox);

    if (order != NULL) {
        order->kind = MEDIA_CLOSE;
        order->stream = report->stream;
        order->generation = report->generation;
        order->worker = relay->worker;
    }
}
