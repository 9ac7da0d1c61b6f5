/*
 * One page that needs nothing else: a summary for who decides, a table for who buys, each variant
 * for who mends.  Everything that was heard is escaped; there is no script.
 */
#include "app/audit/report.h"

static const char head[] =
    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\">"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\"><title>Audit report</title><style>"
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 "
    "1rem;color:#1a1a1a;background:#fff}h1{font-size:1.7rem}h2{margin-top:2.2rem}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:."
    "35rem "
    ".6rem;border-bottom:1px solid #c9c9c9}th{background:#f1f1f1}"
    ".v{font-weight:700;white-space:nowrap}.PASS{color:#0b5d1e}.FAIL{color:#a40000}.WEAK{color:#"
    "7a4a00}"
    ".other{color:#444}.bar{background:#e4e4e4;height:.8rem;width:10rem;display:inline-block}"
    ".bar span{background:#24527a;height:.8rem;display:block}details{margin:.2rem 0}"
    "code{font-family:ui-monospace,monospace;font-size:.9em;overflow-wrap:anywhere}"
    "@media print{body{margin:0;max-width:none}details{break-inside:avoid}h2{break-after:avoid}}"
    "</style></head><body><main>";

static void put(struct text *text, const char *string)
{
    text_put_html(text, slice_string(string));
}

static void put_verdict(struct text *text, enum audit_verdict verdict)
{
    bool is_plain = verdict == VERDICT_PASS || verdict == VERDICT_FAIL || verdict == VERDICT_WEAK;

    text_put_format(text, "<span class=\"v %s\">%s</span>",
                    is_plain ? verdict_name(verdict) : "other", verdict_name(verdict));
}

static void put_summary(struct text *text, const struct audit *audit)
{
    struct tally all = tally_all(audit);

    text_put_string(text, "<h1>Audit of ");
    text_put_html(text, audit->scope.product.len > 0 ? audit->scope.product : audit->scope.name);
    text_put_string(text, "</h1><p>");
    text_put_moment(text, audit->begun_us);
    text_put_string(text, " to ");
    text_put_moment(text, audit->ended_us);
    text_put_format(text, ", seed %llu, sipwarden %s.</p><h2>Summary</h2><p>",
                    (unsigned long long)audit->seed, SIPWARDEN_VERSION);
    if (all.score < 0) {
        text_put_string(text, "Nothing was decided. ");
    } else {
        text_put_format(text,
                        "Score <strong>%.0f of 100</strong>, by severity, of what was decided. ",
                        all.score);
    }
    text_put_format(
        text,
        "%u passed, %u weak, %u failed, %u inconclusive, %u not applicable, %u not run. "
        "Of %llu good calls made meanwhile %llu were lost.</p>",
        all.counts[VERDICT_PASS], all.counts[VERDICT_WEAK], all.counts[VERDICT_FAIL],
        all.counts[VERDICT_INCONCLUSIVE], all.counts[VERDICT_NOT_APPLICABLE],
        all.counts[VERDICT_NOT_RUN], (unsigned long long)audit->callers.begun,
        (unsigned long long)audit->callers.lost);
    text_put_string(text, "<table><thead><tr><th scope=\"col\">Pillar</th><th "
                          "scope=\"col\">Score</th><th scope=\"col\">Pass</th><th "
                          "scope=\"col\">Weak</th><th scope=\"col\">Fail</th></tr></thead><tbody>");
    for (unsigned i = 0; i < GROUP_COUNT; i++) {
        struct tally tally = tally_group(audit, i);

        if (tally.score >= 0) {
            text_put_format(text,
                            "<tr><td>%s</td><td><span class=\"bar\"><span "
                            "style=\"width:%.0f%%\"></span></span> "
                            "%.0f</td><td>%u</td><td>%u</td><td>%u</td></tr>",
                            group_name(i), tally.score, tally.score, tally.counts[VERDICT_PASS],
                            tally.counts[VERDICT_WEAK], tally.counts[VERDICT_FAIL]);
        }
    }
    text_put_string(text, "</tbody></table>");
}

