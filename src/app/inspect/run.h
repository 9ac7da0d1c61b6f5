/*
 * One run of `sipwarden inspect`: what was asked for, and what its sources share.
 */
#pragma once

#include "app/inspect/report.h"
#include "io/capture/write.h"

#include <stdio.h>

/* As given on the command line. */
struct inspect_options {
    const char *policy, *evidence;
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
    char *lines; /* room for what is told of one message */
    bool shows_progress, is_unreadable;
    uint64_t messages, shown_ms;
};

/* Judges one message and tells what was found in it.  source outlives the report. */
void run_judge(struct inspect_run *run, const struct packet *packet, const char *source);

/* What goes before the counts of messages and findings, in the line for whoever waits; it is
 * written anew when a fifth of a second has passed. */
bool run_progress_due(struct inspect_run *run);
void run_progress_show(const struct inspect_run *run);
void run_progress_end(struct inspect_run *run);

/* Messages as they happen, from options.hep or options.interface, until it is over. */
bool live_inspect(struct inspect_run *run, struct report_file *source, struct fault *fault);
