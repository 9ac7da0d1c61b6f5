/*
 * What an inspection found, gathered while it runs and told at its end.
 *
 * Bounded like everything that grows with the traffic: of each control its first findings and its
 * busiest sources.
 */
#pragma once

#include "app/inspect/watch.h"
#include "io/capture/counts.h"

enum {
    REPORT_FIRSTS = 3,    /* findings shown of each control */
    REPORT_SOURCES = 8,   /* sources told of each control */
    REPORT_EVIDENCE = 96, /* octets of evidence shown */
    REPORT_FILES_MAX = 4096,
};

/* One finding, kept. */
struct report_first {
    const char *file;
    uint32_t number;
    uint64_t when_us;
    struct address from, to;
    const char *detail; /* which rule; may be NULL */
    char evidence[REPORT_EVIDENCE];
    uint16_t evidence_len;
};

/* The busiest are found in one pass (Metwally's Space-Saving): whoever comes when all places are
 * taken inherits the smallest count, so a count may be too large by `inherited`. */
struct report_source {
    struct address address;
    uint64_t count, inherited;
};

struct report_control {
    uint64_t count;
    uint64_t actions[ACTION_CLOSE + 1]; /* what follows, by enum policy_action; enforced */
    uint64_t observed;                  /* findings that change nothing */
    struct report_first firsts[REPORT_FIRSTS];
    struct report_source sources[REPORT_SOURCES];
    uint32_t source_count;
};

struct report_peer {
    uint64_t messages, found, refused; /* found: messages with a finding */
};

struct report_file {
    const char *path;
    struct capture_counts counts;
    uint64_t octets;
    char fault[FAULT_TEXT_MAX]; /* empty when it was read to its end */
};

struct report {
    const struct watch *watch;
    uint64_t requests, responses, foreign; /* foreign: could not be read */
    uint64_t found;                        /* messages with a finding */
    uint64_t findings;
    uint64_t verdicts[ACTION_CLOSE + 1];
    uint64_t first_us, last_us;
    struct report_control *controls; /* by index of the control table */
    struct report_peer *peers;       /* nobody under contract comes last */
    struct report_file *files;
    uint32_t file_count;
};

bool report_init(struct report *report, const struct watch *watch, uint32_t files,
                 struct fault *fault);
void report_end(struct report *report);

/* What the last packet of the watch came to.  file outlives the report. */
void report_add(struct report *report, const char *file);

/* Evidence as it may be shown: numbers masked when the policy says so. */
void report_evidence(struct text *text, const struct inspection *inspection, struct slice evidence);

/* For people; is_short: the summary alone. */
void report_write(struct text *text, const struct report *report, bool is_short);

/* For programs: a line for each finding of the last packet, and one for the whole. */
void report_write_findings_json(struct text *text, const struct watch *watch, const char *file);
void report_write_summary_json(struct text *text, const struct report *report);
