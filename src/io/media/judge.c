#include "io/media/judge.h"

#include "base/must.h"
#include "io/media/events.h"
#include "io/media/fax.h"
#include "io/media/handshake.h"
#include "io/media/sender.h"
#include "io/media/ssrc.h"
#include "io/media/written.h"
#include "wire/octets.h"

enum {
    SECOND_US = 1000000,
    PAYLOAD_SLACK = 64,  /* MED-07: beyond the codec's longest; holds tags of SRTP too */
    V4_HEADERS = 20 + 8, /* IP and UDP, as rules 4.6 count */
    V6_HEADERS = 40 + 8,
    CONTROL_TYPE_MIN = 64, /* RFC 5761 4: payload types that look like RTCP */
    CONTROL_TYPE_MAX = 95,
    CONTROL_LEN_MIN = 8, /* header and sender */
};

/* One packet on its way through the judgement. */
struct trial {
    struct gate_stream *stream;
    struct gate_side *side, *other;
    unsigned number; /* of side */
    const struct gate_packet *packet;
    struct gate_verdict *verdict;
    enum gate_sender sender;
    size_t len;     /* of the packet, once opened without its tag */
    bool is_proven; /* opened: sent by who has the key of the side */
};

static struct slice trial_bytes(const struct trial *trial)
{
    return slice_of(trial->packet->at, trial->len);
}

/* Whoever may be the party, or may become it, passes on to the next question. */
static enum media_reason sender_judge(struct trial *trial)
{
    const struct gate_side *side = trial->side;

    switch (trial->sender) {
    case SENDER_PARTY:
    case SENDER_CANDIDATE:
        return MEDIA_PASSED;
    case SENDER_EARLY:
        return MEDIA_UNLEARNED;
    case SENDER_ELSEWHERE:
        return side->told.learns && side->from.family == ADDRESS_NONE ? MEDIA_UNLEARNED
                                                                      : MEDIA_WRONG_SOURCE;
    case SENDER_STRANGER:
        break;
    }
    trial->verdict->is_strange = true;
    return MEDIA_WRONG_SOURCE;
}

static uint32_t wire_octets(const struct trial *trial)
{
    uint32_t headers = trial->packet->source.family == ADDRESS_V6 ? V6_HEADERS : V4_HEADERS;

    return (uint32_t)trial->packet->len + headers;
}

/* MED-10: twice the rate, second by second.  A pause ends the count. */
static void excess_watch(struct trial *trial)
{
    struct gate_side *side = trial->side;
    uint64_t passed_us = trial->packet->now_us - side->second_us;

    if (passed_us >= SECOND_US) {
        bool is_fast =
            passed_us < 2 * (uint64_t)SECOND_US && (side->second_packets > 2 * side->packets.rate ||
                                                    side->second_octets > 2 * side->octets.rate);

        side->fast_seconds = is_fast ? side->fast_seconds + 1 : 0;
        if (is_fast && side->fast_seconds == GATE_FAST_S) {
            trial->verdict->fast = MEDIA_REPORT_FAST;
        } else if (is_fast && side->fast_seconds == GATE_RUNAWAY_S) {
            trial->verdict->fast = MEDIA_REPORT_RUNAWAY;
        }
        side->second_us = trial->packet->now_us;
        side->second_packets = 0;
        side->second_octets = 0;
    }
    side->second_packets++;
    side->second_octets += wire_octets(trial);
}

static bool buckets_pay(struct bucket *packets, struct bucket *octets, uint32_t len,
                        uint64_t now_us)
{
    bucket_fill(packets, now_us);
    bucket_fill(octets, now_us);
    if (!bucket_has(packets, 1) || !bucket_has(octets, len)) {
        return false;
    }
    bucket_take(packets, 1);
    bucket_take(octets, len);
    return true;
}

static enum media_reason media_police(struct trial *trial)
{
    struct gate_side *side = trial->side;

    return buckets_pay(&side->packets, &side->octets, wire_octets(trial), trial->packet->now_us)
               ? MEDIA_PASSED
               : MEDIA_TOO_FAST;
}

