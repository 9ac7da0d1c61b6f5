#include "io/capture/fragments.h"

#include "io/capture/pages.h"

#include <stdlib.h>

/* What of a datagram has come. */
struct datagram {
    struct pool_slot slot;
    struct recent_link link;
    uint64_t hash;
    uint64_t first_us;
    struct address from, to;
    uint32_t id;
    uint32_t first_chunk;
    uint32_t fragment_count;
    uint32_t gathered; /* octets */
    uint32_t total;    /* octets, once the last fragment has come; else 0 */
    uint8_t protocol;  /* of IPv6: as the first fragment says */
    bool is_dropped;
};

/* Version 6 numbers datagrams for all protocols together. */
static uint8_t key_protocol(const struct ip_packet *packet)
{
    return packet->from.family == ADDRESS_V4 ? packet->protocol : 0;
}

static uint64_t packet_hash(const struct fragments *fragments, const struct ip_packet *packet)
{
    char key[16 + 16 + 4 + 1];

    memcpy(key, packet->from.bytes, 16);
    memcpy(key + 16, packet->to.bytes, 16);
    memcpy(key + 32, &packet->fragment_id, 4);
    key[36] = (char)key_protocol(packet);
    return hash_bytes(&fragments->key, slice_of(key, sizeof(key)));
}

static bool datagram_is_of(const struct datagram *datagram, const struct ip_packet *packet)
{
    return datagram->id == packet->fragment_id &&
           (packet->from.family == ADDRESS_V6 || datagram->protocol == packet->protocol) &&
           address_same_host(&datagram->from, &packet->from) &&
           address_same_host(&datagram->to, &packet->to);
}

static struct datagram *datagram_of(struct recent_link *link)
{
    return (struct datagram *)((char *)link - offsetof(struct datagram, link));
}

static struct datagram *datagram_find(struct fragments *fragments, const struct ip_packet *packet,
                                      uint64_t hash)
{
    struct table_cursor cursor = {0};
    uint32_t index;

    while (table_next(&fragments->table, hash, &cursor, &index)) {
        struct datagram *datagram = pool_at(&fragments->datagrams, index);

        if (datagram_is_of(datagram, packet)) {
            return datagram;
        }
    }
    return NULL;
}

static void datagram_remove(struct fragments *fragments, struct datagram *datagram)
{
    chunks_drop_all(&fragments->chunks, &datagram->first_chunk);
    (void)table_remove(&fragments->table, datagram->hash,
                       pool_handle(&fragments->datagrams, datagram).index);
    recent_remove(&fragments->arrivals, &datagram->link);
    pool_give(&fragments->datagrams, datagram);
}

/* The oldest makes room; what was dropped already was counted then. */
static void datagram_evict(struct fragments *fragments, enum capture_count why)
{
    struct datagram *datagram = datagram_of(fragments->arrivals.oldest);

    if (!datagram->is_dropped) {
        capture_counted(fragments->counts, why);
    }
    datagram_remove(fragments, datagram);
}

static struct datagram *datagram_add(struct fragments *fragments, const struct ip_packet *packet,
                                     uint64_t hash, uint64_t when_us)
{
    struct datagram *datagram = pool_take(&fragments->datagrams);

    while (datagram == NULL) {
        datagram_evict(fragments, CAPTURE_FRAGMENT_EVICTED);
        datagram = pool_take(&fragments->datagrams);
    }
    datagram->hash = hash;
    datagram->first_us = when_us;
    datagram->from = packet->from;
    datagram->to = packet->to;
    datagram->id = packet->fragment_id;
    datagram->protocol = key_protocol(packet);
    recent_add(&fragments->arrivals, &datagram->link);
    (void)table_add(&fragments->table, hash, pool_handle(&fragments->datagrams, datagram).index);
    return datagram;
}

static void datagram_drop(struct fragments *fragments, struct datagram *datagram,
                          enum capture_count why)
{
    capture_counted(fragments->counts, why);
    chunks_drop_all(&fragments->chunks, &datagram->first_chunk);
    datagram->is_dropped = true;
}

/* The clock of a capture may step back; only what is old forwards is late. */
static void fragments_expire(struct fragments *fragments, uint64_t when_us)
{
    while (fragments->arrivals.oldest != NULL) {
        const struct datagram *datagram = datagram_of(fragments->arrivals.oldest);

        if (when_us < datagram->first_us || when_us - datagram->first_us <= FRAGMENTS_WAIT_US) {
            return;
        }
        datagram_evict(fragments, CAPTURE_FRAGMENT_LATE);
    }
}

static bool fragment_is_sane(const struct ip_packet *packet)
{
    size_t end = packet->fragment_at + packet->payload.len;

    return packet->payload.len > 0 && end <= FRAGMENTS_DATAGRAM_MAX &&
           (!packet->has_more || packet->payload.len % 8 == 0);
}

/* Whether the end this fragment claims agrees with what came before. */
static bool fragment_end_agrees(const struct fragments *fragments, struct datagram *datagram,
                                const struct ip_packet *packet)
{
    uint32_t end = packet->fragment_at + (uint32_t)packet->payload.len;

    if (packet->has_more) {
        return datagram->total == 0 || end <= datagram->total;
    }
    for (const struct chunk *chunk = chunks_at(&fragments->chunks, datagram->first_chunk);
         chunk != NULL; chunk = chunks_at(&fragments->chunks, chunk->next)) {
        if (chunk->position + chunk->len > end) {
            return false;
        }
    }
    if (datagram->total != 0 && datagram->total != end) {
        return false;
    }
    datagram->total = end;
    return true;
}

