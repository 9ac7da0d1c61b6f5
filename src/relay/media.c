/*
 * The media of a call run through us: SDP is written anew with our addresses, and the gate is told
 * whom to expect (rules 1.8, 4.5, 8.4).
 *
 * The relay decides which ports a stream uses; nothing is asked of the gate.
 */
#include "guard/codecs.h"
#include "relay/keying.h"
#include "relay/media_rates.h"

enum { MEDIA_LINES_ROOM = 8192 }; /* keys and candidates of eight media: 700 octets each at most */

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
    side->remote_rtcp_port = 0;
    if (!side->has_rtcp_mux && sdp_media_rtcp_address(sdp, media, &rtcp)) {
        side->remote_rtcp_port = rtcp.port;
    }
    side->may_send = direction == SDP_SENDRECV || direction == SDP_SENDONLY;
    side->hides = zone->hides;
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

/* A description that answers another, or the first of two (RFC 3264, RFC 3262). */
static bool is_offer(const struct inspection *inspection, const struct dialog *dialog,
                     unsigned side_from)
{
    const struct sip_message *message = &inspection->message;

    if (!message->is_request) {
        return message->cseq_method == SIP_INVITE && !dialog->sides[side_from ^ 1].invite_offers;
    }
    if (message->method == SIP_PRACK) {
        return dialog->sides[side_from].invite_offers;
    }
    return message->method != SIP_ACK;
}

static void stream_hear(const struct keying *keying, const struct sdp_media *media,
                        struct media_stream *stream, struct outbox *outbox)
{
    struct relay *relay = keying->relay;
    const struct sdp *sdp = keying->sdp;
    struct media_side *from = &stream->sides[keying->from];
    struct media_side *to = &stream->sides[keying->from ^ 1];

    keying_hear(keying, media, stream);
    side_hear(relay, sdp, media, &keying->dialog->sides[keying->from], from);
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
    streams_order(relay, stream, MEDIA_OPEN, outbox);
}

static bool is_relayed(const struct sdp_media *media)
{
    enum sdp_carries carries = sdp_protocol_carries(media->protocol);

    return carries == SDP_CARRIES_RTP ||
           (carries == SDP_CARRIES_UDPTL && media->protocol != SDP_DTLS_UDPTL);
}

/* What a description becomes on its way through. */
struct passage {
    struct keying keying;
    struct inspection *inspection;
    struct dialog *dialog;
    struct sdp_media_rewrite rewrites[SDP_MEDIA_MAX];
    struct text lines; /* of ours, behind the media's own */
    struct outbox *outbox;
};

static struct media_stream *line_stream(struct passage *passage, unsigned line)
{
    struct relay *relay = passage->keying.relay;
    struct media_stream *stream = streams_at(relay, passage->dialog, line);

    if (stream != NULL && streams_is_shadow(stream)) {
        streams_close(relay, passage->dialog, line, passage->outbox);
        stream = NULL;
    }
    return stream == NULL ? streams_open(relay, passage->dialog, line) : stream;
}

static uint32_t bandwidth_of(const struct keying *keying)
{
    uint32_t least = 0;

    for (unsigned side = 0; side < 2; side++) {
        uint32_t max = relay_zone(keying->relay, keying->dialog->sides[side].zone)->bandwidth_max;

        least = max != 0 && (least == 0 || max < least) ? max : least;
    }
    return least;
}

/* Codecs and bandwidths that either zone does not want (CT-MED-06, HYG-D09). */
static void line_bound(struct passage *passage, unsigned line)
{
    const struct keying *keying = &passage->keying;
    const uint16_t zones[2] = {passage->dialog->sides[0].zone, passage->dialog->sides[1].zone};
    struct sdp_media_rewrite *rewrite = &passage->rewrites[line];

    if (passage->dialog->is_emergency) {
        return;
    }
    (void)codecs_dropped(keying->relay->policy, zones, keying->sdp, &keying->sdp->media[line],
                         rewrite->dropped_types);
    rewrite->bandwidth_max = bandwidth_of(keying);
}

/* Every medium we can carry gets a stream; the others are refused in our name.  0, or the status of
 * a refusal. */
