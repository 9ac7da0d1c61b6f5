#include "app/audit/report.h"

static void put_pair(struct text *text, const char *key, const char *value, const char *behind)
{
    text_put_format(text, "\"%s\":", key);
    text_put_json(text, slice_string(value));
    text_put_string(text, behind);
}

static void put_variants(struct text *text, const struct test_outcome *outcome)
{
    text_put_string(text, "\"variants\":[");
    for (uint32_t i = 0; i < outcome->count; i++) {
        const struct variant_outcome *variant = &outcome->variants[i];

        text_put_string(text, i == 0 ? "\n    {" : ",\n    {");
        put_pair(text, "name", variant->name, ",");
        put_pair(text, "transport", transport_name(variant->transport), ",");
        put_pair(text, "verdict", verdict_name(variant->verdict), ",");
        text_put_format(text, "\"status\":%u,", variant->status);
        put_pair(text, "reason", variant->reason, "}");
    }
    text_put_string(text, "]");
}

static void put_test(struct text *text, const struct audit *audit, uint32_t index)
{
    const struct audit_test *test = &audit_tests[index];
    const struct test_outcome *outcome = &audit->outcomes[index];

    text_put_string(text, "  {");
    put_pair(text, "id", test->id, ",");
    put_pair(text, "group", group_name(test->group), ",");
    put_pair(text, "verdict", verdict_name(outcome->verdict), ",");
    put_pair(text, "severity", severity_name(outcome->severity), ",");
    put_pair(text, "reason", outcome->reason, ",\n   ");
    put_pair(text, "stimulus", test->stimulus, ",");
    put_pair(text, "secure_target", test->target, ",");
    put_pair(text, "verdict_rule", test->rule, ",");
    put_pair(text, "verifies", test->verifies, ",");
    put_pair(text, "reference", test->reference, ",\n   ");
    text_put_format(text, "\"tried\":%u,\"begun_us\":%llu,\"ended_us\":%llu,", outcome->tried,
                    (unsigned long long)outcome->begun_us, (unsigned long long)outcome->ended_us);
    put_variants(text, outcome);
    text_put_string(text, "}");
}

static void put_claims(struct text *text, const struct audit *audit, const struct claims *claims)
{
    text_put_string(text, "\"claims\":[");
    for (uint32_t i = 0; i < claims->count; i++) {
        const struct claim *claim = &claims->list[i];
        static const char *const says[] = {"yes", "partial", "no"};
        uint32_t broken_by = TEST_COUNT;
        enum claim_verdict verdict = claim_judge(claim, audit, &broken_by);

        text_put_string(text, i == 0 ? "\n  {\"control\":" : ",\n  {\"control\":");
        text_put_json(text, claim->id);
        text_put_format(text, ",\"answer\":\"%s\",\"words\":", says[claim->says]);
        text_put_json(text, claim->words);
        text_put_format(text, ",\"verdict\":\"%s\"", claim_verdict_name(verdict));
        if (broken_by != TEST_COUNT) {
            text_put_format(text, ",\"broken_by\":\"%s\"", audit_tests[broken_by].id);
        }
        text_put_string(text, "}");
    }
    text_put_string(text, "],\n");
}

void report_json(struct text *text, const struct audit *audit, const struct claims *claims)
{
    struct tally all = tally_all(audit);
    bool is_first = true;

    text_put_string(text,
                    "{\"schema\":\"sipwarden-audit-1\",\"version\":\"" SIPWARDEN_VERSION "\",\n");
    text_put_string(text, "\"audit\":");
    text_put_json(text, audit->scope.name);
    text_put_string(text, ",\"product\":");
    text_put_json(text, audit->scope.product);
    text_put_format(text, ",\"seed\":%llu,\"begun\":\"", (unsigned long long)audit->seed);
    text_put_moment(text, audit->begun_us);
    text_put_string(text, "\",\"ended\":\"");
    text_put_moment(text, audit->ended_us);
    text_put_format(
        text,
        "\",\n\"messages\":{\"sent\":%llu,\"heard\":%llu,\"not_allowed\":%llu},\n"
        "\"good_calls\":{\"begun\":%llu,\"ended\":%llu,\"lost\":%llu,\"repeated\":%llu},\n",
        (unsigned long long)audit->ground.sent, (unsigned long long)audit->ground.received,
        (unsigned long long)audit->ground.refused, (unsigned long long)audit->callers.begun,
        (unsigned long long)audit->callers.ended, (unsigned long long)audit->callers.lost,
        (unsigned long long)audit->callers.repeated);
    text_put_string(text, "\"counts\":{");
    for (unsigned i = 0; i < VERDICT_COUNT; i++) {
        text_put_format(text, "%s\"%s\":%u", i == 0 ? "" : ",", verdict_name(i), all.counts[i]);
    }
    text_put_format(text, "},\"score\":%.1f,\n", all.score);
    put_claims(text, audit, claims);
    text_put_string(text, "\"tests\":[\n");
    for (uint32_t i = 0; i < TEST_COUNT; i++) {
        if (audit->is_wanted[i]) {
            text_put_string(text, is_first ? "" : ",\n");
            put_test(text, audit, i);
            is_first = false;
        }
    }
    text_put_string(text, "]}\n");
}

/* SARIF 2.1.0 (OASIS): a result for each test that is weak or failed. */
void report_sarif(struct text *text, const struct audit *audit, const struct claims *claims)
{
    bool is_first = true;

    (void)claims;
    text_put_string(text,
                    "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":"
                    "\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{\"name\":\"sipwarden audit\","
                    "\"version\":\"" SIPWARDEN_VERSION "\",\"rules\":[");
    for (uint32_t i = 0; i < TEST_COUNT; i++) {
        text_put_string(text, i == 0 ? "\n{" : ",\n{");
        put_pair(text, "id", audit_tests[i].id, ",\"shortDescription\":{");
        put_pair(text, "text", audit_tests[i].stimulus, "},\"help\":{");
        put_pair(text, "text", audit_tests[i].target, "}}");
    }
    text_put_string(text, "]}},\n\"results\":[");
    for (uint32_t i = 0; i < TEST_COUNT; i++) {
        const struct test_outcome *outcome = &audit->outcomes[i];

        if (outcome->verdict != VERDICT_FAIL && outcome->verdict != VERDICT_WEAK) {
            continue;
        }
        text_put_string(text, is_first ? "\n{" : ",\n{");
        is_first = false;
        put_pair(text, "ruleId", audit_tests[i].id, ",");
        put_pair(text, "level", outcome->verdict == VERDICT_FAIL ? "error" : "warning",
                 ",\"message\":{");
        put_pair(text, "text", outcome->reason, "},\"locations\":[{\"logicalLocations\":[{");
        text_put_string(text, "\"name\":");
        text_put_json(text, audit->scope.name);
        text_put_string(text, ",\"kind\":\"module\"}]}],\"properties\":{");
        put_pair(text, "severity", severity_name(outcome->severity), "}}");
    }
    text_put_string(text, "]}]}\n");
}
