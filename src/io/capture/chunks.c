#include "io/capture/chunks.h"

#include "base/must.h"

_Static_assert(sizeof(struct chunk) == CHUNK_SIZE, "a chunk fills its slot");

/* How far b lies behind a; less than zero when it lies before. */
static int64_t distance(uint32_t a, uint32_t b)
{
    return (int32_t)(b - a);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Puts len octets of the piece, from offset at, behind *link; moves link on. */
static bool chunks_link(struct pool *chunks, uint32_t **link, const struct chunk_piece *piece,
                        size_t at, size_t len)
{
    struct chunk *chunk = pool_take(chunks);

    if (chunk == NULL) {
        return false;
    }
    chunk->position = piece->position + (uint32_t)at;
    chunk->number = piece->number;
    chunk->when_us = piece->when_us;
    chunk->len = (uint32_t)len;
    memcpy(chunk->bytes, piece->bytes.at + at, len);
    chunk->next = **link;
    **link = pool_handle(chunks, chunk).index;
    *link = &chunk->next;
    return true;
}

/* The stretch that chunk and piece share, from offset at of the piece on: its length. */
static size_t chunk_compare(const struct chunk *chunk, const struct chunk_piece *piece, size_t at,
                            struct chunk_meeting *meeting)
{
    size_t into = (size_t)distance(chunk->position, piece->position + (uint32_t)at);
    size_t len = least(chunk->len - into, piece->bytes.len - at);

    if (memcmp(chunk->bytes + into, piece->bytes.at + at, len) == 0) {
        meeting->repeated += len;
    } else {
        meeting->differing += len;
    }
    return len;
}

struct chunk_meeting chunks_put(struct pool *chunks, uint32_t *first,
                                const struct chunk_piece *piece)
{
    struct chunk_meeting meeting = {0};
    uint32_t *link = first;
    size_t at = 0;

    while (at < piece->bytes.len) {
        struct chunk *chunk = chunks_at(chunks, *link);
        size_t gap = piece->bytes.len - at;

        if (chunk != NULL) {
            int64_t ahead = distance(piece->position + (uint32_t)at, chunk->position);

            if (ahead <= -(int64_t)chunk->len) {
                link = &chunk->next;
                continue;
            }
            if (ahead <= 0) {
                at += chunk_compare(chunk, piece, at, &meeting);
                continue;
            }
            gap = least(gap, (size_t)ahead);
        }
        gap = least(gap, CHUNK_MAX);
        if (!chunks_link(chunks, &link, piece, at, gap)) {
            meeting.is_full = true;
            break;
        }
        meeting.added++;
        at += gap;
    }
    return meeting;
}

void chunks_drop_first(struct pool *chunks, uint32_t *first)
{
    struct chunk *chunk = chunks_at(chunks, *first);

    must(chunk != NULL);
    *first = chunk->next;
    pool_give(chunks, chunk);
}

void chunks_drop_all(struct pool *chunks, uint32_t *first)
{
    while (*first != 0) {
        chunks_drop_first(chunks, first);
    }
}
