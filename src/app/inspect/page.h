/*
 * The report of an inspection as a page of its own: one file, no script, nothing fetched.
 */
#pragma once

#include "app/inspect/ladders.h"
#include "app/inspect/report.h"

#include <stdio.h>

enum {
    EXCERPT_MAX = 1024,     /* octets of a message around what was found */
    EXCERPT_LINES = 3,      /* lines before and behind it */
    PAGE_PEERS_SHOWN = 500, /* rows of a table */
    PAGE_FILES_SHOWN = 200,
};

/* A piece of a message, the offending octets in the middle. */
struct excerpt {
    char octets[EXCERPT_MAX];
    uint16_t len, mark_at, mark_len;
    bool is_cut_before, is_cut_behind;
};

struct page {
    const char *path;
    FILE *file;
    struct ladders *ladders;
    struct excerpt *excerpts; /* REPORT_FIRSTS of each control */
    uint8_t *counts;          /* of each control */
};

/* NULL at a fault.  The file is made at once, so that nobody waits in vain. */
struct page *page_open(const char *path, struct fault *fault);
void page_add(struct page *page, const struct inspection *inspection);
bool page_write(struct page *page, const struct report *report, struct fault *fault);
void page_close(struct page *page);

/* page_calls.c */
void page_write_calls(FILE *out, const struct ladders *ladders);
