/*
 * `sipwarden inspect`: captures, judged message by message; nothing is changed.
 */
#include "app/inspect/report.h"
#include "app/say.h"
#include "app/verbs.h"
#include "base/must.h"
#include "io/capture/capture.h"
#include "io/capture/write.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    PROGRESS_MESSAGES = 16384, /* between two looks at the clock */
    PROGRESS_MS = 200,
    LINES_MAX = 1 << 20,        /* of one message: 32 findings, each with its file's name */
    PRINT_MAX = 8 << 20,        /* of all controls, each with three names of files */
    PRINT_EACH_MAX = 32 * 1024, /* of a file, or of a peer with all controls */
};

struct options {
    const char *policy, *evidence;
    bool is_json, is_quiet;
};

/* One run of the verb. */
struct run {
    struct options options;
    struct watch watch;
    struct report report;
    FILE *evidence_file;
    struct capture_writer evidence;
    char *lines; /* LINES_MAX octets */
    bool shows_progress, is_unreadable;
    uint64_t messages, shown_ms;
};

static int usage(FILE *out, int status)
{
    fputs(
        "usage: sipwarden inspect [--policy FILE] [--json] [--quiet] [--evidence FILE] FILE...\n"
        "\n"
        "Judges every SIP message of captures (pcap, pcapng; - is standard input) as a store with\n"
        "that policy would have, and tells what was found.  Nothing is sent or changed.\n"
        "\n"
        "  --policy FILE    whose zones, peers and limits apply; without it messages are judged\n"
        "                   for what they are, whoever sent them\n"
        "  --json           one object a line: each finding, then a summary\n"
        "  --quiet          the summary alone\n"
        "  --evidence FILE  the messages with findings, as a capture whose comments name them\n"
        "\n"
        "Exit: 0 nothing found, 1 findings, 2 usage, or not all of it could be read.\n",
        out);
    return status;
}

