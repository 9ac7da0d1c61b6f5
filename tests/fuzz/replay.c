/*
 * Replays every file of a folder through a fuzz target: the corpora are ordinary tests, and gcc
 * builds them too.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

/* A copy of just its size, so that a reader one octet beyond is caught by the sanitizers. */
static uint8_t *file_read(FILE *file, size_t len)
{
    uint8_t *octets = malloc(len > 0 ? len : 1);

    if (octets != NULL && fread(octets, 1, len, file) != len) {
        free(octets);
        return NULL;
    }
    return octets;
}

static int file_replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat status;

    if (file == NULL || fstat(fileno(file), &status) != 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(1);
    }
    if (!S_ISREG(status.st_mode)) {
        fclose(file);
        return 0;
    }
    uint8_t *octets = file_read(file, (size_t)status.st_size);
    if (octets == NULL) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(1);
    }
    LLVMFuzzerTestOneInput(octets, (size_t)status.st_size);
    free(octets);
    fclose(file);
    return 1;
}

static unsigned folder_replay(const char *folder)
{
    struct dirent **entries;
    unsigned inputs = 0;
    int count = scandir(folder, &entries, NULL, alphasort);

    for (int i = 0; i < count; i++) {
        char path[4096];

        if (snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name) < (int)sizeof(path)) {
            inputs += (unsigned)file_replay(path);
        }
        free(entries[i]);
    }
    if (count >= 0) {
        free(entries);
    }
    return inputs;
}

int main(int argument_count, char **arguments)
{
    unsigned inputs = 0;

    for (int i = 1; i < argument_count; i++) {
        inputs += folder_replay(arguments[i]);
    }
    printf("%u inputs\n", inputs);
    return 0;
}
