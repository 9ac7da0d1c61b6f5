#include "wire/hep/hep.h"

#include "base/must.h"
#include "wire/octets.h"

enum chunk_type {
// clang-format off
#define CHUNK(type, name, octets) CHUNK_##name = (type),
#include "wire/hep/chunks.def"
#undef CHUNK
    // clang-format on
    CHUNK_TYPES_MAX = 32, /* above all of them: one bit each */
};

enum {
    FAMILY_V4 = 2, /* as Linux numbers them, whoever sends */
    FAMILY_V6 = 10,
    MICROSECONDS = 1000000,
};

/* Octets its value must have, by type; ANY of those whose length is free, 0 of others. */
enum { ANY = 0xFFFF };
static const uint16_t wanted[CHUNK_TYPES_MAX] = {
// clang-format off
#define CHUNK(type, name, octets) [type] = (octets) == 0 ? ANY : (octets),
#include "wire/hep/chunks.def"
#undef CHUNK
    // clang-format on
};

/* What can only be understood when all chunks are known. */
struct chunks {
    uint32_t seen; /* a bit for each type */
    struct slice of[CHUNK_TYPES_MAX];
};

enum hep_reading hep_frame(struct slice bytes, size_t *len)
{
    struct slice magic = SLICE("HEP3");

    if (!slice_equal(slice_head(bytes, magic.len), slice_head(magic, bytes.len))) {
        return HEP_FOREIGN;
    }
    if (bytes.len < HEP_HEAD) {
        return HEP_PARTIAL;
    }
    *len = octets_16(bytes.at + magic.len);
    if (*len < HEP_HEAD) {
        return HEP_BROKEN;
    }
    return *len > bytes.len ? HEP_PARTIAL : HEP_READ;
}

/* False when a chunk cannot be. */
static bool chunk_keep(struct chunks *chunks, unsigned type, struct slice value)
{
    if (type >= CHUNK_TYPES_MAX || wanted[type] == 0) {
        return true;
    }
    if ((chunks->seen & UINT32_C(1) << type) != 0 ||
        (wanted[type] != ANY && wanted[type] != value.len)) {
        return false;
    }
    chunks->seen |= UINT32_C(1) << type;
    chunks->of[type] = value;
    return true;
}

static bool chunks_read(struct chunks *chunks, struct slice rest)
{
    while (rest.len >= HEP_CHUNK_HEAD) {
        unsigned vendor = octets_16(rest.at);
        unsigned type = octets_16(rest.at + 2);
        size_t len = octets_16(rest.at + 4);

        if (len < HEP_CHUNK_HEAD || len > rest.len) {
            return false;
        }
        struct slice value = slice_of(rest.at + HEP_CHUNK_HEAD, len - HEP_CHUNK_HEAD);
        if (vendor == 0 && !chunk_keep(chunks, type, value)) {
            return false;
        }
        rest = slice_skip(rest, len);
    }
    return rest.len == 0;
}

static uint32_t chunk_number(const struct chunks *chunks, enum chunk_type type)
{
    uint32_t number = 0;

    for (size_t i = 0; i < chunks->of[type].len; i++) {
        number = number << 8 | (unsigned char)chunks->of[type].at[i];
    }
    return number;
}

/* The family is what the addresses are, whatever the chunk says. */
static void address_take(struct address *address, struct slice v4, struct slice v6, uint32_t port)
{
    struct slice bytes = v4.len > 0 ? v4 : v6;

    *address = (struct address){.family = ADDRESS_NONE};
    if (bytes.len > 0) {
        address->family = v4.len > 0 ? ADDRESS_V4 : ADDRESS_V6;
        address->port = (uint16_t)port;
        memcpy(address->bytes, bytes.at, bytes.len);
    }
}

/* An agent may send both kinds of address; the family then says which. */
static void addresses_take(struct hep_packet *packet, struct chunks *chunks)
{
    if (chunk_number(chunks, CHUNK_FAMILY) == FAMILY_V6) {
        chunks->of[CHUNK_FROM_V4] = chunks->of[CHUNK_TO_V4] = SLICE_NONE;
    }
    address_take(&packet->from, chunks->of[CHUNK_FROM_V4], chunks->of[CHUNK_FROM_V6],
                 chunk_number(chunks, CHUNK_FROM_PORT));
    address_take(&packet->to, chunks->of[CHUNK_TO_V4], chunks->of[CHUNK_TO_V6],
                 chunk_number(chunks, CHUNK_TO_PORT));
}

