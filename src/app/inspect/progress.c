/*
 * How far an inspection is, for whoever waits: a line that is written anew on a terminal, and one
 * now and then elsewhere.
 */
#include "app/inspect/run.h"
#include "app/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    PROGRESS_MESSAGES = 16384, /* between two looks at the clock */
    PROGRESS_MS = 200,         /* on a terminal */
    PROGRESS_LINE_MS = 10000,  /* elsewhere */
};

static uint64_t now_ms(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void run_progress_begin(struct inspect_run *run)
{
    run->shows_progress = !run->options.is_quiet;
    run->is_terminal = isatty(STDERR_FILENO) != 0;
    run->began_ms = run->shown_ms = now_ms();
}

/* Of files whose size is known; one whose is not leaves the whole unknown. */
void run_progress_total(struct inspect_run *run, char **files, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct stat status;

        if (stat(files[i], &status) != 0 || !S_ISREG(status.st_mode)) {
            run->total_octets = 0;
            return;
        }
        run->total_octets += (uint64_t)status.st_size;
    }
}

bool run_progress_due(struct inspect_run *run)
{
    if (!run->shows_progress) {
        return false;
    }
    uint64_t now = now_ms();
    if (now - run->shown_ms < (run->is_terminal ? PROGRESS_MS : PROGRESS_LINE_MS)) {
        return false;
    }
    run->shown_ms = now;
    run->has_shown = true;
    return true;
}

static void left_put(struct text *text, const struct inspect_run *run, uint64_t done)
{
    uint64_t spent_ms = run->shown_ms - run->began_ms;

    if (done == 0 || done > run->total_octets || spent_ms < 1000) {
        return;
    }
    uint64_t left_s = spent_ms * (run->total_octets - done) / done / 1000;
    text_put_format(text, ", %" PRIu64 ":%02u left", left_s / 60, (unsigned)(left_s % 60));
}

/* "42 %  1200000 messages, 31 findings, 450000/s, 0:07 left" */
void run_progress_show(const struct inspect_run *run, uint64_t done)
{
    uint64_t spent_ms = run->shown_ms - run->began_ms + 1;
    char room[160];
    struct text text;

    text_init(&text, room, sizeof(room) - 1);
    if (run->total_octets > 0) {
        text_put_format(&text, "%3u %%  ",
                        (unsigned)((run->done_octets + done) * 100 / run->total_octets));
    } else if (done > 0) {
        text_put_format(&text, "%" PRIu64 " MiB  ", done >> 20);
    }
    text_put_format(&text, "%" PRIu64 " messages, %" PRIu64 " findings, %" PRIu64 "/s",
                    run->messages, run->report.findings, run->messages * 1000 / spent_ms);
    if (run->total_octets > 0) {
        left_put(&text, run, run->done_octets + done);
    }
    room[text.len] = '\0';
    if (run->is_terminal) {
        (void)fprintf(stderr, "\r\033[K%s ", room);
    } else {
        say("%s", room);
    }
}

/* Of a file the clock is looked at now and then. */
void run_progress_file(struct inspect_run *run, const struct capture *capture)
{
    if (++run->messages % PROGRESS_MESSAGES == 0 && run_progress_due(run)) {
        run_progress_show(run, capture_progress(capture).done);
    }
}

void run_progress_end(struct inspect_run *run)
{
    if (run->is_terminal && run->has_shown) {
        (void)fputs("\r\033[K", stderr);
        run->has_shown = false;
    }
}
