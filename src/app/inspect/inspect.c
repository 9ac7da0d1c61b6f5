/*
 * `sipwarden inspect`: captures, judged message by message; nothing is changed.
 */
#include "app/inspect/run.h"
#include "app/say.h"
#include "app/verbs.h"
#include "base/must.h"
#include "io/capture/capture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    LINES_MAX = 1 << 20,        /* of one message: 32 findings, each with its file's name */
    PRINT_MAX = 8 << 20,        /* of all controls, each with three names of files */
    PRINT_EACH_MAX = 32 * 1024, /* of a file, or of a peer with all controls */
};

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
    if (run->store != NULL) {
        store_add(run->store, run->watch.inspection);
    }
    if (run->page != NULL) {
        page_add(run->page, run->watch.inspection);
    }
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
    if (capture != NULL && run->options.keylog != NULL &&
        !capture_load_keys(capture, run->options.keylog, &fault)) {
        capture_close(capture);
        capture = NULL;
    }
    if (capture != NULL) {
        while (capture_next(capture, &packet, &fault)) {
            run_judge(run, &packet, path);
            run_progress_file(run, capture);
        }
        run_progress_end(run);
        run->done_octets += capture_progress(capture).total;
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

/* The store and the page, where they are wanted. */
static bool outputs_open(struct inspect_run *run, struct fault *fault)
{
    if (run->options.store != NULL) {
        run->store = store_open(run->options.store, fault);
        if (run->store == NULL) {
            return false;
        }
    }
    if (run->options.html != NULL) {
        run->page = page_open(run->options.html, fault);
        return run->page != NULL;
    }
    return true;
}

static bool outputs_close(struct inspect_run *run, struct fault *fault)
{
    bool is_kept = store_close(run->store, fault);

    run->store = NULL;
    bool is_written = run->page == NULL || page_write(run->page, &run->report, fault);
    return is_kept && is_written;
}

static bool run_open(struct inspect_run *run, uint32_t files, struct fault *fault)
{
    const char *evidence = run->options.evidence;

    run_progress_begin(run);
    run->lines = malloc(LINES_MAX);
    if (run->lines == NULL) {
        return fault_set(fault, "no memory");
    }
    if (!watch_open(&run->watch, run->options.policy, fault) ||
        !report_init(&run->report, &run->watch, files, fault)) {
        return false;
    }
    if (!outputs_open(run, fault)) {
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
    struct fault ignored;

    (void)store_close(run->store, &ignored);
    page_close(run->page);
    report_end(&run->report);
    watch_close(&run->watch);
    free(run->lines);
}

static bool run_sources(struct inspect_run *run, char **files, uint32_t count, struct fault *fault)
{
    if (!run_open(run, inspect_is_live(&run->options) ? 1 : count, fault)) {
        return false;
    }
    must(run->report.files != NULL);
    run_progress_total(run, files, count);
    if (inspect_is_live(&run->options)) {
        if (!live_inspect(run, &run->report.files[0], fault)) {
            return false;
        }
        run->report.file_count = 1;
    }
    for (uint32_t i = 0; i < count; i++) {
        file_inspect(run, &run->report.files[i], files[i]);
        run->report.file_count++;
    }
    return report_print(run, fault) && outputs_close(run, fault) && evidence_close(run, fault);
}

int inspect_sources(const struct inspect_options *options, char **files, uint32_t count)
{
    struct inspect_run run = {.options = *options};
    struct fault fault = {.text = ""};
    int status = EXIT_RUNTIME; /* whoever asked must look: not all of it was judged */

    if (!run_sources(&run, files, count, &fault)) {
        say("%s", fault.text);
    } else if (!run.is_unreadable) {
        status = run.report.findings > 0 ? EXIT_FINDINGS : EXIT_OK;
    }
    run_close(&run);
    return status;
}
