/*
 * The media of a call run through us: SDP is written anew with our addresses, and the gate is told
 * whom to expect (rules 1.8, 4.5, 8.4).
 *
 * The relay decides which ports a stream uses; nothing is asked of the gate.
 */
#include "relay/machine.h"
#include "wire/sdp/write.h"

/* What the gate is told at most in one turn, when it is told everything. */
enum { MEDIA_TELLS_PER_TURN = OUTBOX_ORDERS_MAX / 2 };

static struct media_stream *stream_at(const struct relay *relay, const struct dialog *dialog,
                                      unsigned line)
{
    uint32_t index = line < dialog->stream_count ? dialog->streams[line] : 0;

    return index == 0 ? NULL : pool_at(&relay->state->streams, index);
}

static void order_stream(struct relay *relay, const struct media_stream *stream,
                         enum media_order_kind kind, struct outbox *outbox)
{
    struct media_order *order = outbox_order(outbox);
    struct handle handle = pool_handle(&relay->state->streams, stream);
    const struct dialog *dialog = pool_find(&relay->state->dialogs, stream->dialog);

    if (order == NULL) {
        relay->counters.outbox_full++;
        return;
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
}

static void stream_close(struct relay *relay, struct dialog *dialog, unsigned line,
                         struct outbox *outbox)
{
    struct media_stream *stream = stream_at(relay, dialog, line);

    if (stream == NULL) {
        return;
    }
    if (outbox != NULL) {
        order_stream(relay, stream, MEDIA_CLOSE, outbox);
    }
    for (unsigned side = 0; side < 2; side++) {
        media_ports_give(relay->ports, &stream->sides[side].local, relay->now_ms);
    }
    pool_give(&relay->state->streams, stream);
    dialog->streams[line] = 0;
}

void media_close(struct relay *relay, struct dialog *dialog, struct outbox *outbox)
{
    for (unsigned line = 0; line < dialog->stream_count; line++) {
        stream_close(relay, dialog, line, outbox);
    }
    dialog->stream_count = 0;
}

/* The family a zone's party speaks: the one its signalling came in, when the zone has it. */
static enum address_family family_of(const struct relay *relay, const struct dialog_side *side)
{
    const struct policy_zone *zone = relay_zone(relay, side->zone);

    if (side->flow.remote.family == ADDRESS_V6 && zone->media_v6.family != ADDRESS_NONE) {
        return ADDRESS_V6;
    }
    return zone->media_v4.family != ADDRESS_NONE ? ADDRESS_V4 : ADDRESS_V6;
}

static struct media_stream *stream_open(struct relay *relay, struct dialog *dialog, unsigned line)
{
    struct media_stream *stream = pool_take(&relay->state->streams);

