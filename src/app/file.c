#include "app/file.h"

#include "app/say.h"
#include "base/must.h"
#include "guard/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* One octet more than may be, so that a file that is too large is seen to be. */
static bool read_all(int fd, struct slice *text)
{
    char *at = malloc(POLICY_FILE_MAX + 1);
    size_t len = 0;
    ssize_t more = 1;

    must(at != NULL);
    while (more > 0 && len <= POLICY_FILE_MAX) {
        more = read(fd, at + len, POLICY_FILE_MAX + 1 - len);
        len += more > 0 ? (size_t)more : 0;
    }
    if (more < 0 || len > POLICY_FILE_MAX) {
        errno = more < 0 ? errno : EFBIG;
        free(at);
        return false;
    }
    char *fitting = realloc(at, len + 1);
    *text = slice_of(fitting != NULL ? fitting : at, len);
    return true;
}

bool policy_file_read(struct policy_file *file, const char *path)
{
    struct policy_complaints *complaints = policy_complaints_new();
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    must(complaints != NULL);
    *file = (struct policy_file){.policy = NULL};
    file->is_read = fd >= 0 && read_all(fd, &file->text);
    if (!file->is_read) {
        say("%s: %s", path, strerror(errno));
    } else {
        file->policy = policy_read(file->text, slice_string(path), control_names(), complaints);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    for (uint32_t i = 0; i < policy_complaint_count(complaints); i++) {
        struct slice complaint = policy_complaint(complaints, i);

        (void)fprintf(stderr, "%.*s\n", (int)complaint.len, complaint.at);
    }
    policy_complaints_free(complaints);
    if (file->policy == NULL) {
        policy_file_free(file);
        return false;
    }
    return true;
}

void policy_file_free(struct policy_file *file)
{
    policy_free(file->policy);
    free((void *)(uintptr_t)file->text.at);
    file->policy = NULL;
    file->text = SLICE_NONE;
}
