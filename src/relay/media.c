/*
 * The media of a call run through us: SDP is written anew with our addresses, and the gate is told
 * whom to expect (rules 1.8, 4.5, 8.4).
 *
 * The relay decides which ports a stream uses; nothing is asked of the gate.
 */
#include "relay/machine.h"
#include "relay/media_rates.h"
#include "wire/sdp/write.h"

/* What the gate is told at most in one turn, when it is told everything. */
enum { MEDIA_TELLS_PER_TURN = OUTBOX_ORDERS_MAX / 2 };

static struct media_stream *stream_at(const struct relay *relay, const struct dialog *dialog,
                                      unsigned line)
{
    uint32_t index = line < dialog->stream_count ? dialog->streams[line] : 0;

    return index == 0 ? NULL : pool_at(&relay->state->streams, index);
}

/* It holds no ports and is told to nobody, see media_follow. */
static bool stream_is_shadow(const struct media_stream *stream)
{
    return stream->sides[0].local.family == ADDRESS_NONE;
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
    /* We pass the attribute on, so either both parties agreed to it or neither did. */
    order->sides[0].has_rtcp_mux = order->sides[1].has_rtcp_mux =
        stream->sides[0].has_rtcp_mux && stream->sides[1].has_rtcp_mux;
}

static void stream_close(struct relay *relay, struct dialog *dialog, unsigned line,
                         struct outbox *outbox)
{
    struct media_stream *stream = stream_at(relay, dialog, line);

