#include "app/audit/report.h"

#include <stdio.h>
#include <time.h>

const struct report_form report_forms[REPORT_COUNT] = {
// clang-format off
#define REPORT(file, function, says) {file, says, function},
#include "app/audit/reports.def"
#undef REPORT
    // clang-format on
};

static const uint32_t weights[SEVERITY_COUNT] = {
    [SEVERITY_LOW] = 1, [SEVERITY_MEDIUM] = 2, [SEVERITY_HIGH] = 4, [SEVERITY_CRITICAL] = 8};

static struct tally tally_some(const struct audit *audit, bool is_all, enum audit_group group)
{
    struct tally tally = {.score = -1};
    double got = 0, all = 0;

    for (uint32_t i = 0; i < TEST_COUNT; i++) {
        const struct test_outcome *outcome = &audit->outcomes[i];
        double weight = weights[audit_tests[i].severity];

        if ((!is_all && audit_tests[i].group != group) || !audit->is_wanted[i]) {
            continue;
        }
        tally.counts[outcome->verdict]++;
        tally.tried += outcome->tried;
        if (outcome->verdict == VERDICT_PASS || outcome->verdict == VERDICT_WEAK ||
            outcome->verdict == VERDICT_FAIL) {
            all += weight;
            got += outcome->verdict == VERDICT_PASS ? weight : 0;
            got += outcome->verdict == VERDICT_WEAK ? weight / 2 : 0;
        }
    }
    if (all > 0) {
        tally.score = 100 * got / all;
    }
    return tally;
}

struct tally tally_all(const struct audit *audit)
{
    return tally_some(audit, true, GROUP_PAR);
}

struct tally tally_group(const struct audit *audit, enum audit_group group)
{
    return tally_some(audit, false, group);
}

void text_put_moment(struct text *text, uint64_t when_us)
{
    time_t seconds = (time_t)(when_us / 1000000);
    struct tm tm;
    char room[32];

    gmtime_r(&seconds, &tm);
    strftime(room, sizeof(room), "%Y-%m-%dT%H:%M:%SZ", &tm);
    text_put_string(text, room);
}

void text_put_html(struct text *text, struct slice slice)
{
    for (size_t i = 0; i < slice.len; i++) {
        unsigned char octet = (unsigned char)slice.at[i];

        if (octet == '<' || octet == '>' || octet == '&' || octet == '"' || octet == '\'') {
            text_put_format(text, "&#%u;", octet);
        } else if (octet < 0x20 || octet > 0x7E) {
            text_put_format(text, "\\x%02X", octet);
        } else {
            text_put_octet(text, (char)octet);
        }
    }
}
