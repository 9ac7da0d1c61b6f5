#include "wire/media_keys.h"

// clang-format off
static const struct {
    struct slice written;
    size_t key_len, salt_len;
} suites[MEDIA_SUITE_COUNT] = {
    [MEDIA_SUITE_NONE] = {SLICE_INIT(""), 0, 0},
#define MEDIA_SUITE(name, written, key_len, salt_len, dtls)                                        \
    [MEDIA_SUITE_##name] = {SLICE_INIT(written), (key_len) + (salt_len), salt_len},
#include "wire/media_suites.def"
#undef MEDIA_SUITE
};
// clang-format on

static const struct {
    struct slice written;
    size_t len;
} hashes[MEDIA_HASH_COUNT] = {
    [MEDIA_HASH_NONE] = {SLICE_INIT(""), 0},
    [MEDIA_SHA_256] = {SLICE_INIT("sha-256"), 32},
    [MEDIA_SHA_384] = {SLICE_INIT("sha-384"), 48},
    [MEDIA_SHA_512] = {SLICE_INIT("sha-512"), 64},
};

struct slice media_suite_written(enum media_suite suite)
{
    return suites[suite].written;
}

size_t media_suite_key_len(enum media_suite suite)
{
    return suites[suite].key_len;
}

size_t media_suite_salt_len(enum media_suite suite)
{
    return suites[suite].salt_len;
}

enum media_suite media_suite_find(struct slice word)
{
    for (enum media_suite suite = MEDIA_SUITE_NONE + 1; suite < MEDIA_SUITE_COUNT; suite++) {
        if (slice_equal(word, suites[suite].written)) {
            return suite;
        }
    }
    return MEDIA_SUITE_NONE;
}

struct slice media_hash_written(enum media_hash hash)
{
    return hashes[hash].written;
}

size_t media_hash_len(enum media_hash hash)
{
    return hashes[hash].len;
}

enum media_hash media_hash_find(struct slice word)
{
    for (enum media_hash hash = MEDIA_SHA_256; hash <= MEDIA_SHA_512; hash++) {
        if (slice_equal_nocase(word, hashes[hash].written)) {
            return hash;
        }
    }
    return MEDIA_HASH_NONE;
}

bool media_key_equal(const struct media_key *a, const struct media_key *b)
{
    return a->suite == b->suite && a->suite < MEDIA_SUITE_COUNT &&
           memcmp(a->octets, b->octets, suites[a->suite].key_len) == 0;
}

bool media_fingerprint_equal(const struct media_fingerprint *a, const struct media_fingerprint *b)
{
    return a->hash == b->hash && a->hash < MEDIA_HASH_COUNT &&
           memcmp(a->octets, b->octets, hashes[a->hash].len) == 0;
}

static size_t key_end(const char *at, size_t from, size_t len)
{
    while (from < len && at[from] > ' ' && at[from] != '|' && at[from] != ';') {
        from++;
    }
    return from;
}

/* The colon is looked for: there are few in a description, and fewer that begin a key. */
void media_keys_mask(char *at, size_t len)
{
    static const struct slice names[] = {SLICE_INIT("inline:"), SLICE_INIT("ice-pwd:")};

    for (size_t i = 0; i < len; i++) {
        const char *colon = memchr(at + i, ':', len - i);

        if (colon == NULL) {
            return;
        }
        i = (size_t)(colon - at);
        for (size_t name = 0; name < sizeof(names) / sizeof(names[0]); name++) {
            if (slice_ends_nocase(slice_of(at, i + 1), names[name])) {
                size_t end = key_end(at, i + 1, len);

                memset(at + i + 1, 'x', end - i - 1);
            }
        }
    }
}

void media_wipe(void *at, size_t len)
{
    /* What is not known when this is compiled cannot be left out. */
    void *(*volatile set)(void *, int, size_t) = memset;

    (void)set(at, 0, len);
}
