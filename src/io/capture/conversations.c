/*
 * The connections that are followed, found by their two ends.
 */
#include "io/capture/streams.h"

#include "base/must.h"
#include "io/capture/pages.h"

#include <stdlib.h>

static int end_compare(const struct address *a, const struct address *b)
{
    int order = memcmp(a->bytes, b->bytes, sizeof(a->bytes));

    return order != 0 ? order : (int)a->port - (int)b->port;
}

/* Both directions have the same name: the smaller end first. */
struct conversation_name {
    const struct address *ends[2];
    unsigned side; /* of the sender */
    uint64_t hash;
};

enum { END_OCTETS = 18 };

static void end_put(char *at, const struct address *end)
{
    memcpy(at, end->bytes, 16);
    memcpy(at + 16, &end->port, 2);
}

static struct conversation_name name_of(const struct streams *streams,
                                        const struct segment *segment)
{
    unsigned side = end_compare(&segment->from, &segment->to) > 0;
    struct conversation_name name = {.side = side};
    char key[2 * END_OCTETS];

    name.ends[side] = &segment->from;
    name.ends[1 - side] = &segment->to;
    end_put(key, name.ends[0]);
    end_put(key + END_OCTETS, name.ends[1]);
    name.hash = hash_bytes(&streams->key, slice_of(key, sizeof(key)));
    return name;
}

struct conversation *conversation_find(struct streams *streams, const struct segment *segment,
                                       unsigned *side)
{
    struct conversation_name name = name_of(streams, segment);
    struct table_cursor cursor = {0};
    uint32_t index;

    *side = name.side;
    while (table_next(&streams->table, name.hash, &cursor, &index)) {
        struct conversation *conversation = pool_at(&streams->conversations, index);

        if (address_equal(&conversation->ends[0], name.ends[0]) &&
            address_equal(&conversation->ends[1], name.ends[1])) {
            recent_touch(&streams->recent, &conversation->link);
            return conversation;
        }
    }
    return NULL;
}

static void half_close(struct streams *streams, struct half *half)
{
    if (half_is_unfinished(half)) {
        capture_counted(streams->counts, CAPTURE_TCP_UNFINISHED);
    }
    if (half->state == HALF_SEARCHING && !half->is_sip) {
        capture_counted(streams->counts, CAPTURE_TCP_OTHER);
    }
    half_drop_held(streams, half);
    room_give(&streams->rooms, &half->room);
}

static void conversation_remove(struct streams *streams, struct conversation *conversation)
{
    half_close(streams, &conversation->halves[0]);
    half_close(streams, &conversation->halves[1]);
    (void)table_remove(&streams->table, conversation->hash,
                       pool_handle(&streams->conversations, conversation).index);
    recent_remove(&streams->recent, &conversation->link);
    pool_give(&streams->conversations, conversation);
}

static struct conversation *conversation_oldest(const struct streams *streams)
{
    return (struct conversation *)((char *)streams->recent.oldest -
                                   offsetof(struct conversation, link));
}

struct conversation *conversation_add(struct streams *streams, const struct segment *segment,
                                      unsigned *side)
{
    struct conversation_name name = name_of(streams, segment);
    struct conversation *conversation = pool_take(&streams->conversations);

    if (conversation == NULL) {
        capture_counted(streams->counts, CAPTURE_TCP_EVICTED);
        conversation_remove(streams, conversation_oldest(streams));
        conversation = pool_take(&streams->conversations);
        must(conversation != NULL);
    }
    *side = name.side;
    conversation->hash = name.hash;
    conversation->serial = ++streams->serial;
    conversation->ends[0] = *name.ends[0];
    conversation->ends[1] = *name.ends[1];
    recent_add(&streams->recent, &conversation->link);
    (void)table_add(&streams->table, name.hash,
                    pool_handle(&streams->conversations, conversation).index);
    capture_counted(streams->counts, CAPTURE_TCP_CONNECTIONS);
    return conversation;
}

struct conversation *conversation_of(const struct streams *streams, const struct half *half,
                                     unsigned *side)
{
    size_t at = (size_t)((const char *)half - streams->conversations.slots);
    struct conversation *conversation =
        pool_at(&streams->conversations, (uint32_t)(at / streams->conversations.slot_size));

    *side = half == &conversation->halves[1];
    return conversation;
}

bool streams_take_keys(struct streams *streams, const struct keylog *keylog)
{
    streams->keylog = keylog;
    if (streams->inner == NULL) {
        streams->tls = tls_reader_new(keylog);
        streams->inner = streams_new(&streams->key, &streams->inner_counts);
    }
    return streams->tls != NULL && streams->inner != NULL;
}

void streams_finish(struct streams *streams)
{
    if (streams->inner != NULL) {
        streams_finish(streams->inner);
    }
    while (streams->recent.oldest != NULL) {
        conversation_remove(streams, conversation_oldest(streams));
    }
}

enum { CHUNKS = STREAMS_MEMORY / CHUNK_SIZE };

struct streams *streams_new(const struct hash_key *key, struct capture_counts *counts)
{
    struct streams *streams = calloc(1, sizeof(*streams));

    if (streams == NULL) {
        return NULL;
    }
    void *slots = pages_new(pool_size(sizeof(struct conversation), STREAMS_CONVERSATIONS));
    void *chunks = pages_new(pool_size(CHUNK_SIZE, CHUNKS));
    void *places = pages_new(table_size(STREAMS_CONVERSATIONS));
    streams->key = *key;
    streams->counts = counts;
    streams->conversations.slots = slots;
    streams->chunks.slots = chunks;
    streams->table.entries = places;
    if (!rooms_init(&streams->rooms) || slots == NULL || chunks == NULL || places == NULL) {
        streams_free(streams);
        return NULL;
    }
    pool_init(&streams->conversations, slots, sizeof(struct conversation), STREAMS_CONVERSATIONS);
    pool_init(&streams->chunks, chunks, CHUNK_SIZE, CHUNKS);
    table_init(&streams->table, places, STREAMS_CONVERSATIONS);
    return streams;
}

void streams_free(struct streams *streams)
{
    if (streams != NULL) {
        pages_free(streams->conversations.slots,
                   pool_size(sizeof(struct conversation), STREAMS_CONVERSATIONS));
        pages_free(streams->chunks.slots, pool_size(CHUNK_SIZE, CHUNKS));
        pages_free(streams->table.entries, table_size(STREAMS_CONVERSATIONS));
        rooms_close(&streams->rooms);
        tls_reader_free(streams->tls);
        streams_free(streams->inner);
        free(streams);
    }
}
