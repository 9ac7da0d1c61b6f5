/*
 * Events as JSON, one a line: to standard output, or to events.jsonl in the journal's folder, which
 * is renamed when it is full and removed when all files together are too much.
 */
#include "app/run/recorder.h"
#include "app/say.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    LINES_NAME_MAX = 64,
    LINES_FILES_MAX = 1024, /* of all files together: 64 GiB of them */
};

static const uint64_t lines_file_max = UINT64_C(64) << 20;            /* one file */
static const uint64_t lines_quota = UINT64_C(2) << 30;                /* all files together */
static const uint64_t lines_file_age_ms = UINT64_C(24) * 3600 * 1000; /* a file a day at least */
static const char lines_current[] = "events.jsonl";

/*
 * Files.
 */

struct line_file {
    char name[LINES_NAME_MAX];
    uint64_t len;
};

static bool is_old_file(const char *name)
{
    struct slice slice = slice_string(name);

    return slice_starts(slice, SLICE("events-")) && slice_ends(slice, SLICE(".jsonl")) &&
           slice.len < LINES_NAME_MAX;
}

/* Names begin with the time, so their order is that of time. */
static int compare_files(const void *a, const void *b)
{
    return strcmp(((const struct line_file *)a)->name, ((const struct line_file *)b)->name);
}

static unsigned files_list(int folder, struct line_file files[LINES_FILES_MAX])
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *opened = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry = NULL;
    unsigned count = 0;

    while (opened != NULL && count < LINES_FILES_MAX && (entry = readdir(opened)) != NULL) {
        struct stat stat;

        if (is_old_file(entry->d_name) && fstatat(folder, entry->d_name, &stat, 0) == 0) {
            (void)snprintf(files[count].name, LINES_NAME_MAX, "%s", entry->d_name);
            files[count++].len = (uint64_t)stat.st_size;
        }
    }
    if (opened != NULL) {
        (void)closedir(opened);
    }
    qsort(files, count, sizeof(files[0]), compare_files);
    return count;
}

/* The oldest files go until what is left is within the quota. */
static void lines_keep_quota(struct lines *lines)
{
    struct line_file files[LINES_FILES_MAX];
    unsigned count = files_list(lines->folder, files);
    uint64_t all = lines_file_max;

    for (unsigned i = 0; i < count; i++) {
        all += files[i].len;
    }
    for (unsigned i = 0; i < count && all > lines_quota; i++) {
        if (unlinkat(lines->folder, files[i].name, 0) == 0) {
            all -= files[i].len;
            lines->page->removed++;
        }
    }
}

static bool lines_open(struct lines *lines)
{
    struct stat stat;

    lines->file = openat(lines->folder, lines_current,
                         O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (lines->file < 0 || fstat(lines->file, &stat) != 0) {
        return false;
    }
    lines->file_len = (uint64_t)stat.st_size;
    lines->file_opened_ms = loop_now_ms(lines->loop);
    return true;
}

static void lines_close(struct lines *lines)
{
    char name[LINES_NAME_MAX];
    struct timespec now;
    struct tm utc;

    (void)fdatasync(lines->file);
    (void)close(lines->file);
    lines->file = -1;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &utc);
    size_t len = strftime(name, sizeof(name), "events-%Y%m%dT%H%M%S", &utc);
    (void)snprintf(name + len, sizeof(name) - len, ".%03ldZ.jsonl", now.tv_nsec / 1000000);
    (void)renameat(lines->folder, lines_current, lines->folder, name);
    lines->page->rotations++;
    lines_keep_quota(lines);
}

/* A file to write to; false when there is none. */
static bool lines_is_open(struct lines *lines)
{
    if (lines->folder < 0) {
        lines->file = STDOUT_FILENO;
        return true;
    }
    uint64_t age_ms = loop_now_ms(lines->loop) - lines->file_opened_ms;
    if (lines->file >= 0 && lines->file_len > 0 &&
        (lines->file_len >= lines_file_max || age_ms >= lines_file_age_ms)) {
        lines_close(lines);
    }
    return lines->file >= 0 || lines_open(lines);
}

/*
 * Lines.
 */

static uint64_t count_lines(struct slice octets)
{
    uint64_t count = 0;

    for (size_t i = 0; i < octets.len; i++) {
        count += octets.at[i] == '\n';
    }
    return count;
}

static void lines_lose(struct lines *lines, struct slice left)
{
    lines->page->lost += count_lines(left);
    if (!lines->has_told) {
        say("recorder: events are lost: %s", strerror(errno));
        lines->has_told = true;
    }
}

/* Whoever reads our standard output may be slow: then events are lost, not the store. */
void lines_flush(struct lines *lines)
{
    struct slice left = slice_of(lines->buffer, lines->len);
    bool is_open = lines->len > 0 && lines_is_open(lines);

    lines->len = 0;
    while (is_open && left.len > 0) {
        ssize_t len = write(lines->file, left.at, left.len);

        if (len < 0 && errno == EINTR) {
            continue;
        }
        if (len <= 0) {
            break;
        }
        lines->page->octets += (uint64_t)len;
        lines->page->events += count_lines(slice_head(left, (size_t)len));
        lines->file_len += (uint64_t)len;
        left = slice_skip(left, (size_t)len);
        lines->has_told = false;
    }
    if (left.len > 0) {
        lines_lose(lines, left);
    }
}

void lines_put(struct lines *lines, struct slice event)
{
    if (lines->len + event.len + 1 > sizeof(lines->buffer)) {
        lines_flush(lines);
    }
    memcpy(lines->buffer + lines->len, event.at, event.len);
    lines->len += event.len;
    lines->buffer[lines->len++] = '\n';
}

void lines_init(struct lines *lines, struct loop *loop, struct recorder_page *page, int folder)
{
    lines->loop = loop;
    lines->page = page;
    lines->folder = folder;
    lines->file = -1;
    if (folder >= 0 && !lines_open(lines)) {
        say("recorder: events.jsonl cannot be written: %s", strerror(errno));
    }
}