    if (stream == NULL) {
        return;
    }
    if (!stream_is_shadow(stream)) {
        order_stream(relay, stream, MEDIA_CLOSE, outbox);
        for (unsigned side = 0; side < 2; side++) {
            media_ports_give(relay->ports, &stream->sides[side].local, relay->now_ms);
        }
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

/* The 2xx of an INVITE comes again until it is acknowledged: nothing new, no ports are learned
 * anew (MED-02). */
static bool is_repeated(const struct inspection *inspection)
{
    const struct exchange *exchange = inspection->match.exchange;

    return !inspection->message.is_request && exchange != NULL &&
           exchange->server_state == SERVER_ACCEPTED;
}

static void stream_hear(struct relay *relay, const struct sdp *sdp, const struct sdp_media *media,
                        const struct dialog *dialog, unsigned side_from,
                        struct media_stream *stream, struct outbox *outbox)
{
    struct media_side *from = &stream->sides[side_from];
    struct media_side *to = &stream->sides[side_from ^ 1];

    side_hear(relay, sdp, media, &dialog->sides[side_from], from);
    media_rates_hear(sdp, media, to, from);
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

    said.local = live->sides[1].local;
    shadow->sides[1] = live->sides[1];
    shadow->sides[1].local = (struct address){.family = ADDRESS_NONE};
    live->sides[1] = said;
}

/* Of one m= line, from who was heard until now.  True when the gate must be told. */
static bool line_follow(struct relay *relay, struct dialog *from, struct dialog *to, unsigned line)
{
    struct media_stream *live = stream_at(relay, from, line);
    struct media_stream *shadow = stream_at(relay, to, line);
    bool is_known = shadow != NULL;

    if (live == NULL || stream_is_shadow(live)) {
        return false;
    }
    if (shadow == NULL) {
        shadow = pool_take(&relay->state->streams);
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

static void streams_follow(struct relay *relay, struct dialog *from, struct dialog *to,
                           struct outbox *outbox)
{
    while (to->stream_count < from->stream_count) {
        to->streams[to->stream_count++] = 0;
    }
    for (unsigned line = 0; line < from->stream_count; line++) {
        if (line_follow(relay, from, to, line)) {
            struct media_stream *live = stream_at(relay, to, line);

            live->epoch++;
            order_stream(relay, live, MEDIA_OPEN, outbox);
        }
    }
}

static bool has_live_streams(const struct relay *relay, const struct dialog *dialog)
{
    for (unsigned line = 0; line < dialog->stream_count; line++) {
        const struct media_stream *stream = stream_at(relay, dialog, line);

        if (stream != NULL && !stream_is_shadow(stream)) {
            return true;
        }
    }
    return false;
}

void media_follow(struct relay *relay, struct dialog *dialog, struct outbox *outbox)
{
    struct slice tag = slice_string(dialog->sides[1].local_tag);
    uint64_t key = hash_bytes(&relay->state->key, tag);
    struct table_cursor cursor = {0};
    uint32_t index = 0;

    while (table_next(&relay->state->by_tag, key, &cursor, &index)) {
        struct dialog *sibling = pool_at(&relay->state->dialogs, index);

        if (sibling != dialog && sibling->family == dialog->family &&
            has_live_streams(relay, sibling)) {
            streams_follow(relay, sibling, dialog, outbox);
            return;
        }
    }
}

static bool is_relayed(const struct sdp_media *media)
{
    enum sdp_carries carries = sdp_protocol_carries(media->protocol);

    return carries == SDP_CARRIES_RTP || carries == SDP_CARRIES_UDPTL;
}

/* Every medium we can carry gets a stream; the others are refused in our name. */
static bool line_hear(struct relay *relay, struct inspection *inspection, struct dialog *dialog,
                      unsigned side_from, unsigned line, struct address *ours,
                      struct outbox *outbox)
{
    const struct sdp *sdp = &inspection->sdp;
    const struct sdp_media *media = &sdp->media[line];
    struct media_stream *stream = stream_at(relay, dialog, line);

    if (media->port == 0 || !is_relayed(media)) {
        stream_close(relay, dialog, line, outbox);
        return true;
    }
    if (stream != NULL && stream_is_shadow(stream)) {
        stream_close(relay, dialog, line, outbox);
        stream = NULL;
    }
    if (stream == NULL) {
        stream = stream_open(relay, dialog, line);
    }
    if (stream == NULL) {
        return false;
    }
    if (!is_repeated(inspection)) {
        stream_hear(relay, sdp, media, dialog, side_from, stream, outbox);
    }
    *ours = stream->sides[side_from ^ 1].local;
    return true;
}

static bool media_hear(struct relay *relay, struct inspection *inspection, struct dialog *dialog,
                       unsigned side_from, struct sdp_media_rewrite *rewrites,
                       struct outbox *outbox)
{
    for (unsigned line = 0; line < inspection->sdp.media_count; line++) {
        rewrites[line] = (struct sdp_media_rewrite){.rtcp_port = 0};
        if (line < DIALOG_STREAMS_MAX && !line_hear(relay, inspection, dialog, side_from, line,
                                                    &rewrites[line].address, outbox)) {
            return false;
        }
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

static unsigned offer_or_answer(struct relay *relay, struct inspection *inspection,
                                struct dialog *dialog, unsigned side_from, struct text *room,
                                struct outbox *outbox)
{
    struct dialog_side *from = &dialog->sides[side_from], *to = &dialog->sides[side_from ^ 1];
    struct sdp_media_rewrite rewrites[SDP_MEDIA_MAX];
    struct sdp_rewrite rewrite = {.keeps_keys = true};

    rewrite.address = our_address(relay, to);
    rewrite.keeps_unknown = relay_zone(relay, to->zone)->class == ZONE_CORE;
    if (relay_zone(relay, from->zone)->media == MEDIA_ANCHOR &&
        relay_zone(relay, to->zone)->media == MEDIA_ANCHOR) {
        media_follow(relay, dialog, outbox);
        if (!media_hear(relay, inspection, dialog, side_from, rewrites, outbox)) {
            relay->counters.media_refused++;
            return 503;
        }
        rewrite.media = rewrites;
    }
    set_origin(relay, dialog, side_from, inspection->sdp_text, &rewrite);
    if (!write_around(room, inspection->message.body, inspection->sdp_text, &inspection->sdp,
                      &rewrite)) {
        relay->counters.too_large++;
        return 488;
    }
    return 0;
}

unsigned media_body(struct relay *relay, struct inspection *inspection, struct dialog *dialog,
                    unsigned side_from, struct text *room, struct slice *body,
                    struct outbox *outbox)
{
    const struct sdp *sdp = inspection->strips_body ? NULL : inspection_sdp(inspection);
    bool is_described = !inspection->strips_body && inspection->sdp_text.len > 0;
    unsigned status = 0;

    *body = inspection->strips_body ? SLICE_NONE : inspection->message.body;
    if (!is_described) {
        return 0;
    }
    if (dialog == NULL || dialog->kind != DIALOG_CALL || dialog->state == DIALOG_ENDED) {
        inspection->strips_body = true; /* addresses of a call that is none */
    } else if (sdp == NULL || sdp->media_count == 0) {
        status = 488; /* what was not read is not passed on */
    } else {
        status = offer_or_answer(relay, inspection, dialog, side_from, room, outbox);
    }
    inspection->strips_body |= status != 0;
    *body = inspection->strips_body ? SLICE_NONE : text_slice(room);
    return status;
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
        if (stream != NULL && stream_is_shadow(stream)) {
            continue;
        }
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