static unsigned line_hear(struct passage *passage, unsigned line)
{
    const struct keying *keying = &passage->keying;
    const struct sdp_media *media = &keying->sdp->media[line];
    struct media_stream *stream = NULL;

    if (media->port == 0 || !is_relayed(media) ||
        (passage->inspection->refused_media >> line & 1) != 0) {
        streams_close(keying->relay, passage->dialog, line, passage->outbox);
        return 0;
    }
    stream = line_stream(passage, line);
    if (stream == NULL) {
        keying->relay->counters.media_refused++;
        return 503;
    }
    if (!is_repeated(passage->inspection)) {
        stream_hear(keying, media, stream, passage->outbox);
    }
    if (!keying_is_possible(keying, stream)) {
        keying->relay->counters.keys_refused++;
        return 488;
    }
    passage->rewrites[line].address = stream->sides[keying->from ^ 1].local;
    line_bound(passage, line);
    keying_write(keying, media, stream, &passage->rewrites[line], &passage->lines);
    return 0;
}

static unsigned media_hear(struct passage *passage)
{
    unsigned status = 0;

    for (unsigned line = 0; line < passage->keying.sdp->media_count; line++) {
        passage->rewrites[line] = (struct sdp_media_rewrite){.rtcp_port = 0};
        if (status == 0 && line < DIALOG_STREAMS_MAX) {
            status = line_hear(passage, line);
        }
    }
    return status;
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
    enum address_family family = streams_family(relay, to);
    struct address address = family == ADDRESS_V6 ? zone->media_v6 : zone->media_v4;

    if (address.family == ADDRESS_NONE) {
        address = relay->policy->listeners[to->flow.listener].address;
    }
    return address;
}

/* What stands around the SDP stays.  rewrite NULL: there is none. */
static bool write_around(struct text *room, struct slice body, const struct inspection *inspection,
                         const struct sdp_rewrite *rewrite)
{
    struct slice old = inspection->sdp_text;

    if (rewrite == NULL || old.at < body.at || old.at > body.at + body.len) {
        text_put(room, body);
        return !room->is_full;
    }
    text_put(room, slice_between(body.at, old.at));
    if (!sdp_write(room, &inspection->sdp, rewrite)) {
        return false;
    }
    text_put(room, slice_between(old.at + old.len, body.at + body.len));
    return !room->is_full;
}

/* Parts that were taken out, and what stands outside of all parts, make it another multipart. */
static bool is_multipart_changed(struct inspection *inspection)
{
    const struct multipart *multipart = inspection_multipart(inspection);

    return multipart != NULL && (inspection->stripped_parts != 0 ||
                                 multipart_is_odd(multipart, MULTIPART_ODD_PREAMBLE) ||
                                 multipart_is_odd(multipart, MULTIPART_ODD_EPILOGUE));
}

static bool write_parts(struct text *room, struct inspection *inspection,
                        const struct sdp_rewrite *rewrite)
{
    const struct multipart *multipart = &inspection->multipart;

    for (unsigned i = 0; i < multipart->count; i++) {
        const struct multipart_part *part = &multipart->parts[i];

        if (part->depth != 1 || (inspection->stripped_parts >> i & 1) != 0) {
            continue;
        }
        text_put(room, SLICE("--"));
        text_put(room, multipart->boundary);
        text_put(room, SLICE("\r\n"));
        text_put(room, slice_trim(part->head));
        text_put(room, part->head.len > 0 ? SLICE("\r\n\r\n") : SLICE("\r\n"));
        if (!write_around(room, part->body, inspection, rewrite)) {
            return false;
        }
        text_put(room, SLICE("\r\n"));
    }
    text_put(room, SLICE("--"));
    text_put(room, multipart->boundary);
    text_put(room, SLICE("--\r\n"));
    return !room->is_full;
}

static bool write_body(struct text *room, struct inspection *inspection,
                       const struct sdp_rewrite *rewrite)
{
    return is_multipart_changed(inspection)
               ? write_parts(room, inspection, rewrite)
               : write_around(room, inspection->message.body, inspection, rewrite);
}

/* When the last part is gone, so is the body. */
static bool has_no_part_left(const struct inspection *inspection)
{
    for (unsigned i = 0; i < inspection->multipart.count; i++) {
        if (inspection->multipart.parts[i].depth == 1 &&
            (inspection->stripped_parts >> i & 1) == 0) {
            return false;
        }
    }
    return inspection->stripped_parts != 0;
}

static bool has_ice(const struct passage *passage)
{
    for (unsigned line = 0; line < passage->keying.sdp->media_count; line++) {
        if (slice_has(passage->rewrites[line].added, SLICE("a=ice-ufrag:"))) {
            return true;
        }
    }
    return false;
}

/* Both zones let the media run through us. */
static bool is_anchored(const struct relay *relay, const struct dialog *dialog)
{
    return relay_zone(relay, dialog->sides[0].zone)->media == MEDIA_ANCHOR &&
           relay_zone(relay, dialog->sides[1].zone)->media == MEDIA_ANCHOR;
}

