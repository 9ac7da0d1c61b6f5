/*
 * The recorder: the only process that writes files.
 *
 * Events come as JSON objects, one a message, and go out one a line: to standard output, or to
 * events.jsonl in the journal's folder, which is renamed when it is full and removed when all files
 * together are too much.  What cannot be written is counted; nobody waits for the disk.
 */
#include "app/run/child.h"
#include "app/run/links.h"
#include "app/run/page.h"
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
    JOURNAL_BUFFER = 256 * 1024, /* written at once */
    JOURNAL_FLUSH_MS = 200,      /* or so much later */
    JOURNAL_NAME_MAX = 64,
    JOURNAL_FILES_MAX = 1024, /* of all files together: 64 GiB of them */
    RECORDER_LAST_TURNS = 64, /* of the loop, when the store ends */
};

static const uint64_t journal_file_max = UINT64_C(64) << 20;            /* one file */
static const uint64_t journal_quota = UINT64_C(2) << 30;                /* all files together */
static const uint64_t journal_file_age_ms = UINT64_C(24) * 3600 * 1000; /* a file a day at least */
static const char journal_current[] = "events.jsonl";

struct recorder {
    struct loop loop;
    struct loop_alarm flush;
    struct links links;
    struct recorder_page *page;
    int folder; /* -1: events go to standard output */
    int file;
    uint64_t file_len, file_opened_ms, old_len;
    bool has_told; /* that the disk refuses; once until it takes again */
    size_t len;
    char buffer[JOURNAL_BUFFER];
};

/*
 * Files.
 */

struct journal_file {
    char name[JOURNAL_NAME_MAX];
    uint64_t len;
};

static bool is_old_file(const char *name)
{
    struct slice slice = slice_string(name);

    return slice_starts(slice, SLICE("events-")) && slice_ends(slice, SLICE(".jsonl")) &&
           slice.len < JOURNAL_NAME_MAX;
}

/* Names begin with the time, so their order is that of time. */
static int compare_files(const void *a, const void *b)
{
    return strcmp(((const struct journal_file *)a)->name, ((const struct journal_file *)b)->name);
}