/* Chunks for len octets, which those already there may cut into pieces. */
static bool fragments_make_room(struct fragments *fragments, const struct datagram *datagram,
                                size_t len)
{
    const struct pool *chunks = &fragments->chunks;
    uint32_t needed = (uint32_t)(len / CHUNK_MAX) + 1 + FRAGMENTS_MAX;

    while (chunks->count - 1 - chunks->used < needed) {
        if (datagram_of(fragments->arrivals.oldest) == datagram) {
            return false;
        }
        datagram_evict(fragments, CAPTURE_FRAGMENT_EVICTED);
    }
    return true;
}

/* False when it changed nothing or the datagram is no more. */
static bool fragment_keep(struct fragments *fragments, struct datagram *datagram,
                          const struct ip_packet *packet, uint32_t number)
{
    struct chunk_piece piece = {packet->payload, packet->fragment_at, number, 0};

    if (!fragment_end_agrees(fragments, datagram, packet)) {
        datagram_drop(fragments, datagram, CAPTURE_FRAGMENT_OVERLAP);
        return false;
    }
    if (!fragments_make_room(fragments, datagram, piece.bytes.len)) {
        datagram_drop(fragments, datagram, CAPTURE_FRAGMENT_EVICTED);
        return false;
    }
    struct chunk_meeting meeting = chunks_put(&fragments->chunks, &datagram->first_chunk, &piece);
    if (meeting.repeated == packet->payload.len) {
        capture_counted(fragments->counts, CAPTURE_FRAGMENT_REPEATED);
        return false;
    }
    if (meeting.repeated + meeting.differing > 0) {
        datagram_drop(fragments, datagram, CAPTURE_FRAGMENT_OVERLAP);
        return false;
    }
    datagram->gathered += (uint32_t)packet->payload.len;
    datagram->fragment_count++;
    return true;
}

static void datagram_join(struct fragments *fragments, struct datagram *datagram,
                          struct ip_packet *packet)
{
    size_t len = 0;

    for (const struct chunk *chunk = chunks_at(&fragments->chunks, datagram->first_chunk);
         chunk != NULL; chunk = chunks_at(&fragments->chunks, chunk->next)) {
        memcpy(fragments->whole + len, chunk->bytes, chunk->len);
        len += chunk->len;
    }
    packet->payload = slice_of(fragments->whole, len);
    packet->protocol = datagram->protocol;
    packet->is_fragment = false;
    packet->has_more = false;
    packet->fragment_at = 0;
    capture_counted(fragments->counts, CAPTURE_REASSEMBLED);
    datagram_remove(fragments, datagram);
}

bool fragments_put(struct fragments *fragments, struct ip_packet *packet, uint64_t when_us,
                   uint32_t number)
{
    uint64_t hash = packet_hash(fragments, packet);

    capture_counted(fragments->counts, CAPTURE_FRAGMENTS);
    fragments_expire(fragments, when_us);
    if (!fragment_is_sane(packet)) {
        capture_counted(fragments->counts, CAPTURE_FRAGMENT_BROKEN);
        return false;
    }
    struct datagram *datagram = datagram_find(fragments, packet, hash);
    if (datagram == NULL) {
        datagram = datagram_add(fragments, packet, hash, when_us);
    }
    if (datagram->is_dropped) {
        capture_counted(fragments->counts, CAPTURE_FRAGMENT_AFTER);
        return false;
    }
    if (datagram->fragment_count == FRAGMENTS_MAX) {
        datagram_drop(fragments, datagram, CAPTURE_FRAGMENT_MANY);
        return false;
    }
    if (packet->fragment_at == 0) {
        datagram->protocol = packet->protocol;
    }
    if (!fragment_keep(fragments, datagram, packet, number) ||
        datagram->gathered != datagram->total) {
        return false;
    }
    datagram_join(fragments, datagram, packet);
    return true;
}

enum { CHUNKS = FRAGMENTS_MEMORY / CHUNK_SIZE };

struct fragments *fragments_new(const struct hash_key *key, struct capture_counts *counts)
{
    struct fragments *fragments = calloc(1, sizeof(*fragments));

    if (fragments == NULL) {
        return NULL;
    }
    void *chunks = pages_new(pool_size(CHUNK_SIZE, CHUNKS));
    void *datagrams = pages_new(pool_size(sizeof(struct datagram), FRAGMENTS_DATAGRAMS));
    void *places = pages_new(table_size(FRAGMENTS_DATAGRAMS));
    fragments->key = *key;
    fragments->counts = counts;
    fragments->chunks.slots = chunks;
    fragments->datagrams.slots = datagrams;
    fragments->table.entries = places;
    if (chunks == NULL || datagrams == NULL || places == NULL) {
        fragments_free(fragments);
        return NULL;
    }
    pool_init(&fragments->chunks, chunks, CHUNK_SIZE, CHUNKS);
    pool_init(&fragments->datagrams, datagrams, sizeof(struct datagram), FRAGMENTS_DATAGRAMS);
    table_init(&fragments->table, places, FRAGMENTS_DATAGRAMS);
    return fragments;
}

void fragments_free(struct fragments *fragments)
{
    if (fragments != NULL) {
        pages_free(fragments->chunks.slots, pool_size(CHUNK_SIZE, CHUNKS));
        pages_free(fragments->datagrams.slots,
                   pool_size(sizeof(struct datagram), FRAGMENTS_DATAGRAMS));
        pages_free(fragments->table.entries, table_size(FRAGMENTS_DATAGRAMS));
        free(fragments);
    }
}