static void keep_preconditions(const struct dialog *dialog, struct sdp_rewrite *rewrite)
{
    if (dialog->asks_preconditions) {
        sdp_attribute_set_add(&rewrite->kept, SDP_ATTRIBUTE_CURR);
        sdp_attribute_set_add(&rewrite->kept, SDP_ATTRIBUTE_DES);
        sdp_attribute_set_add(&rewrite->kept, SDP_ATTRIBUTE_CONF);
    }
}

static unsigned offer_or_answer(struct relay *relay, struct inspection *inspection,
                                struct dialog *dialog, unsigned side_from, struct text *room,
                                struct outbox *outbox)
{
    struct dialog_side *to = &dialog->sides[side_from ^ 1];
    char lines[MEDIA_LINES_ROOM];
    struct passage passage = {
        .keying = {.relay = relay,
                   .sdp = &inspection->sdp,
                   .dialog = dialog,
                   .from = side_from,
                   .is_offer = is_offer(inspection, dialog, side_from)},
        .inspection = inspection,
        .dialog = dialog,
        .outbox = outbox,
    };
    struct sdp_rewrite rewrite = {.keeps_keys = true};
    unsigned status = 0;

    text_init(&passage.lines, lines, sizeof(lines));
    rewrite.address = our_address(relay, to);
    rewrite.keeps_unknown = relay_zone(relay, to->zone)->class == ZONE_CORE;
    if (is_anchored(relay, dialog)) {
        streams_follow(relay, dialog, outbox);
        status = media_hear(&passage);
        rewrite.media = passage.rewrites;
        rewrite.keeps_keys = false;
        sdp_attribute_set_add(&rewrite.stripped, SDP_ATTRIBUTE_SETUP);
        rewrite.added = has_ice(&passage) ? SLICE("a=ice-lite\r\n") : SLICE_NONE;
    }
    keep_preconditions(dialog, &rewrite);
    set_origin(relay, dialog, side_from, inspection->sdp_text, &rewrite);
    if (status == 0 && (passage.lines.is_full || !write_body(room, inspection, &rewrite))) {
        relay->counters.too_large++;
        status = 488;
    }
    if (status == 0 && inspection->sdp_text.len == inspection->message.body.len) {
        session_described(relay, dialog, side_from ^ 1, text_slice(room));
    }
    media_wipe(lines, passage.lines.len);
    return status;
}

/* A part that was taken out is not described any more. */
static bool is_described(struct inspection *inspection)
{
    const struct sdp *sdp = inspection->strips_body ? NULL : inspection_sdp(inspection);

    for (unsigned i = 0; inspection->stripped_parts != 0 && i < inspection->multipart.count; i++) {
        const struct multipart_part *part = &inspection->multipart.parts[i];

        if ((inspection->stripped_parts >> i & 1) != 0 && sdp != NULL &&
            inspection->sdp_text.at >= part->body.at &&
            inspection->sdp_text.at <= part->body.at + part->body.len) {
            return false;
        }
    }
    return !inspection->strips_body && inspection->sdp_text.len > 0;
}

static unsigned undescribed(struct relay *relay, struct inspection *inspection, struct text *room,
                            struct slice *body)
{
    if (inspection->strips_body || !is_multipart_changed(inspection)) {
        return 0;
    }
    if (!write_body(room, inspection, NULL)) {
        relay->counters.too_large++;
        inspection->strips_body = true;
        *body = SLICE_NONE;
        return 488;
    }
    *body = text_slice(room);
    return 0;
}

unsigned media_body(struct relay *relay, struct inspection *inspection, struct dialog *dialog,
                    unsigned side_from, struct text *room, struct slice *body,
                    struct outbox *outbox)
{
    unsigned status = 0;

    parts_hide(relay, inspection);
    inspection->strips_body |= has_no_part_left(inspection);
    *body = inspection->strips_body ? SLICE_NONE : inspection->message.body;
    if (!is_described(inspection)) {
        return undescribed(relay, inspection, room, body);
    }
    if (dialog == NULL || dialog->kind != DIALOG_CALL || dialog->state == DIALOG_ENDED) {
        inspection->strips_body = true; /* addresses of a call that is none */
    } else if (!inspection->has_sdp || inspection->sdp.media_count == 0) {
        status = 488; /* what was not read is not passed on */
    } else {
        status = offer_or_answer(relay, inspection, dialog, side_from, room, outbox);
    }
    inspection->strips_body |= status != 0;
    *body = inspection->strips_body ? SLICE_NONE : text_slice(room);
    return status;
}