static unsigned journal_list(int folder, struct journal_file files[JOURNAL_FILES_MAX])
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *opened = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry = NULL;
    unsigned count = 0;

    while (opened != NULL && count < JOURNAL_FILES_MAX && (entry = readdir(opened)) != NULL) {
        struct stat stat;

        if (is_old_file(entry->d_name) && fstatat(folder, entry->d_name, &stat, 0) == 0) {
            (void)snprintf(files[count].name, JOURNAL_NAME_MAX, "%s", entry->d_name);
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
static void journal_keep_quota(struct recorder *recorder)
{
    struct journal_file files[JOURNAL_FILES_MAX];
    unsigned count = journal_list(recorder->folder, files);
    uint64_t all = journal_file_max;

    for (unsigned i = 0; i < count; i++) {
        all += files[i].len;
    }
    for (unsigned i = 0; i < count && all > journal_quota; i++) {
        if (unlinkat(recorder->folder, files[i].name, 0) == 0) {
            all -= files[i].len;
            recorder->page->removed++;
        }
    }
}

static bool journal_open(struct recorder *recorder)
{
    struct stat stat;

    recorder->file = openat(recorder->folder, journal_current,
                            O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (recorder->file < 0 || fstat(recorder->file, &stat) != 0) {
        return false;
    }
    recorder->file_len = (uint64_t)stat.st_size;
    recorder->file_opened_ms = loop_now_ms(&recorder->loop);
    return true;
}

static void journal_close(struct recorder *recorder)
{
    char name[JOURNAL_NAME_MAX];
    struct timespec now;
    struct tm utc;

    (void)fdatasync(recorder->file);
    (void)close(recorder->file);
    recorder->file = -1;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &utc);
    size_t len = strftime(name, sizeof(name), "events-%Y%m%dT%H%M%S", &utc);
    (void)snprintf(name + len, sizeof(name) - len, ".%03ldZ.jsonl", now.tv_nsec / 1000000);
    (void)renameat(recorder->folder, journal_current, recorder->folder, name);
    recorder->page->rotations++;
    journal_keep_quota(recorder);
}

/* A file to write to; false when there is none. */
static bool journal_is_open(struct recorder *recorder)
{
    if (recorder->folder < 0) {
        recorder->file = STDOUT_FILENO;
        return true;
    }
    uint64_t age_ms = loop_now_ms(&recorder->loop) - recorder->file_opened_ms;
    if (recorder->file >= 0 && recorder->file_len > 0 &&
        (recorder->file_len >= journal_file_max || age_ms >= journal_file_age_ms)) {
        journal_close(recorder);
    }
    return recorder->file >= 0 || journal_open(recorder);
}

/*
 * Events.
 */

static uint64_t count_lines(struct slice octets)
{
    uint64_t count = 0;

    for (size_t i = 0; i < octets.len; i++) {
        count += octets.at[i] == '\n';
    }
    return count;
}

static void recorder_lose(struct recorder *recorder, struct slice left)
{
    recorder->page->lost += count_lines(left);
    if (!recorder->has_told) {
        say("recorder: events are lost: %s", strerror(errno));
        recorder->has_told = true;
    }
}

/* Whoever reads our standard output may be slow: then events are lost, not the store. */
static void recorder_write(struct recorder *recorder)
{
    struct slice left = slice_of(recorder->buffer, recorder->len);
    bool is_open = journal_is_open(recorder);

    recorder->len = 0;
    while (is_open && left.len > 0) {
        ssize_t len = write(recorder->file, left.at, left.len);

        if (len < 0 && errno == EINTR) {
            continue;
        }
        if (len <= 0) {
            break;
        }
        recorder->page->octets += (uint64_t)len;
        recorder->page->events += count_lines(slice_head(left, (size_t)len));
        recorder->file_len += (uint64_t)len;
        left = slice_skip(left, (size_t)len);
        recorder->has_told = false;
    }
    if (left.len > 0) {
        recorder_lose(recorder, left);
    }
}

static void recorder_flush(void *owner)
{
    struct recorder *recorder = owner;

    if (recorder->len > 0) {
        recorder_write(recorder);
    }
}

/* An event is one line: what would end it early is no event of ours. */
static void recorder_take(void *owner, struct ipc_link *link, struct ipc_message *message)
{
    struct recorder *recorder = owner;
    struct slice event = message->payload;

    (void)link;
    if (message->type != IPC_EVENT || slice_find(event, '\n') < event.len) {
        recorder->page->lost++;
        return;
    }
    if (recorder->len + event.len + 1 > sizeof(recorder->buffer)) {
        recorder_write(recorder);
    }
    memcpy(recorder->buffer + recorder->len, event.at, event.len);
    recorder->len += event.len;
    recorder->buffer[recorder->len++] = '\n';
    if (recorder->flush.due_ms == UINT64_MAX) {
        loop_alarm_at(&recorder->flush, loop_now_ms(&recorder->loop) + JOURNAL_FLUSH_MS);
    }
}

/*
 * Life.
 */

static void recorder_link(void *owner, uint32_t worker, int fd)
{
    struct recorder *recorder = owner;

    links_set(&recorder->links, worker, ROLE_BORDER, fd);
}

static void recorder_take_policy(void *owner, struct policy *policy)
{
    (void)owner;
    policy_free(policy);
}

/* What the others said before they ended is still to be written. */
static void recorder_end(void *owner)
{
    struct recorder *recorder = owner;

    for (unsigned i = 0; i < RECORDER_LAST_TURNS; i++) {
        loop_run_at_once(&recorder->loop);
    }
    recorder_flush(recorder);
}

int recorder_main(struct child *child)
{
    struct recorder *recorder = child_memory_new(sizeof(*recorder));
    const struct links_owner links = {.received = recorder_take, .owner = recorder};
    const struct child_calls calls = {
        .link = recorder_link,
        .take_policy = recorder_take_policy,
        .end = recorder_end,
        .owner = recorder,
    };
    struct fault fault;

    recorder->page = child_map(&child->counters, "counters");
    recorder->file = -1;
    recorder->folder = child->journal;
    if (recorder->page == NULL || child->counters.len < sizeof(*recorder->page) ||
        !child_drop(child) || !loop_init(&recorder->loop, &fault)) {
        return 3;
    }
    if (recorder->folder >= 0 && !journal_open(recorder)) {
        say("recorder: the journal cannot be written: %s", strerror(errno));
    }
    loop_alarm_open(&recorder->loop, &recorder->flush, recorder_flush, recorder);
    links_init(&recorder->links, &recorder->loop, ROLE_RECORDER, &links);
    return child_live(child, &recorder->loop, &calls);
}
