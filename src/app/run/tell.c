#include "app/run/tell.h"

/* What was not let in is a flood's as a rule, and a flood's packets are all alike. */
static bool is_kept_out(const struct finding *finding)
{
    return control_at(finding->control)->layer == LAYER_ADMISSION;
}

static bool is_habit(const struct inspection *inspection)
{
    for (uint32_t i = 0; i < inspection->finding_count; i++) {
        const struct finding *finding = &inspection->findings[i];

        if (finding->mode == MODE_ENFORCE && finding->action != ACTION_PASS &&
            finding->action != ACTION_STRIP && !is_kept_out(finding)) {
            return false;
        }
    }
    return true;
}

/* True when one of its findings was not told often enough yet. */
static bool is_news(struct tell *tell, const struct inspection *inspection)
{
    bool is_news = false;

    for (uint32_t i = 0; i < inspection->finding_count; i++) {
        uint32_t place = (inspection->findings[i].control * 61U + inspection->peer) % TELL_PLACES;

        if (tell->same[place] < TELL_SAME_MAX) {
            tell->same[place]++;
            is_news = true;
        }
    }
    return is_news;
}

bool tell_is_wanted(struct tell *tell, const struct inspection *inspection, uint64_t now_us)
{
    uint64_t second = now_us / 1000000;

    if (tell->second != second) {
        tell->second = second;
        tell->told = 0;
    }
    if (tell->same_window != second / TELL_SAME_S) {
        tell->same_window = second / TELL_SAME_S;
        memset(tell->same, 0, sizeof(tell->same));
    }
    if (tell->told == TELL_MAX || (is_habit(inspection) && !is_news(tell, inspection))) {
        return false;
    }
    tell->told++;
    return true;
}
