/*
 * Segments into the order in which they were sent.
 */
#include "io/capture/streams.h"

static int64_t distance(uint32_t a, uint32_t b)
{
    return (int32_t)(b - a);
}

/* A message was begun: more than the CRLF of a keep-alive waits for what follows. */
bool half_is_unfinished(const struct half *half)
{
    return half->state == HALF_FRAMING && half->is_kept &&
           (half->room == NULL || slice_trim(room_slice(half->room)).len > 0);
}

void half_lose(struct streams *streams, struct half *half)
{
    if (half_is_unfinished(half)) {
        capture_counted(streams->counts, CAPTURE_TCP_UNFINISHED);
    }
    room_give(&streams->rooms, &half->room);
    half->is_kept = false;
    half->is_proven = false;
    half->framer = (struct sip_stream){0};
    /* Where a record begins cannot be searched for. */
    half->state = half->is_tls ? HALF_FOREIGN : HALF_SEARCHING;
}

static void half_held_changed(struct streams *streams, struct half *half, uint64_t when_us)
{
    if (half->is_waiting) {
        recent_remove(&streams->waiting, &half->waiting);
    }
    half->is_waiting = half->held != 0;
    if (half->is_waiting) {
        recent_add(&streams->waiting, &half->waiting);
        half->waits_since_us = when_us;
    }
}

void half_drop_held(struct streams *streams, struct half *half)
{
    chunks_drop_all(&streams->chunks, &half->held);
    half->held_count = 0;
    half_held_changed(streams, half, 0);
}

bool half_pull(struct streams *streams, struct half *half)
{
    struct chunk *chunk = chunks_at(&streams->chunks, half->held);

    if (chunk == NULL || distance(half->next, chunk->position) > 0) {
        return false;
    }
    /* What the accepted octets covered meanwhile is not taken again. */
    uint32_t old = half->next - chunk->position;
    if (old < chunk->len) {
        struct slice bytes = slice_of(chunk->bytes + old, chunk->len - old);

        streams->number = chunk->number;
        streams->when_us = chunk->when_us;
        half->next += (uint32_t)bytes.len;
        if (half->is_kept && half->room == NULL) {
            half_lose(streams, half);
        }
        if (room_put(&streams->rooms, &half->room, bytes)) {
            half->is_kept = true;
        } else {
            half_lose(streams, half);
        }
    }
    chunks_drop_first(&streams->chunks, &half->held);
    half->held_count--;
    half_held_changed(streams, half, streams->when_us);
    return true;
}

/* Goes on behind the gap, with what has come since. */
static void half_pass_gap(struct streams *streams, struct half *half)
{
    const struct chunk *chunk = chunks_at(&streams->chunks, half->held);

    capture_counted(streams->counts, CAPTURE_TCP_GAPS);
    streams->counts->of[CAPTURE_TCP_GAP_OCTETS] += chunk->position - half->next;
    half_lose(streams, half);
    half->next = chunk->position;
    streams->ready = half;
    streams->fresh = SLICE_NONE;
    streams->missing = 0;
}

bool streams_expire(struct streams *streams, uint64_t when_us)
{
    struct recent_link *oldest = streams->waiting.oldest;

    if (oldest == NULL) {
        return false;
    }
    struct half *half = (struct half *)((char *)oldest - offsetof(struct half, waiting));
    if (when_us != UINT64_MAX &&
        (when_us < half->waits_since_us || when_us - half->waits_since_us <= STREAM_GAP_WAIT_US)) {
        return false;
    }
    half_pass_gap(streams, half);
    return true;
}

/* False when not all of it could be kept. */
static bool half_keep(struct streams *streams, struct half *half, struct slice bytes,
                      uint32_t sequence)
{
    struct chunk_piece piece = {bytes, sequence, streams->number, streams->when_us};
    struct chunk_meeting meeting = chunks_put(&streams->chunks, &half->held, &piece);

    half->held_count += meeting.added;
    if (!half->is_waiting) {
        half_held_changed(streams, half, streams->when_us);
    }
    if (meeting.differing > 0) {
        capture_counted(streams->counts, CAPTURE_TCP_CONFLICTING);
    } else if (meeting.repeated > 0) {
        capture_counted(streams->counts, CAPTURE_TCP_OVERLAPPED);
    }
    if (meeting.is_full) {
        capture_counted(streams->counts, CAPTURE_TCP_FULL);
    }
    return !meeting.is_full;
}

static void half_hold(struct streams *streams, struct half *half, struct slice bytes,
                      uint32_t sequence)
{
    capture_counted(streams->counts, CAPTURE_TCP_REORDERED);
    if (half_keep(streams, half, bytes, sequence) && half->held_count <= STREAM_HELD_MAX) {
        return;
    }
    if (half->held != 0) {
        half_pass_gap(streams, half);
        return;
    }
    half_lose(streams, half);
    half->next = sequence + (uint32_t)bytes.len;
}

