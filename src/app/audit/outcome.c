#include "app/audit/outcome.h"

#include <stdarg.h>
#include <stdio.h>

const char *verdict_name(enum audit_verdict verdict)
{
    static const char *const names[VERDICT_COUNT] = {
        [VERDICT_NOT_RUN] = "NOT RUN", [VERDICT_NOT_APPLICABLE] = "N/A",
        [VERDICT_PASS] = "PASS",       [VERDICT_INCONCLUSIVE] = "INCONCLUSIVE",
        [VERDICT_WEAK] = "WEAK",       [VERDICT_FAIL] = "FAIL",
    };

    return names[verdict];
}

void outcome_add(struct test_outcome *outcome, const char *name, uint8_t transport,
                 enum audit_verdict verdict, uint16_t status, const char *format, ...)
{
    char said[OUTCOME_REASON_MAX / 2], reason[OUTCOME_REASON_MAX];
    struct text text;
    va_list list;

    va_start(list, format);
    vsnprintf(said, sizeof(said), format, list);
    va_end(list);
    /* It may quote what a box sent: no octet of that reaches a terminal as it is. */
    text_init(&text, reason, sizeof(reason) - 1);
    text_put_shown(&text, slice_string(said));
    reason[text.len] = '\0';
    if (outcome->at_worst != VERDICT_NOT_RUN && verdict > outcome->at_worst && name[0] != '\0') {
        verdict = outcome->at_worst;
    }
    outcome->tried++;
    if (outcome->count < OUTCOME_VARIANTS_MAX) {
        struct variant_outcome *variant = &outcome->variants[outcome->count++];

        snprintf(variant->name, sizeof(variant->name), "%s", name);
        snprintf(variant->reason, sizeof(variant->reason), "%s", reason);
        variant->transport = transport;
        variant->verdict = (uint8_t)verdict;
        variant->status = status;
    }
    if (verdict > outcome->verdict) {
        outcome->verdict = verdict;
        if (name[0] == '\0') {
            snprintf(outcome->reason, sizeof(outcome->reason), "%s", reason);
        } else {
            snprintf(outcome->reason, sizeof(outcome->reason), "%.60s: %.130s", name, reason);
        }
    }
}
