/* CT-DOS-02: who lost his standing is served slowly or not at all; strangers only so much. */
#include "guard/admission.h"
#include "guard/steps.h"

enum { FIRST_LINE_SHOWN = 80 };

static struct slice first_line(struct slice bytes)
{
    struct slice shown = slice_head(bytes, FIRST_LINE_SHOWN);

    return slice_head(shown, slice_find(shown, '\r'));
}

/* What belongs to an emergency call that got through gets through too, slowly. */
static bool is_spared(struct inspection *inspection, uint32_t now_s)
{
    struct limit_check check;

    if (admission_is_emergency(inspection->policy, inspection->packet->bytes)) {
        limit_begin(&check, inspection, RATES_WHOLE);
        limit_hold(&check, inspection, LIMIT_emergency_peek, inspection->source_key);
        if (limit_take(&check) == LIMIT_COUNT) {
            inspection->source->spared_until_s = now_s + STANDING_SPARED_S;
            return true;
        }
    }
    if (now_s >= inspection->source->spared_until_s) {
        return false;
    }
    limit_begin(&check, inspection, RATES_WHOLE);
    limit_hold(&check, inspection, LIMIT_unknown_packets, ~inspection->source_key);
    return limit_take(&check) == LIMIT_COUNT;
}

static enum outcome kept_out(struct inspection *inspection, const char *rule)
{
    struct slice evidence = first_line(inspection->packet->bytes);

    if (is_spared(inspection, (uint32_t)(inspection->now_ms / 1000))) {
        return OUTCOME_PASSED;
    }
    return inspection_found(inspection, evidence, rule);
}

/* A device that sends what no device sends is a stranger again (DOS-02). */
static bool user_floods(struct inspection *inspection)
{
    struct limit_check check;

    limit_begin(&check, inspection, RATES_WHOLE);
    limit_hold(&check, inspection, LIMIT_known_packets, inspection->flow_key);
    return limit_take(&check) != LIMIT_COUNT;
}

enum outcome control_trust_levels(struct inspection *inspection)
{
    struct standing *source = inspection->source;
    uint32_t now_s = (uint32_t)(inspection->now_ms / 1000);
    struct limit_check check;
    enum limit limit;

    if (source == NULL || source->level == STANDING_CONTRACT) {
        return OUTCOME_NOT_APPLICABLE;
    }
    if (inspection->user != NULL) {
        if (!user_floods(inspection)) {
            return OUTCOME_PASSED;
        }
        if (inspection->mode == MODE_ENFORCE) {
            (void)standing_fall(inspection->user, STANDING_FLOOD, false, now_s);
        }
        inspection->user = NULL;
        return kept_out(inspection, "DOS-02");
    }
    enum standing_level level = standing_level(source, now_s);
    if (level == STANDING_DENIED && !standing_is_shared(source)) {
        return kept_out(inspection, "DOS-03");
    }
    limit = level == STANDING_UNKNOWN ? LIMIT_unknown_packets : LIMIT_demoted_packets;
    limit_begin(&check, inspection, RATES_WHOLE);
    limit_hold(&check, inspection, limit, inspection->source_key);
    if (limit_take(&check) == LIMIT_COUNT) {
        return OUTCOME_PASSED;
    }
    inspection->limit = (uint8_t)limit;
    return kept_out(inspection, limit_row(limit)->rule);
}