static void put_claims(struct text *text, const struct audit *audit, const struct claims *claims)
{
    static const char *const says[] = {"yes", "partial", "no"};

    if (claims->count == 0) {
        return;
    }
    text_put_string(text, "<h2>Claims and evidence</h2><table><thead><tr><th "
                          "scope=\"col\">Control</th><th scope=\"col\">The vendor says</th><th "
                          "scope=\"col\">Verdict</th><th scope=\"col\">Broken "
                          "by</th></tr></thead><tbody>");
    for (uint32_t i = 0; i < claims->count; i++) {
        uint32_t broken_by = TEST_COUNT;
        enum claim_verdict verdict = claim_judge(&claims->list[i], audit, &broken_by);

        text_put_string(text, "<tr><td>");
        text_put_html(text, claims->list[i].id);
        text_put_format(text, "</td><td>%s: ", says[claims->list[i].says]);
        text_put_html(text, claims->list[i].words);
        text_put_format(text, "</td><td class=\"v %s\">%s</td><td>",
                        verdict == CLAIM_UPHELD   ? "PASS"
                        : verdict == CLAIM_BROKEN ? "FAIL"
                                                  : "other",
                        claim_verdict_name(verdict));
        if (broken_by != TEST_COUNT) {
            text_put_format(text, "<a href=\"#%s\">%s</a>", audit_tests[broken_by].id,
                            audit_tests[broken_by].id);
        }
        text_put_string(text, "</td></tr>");
    }
    text_put_string(text, "</tbody></table>");
}

static void put_test(struct text *text, const struct audit *audit, uint32_t index)
{
    const struct audit_test *test = &audit_tests[index];
    const struct test_outcome *outcome = &audit->outcomes[index];

    text_put_format(text, "<tr id=\"%s\"><td>%s</td><td>%s</td><td>", test->id, test->id,
                    severity_name(outcome->severity));
    put_verdict(text, outcome->verdict);
    text_put_string(text, "</td><td>");
    put(text, test->stimulus);
    text_put_string(text, "<br><em>");
    put(text, outcome->reason);
    text_put_string(text, "</em>");
    if (outcome->count > 0) {
        text_put_format(text, "<details><summary>%u variants of %s</summary><ul>", outcome->tried,
                        test->id);
        for (uint32_t i = 0; i < outcome->count; i++) {
            const struct variant_outcome *variant = &outcome->variants[i];

            text_put_string(text, "<li>");
            put_verdict(text, variant->verdict);
            text_put_format(text, " %s, ", transport_name(variant->transport));
            put(text, variant->name);
            text_put_string(text, ": ");
            put(text, variant->reason);
            text_put_string(text, "</li>");
        }
        text_put_string(text, "</ul><p>Should end: ");
        put(text, test->target);
        text_put_string(text, ". Judged: ");
        put(text, test->rule);
        text_put_string(text, ". Verifies: ");
        put(text, test->verifies);
        text_put_string(text, ". Source: ");
        put(text, test->reference);
        text_put_string(text, ".</p></details>");
    }
    text_put_string(text, "</td></tr>");
}

void report_html(struct text *text, const struct audit *audit, const struct claims *claims)
{
    text_put_string(text, head);
    put_summary(text, audit);
    put_claims(text, audit, claims);
    text_put_string(text, "<h2>Tests</h2><table><thead><tr><th scope=\"col\">Test</th><th "
                          "scope=\"col\">Severity</th><th scope=\"col\">Verdict</th><th "
                          "scope=\"col\">What was tried, and what came of "
                          "it</th></tr></thead><tbody>");
    for (unsigned verdict = VERDICT_COUNT; verdict-- > 0;) {
        for (uint32_t i = 0; i < TEST_COUNT; i++) {
            if (audit->is_wanted[i] && audit->outcomes[i].verdict == verdict) {
                put_test(text, audit, i);
            }
        }
    }
    text_put_string(text, "</tbody></table></main></body></html>\n");
}