    if (stream == NULL) {
        return NULL;
    }
    stream->dialog = pool_handle(&relay->state->dialogs, dialog);
    stream->line = (uint8_t)line;
    for (unsigned side = 0; side < 2; side++) {
        stream->zones[side] = dialog->sides[side].zone;
        if (!media_ports_take(relay->ports, dialog->sides[side].zone,
                              family_of(relay, &dialog->sides[side]), dialog->is_emergency,
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

static void side_set_prefixes(const struct relay *relay, const struct dialog_side *party,
                              struct media_side *side)
{
    const struct policy_peer *peer = relay_peer(relay, party->peer);

    side->prefix_count = 0;
    if (peer == NULL) {
        return;
    }
    side->has_asymmetric_port = peer->has_asymmetric_port;
    for (uint32_t i = 0; i < peer->media_prefix_count && i < MEDIA_PREFIXES_MAX; i++) {
        side->prefixes[side->prefix_count++] = peer->media_prefixes[i];
    }
}

/* What one party said of this medium. */
static void side_hear(const struct relay *relay, const struct sdp *sdp,
                      const struct sdp_media *media, const struct dialog_side *party,
                      struct media_side *side)
{
    const struct policy_zone *zone = relay_zone(relay, party->zone);
    enum sdp_direction direction = sdp_media_direction(sdp, media);
    struct address remote = {.family = ADDRESS_NONE}, rtcp = {.family = ADDRESS_NONE};

    if (!sdp_media_address(sdp, media, &remote) || address_is_unspecified(&remote)) {
        remote = (struct address){.family = ADDRESS_NONE}; /* on hold the old way (RFC 2543) */
    }
    side->remote = remote;
    side->has_rtcp_mux = sdp_has(&media->level, SDP_ATTRIBUTE_RTCP_MUX);
    side->remote_rtcp_port = 0;
    if (!side->has_rtcp_mux && sdp_media_rtcp_address(sdp, media, &rtcp)) {
        side->remote_rtcp_port = rtcp.port;
    }
    side->may_send = direction == SDP_SENDRECV || direction == SDP_SENDONLY;
    side->is_secure = sdp_protocol_is_secure(media->protocol);
    side->passes_dtls = side->is_secure &&
                        (media->level.fingerprint_count > 0 || sdp->session.fingerprint_count > 0);
    side->hides = zone->hides && !side->is_secure;
    side->learns = zone->is_nat;
    side->learn_host = party->flow.remote;
    side_set_prefixes(relay, party, side);
}

static void stream_hear(struct relay *relay, const struct sdp *sdp, const struct sdp_media *media,
                        const struct dialog *dialog, unsigned side_from,
                        struct media_stream *stream, struct outbox *outbox)
{
    struct media_side *from = &stream->sides[side_from];
    struct media_side *to = &stream->sides[side_from ^ 1];

    side_hear(relay, sdp, media, &dialog->sides[side_from], from);
    stream->media_kind =
        sdp_protocol_carries(media->protocol) == SDP_CARRIES_UDPTL ? MEDIA_UDPTL : MEDIA_RTP;
    /* Numbers are the receiver's choice (RFC 3264 5.1), and an answer repeats the offer's: what
     * either named may come from both. */
    for (unsigned i = 0; i < 2; i++) {
        from->payload_types[i] |= media->payload_types[i];
        to->payload_types[i] |= media->payload_types[i];
    }
    stream->epoch++;
    order_stream(relay, stream, MEDIA_OPEN, outbox);
}

/* Streams follow the answerer: of several forks the last one that answered is heard. */
static void streams_follow(struct relay *relay, struct dialog *dialog)
{
    struct slice tag = slice_string(dialog->sides[1].local_tag);
    uint64_t key = hash_bytes(&relay->state->key, tag);
    struct table_cursor cursor = {0};
    uint32_t index = 0;

    if (dialog->stream_count > 0) {
        return;
    }
    while (table_next(&relay->state->by_tag, key, &cursor, &index)) {
        struct dialog *sibling = pool_at(&relay->state->dialogs, index);

        if (sibling == dialog || sibling->family != dialog->family || sibling->stream_count == 0) {
            continue;
        }
        dialog->stream_count = sibling->stream_count;
        memcpy(dialog->streams, sibling->streams, sizeof(dialog->streams));
        sibling->stream_count = 0;
        for (unsigned line = 0; line < dialog->stream_count; line++) {
            struct media_stream *stream = stream_at(relay, dialog, line);

            if (stream != NULL) {
                stream->dialog = pool_handle(&relay->state->dialogs, dialog);
            }
        }
        return;
    }
}

static bool is_relayed(const struct sdp_media *media)
{
    enum sdp_carries carries = sdp_protocol_carries(media->protocol);

    return carries == SDP_CARRIES_RTP || carries == SDP_CARRIES_UDPTL;
}

/* Every medium we can carry gets a stream; the others are refused in our name. */
static bool media_hear(struct relay *relay, const struct sdp *sdp, struct dialog *dialog,
                       unsigned side_from, struct sdp_media_rewrite *rewrites,
                       struct outbox *outbox)
{
    for (unsigned line = 0; line < sdp->media_count; line++) {
        const struct sdp_media *media = &sdp->media[line];
        struct media_stream *stream = NULL;

        rewrites[line] = (struct sdp_media_rewrite){.rtcp_port = 0};
        if (line >= DIALOG_STREAMS_MAX) {
            continue;
        }
        if (media->port == 0 || !is_relayed(media)) {
            stream_close(relay, dialog, line, outbox);
            continue;
        }
        stream = stream_at(relay, dialog, line);
        if (stream == NULL) {
            stream = stream_open(relay, dialog, line);
        }
        if (stream == NULL) {
            return false;
        }
        stream_hear(relay, sdp, media, dialog, side_from, stream, outbox);
        rewrites[line].address = stream->sides[side_from ^ 1].local;
    }
    return true;
}

/* o= is ours on every leg; its version rises when what the party says changes (RFC 3264 8). */
static void set_origin(struct relay *relay, struct dialog *dialog, unsigned side_from,
                       struct slice text, struct sdp_rewrite *rewrite)
{
    struct dialog_side *from = &dialog->sides[side_from];
    struct dialog_side *to = &dialog->sides[side_from ^ 1];
    uint64_t hash = hash_bytes(&relay->state->key, text);

    if (from->sdp_hash != hash) {
        from->sdp_hash = hash;
        to->sdp_version++;
    }
    rewrite->session_id = to->sdp_id;
    rewrite->session_version = to->sdp_version;
}

static struct address our_address(const struct relay *relay, const struct dialog_side *to)
{
    const struct policy_zone *zone = relay_zone(relay, to->zone);
    enum address_family family = family_of(relay, to);
    struct address address = family == ADDRESS_V6 ? zone->media_v6 : zone->media_v4;

    if (address.family == ADDRESS_NONE) {
        address = relay->policy->listeners[to->flow.listener].address;
    }
    return address;
}

/* The SDP may be one part of a multipart body: what stands around it stays. */
static bool write_around(struct text *room, struct slice body, struct slice old,
                         const struct sdp *sdp, const struct sdp_rewrite *rewrite)
{
    text_put(room, slice_between(body.at, old.at));
    if (!sdp_write(room, sdp, rewrite)) {
        return false;
    }
    text_put(room, slice_between(old.at + old.len, body.at + body.len));
    return !room->is_full;
}

bool media_offer_or_answer(struct relay *relay, struct inspection *inspection,
                           struct dialog *dialog, unsigned side_from, struct text *room,
                           struct slice *body, struct outbox *outbox)
{
    const struct sdp *sdp = inspection_sdp(inspection);
    struct dialog_side *from = &dialog->sides[side_from], *to = &dialog->sides[side_from ^ 1];
    struct sdp_media_rewrite rewrites[SDP_MEDIA_MAX];
    struct sdp_rewrite rewrite = {.keeps_keys = true};

    if (sdp == NULL || sdp->media_count == 0) {
        return true;
    }
    rewrite.address = our_address(relay, to);
    rewrite.keeps_unknown = relay_zone(relay, to->zone)->class == ZONE_CORE;
    if (relay_zone(relay, from->zone)->media == MEDIA_ANCHOR &&
        relay_zone(relay, to->zone)->media == MEDIA_ANCHOR) {
        streams_follow(relay, dialog);
        if (!media_hear(relay, sdp, dialog, side_from, rewrites, outbox)) {
            return false;
        }
        rewrite.media = rewrites;
    }
    set_origin(relay, dialog, side_from, inspection->sdp_text, &rewrite);
    if (!write_around(room, inspection->message.body, inspection->sdp_text, sdp, &rewrite)) {
        relay->counters.too_large++;
        return false;
    }
    *body = text_slice(room);
    return true;
}

void media_tell_all(struct relay *relay, enum media_order_kind kind)
{
    relay->tells_streams = true;
    relay->tells_kind = (uint8_t)kind;
    relay->told_stream = 0;
}

void media_tell(struct relay *relay, struct outbox *outbox)
{
    struct media_stream *stream = NULL;
    struct media_order *settled = NULL;

    for (unsigned i = 0; relay->tells_streams && i < MEDIA_TELLS_PER_TURN; i++) {
        stream = pool_next(&relay->state->streams, &relay->told_stream);
        if (stream != NULL) {
            order_stream(relay, stream, relay->tells_kind, outbox);
            continue;
        }
        relay->tells_streams = false;
        settled = outbox_order(outbox);
        if (settled != NULL) {
            settled->kind = MEDIA_SETTLED;
            settled->worker = relay->worker;
        }
    }
}
