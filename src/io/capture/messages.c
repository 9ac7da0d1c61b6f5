/*
 * Messages out of the octets of a stream that are in order.
 */
#include "io/capture/streams.h"

#include "io/capture/sniff.h"
#include "wire/sip/message.h"

enum step {
    STEP_WAIT,    /* more octets are needed */
    STEP_PASS,    /* len octets are nothing to judge */
    STEP_MESSAGE, /* len octets are a message */
    STEP_RECORD,  /* len octets are a record of TLS */
};

static const struct sip_stream_limits limits = {
    .head_max = SIP_HEAD_MAX,
    .message_max = SIP_MESSAGE_MAX,
};

static void half_is_foreign(struct streams *streams, struct half *half, enum capture_count kind)
{
    capture_counted(streams->counts, kind);
    half_drop_held(streams, half);
    half->state = HALF_FOREIGN;
}

/* The first octets of a conversation. */
static enum step step_start(struct streams *streams, struct half *half, struct slice bytes,
                            size_t *len)
{
    enum sniffed sniffed = sniff_connection(bytes);

    *len = 0;
    if (sniffed == SNIFF_MORE) {
        return STEP_WAIT;
    }
    if (sniffed == SNIFF_KEEPALIVE) {
        capture_counted(streams->counts, CAPTURE_KEEPALIVE);
        *len = bytes.len;
    } else if (sniffed == SNIFF_SIP) {
        half->state = HALF_FRAMING;
    } else if (sniffed == SNIFF_TLS && streams->tls != NULL && keylog_count(streams->keylog) > 0) {
        half->state = HALF_TLS;
        half->is_tls = true;
    } else if (sniffed == SNIFF_TLS) {
        half_is_foreign(streams, half, CAPTURE_TCP_TLS);
    } else if (sniffed == SNIFF_HTTP) {
        half_is_foreign(streams, half, CAPTURE_TCP_HTTP);
    } else {
        half->state = HALF_SEARCHING;
        half->is_proven = false;
    }
    return STEP_PASS;
}

/* The place in bytes where a message begins, from the line that begins at from on.  Where a line
 * could become a start line the answer must wait: *is_more. */
static size_t message_find(struct slice bytes, size_t from, bool *is_more)
{
    *is_more = false;
    while (from < bytes.len) {
        struct slice rest = slice_skip(bytes, from);
        size_t at;
        enum sniffed sniffed = sniff_message(rest, &at);

        if (sniffed == SNIFF_SIP || sniffed == SNIFF_MORE) {
            *is_more = sniffed == SNIFF_MORE;
            return from + at;
        }
        from += slice_find(rest, '\n') + 1;
    }
    return bytes.len;
}

/* Counted as passed over only where SIP was found before or after: the rest is no SIP at all. */
static void half_searched(struct streams *streams, struct half *half, size_t len)
{
    if (half->is_sip) {
        streams->counts->of[CAPTURE_TCP_PASSED_OVER] += len;
    } else {
        half->searched += (uint32_t)len;
    }
}

static void half_is_sip(struct streams *streams, struct half *half)
{
    streams->counts->of[CAPTURE_TCP_PASSED_OVER] += half->searched;
    half->searched = 0;
    half->is_sip = true;
}

static enum step step_search(struct streams *streams, struct half *half, struct slice bytes,
                             size_t *len)
{
    bool is_more;

    *len = message_find(bytes, 0, &is_more);
    half_searched(streams, half, *len);
    if (*len == 0 && is_more) {
        return STEP_WAIT;
    }
    if (*len < bytes.len && !is_more) {
        half->state = HALF_FRAMING;
        half->framer = (struct sip_stream){0};
    } else if (half->searched > STREAM_SEARCH_MAX && !half->is_sip) {
        half_is_foreign(streams, half, CAPTURE_TCP_OTHER);
        *len = bytes.len;
    }
    return STEP_PASS;
}

/* What breaks the framing of a good stream is judged, as far as the framer says; behind it the next
 * message is searched for.  What breaks it right after a guess was a wrong guess. */
static enum step step_broken(struct streams *streams, struct half *half, struct slice bytes,
                             size_t *len)
{
    half->framer = (struct sip_stream){0};
    half->state = HALF_SEARCHING;
    if (!half->is_proven) {
        size_t line = slice_find(bytes, '\n') + 1;

        *len = line < bytes.len ? line : bytes.len;
        half_searched(streams, half, *len);
        return STEP_PASS;
    }
    half->is_proven = false;
    half_is_sip(streams, half);
    *len = *len == 0 || *len > bytes.len ? bytes.len : *len;
    capture_counted(streams->counts, CAPTURE_TCP_MALFORMED);
    return STEP_MESSAGE;
}

static enum step step_frame(struct streams *streams, struct half *half, struct slice bytes,
                            size_t *len)
{
    switch (sip_stream_frame(&half->framer, bytes, &limits, len)) {
    case SIP_FRAME_MESSAGE:
        half->is_proven = true;
        half_is_sip(streams, half);
        return STEP_MESSAGE;
    case SIP_FRAME_PING:
    case SIP_FRAME_PONG:
        capture_counted(streams->counts, CAPTURE_KEEPALIVE);
        return STEP_PASS;
    case SIP_FRAME_BROKEN:
        return step_broken(streams, half, bytes, len);
    case SIP_FRAME_MORE:
        break;
    }
    return STEP_WAIT;
}

static enum step step_tls(struct streams *streams, struct half *half, struct slice bytes,
                          size_t *len)
{
    *len = tls_record_len(bytes);
    if (*len == SIZE_MAX) {
        half_is_foreign(streams, half, CAPTURE_TCP_TLS);
        *len = bytes.len;
        return STEP_PASS;
    }
    return *len == 0 ? STEP_WAIT : STEP_RECORD;
}

