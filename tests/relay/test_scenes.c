/*
 * Plays the scenes of a folder, or those named.
 *
 *     test_scenes FOLDER
 *     test_scenes --told FILE...      and prints every message
 */
#include "scene.h"

#include "base/must.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { SCENES_MAX = 1024 };

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static unsigned find_scenes(const char *folder, char **paths)
{
    DIR *directory = opendir(folder);
    struct dirent *entry = NULL;
    unsigned count = 0;

    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        if (slice_ends(slice_string(entry->d_name), SLICE(".scene"))) {
            must(count < SCENES_MAX);
            paths[count] = malloc(2048);
            must(paths[count] != NULL);
            snprintf(paths[count++], 2048, "%s/%s", folder, entry->d_name);
        }
    }
    if (directory != NULL) {
        closedir(directory);
    }
    qsort(paths, count, sizeof(*paths), by_name);
    return count;
}

int main(int count, char **words)
{
    static char *paths[SCENES_MAX];
    bool is_told = count > 1 && strcmp(words[1], "--told") == 0;
    unsigned played = 0, failed = 0, found = 0;

    if (count < 2) {
        fprintf(stderr, "which scenes?\n");
        return 2;
    }
    if (is_told || slice_ends(slice_string(words[1]), SLICE(".scene"))) {
        for (int i = is_told ? 2 : 1; i < count; i++) {
            played++;
            failed += !scene_play(words[i], is_told);
        }
    } else {
        found = find_scenes(words[1], paths);
        for (unsigned i = 0; i < found; i++) {
            played++;
            failed += !scene_play(paths[i], false);
            free(paths[i]);
        }
    }
    printf("%u scenes, %u failed\n", played, failed);
    return failed > 0 || played == 0 ? 1 : 0;
}
