#include "io/capture/keylog.h"

#include "base/hash.h"
#include "base/must.h"
#include "base/table.h"
#include "io/capture/pages.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

struct keylog_entry {
    uint8_t random[KEYLOG_RANDOM];
    uint8_t lens[KEYLOG_KIND_COUNT];
    uint8_t secrets[KEYLOG_KIND_COUNT][KEYLOG_SECRET_MAX];
};

struct keylog {
    struct table table;
    struct hash_key key;
    uint32_t count;
    struct keylog_entry entries[KEYLOG_MAX + 1]; /* from 1 */
};

static const struct {
    const char *label;
    enum keylog_kind kind;
} labels[] = {
    {"CLIENT_RANDOM", KEYLOG_MASTER},
    {"CLIENT_TRAFFIC_SECRET_0", KEYLOG_CLIENT},
    {"SERVER_TRAFFIC_SECRET_0", KEYLOG_SERVER},
};

struct keylog *keylog_new(void)
{
    struct keylog *keylog = pages_new(sizeof(*keylog));
    void *memory = pages_new(table_size(KEYLOG_MAX));

    if (keylog == NULL || memory == NULL) {
        pages_free(keylog, sizeof(*keylog));
        pages_free(memory, table_size(KEYLOG_MAX));
        return NULL;
    }
    must(getrandom(&keylog->key, sizeof(keylog->key), 0) == sizeof(keylog->key));
    table_init(&keylog->table, memory, KEYLOG_MAX);
    return keylog;
}

void keylog_free(struct keylog *keylog)
{
    if (keylog != NULL) {
        pages_free(keylog->table.entries, table_size(KEYLOG_MAX));
        pages_free(keylog, sizeof(*keylog));
    }
}

static struct keylog_entry *entry_find(const struct keylog *keylog, const uint8_t *random,
                                       uint64_t *hash)
{
    struct table_cursor cursor = {0};
    uint32_t index = 0;

    *hash = hash_bytes(&keylog->key, slice_of((const char *)random, KEYLOG_RANDOM));
    while (table_next(&keylog->table, *hash, &cursor, &index)) {
        const struct keylog_entry *entry = &keylog->entries[index];

        if (memcmp(entry->random, random, KEYLOG_RANDOM) == 0) {
            return (struct keylog_entry *)(uintptr_t)entry;
        }
    }
    return NULL;
}

static int digit_of(char octet)
{
    if (octet >= '0' && octet <= '9') {
        return octet - '0';
    }
    octet = (char)(octet | 0x20);
    return octet >= 'a' && octet <= 'f' ? octet - 'a' + 10 : -1;
}

/* The count of octets; 0 when it is no hexadecimal text of at most max octets. */
static size_t hex_read(struct slice text, uint8_t *octets, size_t max)
{
    if (text.len % 2 != 0 || text.len / 2 > max) {
        return 0;
    }
    for (size_t i = 0; i < text.len; i += 2) {
        int high = digit_of(text.at[i]), low = digit_of(text.at[i + 1]);

        if (high < 0 || low < 0) {
            return 0;
        }
        octets[i / 2] = (uint8_t)(high * 16 + low);
    }
    return text.len / 2;
}

static void entry_put(struct keylog *keylog, enum keylog_kind kind, const uint8_t *random,
                      const uint8_t *secret, size_t len)
{
    uint64_t hash = 0;
    struct keylog_entry *entry = entry_find(keylog, random, &hash);

    if (entry == NULL && keylog->count < KEYLOG_MAX) {
        entry = &keylog->entries[++keylog->count];
        memcpy(entry->random, random, KEYLOG_RANDOM);
        (void)table_add(&keylog->table, hash, keylog->count);
    }
    if (entry != NULL) {
        memcpy(entry->secrets[kind], secret, len);
        entry->lens[kind] = (uint8_t)len;
    }
}

static void line_add(struct keylog *keylog, struct slice line)
{
    uint8_t random[KEYLOG_RANDOM], secret[KEYLOG_SECRET_MAX];
    struct slice label, name;

    if (!slice_cut(&line, ' ', &label) || !slice_cut(&line, ' ', &name)) {
        return;
    }
    for (size_t i = 0; i < ARRAY_COUNT(labels); i++) {
        if (!slice_equal(label, slice_string(labels[i].label))) {
            continue;
        }
        size_t len = hex_read(slice_trim(line), secret, sizeof(secret));

        if (len >= 32 && hex_read(name, random, sizeof(random)) == sizeof(random)) {
            entry_put(keylog, labels[i].kind, random, secret, len);
        }
    }
}

void keylog_add(struct keylog *keylog, struct slice lines)
{
    struct slice line;

    while (slice_cut(&lines, '\n', &line)) {
        line_add(keylog, slice_trim(line));
    }
}

bool keylog_load(struct keylog *keylog, const char *path, struct fault *fault)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t size = 0;
    uint64_t octets = 0;
    ssize_t len = 0;

    if (file == NULL) {
        return fault_set(fault, "%s: %s", path, strerror(errno));
    }
    while (octets < KEYLOG_FILE_MAX && (len = getline(&line, &size, file)) > 0) {
        octets += (uint64_t)len;
        line_add(keylog, slice_trim(slice_of(line, (size_t)len)));
    }
    free(line);
    (void)fclose(file);
    return keylog->count > 0 || fault_set(fault, "%s: no secret of a TLS connection in it", path);
}

uint32_t keylog_count(const struct keylog *keylog)
{
    return keylog == NULL ? 0 : keylog->count;
}

struct slice keylog_find(const struct keylog *keylog, const uint8_t random[KEYLOG_RANDOM],
                         enum keylog_kind kind)
{
    uint64_t hash = 0;
    const struct keylog_entry *entry = entry_find(keylog, random, &hash);

    return entry == NULL ? SLICE_NONE
                         : slice_of((const char *)entry->secrets[kind], entry->lens[kind]);
}