/* CT-ENC-12: nothing of a protected side is looked at before its tag proved who sent it. */
static enum media_reason trial_open(struct trial *trial, bool is_control)
{
    const struct gate_side *side = trial->side;

    if (side->told.protection == MEDIA_CLEAR) {
        return MEDIA_PASSED;
    }
    if (side->secrets.open == NULL) {
        return MEDIA_NO_KEYS;
    }
    switch (cipher_open(side->secrets.open, is_control, trial->packet->at, &trial->len)) {
    case CIPHER_OPENED:
        trial->is_proven = true;
        return MEDIA_PASSED;
    case CIPHER_REPLAYED:
        return MEDIA_REPLAYED;
    case CIPHER_FORGED:
        break;
    }
    return MEDIA_FORGED;
}

/* What may pass, as the other side is to get it. */
static enum media_reason trial_seal(struct trial *trial, bool is_control)
{
    const struct gate_packet *packet = trial->packet;
    const struct gate_side *other = trial->other;
    struct slice *bytes = &trial->verdict->bytes;
    bool is_in_room = bytes->at == packet->room;
    char *at = is_in_room ? packet->room : &packet->at[bytes->at - packet->at];
    const char *end = is_in_room ? packet->room + GATE_ROOM : packet->at + packet->max;

    if (other->told.protection == MEDIA_CLEAR) {
        return MEDIA_PASSED;
    }
    if (other->secrets.seal == NULL) {
        return MEDIA_NO_KEYS;
    }
    must(end - at >= (ptrdiff_t)(bytes->len + CIPHER_TRAILER_MAX));
    return cipher_seal(other->secrets.seal, is_control, at, &bytes->len) ? MEDIA_PASSED
                                                                         : MEDIA_REPLAYED;
}

static enum media_reason candidate_judge(struct trial *trial, uint32_t ssrc, uint16_t sequence)
{
    const struct gate_packet *packet = trial->packet;

    if (trial->sender != SENDER_CANDIDATE) {
        return MEDIA_PASSED;
    }
    if (packet->strangers != NULL &&
        strangers_is_blocked(packet->strangers, &packet->source, packet->now_us)) {
        return MEDIA_BLOCKED;
    }
    if (trial->is_proven) {
        gate_side_learn_proven(trial->side, &packet->source);
    } else if (!gate_side_learn(trial->side, &packet->source, ssrc, sequence)) {
        return MEDIA_UNLEARNED;
    }
    trial->verdict->was_learned = true;
    return MEDIA_PASSED;
}

static enum media_reason rtp_form(const struct trial *trial, struct rtp_packet *rtp)
{
    size_t payload_max = trial->side->told.payload_max;
    size_t front;

    if (rtp_read(rtp, trial_bytes(trial)) != RTP_READ) {
        return MEDIA_WRONG_FORM;
    }
    front = RTP_HEADER_LEN + 4 * (size_t)rtp->csrc_count +
            (rtp->has_extension ? 4 + rtp->extension.len : 0);
    return payload_max != 0 && trial->len - front > payload_max + PAYLOAD_SLACK ? MEDIA_TOO_LONG
                                                                                : MEDIA_PASSED;
}

static enum media_reason rtp_type(const struct media_side *told, const struct rtp_packet *rtp)
{
    uint8_t type = rtp->payload_type;
    bool is_checked = (told->payload_types[0] | told->payload_types[1]) != 0;

    if (type >= CONTROL_TYPE_MIN && type <= CONTROL_TYPE_MAX) {
        return MEDIA_WRONG_TYPE;
    }
    return is_checked && (told->payload_types[type / 64] >> (type % 64) & 1) == 0 ? MEDIA_WRONG_TYPE
                                                                                  : MEDIA_PASSED;
}

static enum media_reason rtp_order(struct trial *trial, const struct rtp_packet *rtp)
{
    const struct gate_sound sound = {
        .ssrc = rtp->ssrc,
        .timestamp = rtp->timestamp,
        .sequence = rtp->sequence,
        .has_marker = rtp->has_marker,
        .when_us = trial->packet->now_us,
    };
    enum media_reason reason = gate_ssrc_judge(trial->side, &sound, trial->stream->mask);

