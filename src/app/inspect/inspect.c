/*
 * `sipwarden inspect`: captures, judged message by message; nothing is changed.
 */
#include "app/inspect/run.h"
#include "app/say.h"
#include "app/verbs.h"
#include "base/must.h"
#include "io/capture/capture.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    PROGRESS_MESSAGES = 16384, /* between two looks at the clock */
    PROGRESS_MS = 200,
    SECONDS_MAX = 366 * 24 * 60 * 60, /* of a live source */
    LINES_MAX = 1 << 20,              /* of one message: 32 findings, each with its file's name */
    PRINT_MAX = 8 << 20,              /* of all controls, each with three names of files */
    PRINT_EACH_MAX = 32 * 1024,       /* of a file, or of a peer with all controls */
};

static int usage(FILE *out, int status)
{
    fputs(
        "usage: sipwarden inspect [options] FILE...\n"
        "       sipwarden inspect [options] --hep udp:ADDRESS:PORT | tcp:ADDRESS:PORT\n"
        "       sipwarden inspect [options] --interface NAME [--filter EXPRESSION]\n"
        "\n"
        "Judges every SIP message of captures (pcap, pcapng; - is standard input) as a store with\n"
        "that policy would have, and tells what was found.  Nothing is sent or changed.  Live\n"
        "messages come from agents that send HEP 3, or from a network interface; SIGINT ends them\n"
        "and the report is written.\n"
        "\n"
        "  --policy FILE    whose zones, peers and limits apply; without it messages are judged\n"
        "                   for what they are, whoever sent them\n"
        "  --json           one object a line: each finding, then a summary\n"
        "  --quiet          the summary alone\n"
        "  --evidence FILE  the messages with findings, as a capture whose comments name them\n"
        "  --hep WHERE      receive what agents capture; whoever reaches this socket is believed\n"
        "  --interface NAME capture here, wherever SIP is found; wants CAP_NET_RAW or root\n"
        "  --filter EXPR    only what the expression of libpcap allows (port 5060)\n"
        "  --seconds N      live: end after so long\n"
        "  --count N        live: end after so many messages\n"
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

bool run_progress_due(struct inspect_run *run)
{
    if (!run->shows_progress) {
        return false;
    }
    uint64_t now = now_ms();
    if (now - run->shown_ms < PROGRESS_MS) {
        return false;
    }
    run->shown_ms = now;
    return true;
}

void run_progress_show(const struct inspect_run *run)
{
    fprintf(stderr, "%llu messages, %llu findings ", (unsigned long long)run->messages,
            (unsigned long long)run->report.findings);
}

void run_progress_end(struct inspect_run *run)
{
    if (run->shows_progress && run->shown_ms > 0) {
        fputs("\r\033[K", stderr);
        run->shown_ms = 0;
    }
}

/* Of a file the clock is looked at now and then. */
static void progress_show(struct inspect_run *run, const struct capture *capture)
{
    if (++run->messages % PROGRESS_MESSAGES != 0 || !run_progress_due(run)) {
        return;
    }
    struct capture_progress progress = capture_progress(capture);
    if (progress.total > 0) {
        fprintf(stderr, "\r%3u %%  ", (unsigned)(progress.done * 100 / progress.total));
    } else {
        fprintf(stderr, "\r%llu MiB  ", (unsigned long long)(progress.done >> 20));
    }
    run_progress_show(run);
}

/* "CT-FW-06 HYG-F04, CT-FW-08 HYG-F05" */
static void evidence_write(struct inspect_run *run, const struct inspection *inspection)
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

void run_judge(struct inspect_run *run, const struct packet *packet, const char *source)
{
    watch_judge(&run->watch, packet);
    report_add(&run->report, source);
    if (run->watch.inspection->finding_count == 0) {
        return;
    }
    if (run->options.is_json && !run->options.is_quiet) {
        struct text text;

        text_init(&text, run->lines, LINES_MAX);
        report_write_findings_json(&text, &run->watch, source);
        fwrite(text.at, 1, text.len, stdout);
    }
    if (run->evidence_file != NULL) {
        evidence_write(run, run->watch.inspection);
    }
}

static void file_inspect(struct inspect_run *run, struct report_file *file, const char *path)
{
    struct fault fault = {.text = ""};
    struct capture *capture = capture_open(path, &fault);
    struct packet packet;

    file->path = path;
    if (capture != NULL) {
        while (capture_next(capture, &packet, &fault)) {
            run_judge(run, &packet, path);
            progress_show(run, capture);
        }
        run_progress_end(run);
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

static bool report_print(struct inspect_run *run, struct fault *fault)
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

static bool run_open(struct inspect_run *run, uint32_t files, struct fault *fault)
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

static bool evidence_close(struct inspect_run *run, struct fault *fault)
{
    FILE *file = run->evidence_file;

    run->evidence_file = NULL;
    return file == NULL || (fclose(file) == 0 && !run->evidence.has_failed) ||
           fault_set(fault, "%s: %s", run->options.evidence, strerror(errno));
}

static void run_close(struct inspect_run *run)
{
    if (run->evidence_file != NULL) {
        fclose(run->evidence_file);
    }
    report_end(&run->report);
    watch_close(&run->watch);
    free(run->lines);
}

static bool is_live(const struct inspect_options *options)
{
    return options->hep != NULL || options->interface != NULL;
}

static bool run_sources(struct inspect_run *run, char **files, uint32_t count, struct fault *fault)
{
    if (!run_open(run, is_live(&run->options) ? 1 : count, fault)) {
        return false;
    }
    must(run->report.files != NULL);
    if (is_live(&run->options)) {
        if (!live_inspect(run, &run->report.files[0], fault)) {
            return false;
        }
        run->report.file_count = 1;
    }
    for (uint32_t i = 0; i < count; i++) {
        file_inspect(run, &run->report.files[i], files[i]);
        run->report.file_count++;
    }
    return report_print(run, fault) && evidence_close(run, fault);
}

static int inspect_sources(const struct inspect_options *options, char **files, uint32_t count)
{
    struct inspect_run run = {.options = *options};
    struct fault fault = {.text = ""};
    int status = EXIT_USAGE; /* whoever asked must look: not all of it was judged */

    if (!run_sources(&run, files, count, &fault)) {
        say("%s", fault.text);
    } else if (!run.is_unreadable) {
        status = run.report.findings > 0 ? EXIT_FINDINGS : EXIT_OK;
    }
    run_close(&run);
    return status;
}

static bool number_read(const char *word, uint64_t max, uint64_t *number)
{
    return slice_number(slice_string(word), max, number) && *number > 0;
}

/* Files or one live source, and nothing of a live source without it. */
static bool fits_together(const struct inspect_options *options, int files)
{
    if (!is_live(options)) {
        return files > 0 && files <= REPORT_FILES_MAX && options->filter == NULL &&
               options->seconds == 0 && options->count == 0;
    }
    return files == 0 && (options->hep == NULL || options->interface == NULL) &&
           (options->filter == NULL || options->interface != NULL);
}

/* False at a word that is none of ours, and at a number that is none. */
static bool option_take(struct inspect_options *chosen, int option)
{
    switch (option) {
    case 'p':
        chosen->policy = optarg;
        return true;
    case 'j':
        chosen->is_json = true;
        return true;
    case 'q':
        chosen->is_quiet = true;
        return true;
    case 'e':
        chosen->evidence = optarg;
        return true;
    case 'H':
        chosen->hep = optarg;
        return true;
    case 'i':
        chosen->interface = optarg;
        return true;
    case 'f':
        chosen->filter = optarg;
        return true;
    case 's':
        return number_read(optarg, SECONDS_MAX, &chosen->seconds);
    case 'c':
        return number_read(optarg, UINT64_MAX, &chosen->count);
    default:
        return false;
    }
}

int inspect_main(int argc, char **argv)
{
    static const struct option options[] = {
        {"policy", required_argument, NULL, 'p'},
        {"json", no_argument, NULL, 'j'},
        {"quiet", no_argument, NULL, 'q'},
        {"evidence", required_argument, NULL, 'e'},
        {"hep", required_argument, NULL, 'H'},
        {"interface", required_argument, NULL, 'i'},
        {"filter", required_argument, NULL, 'f'},
        {"seconds", required_argument, NULL, 's'},
        {"count", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct inspect_options chosen = {0};
    int option = 0;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h') {
            return usage(stdout, EXIT_OK);
        }
        if (!option_take(&chosen, option)) {
            return usage(stderr, EXIT_USAGE);
        }
    }
    if (!fits_together(&chosen, argc - optind)) {
        return usage(stderr, EXIT_USAGE);
    }
    return inspect_sources(&chosen, argv + optind, (uint32_t)(argc - optind));
}
