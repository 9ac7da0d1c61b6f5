#include "app/audit/report.h"

static void put_cell(struct text *text, const char *string)
{
    for (; *string != '\0'; string++) {
        if (*string == '|' || *string == '<' || *string == '\\' || *string == '`') {
            text_put_octet(text, '\\');
        }
        text_put_octet(text, *string < 0x20 ? ' ' : *string);
    }
}

static void put_shown_cell(struct text *text, struct slice slice)
{
    char room[1024];
    struct text shown;

    text_init(&shown, room, sizeof(room) - 1);
    text_put_shown(&shown, slice_head(slice, sizeof(room) / 4 - 1));
    room[shown.len] = '\0';
    put_cell(text, room);
}

static void put_claims(struct text *text, const struct audit *audit, const struct claims *claims)
{
    static const char *const says[] = {"yes", "partial", "no"};

    if (claims->count == 0) {
        return;
    }
    text_put_string(
        text, "\n## Claims\n\n| control | the vendor says | verdict | by |\n|---|---|---|---|\n");
    for (uint32_t i = 0; i < claims->count; i++) {
        uint32_t broken_by = TEST_COUNT;
        enum claim_verdict verdict = claim_judge(&claims->list[i], audit, &broken_by);

        text_put_string(text, "| ");
        put_shown_cell(text, claims->list[i].id);
        text_put_format(text, " | %s: ", says[claims->list[i].says]);
        put_shown_cell(text, claims->list[i].words);
        text_put_format(text, " | **%s** | %s |\n", claim_verdict_name(verdict),
                        broken_by == TEST_COUNT ? "" : audit_tests[broken_by].id);
    }
}

void report_markdown(struct text *text, const struct audit *audit, const struct claims *claims)
{
    struct tally all = tally_all(audit);

    text_put_string(text, "# Audit of ");
    put_shown_cell(text, audit->scope.product.len > 0 ? audit->scope.product : audit->scope.name);
    text_put_string(text, "\n\n");
    text_put_moment(text, audit->begun_us);
    text_put_string(text, " to ");
    text_put_moment(text, audit->ended_us);
    text_put_format(
        text,
        ", seed %llu, sipwarden %s.\n\n%u tests run in %u variants: %u passed, %u weak, "
        "%u failed, %u inconclusive, %u not applicable; %u not run. Good calls "
        "meanwhile: %llu, lost: %llu.\n",
        (unsigned long long)audit->seed, SIPWARDEN_VERSION,
        all.counts[VERDICT_PASS] + all.counts[VERDICT_WEAK] + all.counts[VERDICT_FAIL] +
            all.counts[VERDICT_INCONCLUSIVE],
        all.tried, all.counts[VERDICT_PASS], all.counts[VERDICT_WEAK], all.counts[VERDICT_FAIL],
        all.counts[VERDICT_INCONCLUSIVE], all.counts[VERDICT_NOT_APPLICABLE],
        all.counts[VERDICT_NOT_RUN], (unsigned long long)audit->callers.begun,
        (unsigned long long)audit->callers.lost);
    text_put_string(
        text, "\n| pillar | score | pass | weak | fail | undecided |\n|---|---|---|---|---|---|\n");
    for (unsigned i = 0; i < GROUP_COUNT; i++) {
        struct tally tally = tally_group(audit, i);

        if (tally.tried > 0) {
            text_put_format(text, "| %s | %.0f | %u | %u | %u | %u |\n", group_name(i), tally.score,
                            tally.counts[VERDICT_PASS], tally.counts[VERDICT_WEAK],
                            tally.counts[VERDICT_FAIL], tally.counts[VERDICT_INCONCLUSIVE]);
        }
    }
    put_claims(text, audit, claims);
    text_put_string(
        text, "\n## Tests\n\n| test | severity | verdict | what was tried | what came of it |\n"
              "|---|---|---|---|---|\n");
    for (uint32_t i = 0; i < TEST_COUNT; i++) {
        const struct test_outcome *outcome = &audit->outcomes[i];

        if (!audit->is_wanted[i]) {
            continue;
        }
        text_put_format(text, "| %s | %s | %s | ", audit_tests[i].id,
                        severity_name(outcome->severity), verdict_name(outcome->verdict));
        put_cell(text, audit_tests[i].stimulus);
        text_put_string(text, " | ");
        put_shown_cell(text, slice_string(outcome->reason));
        text_put_string(text, " |\n");
    }
}

void report_junit(struct text *text, const struct audit *audit, const struct claims *claims)
{
    struct tally all = tally_all(audit);

    (void)claims;
    text_put_string(text,
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"");
    text_put_html(text, audit->scope.name);
    text_put_format(text,
                    "\" tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"%u\" time=\"%.3f\">\n",
                    all.counts[VERDICT_PASS] + all.counts[VERDICT_WEAK] + all.counts[VERDICT_FAIL] +
                        all.counts[VERDICT_INCONCLUSIVE] + all.counts[VERDICT_NOT_APPLICABLE] +
                        all.counts[VERDICT_NOT_RUN],
                    all.counts[VERDICT_FAIL] + all.counts[VERDICT_WEAK],
                    all.counts[VERDICT_NOT_RUN] + all.counts[VERDICT_NOT_APPLICABLE] +
                        all.counts[VERDICT_INCONCLUSIVE],
                    (double)(audit->ended_us - audit->begun_us) / 1e6);
    for (uint32_t i = 0; i < TEST_COUNT; i++) {
        const struct test_outcome *outcome = &audit->outcomes[i];

        if (!audit->is_wanted[i]) {
            continue;
        }
        text_put_format(text, "<testcase classname=\"%s\" name=\"%s\" time=\"%.3f\">",
                        group_id(audit_tests[i].group), audit_tests[i].id,
                        (double)(outcome->ended_us - outcome->begun_us) / 1e6);
        if (outcome->verdict == VERDICT_FAIL || outcome->verdict == VERDICT_WEAK) {
            text_put_format(text, "<failure type=\"%s\" message=\"",
                            verdict_name(outcome->verdict));
            text_put_html(text, slice_string(outcome->reason));
            text_put_string(text, "\"/>");
        } else if (outcome->verdict != VERDICT_PASS) {
            text_put_string(text, "<skipped message=\"");
            text_put_html(text, slice_string(outcome->reason));
            text_put_string(text, "\"/>");
        }
        text_put_string(text, "</testcase>\n");
    }
    text_put_string(text, "</testsuite>\n</testsuites>\n");
}
