/*
 * A binary trie with the dull stretches left out: a node is a prefix that was added, or the place
 * where two of them part.  Nodes lie in one array and name each other by index, 32 octets each.
 */
#include "base/address.h"
#include "base/must.h"

#include <stdlib.h>

enum {
    KEY_BITS = 128,
    ROOTS = 2,           /* the two families never meet; node 0 is IPv4, node 1 is IPv6 */
    NODES_AT_START = 64, /* two kilobytes: most peers have a handful of prefixes */
    NODES_MAX = 1 << 28, /* eight gigabytes; keeps every sum in 32 bits */
    NODES_FOR_ONE = 2,   /* what adding one prefix may need: itself and a parting */
};

struct key {
    uint64_t high, low;
};

struct node {
    struct key key; /* zero behind bits */
    uint32_t value;
    uint32_t below[2]; /* by the first bit behind; 0: none (a root is below nobody) */
    uint8_t bits;
    bool has_value;
};

struct prefixes {
    struct node *nodes;
    uint32_t count, room;
};

static struct key key_of(const struct address *address)
{
    struct key key = {0, 0};
    unsigned len = address->family == ADDRESS_V4 ? 4 : 16;

    for (unsigned i = 0; i < len; i++) {
        uint64_t *half = i < 8 ? &key.high : &key.low;
        *half |= (uint64_t)address->bytes[i] << (56 - 8 * (i % 8));
    }
    return key;
}

static struct key key_head(struct key key, unsigned bits)
{
    if (bits <= 64) {
        key.low = 0;
        key.high = bits == 0 ? 0 : key.high & ~(uint64_t)0 << (64 - bits);
    } else if (bits < KEY_BITS) {
        key.low &= ~(uint64_t)0 << (KEY_BITS - bits);
    }
    return key;
}

static unsigned key_bit(struct key key, unsigned bit)
{
    uint64_t half = bit < 64 ? key.high : key.low;

    return (unsigned)(half >> (63 - bit % 64)) & 1;
}

/* How many bits at the front agree. */
static unsigned keys_agree(struct key a, struct key b)
{
    if (a.high != b.high) {
        return (unsigned)__builtin_clzll(a.high ^ b.high);
    }
    return a.low == b.low ? KEY_BITS : 64 + (unsigned)__builtin_clzll(a.low ^ b.low);
}

static unsigned family_bits(const struct address *address)
{
    return address->family == ADDRESS_V4 ? 32 : KEY_BITS;
}

/* The bits a prefix says it has; all when it says nothing.  As in an address, no zero in front. */
static bool bits_read(struct slice behind, unsigned all, uint8_t *bits)
{
    struct slice digits = slice_skip(behind, 1);
    uint64_t number = all;

    if (behind.len > 0 &&
        ((digits.len > 1 && digits.at[0] == '0') || !slice_number(digits, all, &number))) {
        return false;
    }
    *bits = (uint8_t)number;
    return true;
}

static bool has_bits_behind(const struct prefix *prefix)
{
    struct key key = key_of(&prefix->address);

    return keys_agree(key, key_head(key, prefix->bits)) < KEY_BITS;
}

bool prefix_read(struct prefix *prefix, struct slice literal)
{
    size_t slash = slice_find(literal, '/');
    struct slice host = slice_head(literal, slash);
    struct slice behind = slice_skip(literal, slash);

    *prefix = (struct prefix){0};
    if (host.len > 0 && host.at[0] != '[' && address_read(&prefix->address, host) &&
        bits_read(behind, family_bits(&prefix->address), &prefix->bits) &&
        !has_bits_behind(prefix)) {
        return true;
    }
    *prefix = (struct prefix){0};
    return false;
}

bool prefix_has(const struct prefix *prefix, const struct address *address)
{
    return prefix->address.family == address->family && address->family != ADDRESS_NONE &&
           keys_agree(key_of(&prefix->address), key_of(address)) >= prefix->bits;
}

