#include "io/capture/capture.h"

#include "io/capture/pages.h"
#include "io/capture/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* No more frames: gaps are no longer waited for. */
static bool capture_end(struct capture *capture, struct packet *packet, struct fault *fault)
{
    do {
        if (streams_next(capture->streams, packet)) {
            return true;
        }
    } while (streams_expire(capture->streams, UINT64_MAX));
    streams_finish(capture->streams);
    *fault = capture->fault;
    return false;
}

bool capture_next(struct capture *capture, struct packet *packet, struct fault *fault)
{
    while (!capture->is_ended) {
        if (streams_next(capture->streams, packet)) {
            return true;
        }
        if (streams_expire(capture->streams, capture->frame.when_us)) {
            continue;
        }
        if (!frames_next(&capture->frames, &capture->frame, &capture->fault)) {
            capture->is_ended = true;
        } else if (walk_frame(capture, packet)) {
            return true;
        }
    }
    return capture_end(capture, packet, fault);
}

static struct capture *capture_alloc(const struct hash_key *key, struct fault *fault)
{
    struct capture *capture = pages_new(sizeof(*capture));

    if (capture != NULL) {
        capture->fd = -1;
        capture->fragments = fragments_new(key, &capture->counts);
        capture->streams = streams_new(key, &capture->counts);
        capture->keylog = keylog_new();
        if (capture->fragments != NULL && capture->streams != NULL && capture->keylog != NULL &&
            streams_take_keys(capture->streams, capture->keylog)) {
            capture->frames.keylog = capture->keylog;
            return capture;
        }
        capture_close(capture);
    }
    fault_set(fault, "no memory for a capture");
    return NULL;
}

bool capture_load_keys(struct capture *capture, const char *path, struct fault *fault)
{
    return keylog_load(capture->keylog, path, fault);
}

struct capture *capture_new(capture_read *read, void *from, const struct hash_key *key,
                            struct fault *fault)
{
    struct capture *capture = capture_alloc(key, fault);

    if (capture != NULL && !frames_init(&capture->frames, read, from, fault)) {
        capture_close(capture);
        return NULL;
    }
    return capture;
}

static ptrdiff_t fd_read(void *from, char *at, size_t max)
{
    const int *fd = from;
    ssize_t got;

    do {
        got = read(*fd, at, max);
    } while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

static bool fd_open(struct capture *capture, const char *path, struct fault *fault)
{
    struct stat status;

    capture->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (capture->fd < 0 || fstat(capture->fd, &status) != 0) {
        return fault_set(fault, "%s", strerror(errno));
    }
    if (S_ISDIR(status.st_mode)) {
        return fault_set(fault, "a directory");
    }
    if (S_ISREG(status.st_mode)) {
        capture->total = (uint64_t)status.st_size;
    }
    return true;
}

struct capture *capture_open(const char *path, struct fault *fault)
{
    struct hash_key key;

    if (getrandom(&key, sizeof(key), 0) != sizeof(key)) {
        fault_set(fault, "no random numbers: %s", strerror(errno));
        return NULL;
    }
    struct capture *capture = capture_alloc(&key, fault);
    if (capture != NULL && !(fd_open(capture, path, fault) &&
                             frames_init(&capture->frames, fd_read, &capture->fd, fault))) {
        capture_close(capture);
        return NULL;
    }
    return capture;
}

void capture_close(struct capture *capture)
{
    if (capture != NULL) {
        fragments_free(capture->fragments);
        streams_free(capture->streams);
        keylog_free(capture->keylog);
        if (capture->fd > STDIN_FILENO) {
            close(capture->fd);
        }
        pages_free(capture, sizeof(*capture));
    }
}

const struct capture_counts *capture_counts(const struct capture *capture)
{
    return &capture->counts;
}

struct capture_progress capture_progress(const struct capture *capture)
{
    return (struct capture_progress){capture->frames.window.offset, capture->total};
}
