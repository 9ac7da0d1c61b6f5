#include "app/audit/folder.h"

#include <errno.h>
#include <stdlib.h>

FILE *folder_open(const char *folder, const char *name, const char *mode)
{
    char *path = NULL;

    if (asprintf(&path, "%s/%s", folder, name) < 0) {
        return NULL;
    }
    FILE *file = fopen(path, mode);
    free(path);
    return file;
}

bool folder_write(const char *folder, const char *name, struct slice bytes, struct fault *fault)
{
    FILE *file = folder_open(folder, name, "wbe");
    bool is_out = file != NULL && fwrite(bytes.at, 1, bytes.len, file) == bytes.len;

    is_out = file != NULL && fclose(file) == 0 && is_out;
    return is_out || fault_set(fault, "cannot write %s/%s: %s", folder, name, strerror(errno));
}
