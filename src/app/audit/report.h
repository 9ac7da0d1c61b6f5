/*
 * What an audit found, for each reader his own form: reports.def.
 */
#pragma once

#include "app/audit/audit.h"
#include "app/audit/claims.h"

enum { REPORT_ROOM = 32 << 20 }; /* octets: 199 tests of 64 variants in HTML, ten times over */

typedef void report_writer(struct text *text, const struct audit *audit,
                           const struct claims *claims);

struct report_form {
    const char *file, *says;
    report_writer *write;
};

enum {
#define REPORT(file, function, says) +1
    REPORT_COUNT = 0
#include "app/audit/reports.def"
#undef REPORT
};

extern const struct report_form report_forms[REPORT_COUNT];

#define REPORT(file, function, says) report_writer function;
#include "app/audit/reports.def"
#undef REPORT

/* Counts and scores that every form shows. */
struct tally {
    uint32_t counts[VERDICT_COUNT];
    uint32_t tried; /* variants */
    double score;   /* 0 to 100 of what was decided, by severity; -1: nothing was */
};
struct tally tally_all(const struct audit *audit);
struct tally tally_group(const struct audit *audit, enum audit_group group);

void text_put_moment(struct text *text, uint64_t when_us); /* 2026-11-25T20:00:00Z */
void text_put_html(struct text *text, struct slice slice); /* also fit for XML */
