/*
 * One run of `sipwarden inspect`: what was asked for, and what its sources share.
 */
#pragma once

#include "app/inspect/page.h"
#include "app/inspect/report.h"
#include "app/inspect/store.h"
#include "io/capture/capture.h"
#include "io/capture/write.h"

#include <stdio.h>

/* As given on the command line. */
struct inspect_options {
    const char *policy, *evidence;
    const char *keylog;       /* secrets of TLS connections */
    const char *store, *html;             /* files written beside the report */
    const char *hep, *interface, *filter; /* where messages come from as they happen */
    uint64_t seconds, count;              /* until then; 0: until a signal */
    bool is_json, is_quiet;
};

struct inspect_run {
    struct inspect_options options;
    struct watch watch;
    struct report report;
    FILE *evidence_file;
    struct capture_writer evidence;
    char *lines;         /* room for what is told of one message */
    struct store *store; /* NULL: not wanted */
    struct page *page;
    bool shows_progress, is_terminal, has_shown, is_unreadable;
    uint64_t messages, began_ms, shown_ms;
    uint64_t total_octets, done_octets; /* of all files; 0: not known */
};

bool inspect_is_live(const struct inspect_options *options);

/* The exit status. */
int inspect_sources(const struct inspect_options *options, char **files, uint32_t count);

/* Judges one message and tells what was found in it.  source outlives the report. */
void run_judge(struct inspect_run *run, const struct packet *packet, const char *source);

/* The line for whoever waits: begun, written anew when some time has passed, taken away. */
void run_progress_begin(struct inspect_run *run);
void run_progress_total(struct inspect_run *run, char **files, uint32_t count);
bool run_progress_due(struct inspect_run *run);
void run_progress_show(const struct inspect_run *run, uint64_t done);
void run_progress_file(struct inspect_run *run, const struct capture *capture);
void run_progress_end(struct inspect_run *run);

/* Messages as they happen, from options.hep or options.interface, until it is over. */
bool live_inspect(struct inspect_run *run, struct report_file *source, struct fault *fault);