static bool prefixes_grow(struct prefixes *prefixes)
{
    if (prefixes->room - prefixes->count >= NODES_FOR_ONE) {
        return true;
    }
    if (prefixes->room >= NODES_MAX) {
        return false;
    }
    uint32_t room = prefixes->room == 0 ? NODES_AT_START : 2 * prefixes->room;
    struct node *nodes = realloc(prefixes->nodes, room * sizeof(*nodes));
    if (nodes == NULL) {
        return false;
    }
    prefixes->nodes = nodes;
    prefixes->room = room;
    return true;
}

static uint32_t node_new(struct prefixes *prefixes, struct key key, unsigned bits)
{
    must(prefixes->count < prefixes->room);
    prefixes->nodes[prefixes->count] =
        (struct node){.key = key_head(key, bits), .bits = (uint8_t)bits};
    return prefixes->count++;
}

struct prefixes *prefixes_new(void)
{
    struct prefixes *prefixes = calloc(1, sizeof(*prefixes));

    if (prefixes == NULL || !prefixes_grow(prefixes)) {
        prefixes_free(prefixes);
        return NULL;
    }
    for (unsigned family = 0; family < ROOTS; family++) {
        node_new(prefixes, (struct key){0, 0}, 0);
    }
    return prefixes;
}

void prefixes_free(struct prefixes *prefixes)
{
    if (prefixes != NULL) {
        free(prefixes->nodes);
        free(prefixes);
    }
}

/* The node below that shares no more than bits with key is replaced by a parting, which holds it
 * and leaves the other side free. */
static uint32_t node_part(struct prefixes *prefixes, uint32_t below, struct key key, unsigned bits)
{
    uint32_t parting = node_new(prefixes, key, bits);

    prefixes->nodes[parting].below[key_bit(prefixes->nodes[below].key, bits)] = below;
    return parting;
}

/* The node for key and bits, made where it is missing.  There is room for it. */
static struct node *node_add(struct prefixes *prefixes, uint32_t root, struct key key,
                             unsigned bits)
{
    struct node *nodes = prefixes->nodes;
    uint32_t at = root;

    while (nodes[at].bits < bits) {
        uint32_t *link = &nodes[at].below[key_bit(key, nodes[at].bits)];

        if (*link == 0) {
            *link = node_new(prefixes, key, bits);
            return &nodes[*link];
        }
        unsigned agree = keys_agree(nodes[*link].key, key);
        unsigned most = nodes[*link].bits < bits ? nodes[*link].bits : bits;
        if (agree < most) {
            *link = node_part(prefixes, *link, key, agree);
        } else if (nodes[*link].bits > bits) {
            *link = node_part(prefixes, *link, key, bits);
        }
        at = *link;
    }
    return &nodes[at];
}

bool prefixes_add(struct prefixes *prefixes, const struct prefix *prefix, uint32_t value)
{
    must(prefix->address.family != ADDRESS_NONE && prefix->bits <= family_bits(&prefix->address));
    if (!prefixes_grow(prefixes)) {
        return false;
    }
    uint32_t root = prefix->address.family == ADDRESS_V4 ? 0 : 1;
    struct key key = key_head(key_of(&prefix->address), prefix->bits);
    struct node *node = node_add(prefixes, root, key, prefix->bits);
    if (node->has_value) {
        return node->value == value;
    }
    node->value = value;
    node->has_value = true;
    return true;
}

bool prefixes_find(const struct prefixes *prefixes, const struct address *address, uint32_t *value)
{
    if (address->family == ADDRESS_NONE) {
        return false;
    }
    const struct node *nodes = prefixes->nodes;
    const struct node *node = &nodes[address->family == ADDRESS_V4 ? 0 : 1];
    unsigned all = family_bits(address);
    struct key key = key_of(address);
    bool is_found = false;

    while (keys_agree(node->key, key) >= node->bits) {
        if (node->has_value) {
            *value = node->value;
            is_found = true;
        }
        uint32_t below = node->bits < all ? node->below[key_bit(key, node->bits)] : 0;
        if (below == 0) {
            break;
        }
        node = &nodes[below];
    }
    return is_found;
}
