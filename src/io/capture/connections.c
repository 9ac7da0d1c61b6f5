/*
 * The connections that are followed, found by their two ends.
 */
#include "io/capture/streams.h"

#include "base/must.h"

#include <stdlib.h>

static int end_compare(const struct address *a, const struct address *b)
{
    int order = memcmp(a->bytes, b->bytes, sizeof(a->bytes));

    return order != 0 ? order : (int)a->port - (int)b->port;
}

/* Both directions have the same name: the smaller end first. */
struct connection_name {
    const struct address *ends[2];
    unsigned side; /* of the sender */
    uint64_t hash;
};

static struct connection_name name_of(const struct streams *streams, const struct segment *segment)
{
    unsigned side = end_compare(&segment->from, &segment->to) > 0;
    struct connection_name name = {.side = side};
    char key[2 * 18];

    name.ends[side] = &segment->from;
    name.ends[1 - side] = &segment->to;
    for (unsigned i = 0; i < 2; i++) {
        memcpy(key + i * 18, name.ends[i]->bytes, 16);
        memcpy(key + i * 18 + 16, &name.ends[i]->port, 2);
    }
    name.hash = hash_bytes(&streams->key, slice_of(key, sizeof(key)));
    return name;
}

struct connection *connection_find(struct streams *streams, const struct segment *segment,
                                   unsigned *side)
{
    struct connection_name name = name_of(streams, segment);
    struct table_cursor cursor = {0};
    uint32_t index;

    *side = name.side;
    while (table_next(&streams->table, name.hash, &cursor, &index)) {
        struct connection *connection = pool_at(&streams->connections, index);

        if (address_equal(&connection->ends[0], name.ends[0]) &&
            address_equal(&connection->ends[1], name.ends[1])) {
            recent_touch(&streams->recent, &connection->link);
            return connection;
        }
    }
    return NULL;
}

static void half_close(struct streams *streams, struct half *half)
{
    if (half->state == HALF_FRAMING && half->is_kept) {
        capture_counted(streams->counts, CAPTURE_TCP_UNFINISHED);
    }
    if (half->state == HALF_SEARCHING && !half->is_sip) {
        capture_counted(streams->counts, CAPTURE_TCP_OTHER);
    }
    half_drop_held(streams, half);
    room_give(&streams->rooms, &half->room);
}

static void connection_remove(struct streams *streams, struct connection *connection)
{
    half_close(streams, &connection->halves[0]);
    half_close(streams, &connection->halves[1]);
    (void)table_remove(&streams->table, connection->hash,
                       pool_handle(&streams->connections, connection).index);
    recent_remove(&streams->recent, &connection->link);
    pool_give(&streams->connections, connection);
}

static struct connection *connection_oldest(const struct streams *streams)
{
    return (struct connection *)((char *)streams->recent.oldest -
                                 offsetof(struct connection, link));
}

struct connection *connection_add(struct streams *streams, const struct segment *segment,
                                  unsigned *side)
{
    struct connection_name name = name_of(streams, segment);
    struct connection *connection = pool_take(&streams->connections);

    if (connection == NULL) {
        capture_counted(streams->counts, CAPTURE_TCP_EVICTED);
        connection_remove(streams, connection_oldest(streams));
        connection = pool_take(&streams->connections);
        must(connection != NULL);
    }
    *side = name.side;
    connection->hash = name.hash;
    connection->serial = ++streams->serial;
    connection->ends[0] = *name.ends[0];
    connection->ends[1] = *name.ends[1];
    recent_add(&streams->recent, &connection->link);
    (void)table_add(&streams->table, name.hash,
                    pool_handle(&streams->connections, connection).index);
    capture_counted(streams->counts, CAPTURE_TCP_CONNECTIONS);
    return connection;
}

struct connection *connection_of(const struct streams *streams, const struct half *half,
                                 unsigned *side)
{
    size_t at = (size_t)((const char *)half - streams->connections.slots);
    struct connection *connection =
        pool_at(&streams->connections, (uint32_t)(at / streams->connections.slot_size));

    *side = half == &connection->halves[1];
    return connection;
}

void streams_finish(struct streams *streams)
{
    while (streams->recent.oldest != NULL) {
        connection_remove(streams, connection_oldest(streams));
    }
}

struct streams *streams_new(const struct hash_key *key, struct capture_counts *counts)
{
    struct streams *streams = calloc(1, sizeof(*streams));
    uint32_t chunk_count = STREAMS_MEMORY / CHUNK_SIZE;

    if (streams == NULL) {
        return NULL;
    }
    streams->key = *key;
    streams->counts = counts;
    streams->connections.slots =
        calloc(1, pool_size(sizeof(struct connection), STREAMS_CONNECTIONS));
    streams->chunks.slots = calloc(1, pool_size(CHUNK_SIZE, chunk_count));
    streams->table.entries = calloc(1, table_size(STREAMS_CONNECTIONS));
    if (!rooms_init(&streams->rooms) || streams->connections.slots == NULL ||
        streams->chunks.slots == NULL || streams->table.entries == NULL) {
        streams_free(streams);
        return NULL;
    }
    pool_init(&streams->connections, streams->connections.slots, sizeof(struct connection),
              STREAMS_CONNECTIONS);
    pool_init(&streams->chunks, streams->chunks.slots, CHUNK_SIZE, chunk_count);
    table_init(&streams->table, streams->table.entries, STREAMS_CONNECTIONS);
    return streams;
}

void streams_free(struct streams *streams)
{
    if (streams != NULL) {
        free(streams->connections.slots);
        free(streams->chunks.slots);
        free(streams->table.entries);
        rooms_close(&streams->rooms);
        free(streams);
    }
}