/* The octets whose turn it is, up to where others wait that came first. */
static void half_accept(struct streams *streams, struct half *half, struct slice bytes,
                        size_t missing)
{
    const struct chunk *chunk = chunks_at(&streams->chunks, half->held);

    if (chunk != NULL && distance(half->next, chunk->position) < (int64_t)bytes.len) {
        size_t free = chunk->position - half->next;

        (void)half_keep(streams, half, slice_skip(bytes, free), chunk->position);
        bytes = slice_head(bytes, free);
        missing = 0;
    }
    streams->ready = half;
    streams->fresh = bytes;
    streams->missing = missing;
    half->next += (uint32_t)bytes.len;
}

/* Far from where the stream is.  Only a run of such segments is believed. */
static bool half_is_stray(struct streams *streams, struct half *half, uint32_t sequence)
{
    int64_t ahead = distance(half->next, sequence);

    if (ahead <= STREAM_WINDOW && ahead >= -STREAM_WINDOW) {
        half->strays = 0;
        return false;
    }
    if (++half->strays < STREAM_STRAYS_MAX) {
        capture_counted(streams->counts, CAPTURE_TCP_STRAY);
        return true;
    }
    half->strays = 0;
    half_drop_held(streams, half);
    half_lose(streams, half);
    half->next = sequence;
    return false;
}

static void half_begin(struct streams *streams, struct half *half, uint32_t first)
{
    half_drop_held(streams, half);
    half_lose(streams, half);
    *half = (struct half){
        .next = first,
        .first = first,
        .state = HALF_STARTING,
        .is_proven = true,
    };
}

/* A SYN begins a stream; one that is running only when data follows where the SYN said. */
static void half_syn(struct streams *streams, struct conversation *conversation, struct half *half,
                     const struct segment *segment)
{
    uint32_t first = segment->sequence + 1;
    bool is_running = half->state == HALF_STARTING || half->state == HALF_FRAMING;

    if (half->state != HALF_NEW && half->first == first) {
        return;
    }
    if (half->state != HALF_NEW && (segment->flags & SEGMENT_ACK) == 0) {
        conversation->is_again = true;
    }
    if (is_running && !half->has_ended) {
        half->may_be_again = true;
        half->again_at = first;
        return;
    }
    if (conversation->is_again) {
        conversation->serial = ++streams->serial;
        conversation->is_again = false;
    }
    half_begin(streams, half, first);
}

static void half_begin_again(struct streams *streams, struct conversation *conversation,
                             struct half *half)
{
    if (conversation->is_again) {
        conversation->serial = ++streams->serial;
        conversation->is_again = false;
    }
    half_begin(streams, half, half->again_at);
}

static void half_pick_up(struct streams *streams, struct half *half, uint32_t sequence)
{
    capture_counted(streams->counts, CAPTURE_TCP_PICKED_UP);
    half->state = HALF_SEARCHING;
    half->next = sequence;
    half->first = sequence;
}

static void half_data(struct streams *streams, struct half *half, const struct segment *segment,
                      uint32_t sequence)
{
    struct slice bytes = segment->payload;

    if (half->state == HALF_NEW) {
        half_pick_up(streams, half, sequence);
    }
    if (half_is_stray(streams, half, sequence)) {
        return;
    }
    int64_t ahead = distance(half->next, sequence);
    if (ahead > 0) {
        half_hold(streams, half, bytes, sequence);
        return;
    }
    size_t old = (size_t)-ahead;
    if (old >= bytes.len + segment->missing) {
        capture_counted(streams->counts, CAPTURE_TCP_REPEATED);
        return;
    }
    if (old > 0) {
        capture_counted(streams->counts, CAPTURE_TCP_OVERLAPPED);
    }
    size_t missing = old > bytes.len ? segment->missing - (old - bytes.len) : segment->missing;
    half_accept(streams, half, slice_skip(bytes, old), missing);
}

void streams_put(struct streams *streams, const struct segment *segment)
{
    bool is_syn = (segment->flags & SEGMENT_SYN) != 0;
    bool has_octets = segment->payload.len + segment->missing > 0;
    uint32_t sequence = segment->sequence + is_syn;
    unsigned side;
    struct conversation *conversation = conversation_find(streams, segment, &side);

    streams->ready = NULL;
    if (conversation == NULL) {
        if (!is_syn && !has_octets) {
            return;
        }
        conversation = conversation_add(streams, segment, &side);
    }
    struct half *half = &conversation->halves[side];
    streams->when_us = segment->when_us;
    streams->number = segment->number;
    if (is_syn) {
        half_syn(streams, conversation, half, segment);
    } else if (half->may_be_again && has_octets && sequence == half->again_at &&
               sequence != half->next) {
        half_begin_again(streams, conversation, half);
    }
    if ((segment->flags & (SEGMENT_FIN | SEGMENT_RST)) != 0) {
        half->has_ended = true;
    }
    if (!has_octets) {
        return;
    }
    if (half->state == HALF_FOREIGN) {
        capture_counted(streams->counts, CAPTURE_TCP_FOREIGN);
        return;
    }
    half_data(streams, half, segment, sequence);
}
