/*
 * Kept texts: messages and dialog strings of any size up to a message, in blocks of a few sizes.
 *
 * Memory is reserved once.  A text is named by a handle and survives the worker like every record.
 */
#pragma once

#include "base/pool.h"
#include "base/slice.h"

/* 256, 1024, 4096, 16384, 65536 octets with their head, and one for the largest message. */
enum { TEXT_SIZES = 6 };

struct text_handle {
    uint8_t size; /* which pool, from 1; 0: no text */
    uint8_t unused[3];
    struct handle block;
    uint32_t len;
};

struct texts {
    struct pool pools[TEXT_SIZES];
};

size_t texts_size(size_t octets);
/* Over octets of memory, divided among the sizes; memory a former worker left is taken over. */
void texts_init(struct texts *texts, void *memory, size_t octets);

/* Room for len octets, which the caller fills.  NULL when that size and all larger ones are full:
 * counted. */
char *texts_take(struct texts *texts, size_t len, struct text_handle *handle);
bool texts_keep(struct texts *texts, struct slice text, struct text_handle *handle);
/* Empty for a stale handle. */
struct slice texts_slice(const struct texts *texts, struct text_handle handle);
/* Gives the block back and clears the handle; nothing for no text. */
void texts_give(struct texts *texts, struct text_handle *handle);
/* Little is left of the sizes that requests need: a last share of that many. */
bool texts_are_scarce(const struct texts *texts, uint32_t share);
uint64_t texts_refused(const struct texts *texts);

/* Several texts in one block: where each ends, then the texts. */
enum { TEXTS_JOINED_MAX = 8 };
bool texts_join(struct texts *texts, const struct slice *parts, unsigned count,
                struct text_handle *handle);
struct slice texts_part(const struct texts *texts, struct text_handle handle, unsigned part,
                        unsigned count);

/* Taking over what a former worker left: all blocks are stale until marked; the rest is swept. */
void texts_unmark(struct texts *texts);
bool texts_mark(struct texts *texts, struct text_handle handle);
void texts_unmark_one(struct texts *texts, struct text_handle handle);
void texts_sweep(struct texts *texts);

static inline bool text_is_kept(struct text_handle handle)
{
    return handle.size != 0;
}