    if (reason == MEDIA_PASSED && trial->side->told.event_type != 0 &&
        rtp->payload_type == trial->side->told.event_type) {
        reason = gate_event_judge(trial->side, rtp->timestamp, rtp->payload);
    }
    return reason;
}

/* What all media have in common once their form is known to be good. */
static enum media_reason media_accept(struct trial *trial)
{
    enum media_reason reason = media_police(trial);

    if (reason != MEDIA_PASSED) {
        return reason;
    }
    gate_side_confirm(trial->side, &trial->packet->source, trial->packet->now_us);
    return trial->side->told.may_send ? MEDIA_PASSED : MEDIA_MUTED;
}

static enum media_reason rtp_judge(struct trial *trial)
{
    const struct gate_packet *packet = trial->packet;
    struct rtp_packet rtp;
    enum media_reason reason;

    if (packet->is_control) {
        return MEDIA_WRONG_CONTROL;
    }
    if ((reason = trial_open(trial, false)) != MEDIA_PASSED ||
        (reason = rtp_form(trial, &rtp)) != MEDIA_PASSED ||
        (reason = rtp_type(&trial->side->told, &rtp)) != MEDIA_PASSED ||
        (reason = candidate_judge(trial, rtp.ssrc, rtp.sequence)) != MEDIA_PASSED) {
        return reason;
    }
    excess_watch(trial);
    if ((reason = rtp_order(trial, &rtp)) != MEDIA_PASSED) {
        return reason;
    }
    trial->verdict->bytes =
        gate_media_write(trial->stream, trial->number, packet->at, trial->len, &rtp);
    return media_accept(trial);
}

static enum media_reason control_write(struct trial *trial)
{
    struct text text;

    text_init(&text, trial->packet->room, GATE_ROOM - CIPHER_TRAILER_MAX);
    if (!gate_control_write(&text, trial->stream, trial->number, trial_bytes(trial))) {
        return MEDIA_WRONG_CONTROL;
    }
    trial->verdict->bytes = text_slice(&text);
    return MEDIA_PASSED;
}

/* A port for RTCP is learned from a host that RTP proved, by a source that RTP proved. */
static enum media_reason control_candidate_judge(struct trial *trial)
{
    if (trial->sender != SENDER_CANDIDATE) {
        return MEDIA_PASSED;
    }
    if (!trial->is_proven &&
        gate_ssrc_find(trial->side, octets_32(trial->packet->at + 4)) == NULL) {
        return MEDIA_UNLEARNED;
    }
    gate_side_learn_control(trial->side, &trial->packet->source);
    return MEDIA_PASSED;
}

static void leave_as_control(struct trial *trial)
{
    trial->verdict->is_control = !trial->other->told.has_rtcp_mux;
    trial->verdict->to = &trial->other->control_to;
}

static enum media_reason control_judge(struct trial *trial)
{
    struct gate_side *side = trial->side;
    enum media_reason reason;

    leave_as_control(trial);
    if ((reason = trial_open(trial, true)) != MEDIA_PASSED ||
        (reason = control_write(trial)) != MEDIA_PASSED ||
        (reason = control_candidate_judge(trial)) != MEDIA_PASSED) {
        return reason;
    }
    if (!buckets_pay(&side->control_packets, &side->control_octets, wire_octets(trial),
                     trial->packet->now_us)) {
        return MEDIA_CONTROL_TOO_FAST;
    }
    side->counts.control_packets++;
    return MEDIA_PASSED;
}

static enum media_reason fax_judge(struct trial *trial)
{
    enum media_reason reason;
    uint16_t sequence = 0;

    if (trial->packet->is_control || !fax_read(trial_bytes(trial), &sequence)) {
        return MEDIA_WRONG_FAX;
    }
    if ((reason = candidate_judge(trial, 0, sequence)) != MEDIA_PASSED) {
        return reason;
    }
    excess_watch(trial);
    return media_accept(trial);
}