static enum step half_step(struct streams *streams, struct half *half, struct slice bytes,
                           size_t *len)
{
    switch ((enum half_state)half->state) {
    case HALF_STARTING:
        return step_start(streams, half, bytes, len);
    case HALF_NEW:
    case HALF_SEARCHING:
        return step_search(streams, half, bytes, len);
    case HALF_FRAMING:
        return step_frame(streams, half, bytes, len);
    case HALF_TLS:
        return step_tls(streams, half, bytes, len);
    case HALF_FOREIGN:
        break;
    }
    *len = bytes.len;
    return STEP_PASS;
}

/* Behind what was kept of a message the fresh octets are kept too; without that they are read where
 * they are. */
static struct slice half_bytes(struct streams *streams, struct half *half)
{
    if (half->is_kept && half->room == NULL) {
        half_lose(streams, half);
    }
    if (!half->is_kept) {
        return streams->fresh;
    }
    if (streams->fresh.len > 0 && !room_put(&streams->rooms, &half->room, streams->fresh)) {
        half_lose(streams, half);
        return streams->fresh;
    }
    streams->fresh = SLICE_NONE;
    return room_slice(half->room);
}

static void half_pass(struct streams *streams, struct half *half, size_t len)
{
    if (!half->is_kept) {
        streams->fresh = slice_skip(streams->fresh, len);
        return;
    }
    room_skip(half->room, len);
    if (room_slice(half->room).len == 0) {
        room_give(&streams->rooms, &half->room);
        half->is_kept = false;
    }
}

/* The octets at hand are used up: keeps the rest and looks whether others have waited for this. */
static void half_wait(struct streams *streams, struct half *half)
{
    if (streams->fresh.len > 0) {
        half->is_kept = room_put(&streams->rooms, &half->room, streams->fresh);
        streams->fresh = SLICE_NONE;
    }
    if (streams->missing > 0) {
        capture_counted(streams->counts, CAPTURE_TCP_GAPS);
        streams->counts->of[CAPTURE_TCP_GAP_OCTETS] += streams->missing;
        half->next += (uint32_t)streams->missing;
        streams->missing = 0;
        if (half->state != HALF_FOREIGN) {
            half_lose(streams, half);
        }
    }
    if (!half_pull(streams, half)) {
        streams->ready = NULL;
    }
}

static void packet_fill(const struct streams *streams, const struct half *half,
                        struct packet *packet)
{
    unsigned side;
    const struct conversation *conversation = conversation_of(streams, half, &side);

    *packet = (struct packet){
        .when_us = streams->when_us,
        .number = streams->number,
        .local = conversation->ends[1 - side],
        .flow =
            {
                .remote = conversation->ends[side],
                .listener = LISTENER_NONE,
                .transport = TRANSPORT_TCP,
                .connection = conversation->serial,
            },
    };
}

/* What was said in a record goes on in a stream of its own, which begins where no other of the same
 * ends did. */
static void half_record(struct streams *streams, struct half *half, struct slice record)
{
    unsigned side;
    const struct conversation *conversation = conversation_of(streams, half, &side);
    struct segment segment = {
        .from = conversation->ends[side],
        .to = conversation->ends[1 - side],
        .sequence = conversation->serial * UINT32_C(0x9E3779B1),
        .flags = SEGMENT_SYN,
        .when_us = streams->when_us,
        .number = streams->number,
    };
    struct slice plain = SLICE_NONE;

    if (!tls_record_read(streams->tls, conversation->serial, side, record, &plain)) {
        half_is_foreign(streams, half, CAPTURE_TCP_TLS);
        return;
    }
    if (plain.len == 0) {
        return;
    }
    if (!half->has_plain) {
        half->has_plain = true;
        half->plain_next = segment.sequence + 1;
        streams_put(streams->inner, &segment);
    }
    segment.flags = SEGMENT_ACK;
    segment.sequence = half->plain_next;
    segment.payload = plain;
    half->plain_next += (uint32_t)plain.len;
    streams_put(streams->inner, &segment);
}

static bool inner_next(struct streams *streams, struct packet *packet)
{
    if (streams->inner == NULL || !streams_next(streams->inner, packet)) {
        return false;
    }
    packet->flow.transport = TRANSPORT_TLS;
    capture_counted(streams->counts, CAPTURE_SIP);
    capture_counted(streams->counts, CAPTURE_SIP_TLS);
    return true;
}

bool streams_next(struct streams *streams, struct packet *packet)
{
    if (inner_next(streams, packet)) {
        return true;
    }
    while (streams->ready != NULL) {
        struct half *half = streams->ready;
        struct slice bytes = half_bytes(streams, half);
        size_t len = 0;
        enum step step = bytes.len == 0 ? STEP_WAIT : half_step(streams, half, bytes, &len);

        if (step == STEP_WAIT) {
            half_wait(streams, half);
            continue;
        }
        if (step == STEP_RECORD) {
            half_record(streams, half, slice_head(bytes, len));
            half_pass(streams, half, len);
            if (inner_next(streams, packet)) {
                return true;
            }
            continue;
        }
        half_pass(streams, half, len);
        if (step == STEP_MESSAGE) {
            capture_counted(streams->counts, CAPTURE_SIP);
            capture_counted(streams->counts, CAPTURE_SIP_TCP);
            packet_fill(streams, half, packet);
            packet->bytes = slice_head(bytes, len);
            return true;
        }
    }
    return false;
}
