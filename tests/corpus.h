/*
 * The corpus of messages that nobody here wrote lies beside the source tree and is not part of it:
 * a test without it says so and is skipped.
 */
#pragma once

#include "expect.h"

#include <dirent.h>

enum { CORPUS_FILE_MAX = 1 << 18, CORPUS_PATH_MAX = 4096 };

static inline const char *corpus_root(void)
{
    const char *root = getenv("SIPWARDEN_SOURCE");

    return root == NULL ? "." : root;
}

static inline struct slice corpus_file(const char *path, char *room)
{
    FILE *file = fopen(path, "rb");

    assert_non_null(file);
    size_t len = fread(room, 1, CORPUS_FILE_MAX, file);
    fclose(file);
    return slice_of(room, len);
}

/* Hands every file of a folder of the corpus whose name ends so to look; how many there were. */
static inline unsigned corpus_walk(const char *folder, const char *ending,
                                   void (*look)(const char *name, struct slice bytes))
{
    static char room[CORPUS_FILE_MAX];
    char path[CORPUS_PATH_MAX];
    struct dirent **entries;
    unsigned files = 0;

    snprintf(path, sizeof(path), "%s/../shared/corpus/%s", corpus_root(), folder);
    int count = scandir(path, &entries, NULL, alphasort);

    for (int i = 0; i < count; i++) {
        struct slice name = slice_string(entries[i]->d_name);

        if (slice_ends(name, slice_string(ending)) && name.at[0] != '.') {
            snprintf(path, sizeof(path), "%s/../shared/corpus/%s/%s", corpus_root(), folder,
                     entries[i]->d_name);
            look(entries[i]->d_name, corpus_file(path, room));
            files++;
        }
        free(entries[i]);
    }
    if (count >= 0) {
        free(entries);
    }
    return files;
}

/* Says why a test did not look at what it wanted to look at. */
static inline void corpus_skip(const char *folder)
{
    print_message("SKIPPED: no %s in ../shared/corpus\n", folder);
    skip();
}