/* From who may be the party only: whoever races it with a hello of his own is a stranger. */
static enum media_reason dtls_judge(struct trial *trial)
{
    const struct gate_packet *packet = trial->packet;

    if (trial->sender == SENDER_CANDIDATE && packet->strangers != NULL &&
        strangers_is_blocked(packet->strangers, &packet->source, packet->now_us)) {
        return MEDIA_BLOCKED;
    }
    return gate_dtls_take(trial->side, packet, trial->sender == SENDER_PARTY, trial->verdict);
}

static enum media_reason class_judge(struct trial *trial, enum rtp_class class)
{
    switch (class) {
    case RTP_CLASS_RTP:
        return rtp_judge(trial);
    case RTP_CLASS_RTCP:
        return control_judge(trial);
    case RTP_CLASS_DTLS:
        return dtls_judge(trial);
    case RTP_CLASS_STUN:
    case RTP_CLASS_ZRTP:
    case RTP_CLASS_TURN_CHANNEL:
        return MEDIA_NOT_ALLOWED;
    case RTP_CLASS_UNKNOWN:
        break;
    }
    return MEDIA_WRONG_FORM;
}

static enum media_reason trial_judge(struct trial *trial)
{
    const struct gate_packet *packet = trial->packet;
    bool is_fax = trial->stream->media_kind == MEDIA_UDPTL;
    enum rtp_class class = is_fax ? RTP_CLASS_UNKNOWN : rtp_classify(trial_bytes(trial));
    bool is_control = packet->is_control || class == RTP_CLASS_RTCP;
    enum media_reason reason;

    if (class == RTP_CLASS_STUN && trial->side->told.has_ice) {
        return gate_check_take(trial->side, packet, trial->verdict);
    }
    trial->sender = is_control
                        ? gate_sender_of_control(trial->side, &packet->source, packet->now_us)
                        : gate_sender_of_media(trial->side, &packet->source, packet->now_us);
    reason = sender_judge(trial);
    if (reason != MEDIA_PASSED) {
        return reason;
    }
    if (packet->is_cut || packet->len > GATE_PACKET_MAX) {
        return MEDIA_TOO_LONG;
    }
    reason = is_fax ? fax_judge(trial) : class_judge(trial, class);
    if (reason != MEDIA_PASSED) {
        return reason;
    }
    return trial->verdict->to->family == ADDRESS_NONE ? MEDIA_NO_TARGET
                                                      : trial_seal(trial, is_control);
}

/* Whether somebody is there, though not everything passes (MED-15). */
static bool is_sign_of_life(enum media_reason reason)
{
    return reason == MEDIA_PASSED || reason == MEDIA_MUTED || reason == MEDIA_NO_TARGET ||
           reason == MEDIA_TOO_FAST || reason == MEDIA_CONTROL_TOO_FAST ||
           reason == MEDIA_HANDSHAKE;
}

static void side_count(const struct trial *trial, enum media_reason reason)
{
    struct media_side_counts *counts = &trial->side->counts;
    uint64_t open_us = trial->packet->now_us - trial->stream->opened_us;

    if (reason != MEDIA_PASSED) {
        counts->dropped[reason]++;
        return;
    }
    counts->last_ms = (uint32_t)(open_us / 1000);
    if (counts->packets++ == 0) {
        counts->first_ms = counts->last_ms;
    }
    counts->octets += trial->packet->len;
}

void media_judge(struct gate_stream *stream, unsigned side, struct gate_packet *packet,
                 struct gate_verdict *verdict)
{
    struct trial trial = {
        .stream = stream,
        .side = &stream->sides[side],
        .other = &stream->sides[side ^ 1],
        .number = side,
        .packet = packet,
        .verdict = verdict,
        .len = packet->len,
    };

    packet->mask = stream->mask;
    *verdict = (struct gate_verdict){
        .bytes = trial_bytes(&trial),
        .to = &trial.other->to,
        .fast = MEDIA_REPORT_CLOSED,
    };
    verdict->reason = trial_judge(&trial);
    side_count(&trial, verdict->reason);
    if (is_sign_of_life(verdict->reason)) {
        stream->heard_us = packet->now_us;
    }
}
