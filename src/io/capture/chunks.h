/*
 * Octets that came before their turn, kept in order of their position.
 *
 * Fragments of a datagram and segments of a stream: both wait in a chain of chunks until what lies
 * before them has come.  Where two disagree the first that came stays, and the answer says so.
 */
#pragma once

#include "base/pool.h"
#include "base/slice.h"

enum { CHUNK_SIZE = 2048, CHUNK_MAX = CHUNK_SIZE - 32 }; /* one frame of Ethernet fits */

struct chunk {
    struct pool_slot slot;
    uint32_t next;     /* index, 0 at the end of the chain */
    uint32_t position; /* counts round, like sequence numbers */
    uint32_t number;   /* of the frame that brought it */
    uint32_t len;
    uint64_t when_us; /* of that frame */
    char bytes[CHUNK_MAX];
};

/* What is put: octets, where they belong and the frame they came in. */
struct chunk_piece {
    struct slice bytes;
    uint32_t position;
    uint32_t number;
    uint64_t when_us;
};

/* What was met on putting. */
struct chunk_meeting {
    uint32_t added;   /* chunks that the chain grew by */
    size_t repeated;  /* octets that were there, and the same */
    size_t differing; /* octets in stretches that were there with other content */
    bool is_full;     /* the pool ran out: the rest was not kept */
};

/* *first: index of the chain's first chunk, 0 when there is none. */
struct chunk_meeting chunks_put(struct pool *chunks, uint32_t *first,
                                const struct chunk_piece *piece);

void chunks_drop_first(struct pool *chunks, uint32_t *first);
void chunks_drop_all(struct pool *chunks, uint32_t *first);

static inline struct chunk *chunks_at(const struct pool *chunks, uint32_t index)
{
    return index == 0 ? NULL : pool_at(chunks, index);
}