enum hep_reading hep_read(struct hep_packet *packet, struct slice bytes)
{
    struct chunks chunks = {.seen = 0};
    size_t len = 0;
    enum hep_reading reading = hep_frame(bytes, &len);

    *packet = (struct hep_packet){.payload = SLICE_NONE};
    if (reading != HEP_READ) {
        return reading;
    }
    if (len != bytes.len || !chunks_read(&chunks, slice_skip(bytes, HEP_HEAD))) {
        return HEP_BROKEN;
    }
    addresses_take(packet, &chunks);
    packet->when_us = (uint64_t)chunk_number(&chunks, CHUNK_SECONDS) * MICROSECONDS +
                      chunk_number(&chunks, CHUNK_MICROSECONDS) % MICROSECONDS;
    packet->agent = chunk_number(&chunks, CHUNK_AGENT);
    packet->protocol = (uint8_t)chunk_number(&chunks, CHUNK_PROTOCOL);
    packet->content = (uint8_t)chunk_number(&chunks, CHUNK_CONTENT);
    packet->is_compressed = (chunks.seen & UINT32_C(1) << CHUNK_COMPRESSED) != 0;
    packet->key = chunks.of[CHUNK_KEY];
    packet->payload = chunks.of[CHUNK_PAYLOAD];
    packet->correlation = chunks.of[CHUNK_CORRELATION];
    return HEP_READ;
}

static void put_number(struct text *text, uint32_t number, unsigned octets)
{
    while (octets-- > 0) {
        text_put_octet(text, (char)(number >> 8 * octets & 0xFF));
    }
}

static void put_chunk(struct text *text, enum chunk_type type, struct slice value)
{
    if (value.len > HEP_MAX - HEP_CHUNK_HEAD) {
        text->is_full = true;
        return;
    }
    put_number(text, 0, 2);
    put_number(text, type, 2);
    put_number(text, (uint32_t)value.len + HEP_CHUNK_HEAD, 2);
    text_put(text, value);
}

static void put_chunk_number(struct text *text, enum chunk_type type, uint32_t number)
{
    char room[4];
    struct text value;

    text_init(&value, room, sizeof(room));
    put_number(&value, number, wanted[type]);
    put_chunk(text, type, text_slice(&value));
}

static void put_chunk_some(struct text *text, enum chunk_type type, struct slice value)
{
    if (value.len > 0) {
        put_chunk(text, type, value);
    }
}

static void put_addresses(struct text *text, const struct hep_packet *packet)
{
    bool is_v6 = packet->from.family == ADDRESS_V6;
    size_t len = is_v6 ? 16 : 4;

    if (packet->from.family == ADDRESS_NONE) {
        return;
    }
    put_chunk_number(text, CHUNK_FAMILY, is_v6 ? FAMILY_V6 : FAMILY_V4);
    put_chunk(text, is_v6 ? CHUNK_FROM_V6 : CHUNK_FROM_V4,
              slice_of((const char *)packet->from.bytes, len));
    put_chunk(text, is_v6 ? CHUNK_TO_V6 : CHUNK_TO_V4,
              slice_of((const char *)packet->to.bytes, len));
    put_chunk_number(text, CHUNK_FROM_PORT, packet->from.port);
    put_chunk_number(text, CHUNK_TO_PORT, packet->to.port);
}

void hep_write(struct text *text, const struct hep_packet *packet)
{
    size_t start = text->len;

    must(packet->from.family == packet->to.family);
    text_put(text, SLICE("HEP3\0\0"));
    put_addresses(text, packet);
    put_chunk_number(text, CHUNK_PROTOCOL, packet->protocol);
    put_chunk_number(text, CHUNK_SECONDS, (uint32_t)(packet->when_us / MICROSECONDS));
    put_chunk_number(text, CHUNK_MICROSECONDS, (uint32_t)(packet->when_us % MICROSECONDS));
    put_chunk_number(text, CHUNK_CONTENT, packet->content);
    put_chunk_number(text, CHUNK_AGENT, packet->agent);
    put_chunk_some(text, CHUNK_KEY, packet->key);
    put_chunk_some(text, CHUNK_CORRELATION, packet->correlation);
    put_chunk_some(text, CHUNK_PAYLOAD, packet->payload);
    size_t len = text->len - start;
    if (text->is_full || len > HEP_MAX) {
        text->is_full = true;
        return;
    }
    text->at[start + 4] = (char)(len >> 8);
    text->at[start + 5] = (char)(len & 0xFF);
}
