#include "state/texts.h"

#include "base/must.h"

#include <string.h>

/* A block is a slot, its mark, and the text behind. */
struct text_block {
    struct pool_slot slot;
    uint32_t is_marked;
    uint32_t unused;
};

static const uint32_t text_sizes[TEXT_SIZES] = {256, 1024, 4096, 16384, 65536, 262144 + 4096};

/* Sixty-fourths of the memory: most texts are what responses give back and dialog strings (1 KiB),
 * and requests (4 KiB); the largest messages are rare. */
static const uint32_t text_shares[TEXT_SIZES] = {6, 26, 24, 4, 2, 2};

static uint32_t text_count(unsigned size, size_t octets)
{
    size_t count = octets / 64 * text_shares[size] / text_sizes[size];

    return count < 4 ? 4 : (uint32_t)count;
}

size_t texts_size(size_t octets)
{
    size_t size = 0;

    for (unsigned i = 0; i < TEXT_SIZES; i++) {
        size += pool_size(text_sizes[i], text_count(i, octets));
    }
    return size;
}

void texts_init(struct texts *texts, void *memory, size_t octets)
{
    char *at = memory;

    for (unsigned i = 0; i < TEXT_SIZES; i++) {
        pool_init(&texts->pools[i], at, text_sizes[i], text_count(i, octets));
        at += pool_size(text_sizes[i], text_count(i, octets));
    }
}

char *texts_take(struct texts *texts, size_t len, struct text_handle *handle)
{
    *handle = (struct text_handle){.len = (uint32_t)len};
    for (unsigned i = 0; i < TEXT_SIZES; i++) {
        if (len > text_sizes[i] - sizeof(struct text_block)) {
            continue;
        }
        struct text_block *block = pool_take_unclean(&texts->pools[i]);
        if (block != NULL) {
            handle->size = (uint8_t)(i + 1);
            handle->block = pool_handle(&texts->pools[i], block);
            return (char *)(block + 1);
        }
    }
    *handle = (struct text_handle){.size = 0};
    return NULL;
}

bool texts_keep(struct texts *texts, struct slice text, struct text_handle *handle)
{
    char *at = texts_take(texts, text.len, handle);

    if (at != NULL && text.len > 0) {
        memcpy(at, text.at, text.len);
    }
    return at != NULL;
}

static struct text_block *text_block_find(const struct texts *texts, struct text_handle handle)
{
    if (handle.size == 0 || handle.size > TEXT_SIZES ||
        handle.len > text_sizes[handle.size - 1] - sizeof(struct text_block)) {
        return NULL;
    }
    return pool_find(&texts->pools[handle.size - 1], handle.block);
}

struct slice texts_slice(const struct texts *texts, struct text_handle handle)
{
    const struct text_block *block = text_block_find(texts, handle);

    return block == NULL ? SLICE_NONE : slice_of((const char *)(block + 1), handle.len);
}

void texts_give(struct texts *texts, struct text_handle *handle)
{
    struct text_block *block = text_block_find(texts, *handle);

    if (block != NULL) {
        pool_give(&texts->pools[handle->size - 1], block);
    }
    *handle = (struct text_handle){.size = 0};
}

/* Smaller texts take larger blocks when theirs are used up, so these are the last to go. */
bool texts_are_scarce(const struct texts *texts, uint32_t share)
{
    const struct pool *requests = &texts->pools[2];

    return pool_left(requests) <= requests->count / share;
}

uint64_t texts_refused(const struct texts *texts)
{
    return texts->pools[TEXT_SIZES - 1].refused;
}

bool texts_join(struct texts *texts, const struct slice *parts, unsigned count,
                struct text_handle *handle)
{
    uint32_t ends[TEXTS_JOINED_MAX];
    size_t front = count * sizeof(ends[0]), len = front;

    must(count <= TEXTS_JOINED_MAX);
    for (unsigned i = 0; i < count; i++) {
        if (parts[i].len > UINT16_MAX) {
            return false;
        }
        len += parts[i].len;
        ends[i] = (uint32_t)len;
    }
    char *at = texts_take(texts, len, handle);
    if (at == NULL) {
        return false;
    }
    memcpy(at, ends, front);
    at += front;
    for (unsigned i = 0; i < count; i++) {
        if (parts[i].len > 0) {
            memcpy(at, parts[i].at, parts[i].len);
            at += parts[i].len;
        }
    }
    return true;
}

struct slice texts_part(const struct texts *texts, struct text_handle handle, unsigned part,
                        unsigned count)
{
    struct slice whole = texts_slice(texts, handle);
    uint32_t from = count * (uint32_t)sizeof(from), to;

    must(part < count && count <= TEXTS_JOINED_MAX);
    if (whole.at == NULL || whole.len < from) {
        return SLICE_NONE;
    }
    memcpy(&to, whole.at + part * sizeof(to), sizeof(to));
    if (part > 0) {
        memcpy(&from, whole.at + (part - 1) * sizeof(from), sizeof(from));
    }
    return from <= to && to <= whole.len ? slice_of(whole.at + from, to - from) : SLICE_NONE;
}

void texts_unmark(struct texts *texts)
{
    for (unsigned i = 0; i < TEXT_SIZES; i++) {
        uint32_t index = 0;
        struct text_block *block = NULL;

        while ((block = pool_next(&texts->pools[i], &index)) != NULL) {
            block->is_marked = 0;
        }
    }
}

bool texts_mark(struct texts *texts, struct text_handle handle)
{
    struct text_block *block = text_block_find(texts, handle);

    /* A block two records claim is not shared: who comes later has lost it. */
    if (block == NULL || block->is_marked != 0) {
        return false;
    }
    block->is_marked = 1;
    return true;
}

void texts_unmark_one(struct texts *texts, struct text_handle handle)
{
    struct text_block *block = text_block_find(texts, handle);

    if (block != NULL) {
        block->is_marked = 0;
    }
}

void texts_sweep(struct texts *texts)
{
    for (unsigned i = 0; i < TEXT_SIZES; i++) {
        uint32_t index = 0;
        struct text_block *block = NULL;

        while ((block = pool_next(&texts->pools[i], &index)) != NULL) {
            if (block->is_marked == 0) {
                pool_give(&texts->pools[i], block);
            }
        }
    }
}