static uint64_t now_ms(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void progress_show(struct run *run, const struct capture *capture)
{
    if (!run->shows_progress || ++run->messages % PROGRESS_MESSAGES != 0) {
        return;
    }
    uint64_t now = now_ms();
    if (now - run->shown_ms < PROGRESS_MS) {
        return;
    }
    struct capture_progress progress = capture_progress(capture);
    run->shown_ms = now;
    if (progress.total > 0) {
        fprintf(stderr, "\r%3u %%  ", (unsigned)(progress.done * 100 / progress.total));
    } else {
        fprintf(stderr, "\r%llu MiB  ", (unsigned long long)(progress.done >> 20));
    }
    fprintf(stderr, "%llu messages, %llu findings ", (unsigned long long)run->messages,
            (unsigned long long)run->report.findings);
}

static void progress_end(struct run *run)
{
    if (run->shows_progress && run->shown_ms > 0) {
        fputs("\r\033[K", stderr);
        run->shown_ms = 0;
    }
}

/* "CT-FW-06 HYG-F04, CT-FW-08 HYG-F05" */
static void evidence_write(struct run *run, const struct inspection *inspection)
{
    char room[4096];
    struct text comment;

    text_init(&comment, room, sizeof(room));
    for (uint32_t i = 0; i < inspection->finding_count; i++) {
        const struct finding *finding = &inspection->findings[i];

        text_put_string(&comment, i == 0 ? "" : ", ");
        text_put_string(&comment, control_at(finding->control)->id);
        text_put_string(&comment, finding->detail == NULL ? "" : " ");
        text_put_string(&comment, finding->detail == NULL ? "" : finding->detail);
    }
    (void)capture_write_packet(&run->evidence, inspection->packet, text_slice(&comment));
}

static void message_judge(struct run *run, const struct packet *packet, const char *file)
{
    watch_judge(&run->watch, packet);
    report_add(&run->report, file);
    if (run->watch.inspection->finding_count == 0) {
        return;
    }
    if (run->options.is_json && !run->options.is_quiet) {
        struct text text;

        text_init(&text, run->lines, LINES_MAX);
        report_write_findings_json(&text, &run->watch, file);
        fwrite(text.at, 1, text.len, stdout);
    }
    if (run->evidence_file != NULL) {
        evidence_write(run, run->watch.inspection);
    }
}

static void file_inspect(struct run *run, struct report_file *file, const char *path)
{
    struct fault fault = {.text = ""};
    struct capture *capture = capture_open(path, &fault);
    struct packet packet;

    file->path = path;
    if (capture != NULL) {
        while (capture_next(capture, &packet, &fault)) {
            message_judge(run, &packet, path);
            progress_show(run, capture);
        }
        progress_end(run);
        file->counts = *capture_counts(capture);
        file->octets = capture_progress(capture).done;
        capture_close(capture);
    }
    memcpy(file->fault, fault.text, sizeof(file->fault));
    if (fault.text[0] != '\0') {
        run->is_unreadable = true;
        say("%s: %s", path, fault.text);
    }
}

static bool report_print(struct run *run, struct fault *fault)
{
    size_t max = PRINT_MAX +
                 (size_t)PRINT_EACH_MAX * (run->watch.policy->peer_count + run->report.file_count);
    struct text text;
    char *room = malloc(max);

    if (room == NULL) {
        return fault_set(fault, "no memory for the report");
    }
    text_init(&text, room, max);
    if (run->options.is_json) {
        report_write_summary_json(&text, &run->report);
    } else {
        report_write(&text, &run->report, run->options.is_quiet);
    }
    fwrite(text.at, 1, text.len, stdout);
    free(room);
    if (text.is_full) {
        return fault_set(fault, "the report is longer than it may be");
    }
    return (fflush(stdout) == 0 && !ferror(stdout)) ||
           fault_set(fault, "standard output: %s", strerror(errno));
}

static bool run_open(struct run *run, uint32_t files, struct fault *fault)
{
    const char *evidence = run->options.evidence;

    run->shows_progress = isatty(STDERR_FILENO) && !run->options.is_quiet;
    run->lines = malloc(LINES_MAX);
    if (run->lines == NULL) {
        return fault_set(fault, "no memory");
    }
    if (!watch_open(&run->watch, run->options.policy, fault) ||
        !report_init(&run->report, &run->watch, files, fault)) {
        return false;
    }
    if (evidence == NULL) {
        return true;
    }
    run->evidence_file = fopen(evidence, "wb");
    return (run->evidence_file != NULL &&
            capture_write_start(&run->evidence, capture_put_file, run->evidence_file,
                                SLICE("sipwarden inspect"), SLICE_NONE)) ||
           fault_set(fault, "%s: %s", evidence, strerror(errno));
}

static bool evidence_close(struct run *run, struct fault *fault)
{
    FILE *file = run->evidence_file;

    run->evidence_file = NULL;
    return file == NULL || (fclose(file) == 0 && !run->evidence.has_failed) ||
           fault_set(fault, "%s: %s", run->options.evidence, strerror(errno));
}

static void run_close(struct run *run)
{
    if (run->evidence_file != NULL) {
        fclose(run->evidence_file);
    }
    report_end(&run->report);
    watch_close(&run->watch);
    free(run->lines);
}

static bool run_files(struct run *run, char **files, uint32_t count, struct fault *fault)
{
    if (!run_open(run, count, fault)) {
        return false;
    }
    must(run->report.files != NULL);
    for (uint32_t i = 0; i < count; i++) {
        file_inspect(run, &run->report.files[i], files[i]);
        run->report.file_count++;
    }
    return report_print(run, fault) && evidence_close(run, fault);
}

static int inspect_files(const struct options *options, char **files, uint32_t count)
{
    struct run run = {.options = *options};
    struct fault fault = {.text = ""};
    int status = EXIT_USAGE; /* whoever asked must look: not all of it was judged */

    if (!run_files(&run, files, count, &fault)) {
        say("%s", fault.text);
    } else if (!run.is_unreadable) {
        status = run.report.findings > 0 ? EXIT_FINDINGS : EXIT_OK;
    }
    run_close(&run);
    return status;
}

int inspect_main(int argc, char **argv)
{
    static const struct option options[] = {
        {"policy", required_argument, NULL, 'p'}, {"json", no_argument, NULL, 'j'},
        {"quiet", no_argument, NULL, 'q'},        {"evidence", required_argument, NULL, 'e'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
    };
    struct options chosen = {0};
    int option = 0;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'p':
            chosen.policy = optarg;
            break;
        case 'j':
            chosen.is_json = true;
            break;
        case 'q':
            chosen.is_quiet = true;
            break;
        case 'e':
            chosen.evidence = optarg;
            break;
        case 'h':
            return usage(stdout, EXIT_OK);
        default:
            return usage(stderr, EXIT_USAGE);
        }
    }
    if (optind == argc || argc - optind > REPORT_FILES_MAX) {
        return usage(stderr, EXIT_USAGE);
    }
    return inspect_files(&chosen, argv + optind, (uint32_t)(argc - optind));
}
